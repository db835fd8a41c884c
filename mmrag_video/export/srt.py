"""SubRip: chapters as subtitles, for players that show a text file beside the video."""

from typing import TextIO

from mmrag_video.export.chapters import chapters_of
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text
from mmrag_video.video.timecode import Timecode


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write a subtitle for each chapter."""
    for number, chapter in enumerate(chapters_of(sheet), 1):
        # Players take <...> for a style, and the arrow for the line of times.
        title = chapter.title.replace("-->", "→").replace("<", "‹").replace(">", "›")
        to.write(f"{number}\n{_time(chapter.start)} --> {_time(chapter.end)}\n{title}\n\n")


def _time(time: Timecode) -> str:
    return str(time).replace(".", ",")


FORMAT = Format(
    name=FormatName.SRT,
    title="SubRip (SRT) chapters",
    ending=".srt",
    media_type="application/x-subrip",
    scope=Scope.RECORDING,
    counts_frames=False,
    write=as_text(write),
)
