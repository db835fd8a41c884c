"""Names of exported files: from a template, safe everywhere, never another's."""

import re
import threading
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mmrag_video.errors import UsageError
from mmrag_video.export.naming import (
    DEFAULT_NAMES,
    LONGEST_NAME,
    NameFacts,
    NameTemplate,
    different_names,
    safe_name,
)
from mmrag_video.export.writing import ExportError, write_new

FACTS = NameFacts(
    camera="Gate 2",
    start=datetime(2025, 3, 4, 14, 3, 22, tzinfo=UTC),
    end=datetime(2025, 3, 4, 14, 3, 31, tzinfo=UTC),
    media_start=Fraction(62_480, 1000),
    media_end=Fraction(71),
    query="a red car",
    number=7,
    recording="gate_00",
    score=0.714,
)
_RESERVED = ["CON", "nul", "aux.txt", "COM1", "LPT9.a.b", "com¹", "CONIN$"]


@given(st.text(max_size=400), st.sampled_from([".csv", ".otio", ".json"]))
@example("../../etc/passwd", ".csv")
@example("..", ".csv")
@example("con" + "_" + "." * 300 + "x", ".csv")
@example("\udc80\u202egpj.exe\x00\n", ".csv")
@example("-rf ~", ".csv")
@example("門" * 100, ".csv")
@example("a" * 131 + ".", ".csv")
def test_whatever_the_text_its_name_is_safe(text: str, ending: str):
    name = safe_name(text, ending)
    assert name.endswith(ending) and len(name) > len(ending)
    assert len(name.encode("utf-8")) <= LONGEST_NAME
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f\s]', name)
    assert name[0] not in ".-~"
    assert not name.removesuffix(ending).endswith((".", " "))
    assert not PureWindowsPath(name).is_reserved()
    assert Path(name).name == name == PureWindowsPath(name).name


@pytest.mark.parametrize("stem", _RESERVED)
def test_devices_of_windows_are_no_names(stem: str):
    assert safe_name(stem, ".csv").startswith("_")


def test_what_is_harmless_stays():
    assert safe_name("Tür 3, Ost (Nacht)", ".csv") == "Tür_3,_Ost_(Nacht).csv"
    assert safe_name("", ".csv") == "unnamed.csv"


@pytest.mark.parametrize(
    ("template", "name"),
    [
        ("{camera}_{start:%Y%m%d-%H%M%S}_{query}", "Gate_2_20250304-140322_a_red_car.csv"),
        ("{number:03} {recording} {score}", "007_gate_00_0.71.csv"),
        ("{start:%Y/%m/%d}-{end:%H.%M}", "2025_03_04-14.03.csv"),
        ("{{{camera}}}", "{Gate_2}.csv"),
        ("fixed", "fixed.csv"),
    ],
)
def test_a_template_is_filled(template: str, name: str):
    assert NameTemplate(template).name(FACTS, ".csv") == name


def test_an_unknown_clock_is_told_by_the_time_on_the_recording():
    unknown = replace(FACTS, start=None)
    assert DEFAULT_NAMES.name(unknown, ".csv") == "Gate_2_at-00-01-02.480_a_red_car.csv"


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{case}", "a field {case} that there is not"),
        ("{camera.__class__}", "that there is not"),
        ("{camera[0]}", "that there is not"),
        ("{camera!r}", "that there is not"),
        ("{}", "that there is not"),
        ("{camera:>99999999}", "only {start}"),
        ("{number:99999999}", "only {start}"),
        ("{start:{end}}", "only {start}"),
        ("{camera", "cannot be read"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused(template: str, words: str):
    with pytest.raises(UsageError, match=re.escape(words)):
        NameTemplate(template).name(FACTS, ".csv")


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=40))
def test_no_camera_and_no_question_leads_out_of_the_folder(camera: str, query: str, form: str):
    form = form.replace("{", "").replace("}", "")
    template = NameTemplate(f"{{camera}}/{{start:{form}}}_{{query}}")
    name = template.name(replace(FACTS, camera=camera, query=query), ".csv")
    assert Path(name).name == name and name not in (".", "..")


@given(st.lists(st.sampled_from(["a.csv", "A.csv", "a-2.csv", "b.csv"])))
def test_names_of_one_folder_differ_whatever_the_case(names: list[str]):
    different = different_names(names)
    assert len({name.casefold() for name in different}) == len(names)


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "a.csv").write_text("mine")
    written = [write_new(tmp_path, "a.csv", lambda to: to.write(b"new")) for _ in range(3)]
    assert [path.name for path in written] == ["a-2.csv", "a-3.csv", "a-4.csv"]
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_of_many_at_a_time_each_gets_a_name_of_its_own(tmp_path: Path):
    threads = [
        threading.Thread(target=write_new, args=(tmp_path, "a.csv", lambda to: to.write(b"x")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list(tmp_path.iterdir())) == 8


def test_what_fails_half_way_leaves_nothing(tmp_path: Path):
    def broken(to):
        to.write(b"half")
        raise UsageError("no")

    with pytest.raises(UsageError):
        write_new(tmp_path, "a.csv", broken)
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_is_one_sentence(tmp_path: Path):
    def fill(to):
        Path("/dev/full").write_text("x")

    with pytest.raises(ExportError, match="No space left on device"):
        write_new(tmp_path, "a.csv", fill)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="check the folder"):
        write_new(tmp_path / "file" / "below", "a.csv", lambda to: None)
