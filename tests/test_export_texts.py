"""Tables, JSON and chapters, read back by pandas, jsonschema, webvtt and FFmpeg."""

import csv
import io
import json
from dataclasses import replace
from fractions import Fraction
from importlib.resources import files
from pathlib import Path

import av
import imageio_ffmpeg
import jsonschema
import pytest
import webvtt

from mmrag_video.catalog.records import Recording
from mmrag_video.evidence.manifest import range_to_json
from mmrag_video.export.clips import ClipKind, ClipOrder, WantedClip, wanted_clips
from mmrag_video.export.csv_table import COLUMNS
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.exporting import ExportOrder, prepare
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.sheet import ExportSheet, FormatName
from mmrag_video.export.told import facts
from mmrag_video.moments import Span
from mmrag_video.settings import Settings
from tests.exported import exported, moment_in, recording_at, without_clock, write_exactly
from tests.markdown import document, first_column, section

TITLE = 'a "red" car, <fast> & loud -->'


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    folder = tmp_path_factory.mktemp("texts")
    made = []
    for number in range(2):
        path = folder / f"rec {number}.mp4"
        write_exactly(path, range(50 + number), Fraction(1, 25), Fraction(25))
        made.append(recording_at(path, Fraction(50 + number, 25)))
    return made


@pytest.fixture
def moments(recordings: list[Recording]) -> list[ExportMoment]:
    first, second = recordings
    late = moment_in(first, Fraction(1), Fraction(7, 5))
    early = moment_in(first, Fraction(1, 3), Fraction(2, 3))
    through = replace(
        early,
        spans=(Span(first, Fraction(8, 5), Fraction(2)), Span(second, Fraction(0), Fraction(1))),
    )
    return [late, early, through]


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def test_times_on_the_recording_and_on_the_clock_are_rounded_alike(recordings: list[Recording]):
    # The clock shows 14:03:22 at the first frame.
    moment = moment_in(recordings[0], Fraction(29_999, 30_000), Fraction(2 * 1001, 1500))
    [row] = rows(exported([moment], FormatName.CSV)[0])
    assert (row["media_start"], row["clock_start"][17:23]) == ("00:00:01.000", "23.000")
    assert (row["media_end"], row["clock_end"][17:23]) == ("00:00:01.335", "23.335")
    told = json.loads(exported([moment], FormatName.JSON)[0])["moments"][0]
    assert (told["wall_start"], told["wall_end"]) == (row["clock_start"], row["clock_end"])
    assert told["spans"][0]["start"] == row["media_start"]
    track = json.loads(exported([moment], FormatName.OTIO)[0])["tracks"]["children"][0]
    about = track["children"][0]["metadata"]["mmrag_video"]
    assert about["wall_start"] == row["clock_start"]
    shown = dict(facts(ExportSheet("", [moment]), 1, moment))
    assert shown["Clock"].startswith(
        "2025-03-04 14:03:23.000+00:00 – 2025-03-04 14:03:23.335+00:00"
    )
    manifest = range_to_json(moment.spans[0])
    assert (manifest["wall_start"], manifest["start"]) == (row["clock_start"], row["media_start"])


def test_a_part_past_the_end_of_its_recording_is_told_though_another_is_there(
    recordings: list[Recording],
):
    first, second = recordings
    shorter = replace(second, duration=Fraction(1, 2))
    begun = moment_in(first, Fraction(1), Fraction(2))
    both = replace(begun, spans=(*begun.spans, Span(shorter, Fraction(3, 5), Fraction(1))))
    order = ExportOrder(FORMATS[FormatName.CSV], "x")
    made = prepare([both], order, Settings())
    sentence = (
        f"A moment of {shorter.path} begins at 0.600 s, after its end at 0.500 s; it was left out."
    )
    assert made.problems == (sentence,)
    assert made.spans == begun.spans
    assert [row["file"] for row in rows(made.documents[0].content())] == [str(first.path)]
    told, clip = wanted_clips([both], ClipOrder(ClipKind.COPY))
    assert told == sentence
    assert isinstance(clip, WantedClip) and clip.span.recording == first


def test_a_table_has_a_line_for_each_part(moments: list[ExportMoment]):
    [content] = exported(moments, FormatName.CSV)
    table = rows(content)
    assert [(row["moment"], row["part"]) for row in table] == [
        ("1", "1"),
        ("2", "1"),
        ("3", "1"),
        ("3", "2"),
    ]
    first = table[0]
    assert (first["media_start"], first["media_end"]) == ("00:00:01.000", "00:00:01.400")
    assert first["clock_start"] == "2025-03-04T14:03:23.000+00:00"
    assert first["clock_end"] == "2025-03-04T14:03:23.400+00:00"
    assert first["query"] == TITLE and first["tags"] == "plate, Tür 3; ost"
    assert first["sha256"] == moments[0].spans[0].recording.id
    assert first["file"] == str(moments[0].spans[0].recording.path)
    assert first["score"] == "0.7100"


def test_pandas_reads_the_table(moments: list[ExportMoment]):
    pandas = pytest.importorskip("pandas")
    [content] = exported(moments, FormatName.CSV)
    table = pandas.read_csv(io.BytesIO(content), parse_dates=["clock_start"])
    assert list(table.columns) == list(COLUMNS)
    assert table.clock_start[0].utcoffset().total_seconds() == 0
    assert table.query("moment == 3").part.tolist() == [1, 2]


def test_a_spreadsheet_does_not_compute_what_somebody_wrote(moments: list[ExportMoment]):
    [content] = exported(moments, FormatName.CSV)
    assert rows(content)[0]["note"] == "'=1+1\nsecond line"


def test_every_column_is_documented():
    about = section(document("export.md"), "CSV")
    assert first_column(about, "Column") == set(COLUMNS)


def test_an_unknown_clock_stays_unknown(recordings: list[Recording]):
    moment = moment_in(without_clock(recordings[0]), Fraction(0), Fraction(1))
    [content] = exported([moment], FormatName.CSV)
    assert rows(content)[0]["clock_start"] == ""
    [content] = exported([moment], FormatName.JSON)
    assert json.loads(content)["moments"][0]["wall_start"] is None


def test_json_is_what_its_schema_says(moments: list[ExportMoment]):
    schema = json.loads(
        files("mmrag_video.export").joinpath("moments.schema.json").read_text(encoding="utf-8")
    )
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(
        schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    unfound = replace(moments[0], score=None, confidence=None, query="")
    [content] = exported([*moments, unfound], FormatName.JSON)
    told = json.loads(content)
    validator.validate(told)
    assert Fraction(told["moments"][1]["spans"][0]["start_exact"]) == Fraction(1, 3)
    for key in ("sha", "spans"):
        broken = json.loads(content)
        broken["moments"][0][key] = broken["moments"][0].pop("spans")[:0]
        assert not validator.is_valid(broken)


def expected() -> list[list[tuple[str, str]]]:
    """Starts and ends of the chapters of each recording, in its order."""
    return [
        [
            ("00:00:00.334", "00:00:00.667"),
            ("00:00:01.000", "00:00:01.400"),
            ("00:00:01.600", "00:00:02.000"),
        ],
        [("00:00:00.000", "00:00:01.000")],
    ]


@pytest.mark.parametrize("name", [FormatName.WEBVTT, FormatName.SRT])
def test_chapters_as_subtitles(moments: list[ExportMoment], name: FormatName):
    for content, chapters in zip(exported(moments, name), expected(), strict=True):
        buffer = io.StringIO(content.decode())
        captions = webvtt.from_buffer(buffer, format=name.value)
        assert [(c.start, c.end) for c in captions] == chapters
        text = captions[0].text
        if name is FormatName.SRT:
            assert text == 'a "red" car, ‹fast› & loud →'
        else:
            assert text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") == TITLE


def test_ffmpeg_puts_the_chapters_into_a_recording(moments: list[ExportMoment], tmp_path: Path):
    import subprocess

    documents = exported(moments, FormatName.FFMETADATA)
    recordings = [moments[2].spans[0].recording, moments[2].spans[1].recording]
    for recording, content, chapters in zip(recordings, documents, expected(), strict=True):
        (tmp_path / "chapters").write_bytes(content)
        target = tmp_path / f"{recording.id}.mkv"
        command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", str(recording.path)]
        command += ["-i", str(tmp_path / "chapters"), "-map_metadata", "1", "-map_chapters", "1"]
        subprocess.run([*command, "-c", "copy", str(target)], check=True, timeout=60)
        with av.open(target) as container:
            read = container.chapters()
        assert [
            (round(one["start"] * one["time_base"], 3), round(one["end"] * one["time_base"], 3))
            for one in read
        ] == [(seconds(start), seconds(end)) for start, end in chapters]
        assert {one["metadata"]["title"] for one in read} == {TITLE}


def seconds(text: str) -> Fraction:
    return Fraction(text.rpartition(":")[2])


def test_special_signs_survive_in_chapters(recordings: list[Recording], tmp_path: Path):
    moment = replace(moment_in(recordings[0], Fraction(0), Fraction(1)), query="a=b;c#d\\e\nf")
    [content] = exported([moment], FormatName.FFMETADATA)
    path = tmp_path / "chapters.ffmeta"
    path.write_bytes(content)
    with av.open(path, format="ffmetadata") as container:
        [chapter] = container.chapters()
    assert chapter["metadata"]["title"] == "a=b;c#d\\e f"


@pytest.mark.parametrize(
    ("before", "after", "start", "end"),
    [(0, 0, "1", "7/5"), (0.5, 0.25, "1/2", "33/20"), (60, 60, "0", "2")],
)
def test_handles_stay_within_the_recording(
    recordings: list[Recording], before: float, after: float, start: str, end: str
):
    moment = moment_in(recordings[0], Fraction(1), Fraction(7, 5))
    order = ExportOrder(
        FORMATS[FormatName.JSON], "x", before=Fraction(before), after=Fraction(after)
    )
    [document] = prepare([moment], order, Settings()).documents
    [span] = json.loads(document.content())["moments"][0]["spans"]
    assert (span["start_exact"], span["end_exact"]) == (start, end)


@pytest.mark.parametrize("name", FormatName)
def test_what_is_gone_changed_or_past_the_end_is_said_and_the_rest_goes_on(
    recordings: list[Recording], tmp_path: Path, name: FormatName
):
    good = moment_in(recordings[0], Fraction(1), Fraction(7, 5))
    gone = moment_in(
        replace(recordings[1], path=tmp_path / "gone.mp4", id="1" * 64), Fraction(0), Fraction(1)
    )
    changed = moment_in(replace(recordings[1], size=7, id="2" * 64), Fraction(0), Fraction(1))
    past = moment_in(recordings[0], Fraction(5), Fraction(6))
    made = prepare([gone, past, good, changed], ExportOrder(FORMATS[name], "x"), Settings())
    told = sorted(made.problems)
    assert len(told) == 3
    assert "after its end" in told[0] and "has changed" in told[1] and "not there" in told[2]
    written = b"".join(document.content() for document in made.documents)
    assert written
    if FORMATS[name].counts_frames:
        assert b"gone.mp4" not in written


def test_where_nothing_is_left_nothing_is_written(recordings: list[Recording]):
    past = moment_in(recordings[0], Fraction(5), Fraction(6))
    for one in FORMATS.values():
        assert prepare([past], ExportOrder(one, "x"), Settings()).documents == ()
