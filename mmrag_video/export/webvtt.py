"""WebVTT: chapters for the `<track kind="chapters">` of a web page's player. W3C WebVTT."""

from html import escape
from typing import TextIO

from mmrag_video.export.chapters import chapters_of
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write a cue for each chapter."""
    to.write("WEBVTT\n")
    for number, chapter in enumerate(chapters_of(sheet), 1):
        # A cue's text may hold neither tags nor its own arrow.
        title = escape(chapter.title, quote=False)
        to.write(f"\n{number}\n{chapter.start} --> {chapter.end}\n{title}\n")


FORMAT = Format(
    name=FormatName.WEBVTT,
    title="WebVTT chapters",
    ending=".vtt",
    media_type="text/vtt",
    scope=Scope.RECORDING,
    counts_frames=False,
    write=as_text(write),
)
