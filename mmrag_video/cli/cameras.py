"""`mmrag-video cameras`: whose recordings there are, and what is particular about each camera."""

from collections.abc import Callable
from contextlib import ExitStack

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import camera_details_to_json, camera_to_json
from mmrag_video.camera_settings import camera_in_force, change_camera, noted_change
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import LOCAL
from mmrag_video.catalog.writer_lock import writer_lock
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
from mmrag_video.errors import CatalogError, UsageError
from mmrag_video.known_clocks import correct_clocks
from mmrag_video.renaming import carry_out_renames, rename_camera
from mmrag_video.settings import Settings


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def cameras(context: click.Context, as_json: bool) -> None:
    """List the cameras.

    With how much of each can be searched, and over which time.

    \b
    Example:
      mmrag-video cameras --json
      mmrag-video cameras set gate zone=Europe/Lisbon clock_offset=95
    """
    if context.invoked_subcommand is not None:
        return
    settings: Settings = context.obj
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


@cameras.command()
@click.argument("name")
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Print the camera NAME and what is particular about it, as one JSON object.

    \b
    Example:
      mmrag-video cameras show gate
    """
    with Archive(settings) as archive:
        check_camera(archive, name)
        [camera] = [one for one in archive.catalog.cameras() if one.name == name]
        own = camera_in_force(settings, archive.catalog, name)
    print_json(camera_details_to_json(camera, own))


@cameras.command("set")
@click.argument("name")
@click.argument("values", nargs=-1, required=True, metavar="SETTING=VALUE")
@click.pass_obj
def set_(settings: Settings, name: str, values: tuple[str, ...]) -> None:
    """Set what is particular about the camera NAME; an empty value takes it back.

    The settings are zone, clock_offset, region, masks, sensitivity, interval, heartbeat,
    start_timecode, keep_days and keep_gigabytes, as in the settings file. What the file sets can be
    changed there alone. A running worker takes a change at once.

    \b
    Example:
      mmrag-video cameras set gate zone=Europe/Lisbon clock_offset=95 heartbeat=
    """
    given = dict(_pair(text) for text in values)
    with Archive(settings) as archive:
        before = camera_in_force(settings, archive.catalog, name).settings
        after = change_camera(settings, archive.catalog, name, given)
        if about := noted_change(name, before, after, given):
            archive.catalog.audit.note(LOCAL.name, Action.CHANGE, about)
        error_console.print(f"Set: {plain(name)}.", soft_wrap=True)
        if not {"zone", "clock_offset"}.isdisjoint(given):
            recordings = archive.catalog.holdings.of_camera(name)
            in_force = archive.settings_in_force
            _at_once(archive, lambda: correct_clocks(archive, recordings, in_force))


@cameras.command()
@click.argument("name")
@click.argument("new_name")
@click.pass_obj
def rename(settings: Settings, name: str, new_name: str) -> None:
    """Give the camera NAME another name, NEW_NAME.

    Recordings that arrive under a former name are given to it.

    \b
    Example:
      mmrag-video cameras rename cam2 "Front door"
    """
    with Archive(settings) as archive:
        rename_camera(settings, archive.catalog, name, new_name)
        about = {"what": "camera renamed", "camera": name, "name": new_name}
        archive.catalog.audit.note(LOCAL.name, Action.CHANGE, about)
        error_console.print(f"Renamed: {plain(name)} is {plain(new_name)}.", soft_wrap=True)
        _at_once(archive, lambda: carry_out_renames(archive))


def _at_once(archive: Archive, follow: Callable[[], object]) -> None:
    """Let known recordings follow, unless another process is writing: a worker does it then."""
    with ExitStack() as writing:
        try:
            writing.enter_context(writer_lock(archive.directory.root))
        except CatalogError:
            error_console.print(
                "Another process is writing: if it is the worker, known recordings follow within "
                "seconds, else when the worker or an ingest is started next.",
                soft_wrap=True,
            )
            return
        follow()


def _pair(text: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign:
        raise UsageError(f"{text!r} is no setting and value such as zone=Europe/Lisbon.")
    return name.strip(), value
