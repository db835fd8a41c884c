"""`mmrag-video cameras`: whose recordings there are."""

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import camera_to_json
from mmrag_video.cli.console import (
    json_option,
    plain,
    print_json,
    print_rows,
    table_of,
    timecode,
    wall_clock,
)
from mmrag_video.settings import Settings


@click.command()
@json_option
@click.pass_obj
def cameras(settings: Settings, as_json: bool) -> None:
    """List the cameras.

    With how much of each can be searched, and over which time.

    \b
    Example:
      mmrag-video cameras --json
    """
    with Archive(settings) as archive:
        known = archive.catalog.cameras()
    if as_json:
        print_json({"cameras": [camera_to_json(camera) for camera in known]})
        return
    table = table_of("Camera*", "Recordings", "Length", "First", "Last")
    for camera in known:
        table.add_row(
            plain(camera.name),
            str(camera.recordings),
            timecode(camera.duration),
            wall_clock(camera.first),
            wall_clock(camera.last),
        )
    print_rows(table, if_none="No cameras yet: mmrag-video ingest PATH")
