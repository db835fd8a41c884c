"""A picture of answers: for every question the frames of its best moments, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Protocol

from PIL import Image as Pictures
from PIL import ImageDraw, ImageOps

from mmrag_video.errors import MmragError, UsageError
from mmrag_video.fonts import font_for
from mmrag_video.moments import Confidence
from mmrag_video.video.frames import Image
from mmrag_video.video.timecode import Timecode

WIDTH = 1600
"""Pixels, whatever the frames' sizes."""
_COLUMNS = 4
_MARGIN, _GAP = 32, 20
_CELL = (WIDTH - 2 * _MARGIN - (_COLUMNS - 1) * _GAP) // _COLUMNS
_FRAME = (_CELL, _CELL * 9 // 16)
_TITLE_SIZE, _TITLE_LINE = 28, 38
_TEXT_SIZE, _TEXT_LINE = 18, 25
_CAPTION_LINES = 4
_CELL_HEIGHT = _FRAME[1] + 8 + _CAPTION_LINES * _TEXT_LINE + _GAP

_PAPER, _INK, _FAINT, _BEHIND, _RULE = "#ffffff", "#16202a", "#5b6773", "#11161b", "#d5dbe1"
_CONFIDENCE_INK = {
    Confidence.STRONG: "#0b6b3a",
    Confidence.POSSIBLE: "#8a5a00",
    Confidence.WEAK: "#9b2c2c",
}


class DrawnMoment(Protocol):
    """What is drawn of a moment, found or collected."""

    @property
    def camera(self) -> str:
        """The camera that saw it."""

    @property
    def start(self) -> Fraction:
        """Seconds from the first frame of its first recording."""

    @property
    def end(self) -> Fraction:
        """Seconds from the first frame of its last recording."""

    @property
    def wall_start(self) -> datetime | None:
        """Wall clock, if known."""

    @property
    def wall_end(self) -> datetime | None:
        """Wall clock, if known."""

    @property
    def score(self) -> float | None:
        """0 to 1; None if no search found it."""

    @property
    def confidence(self) -> Confidence | None:
        """None likewise."""

    @property
    def why(self) -> str:
        """What in the best frame answers."""


@dataclass(frozen=True)
class ContactSheetRow:
    """One question and its answer."""

    query: str
    moments: Sequence[DrawnMoment]
    """Best first."""
    pictures: Sequence[Image]
    """The best frame of each moment, in the same order, of any size."""


def write_contact_sheet(rows: Sequence[ContactSheetRow], target: Path) -> None:
    """Draws all rows, one below the other, into a PNG or JPEG, by the name of `target`.

    Raises UsageError for another kind of file, MmragError where it cannot be written.
    """
    if target.suffix.lower() not in {".png", ".jpg", ".jpeg"}:
        raise UsageError(f"A contact sheet is a .png or a .jpg file, not {target.name}.")
    sheet = draw_contact_sheet(rows)
    part = target.with_name(f".part-{target.name}")
    try:
        sheet.save(part)
        part.replace(target)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise MmragError(
            f"The contact sheet {target} cannot be written: {error.strerror or error}."
        ) from error


def draw_contact_sheet(rows: Sequence[ContactSheetRow]) -> Pictures.Image:
    """All rows, one below the other."""
    blocks = [_draw_row(row) for row in rows]
    height = 2 * _MARGIN + sum(block.height for block in blocks)
    sheet = Pictures.new("RGB", (WIDTH, height), _PAPER)
    top = _MARGIN
    for block in blocks:
        sheet.paste(block, (0, top))
        top += block.height
    return sheet


def _draw_row(row: ContactSheetRow) -> Pictures.Image:
    title = [(line, _INK) for line in _wrap(row.query, _TITLE_SIZE, WIDTH - 2 * _MARGIN)]
    if all(moment.confidence is Confidence.WEAK for moment in row.moments):
        title.append(("no confident match", _FAINT))
    lines_of_cells = -(-len(row.moments) // _COLUMNS)
    title_height = len(title) * _TITLE_LINE + 12
    block = Pictures.new(
        "RGB", (WIDTH, title_height + lines_of_cells * _CELL_HEIGHT + _GAP), _PAPER
    )
    draw = ImageDraw.Draw(block)
    for number, (line, ink) in enumerate(title):
        _write(draw, (_MARGIN, number * _TITLE_LINE), line, _TITLE_SIZE, ink)
    draw.line((_MARGIN, title_height - 8, WIDTH - _MARGIN, title_height - 8), _RULE, 1)
    for number, (moment, picture) in enumerate(zip(row.moments, row.pictures, strict=True)):
        down, along = divmod(number, _COLUMNS)
        corner = (_MARGIN + along * (_CELL + _GAP), title_height + down * _CELL_HEIGHT)
        frame = ImageOps.pad(Pictures.fromarray(picture), _FRAME, color=_BEHIND)
        block.paste(frame, corner)
        _write_caption(draw, (corner[0], corner[1] + _FRAME[1] + 8), moment, number + 1)
    return block


def _write_caption(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], moment: DrawnMoment, number: int
) -> None:
    left, top = corner
    score, ink = _score(moment)
    score_width = round(font_for(score, _TEXT_SIZE).getlength(score))
    _write(draw, (left + _CELL - score_width, top), score, _TEXT_SIZE, ink)
    camera = _shorten(f"{number}  {moment.camera}", _CELL - score_width - _GAP)
    _write(draw, (left, top), camera, _TEXT_SIZE, _INK)
    lines = (
        f"{Timecode(moment.start)} - {Timecode(moment.end)}",
        _wall_clock(moment),
        _shorten(moment.why, _CELL),
    )
    for at, (line, colour) in enumerate(zip(lines, (_INK, _FAINT, _FAINT), strict=True), start=1):
        _write(draw, (left, top + at * _TEXT_LINE), line, _TEXT_SIZE, colour)


def _score(moment: DrawnMoment) -> tuple[str, str]:
    """In words, and the ink for it; nothing for what no search found."""
    if moment.score is None or moment.confidence is None:
        return "", _FAINT
    return f"{moment.confidence} {moment.score:.2f}", _CONFIDENCE_INK[moment.confidence]


def _wall_clock(moment: DrawnMoment) -> str:
    """The day, both times and the offset from UTC; the second day only where it is another."""
    start, end = moment.wall_start, moment.wall_end
    if start is None or end is None:
        return "clock time unknown"
    until = f"{end:%H:%M:%S}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M:%S}"
    return f"{start:%Y-%m-%d %H:%M:%S} - {until} {end:%z}"


def _write(
    draw: ImageDraw.ImageDraw, corner: tuple[int, int], text: str, size: int, ink: str
) -> None:
    draw.text(corner, text, fill=ink, font=font_for(text, size))


def _wrap(text: str, size: int, width: int) -> list[str]:
    """Lines that fit; a word that does not, or a script without spaces, is broken anywhere."""
    words = _printable(text).split()
    font = font_for(" ".join(words), size)
    lines: list[str] = []
    for word in words:
        if lines and font.getlength(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
            continue
        lines.append("")
        for letter in word:
            if lines[-1] and font.getlength(lines[-1] + letter) > width:
                lines.append("")
            lines[-1] += letter
    return lines


def _shorten(text: str, width: int) -> str:
    """One line that fits, ending in dots where something was left out."""
    line = " ".join(_printable(text).split())
    font = font_for(line, _TEXT_SIZE)
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}...") > width:
        line = line[:-1]
    return f"{line}..."


def _printable(text: str) -> str:
    """Control characters and broken Unicode, which no font can draw, become spaces."""
    return "".join(letter if letter.isprintable() else " " for letter in text)
