"""The picture of answers: everything drawn fits, in any number, size and script."""

from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as Pictures

from mmrag_video.catalog.records import Recording
from mmrag_video.contact_sheet import (
    WIDTH,
    ContactSheetRow,
    _shorten,
    _wall_clock,
    _wrap,
    write_contact_sheet,
)
from mmrag_video.errors import MmragError, UsageError
from mmrag_video.fonts import font_for
from mmrag_video.moments import Confidence, Moment, Span
from mmrag_video.video.frames import Image
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, Clock, ClockOrigin

NOON = Clock(datetime(2024, 5, 15, 12, tzinfo=UTC), ClockOrigin.NAME)


def moment(
    confidence: Confidence = Confidence.STRONG,
    camera: str = "gate",
    clock: Clock = NOON,
    start: Fraction = Fraction(3),
    why: str = "a person in red",
) -> Moment:
    recording = Recording(
        id="0" * 64,
        path=Path("gate.mp4"),
        camera=camera,
        size=1,
        container="mp4",
        codec="h264",
        width=64,
        height=36,
        rotation=0,
        duration=Fraction(60),
        average_rate=None,
        created=None,
        modified=datetime(2026, 3, 1, tzinfo=UTC),
        clock=clock,
    )
    span = Span(recording, start, start + Fraction(5, 2))
    return Moment((span,), span, score=0.91, confidence=confidence, above=0.99, why=why)


def picture(colour: tuple[int, int, int], height: int = 90, width: int = 160) -> Image:
    return np.full((height, width, 3), colour, dtype=np.uint8)


def draw(rows: list[ContactSheetRow], target: Path) -> Image:
    write_contact_sheet(rows, target)
    with Pictures.open(target) as sheet:
        return np.asarray(sheet.convert("RGB"))


def share_of(sheet: Image, colour: tuple[int, int, int]) -> int:
    return int((np.abs(sheet.astype(int) - colour).max(axis=2) < 8).sum())


def test_every_moments_frame_is_on_the_sheet(tmp_path):
    colours = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (255, 0, 255)]
    row = ContactSheetRow(
        "a car", [moment() for _ in colours], [picture(colour) for colour in colours]
    )
    sheet = draw([row], tmp_path / "sheet.png")
    assert sheet.shape[1] == WIDTH
    for colour in colours:
        assert share_of(sheet, colour) > 50_000


def test_rows_lie_below_each_other(tmp_path):
    rows = [
        ContactSheetRow("red", [moment()], [picture((255, 0, 0))]),
        ContactSheetRow("blue", [moment()], [picture((0, 0, 255))]),
    ]
    sheet = draw(rows, tmp_path / "sheet.png")
    red = np.argwhere((sheet == (255, 0, 0)).all(axis=2))[:, 0]
    blue = np.argwhere((sheet == (0, 0, 255)).all(axis=2))[:, 0]
    assert red.max() < blue.min()


def test_a_picture_of_any_shape_is_shown_whole(tmp_path):
    tall = picture((255, 0, 0), height=400, width=100)
    tall[:20], tall[-20:] = (0, 255, 0), (0, 0, 255)
    rows = [ContactSheetRow("x", [moment(), moment()], [tall, picture((9, 200, 9), 4, 4)])]
    sheet = draw(rows, tmp_path / "sheet.png")
    assert share_of(sheet, (0, 255, 0)) > 100
    assert share_of(sheet, (0, 0, 255)) > 100


def test_a_question_without_an_answer_has_a_row_of_its_own(tmp_path):
    answered = ContactSheetRow("x", [moment()], [picture((1, 2, 3))])
    without = draw([answered], tmp_path / "without.png")
    both = draw([answered, ContactSheetRow("a horse", [], [])], tmp_path / "both.png")
    assert both.shape[0] > without.shape[0]
    assert draw([], tmp_path / "empty.png").shape[1] == WIDTH


def test_when_all_is_weak_the_sheet_says_that_nothing_matched(tmp_path):
    weak = draw(
        [ContactSheetRow("x", [moment(Confidence.WEAK)], [picture((1, 2, 3))])],
        tmp_path / "weak.png",
    )
    strong = draw([ContactSheetRow("x", [moment()], [picture((1, 2, 3))])], tmp_path / "strong.png")
    assert weak.shape[0] > strong.shape[0]


def test_the_wall_clock_is_the_moments_own_or_said_to_be_unknown():
    assert _wall_clock(moment()) == "2024-05-15 12:00:03 - 12:00:05 +0000"
    past_midnight = moment(start=Fraction(12 * 3600 - 1))
    assert _wall_clock(past_midnight) == "2024-05-15 23:59:59 - 2024-05-16 00:00:01 +0000"
    assert _wall_clock(moment(clock=UNKNOWN_CLOCK)) == "clock time unknown"


@given(text=st.text(max_size=200), width=st.integers(60, 800))
def test_wrapped_text_loses_nothing_and_fits(text, width):
    lines = _wrap(text, 28, width)
    drawn = "".join(letter for letter in text if letter.isprintable())
    assert "".join("".join(lines).split()) == "".join(drawn.split())
    font = font_for("".join(lines), 28)
    assert all(font.getlength(line) <= width or len(line) == 1 for line in lines)


@given(text=st.text(max_size=200))
def test_a_shortened_line_fits(text):
    line = _shorten(text, 300)
    assert font_for(line.removesuffix("..."), 18).getlength(line) <= 330


@pytest.mark.parametrize(
    "text", ["два человека у банкомата", "門口有兩個人", "شخصان", "a\nb\tc", "", "x" * 500]
)
def test_any_script_in_a_question_or_a_cameras_name_is_drawn(tmp_path, text):
    row = ContactSheetRow(text, [moment(camera=text, why=text)], [picture((255, 0, 0))])
    assert share_of(draw([row], tmp_path / "sheet.jpg"), (255, 0, 0)) > 10_000


def test_a_sheet_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    with pytest.raises(UsageError, match=r"\.png or a \.jpg"):
        write_contact_sheet([], tmp_path / "sheet.pdf")
    with pytest.raises(MmragError, match="cannot be written"):
        write_contact_sheet([], tmp_path / "gone" / "sheet.png")
    (tmp_path / "sheet.png").mkdir()
    with pytest.raises(MmragError, match="cannot be written"):
        write_contact_sheet([], tmp_path / "sheet.png")
    assert [file.name for file in tmp_path.iterdir()] == ["sheet.png"]
