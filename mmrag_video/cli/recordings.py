"""`mmrag-video recordings`: what is in the catalog, and what failed."""

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import recording_to_json
from mmrag_video.cli.console import (
    check_camera,
    error_console,
    json_option,
    plain,
    print_json,
    print_rows,
    table_of,
    timecode,
    wall_clock,
)
from mmrag_video.errors import UsageError
from mmrag_video.naming_recordings import named, short
from mmrag_video.recording_file import FileState, file_state
from mmrag_video.settings import Settings


@click.command()
@click.option("--camera", help="Only this camera's.")
@click.option(
    "--keep", multiple=True, metavar="ID", help="Let this one stay, whatever the retention says."
)
@click.option(
    "--release", multiple=True, metavar="ID", help="Let the retention hold for this one again."
)
@json_option
@click.pass_obj
def recordings(
    settings: Settings,
    camera: str | None,
    keep: tuple[str, ...],
    release: tuple[str, ...],
    as_json: bool,
) -> None:
    """List the recordings, then the files that failed.

    Those are recordings that can be searched, and files that could not be ingested. With --camera
    only that camera's recordings. With --keep or --release, which may be repeated, the list is as
    it is after that; an ID may be the beginning of one.

    \b
    Example:
      mmrag-video recordings --camera lobby
    """
    with Archive(settings) as archive:
        holdings = archive.catalog.holdings
        kept, released = ([named(archive, one).id for one in ids] for ids in (keep, release))
        if set(kept) & set(released):
            raise UsageError("A recording cannot be kept and released at once: name it once.")
        holdings.keep(kept, True)
        holdings.keep(released, False)
        if camera is not None:
            check_camera(archive, camera)
        known = archive.catalog.recordings(camera)
        failures = archive.catalog.failures() if camera is None else []
    if as_json:
        print_json(
            {
                "recordings": [recording_to_json(recording) for recording in known],
                "failed": [{"path": str(run.path), "error": run.error} for run in failures],
            }
        )
        return
    states = {recording.id: file_state(recording) for recording in known}
    table = table_of("Id", "Camera*", "Clock", "Origin", "Length", "Picture", "Codec", "File*")
    for recording in known:
        state = states[recording.id]
        mark = "" if state is FileState.PRESENT else f" (file {state.value})"
        mark += " (kept)" if recording.kept else ""
        table.add_row(
            short(recording),
            plain(recording.camera),
            wall_clock(recording.clock.start),
            recording.clock.origin.value,
            timecode(recording.duration),
            f"{recording.width} x {recording.height}",
            plain(recording.codec),
            plain(f"{recording.path}{mark}"),
        )
    print_rows(table, if_none="No recordings yet: mmrag-video ingest PATH")
    for recording in known:
        if recording.damage:
            text = f"{recording.path} is {recording.damage}."
            error_console.print(plain(text), soft_wrap=True)
    if set(states.values()) - {FileState.PRESENT}:
        error_console.print(
            "What is marked (file gone) or (file changed) is found, but cannot be played: put the"
            " file back, or ingest it again from where it is now.",
            soft_wrap=True,
        )
    for run in failures:
        error_console.print(f"failed: {plain(run.error)}", soft_wrap=True)
