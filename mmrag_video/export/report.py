"""HTML: a report with pictures in one file, which loads nothing and prints well."""

from base64 import b64encode
from typing import TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined

from mmrag_video.export.one_line import without_controls
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text
from mmrag_video.export.told import facts, heading

_TEMPLATES = Environment(
    loader=PackageLoader("mmrag_video.export", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write a page; its pictures are in it."""
    moments = [
        {
            "heading": without_controls(heading(number, moment)),
            "facts": [
                (name, without_controls(value)) for name, value in facts(sheet, number, moment)
            ],
            "picture": b64encode(sheet.pictures.get(number, b"")).decode(),
        }
        for number, moment in sheet.numbered()
    ]
    head = [(name, without_controls(value)) for name, value in sheet.facts if value]
    page = _TEMPLATES.get_template("report.html").generate(
        title=without_controls(sheet.title),
        facts=head,
        moments=moments,
        problems=[without_controls(problem) for problem in sheet.problems],
    )
    to.writelines(page)


FORMAT = Format(
    name=FormatName.REPORT,
    title="HTML report",
    ending=".html",
    media_type="text/html",
    scope=Scope.ALL,
    counts_frames=False,
    write=as_text(write),
    shows_pictures=True,
)
