"""The clips of `mmrag-video export`: made one after the other, and what is said of each."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import LOCAL
from mmrag_video.cli.console import error_console, plain
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode, MmragError, UsageError
from mmrag_video.export.clips import (
    ENDING,
    ClipOrder,
    WantedClip,
    wanted_clips,
    write_clip,
)
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.exporting import audit_entry, note_exported
from mmrag_video.moments import Span

STANDARD_OUTPUT = "-"


def export_clips(
    archive: Archive,
    moments: Sequence[ExportMoment],
    order: ClipOrder,
    title: str,
    output: str,
    missing: Sequence[str] = (),
) -> ExitCode:
    """Make a clip of each part of each moment, and say what was left out, with what is missing.

    Raises UsageError where they would go to standard output, or several into one file.
    """
    wanted = list(wanted_clips(moments, order))
    clips = [one for one in wanted if isinstance(one, WantedClip)]
    folder, clips = _placed(clips, output)
    problems = [*missing, *(one for one in wanted if isinstance(one, str))]
    about = audit_entry(order.kind.value, title, order.case, moments)
    archive.catalog.audit.note(LOCAL.name, Action.EXPORT, about)
    made: list[Span] = []
    for clip in clips:
        with error_console.status(f"Making {plain(clip.name)}"):
            try:
                written = write_clip(clip, folder)
            except MmragError as error:
                problems.append(str(error))
                continue
        made.append(clip.part)
        told = "; ".join([f"Written: {written.path}", *written.remarks])
        error_console.print(plain(told), soft_wrap=True)
    note_exported(archive, made)
    for problem in dict.fromkeys(problems):
        error_console.print(plain(problem), soft_wrap=True)
    return ExitCode.SOME_RECORDINGS_FAILED if problems else ExitCode.OK


def _placed(clips: list[WantedClip], output: str) -> tuple[Path, list[WantedClip]]:
    """The folder to write to, and the clips with the names that they are to have there."""
    target = Path(output)
    if output == STANDARD_OUTPUT:
        raise UsageError("Clips are files: name a folder for them, as --output clips/.")
    if output.endswith("/") or target.is_dir():
        return target, clips
    if target.suffix.lower() != ENDING:
        raise UsageError(f"A clip is an {ENDING} file, and {output} is another name.")
    if len(clips) > 1:
        raise UsageError(
            f"These are {counted(len(clips), 'clip')}: name a folder for them, as --output clips/."
        )
    return target.parent, [replace(clip, name=target.name) for clip in clips]
