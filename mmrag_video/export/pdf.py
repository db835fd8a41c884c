"""PDF: the report for those who print it, or send it to somebody who wants one."""

from io import BytesIO
from typing import BinaryIO

from fpdf import FPDF
from PIL import Image as Pillow

from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.one_line import without_controls
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope
from mmrag_video.export.told import facts, heading
from mmrag_video.fonts import font_files

_INK, _FAINT, _RULE = (22, 32, 42), (91, 103, 115), (213, 219, 225)
_LINE = 4.6
"""Millimetres from one line to the next."""
_NAMES = 28
"""Millimetres for the names of facts."""
_PICTURE_WIDTH = 110
"""Millimetres."""
_FAMILY = "report"
_BUILT_IN = "helvetica"
"""Has Western European letters alone; for machines without a font of their own."""


def write(sheet: ExportSheet, to: BinaryIO) -> None:
    """Write A4 pages. Signs that no font of the machine has become question marks."""
    pdf = _Pages()
    pdf.set_title(without_controls(sheet.title))
    pdf.add_page()
    pdf.heading(sheet.title, size=17)
    for name, value in sheet.facts:
        if value:
            pdf.fact(name, value)
    if sheet.problems:
        pdf.ln(3)
        pdf.heading("What is missing", size=12)
        for problem in sheet.problems:
            pdf.fact("", problem)
    for number, moment in sheet.numbered():
        _moment(pdf, sheet, number, moment)
    to.write(bytes(pdf.output()))


def _moment(pdf: "_Pages", sheet: ExportSheet, number: int, moment: ExportMoment) -> None:
    picture = sheet.pictures.get(number)
    pdf.begin_moment(picture)
    pdf.heading(heading(number, moment), size=12)
    if picture is not None:
        pdf.image(BytesIO(picture), w=_PICTURE_WIDTH)
        pdf.ln(2)
    for name, value in facts(sheet, number, moment):
        pdf.fact(name, value)


class _Pages(FPDF):  # type: ignore[misc]  # its package has no types
    """A4 pages in one font, with their numbers."""

    def __init__(self) -> None:
        super().__init__(format="A4")
        self.set_auto_page_break(True, margin=18)
        self._family = _BUILT_IN
        files = font_files()
        if files:
            self._family = _FAMILY
            self.add_font(_FAMILY, fname=files[0])
            others = [f"{_FAMILY}{number}" for number, _ in enumerate(files[1:], 1)]
            for other, file in zip(others, files[1:], strict=True):
                self.add_font(other, fname=file)
            self.set_fallback_fonts(others)

    def footer(self) -> None:
        self.set_y(-12)
        self._write_in(_FAINT, 8)
        self.cell(0, 5, str(self.page_no()), align="R")

    def heading(self, text: str, size: float) -> None:
        """A line or more, in large."""
        self._write_in(_INK, size)
        self.multi_cell(0, size * 0.5, self._writable(text), new_x="LMARGIN", new_y="NEXT")
        self.ln(1.5)

    def fact(self, name: str, value: str) -> None:
        """A name, and beside it the value."""
        self._write_in(_FAINT, 9)
        self.cell(_NAMES, _LINE, name)
        self._write_in(_INK, 9)
        self.multi_cell(
            0,
            _LINE,
            self._writable(value),
            align="L",
            new_x="LMARGIN",
            new_y="NEXT",
        )

    def begin_moment(self, picture: bytes | None) -> None:
        """A rule, or a new page where the picture would not fit on this one."""
        height = 60.0
        if picture is not None:
            with Pillow.open(BytesIO(picture)) as opened:
                height += _PICTURE_WIDTH * opened.height / opened.width
        self.ln(4)
        if self.will_page_break(height):
            self.add_page()
        self.set_draw_color(*_RULE)
        self.line(self.l_margin, self.get_y(), self.w - self.r_margin, self.get_y())
        self.ln(3)

    def _write_in(self, ink: tuple[int, int, int], size: float) -> None:
        self.set_font(self._family, size=size)
        self.set_text_color(*ink)

    def _writable(self, text: str) -> str:
        text = without_controls(text)
        return (
            text if self._family == _FAMILY else text.encode("latin-1", "replace").decode("latin-1")
        )


FORMAT = Format(
    name=FormatName.PDF,
    title="PDF report",
    ending=".pdf",
    media_type="application/pdf",
    scope=Scope.ALL,
    counts_frames=False,
    write=write,
    shows_pictures=True,
)
