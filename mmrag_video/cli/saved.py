"""`mmrag-video saved`: searches that are put to every new recording."""

import os
import shlex
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import hit_to_json, saved_search_to_json
from mmrag_video.catalog.hits import Delivery, FoundMoment, Hit
from mmrag_video.catalog.saved_searches import SavedSearch, Target
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
from mmrag_video.moments import Confidence
from mmrag_video.saved_search import save_search, webhook_host
from mmrag_video.settings import Settings
from mmrag_video.video.wall_clock import ClockOrigin


@click.group()
def saved() -> None:
    """Save searches that every new recording is put to.

    \b
    Example:
      mmrag-video saved add "bicycle at the gate" "a bicycle" --camera gate
    """


@saved.command()
@click.argument("name")
@click.argument("words")
@click.option("--camera", "cameras", multiple=True, help="Only this camera; may be repeated.")
@click.option("--webhook", default="", help="Address that hits are posted to.")
@click.option(
    "--secret-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File with the secret that messages to the webhook are signed with.",
)
@click.option("--secret-env", help="Environment variable with that secret.")
@click.option("--command", default="", help="Program that is run for each hit, with arguments.")
@click.pass_obj
def add(
    settings: Settings,
    name: str,
    words: str,
    cameras: tuple[str, ...],
    webhook: str,
    secret_file: Path | None,
    secret_env: str | None,
    command: str,
) -> None:
    """Save a search, under NAME, for what answers WORDS.

    Each hit is posted to the webhook, or given to the command as JSON on its standard input.

    \b
    Example:
      mmrag-video saved add cyclist "a bicycle" --webhook https://example.org/h --secret-env HOOK
    """
    target = Target(webhook, _secret(secret_file, secret_env), _words_of(command))
    with Archive(settings) as archive:
        for camera in cameras:
            check_camera(archive, camera)
        search = save_search(archive, name, words, cameras, target)
    error_console.print(
        f"Saved {plain(search.name)}. What is there already does not ring; what comes does.",
        soft_wrap=True,
    )


@saved.command(name="list")
@json_option
@click.pass_obj
def list_searches(settings: Settings, as_json: bool) -> None:
    """List the saved searches.

    \b
    Example:
      mmrag-video saved list
    """
    with Archive(settings) as archive:
        searches = archive.catalog.saved.all()
    if as_json:
        print_json({"saved": [saved_search_to_json(search) for search in searches]})
        return
    table = table_of("Name*", "Words*", "Cameras*", "Tells*")
    for search in searches:
        table.add_row(
            plain(search.name),
            plain(search.text),
            plain(", ".join(search.cameras) or "all"),
            plain(_told(search)),
        )
    print_rows(table, if_none="No saved searches yet: mmrag-video saved add NAME WORDS")


@saved.command()
@click.argument("name")
@click.pass_obj
def remove(settings: Settings, name: str) -> None:
    """Remove the saved search NAME, with its hits.

    \b
    Example:
      mmrag-video saved remove "cyclist"
    """
    with Archive(settings) as archive:
        archive.catalog.saved.remove(archive.catalog.saved.named(name))
    error_console.print(f"Removed {plain(name)}.", soft_wrap=True)


@saved.command()
@click.option("--name", help="Only this saved search's.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, help="At most so many.")
@json_option
@click.pass_obj
def hits(settings: Settings, name: str | None, limit: int, as_json: bool) -> None:
    """List what the saved searches rang for, newest first.

    \b
    Example:
      mmrag-video saved hits --json
    """
    with Archive(settings) as archive:
        catalog = archive.catalog
        only = catalog.saved.named(name).id if name is not None else None
        found = catalog.hits.newest(limit, only)
        searches = {search.id: search for search in catalog.saved.all()}
    found = [hit for hit in found if hit.search in searches]
    if as_json:
        print_json({"hits": [_with_delivery(hit, searches[hit.search]) for hit in found]})
        return
    table = table_of("Search*", "Camera*", "Start", "Clock*", "Score*", "Why*", "Told*")
    for hit in found:
        moment = hit.moment
        table.add_row(
            plain(searches[hit.search].name),
            plain(moment.camera),
            timecode(moment.start),
            wall_clock(moment.wall_start),
            f"{moment.confidence.value} {moment.score:.2f}, above {moment.threshold:.2f}",
            plain(moment.why),
            plain(f"{hit.delivery.value} {hit.error}".strip()),
        )
    print_rows(table, if_none="No hits yet.")


@saved.command()
@click.argument("name")
@click.pass_obj
def test(settings: Settings, name: str) -> None:
    """Send an example to the webhook or command of the saved search NAME, and say what came back.

    \b
    Example:
      mmrag-video saved test "cyclist"
    """
    # Only here, because the library needs no workers.
    from workers.deliveries import send, trial_of  # noqa: PLC0415

    with Archive(settings) as archive:
        search = archive.catalog.saved.named(name)
        if not search.target.is_set:
            raise UsageError(f"The saved search {name!r} tells nobody: it has no webhook.")
        said = send(search, trial_of(_example(search), search))
    click.echo(said)


def _secret(file: Path | None, variable: str | None) -> str:
    if file is not None and variable is not None:
        raise UsageError("Give the secret by --secret-file or by --secret-env, not by both.")
    if file is not None:
        try:
            return file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"The secret in {file} cannot be read as text.") from error
    if variable is not None:
        if not os.environ.get(variable):
            raise UsageError(f"The environment variable {variable} is not set.")
        return os.environ[variable]
    return ""


def _words_of(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(command))
    except ValueError as error:
        raise UsageError(f"The command {command!r} cannot be taken apart: {error}.") from error


def _told(search: SavedSearch) -> str:
    if search.target.webhook:
        return f"webhook at {webhook_host(search.target.webhook)}"
    return shlex.join(search.target.command) or "nobody"


def _with_delivery(hit: Hit, search: SavedSearch) -> dict[str, object]:
    return {
        **hit_to_json(hit, search),
        "continues": hit.continues is not None,
        "delivery": hit.delivery.value,
        "attempts": hit.attempts,
        "error": hit.error,
    }


def _example(search: SavedSearch) -> Hit:
    """A hit of number 0 in a recording that is none."""
    now = datetime.now(UTC)
    moment = FoundMoment(
        recording="0" * 64,
        camera=search.cameras[0] if search.cameras else "example",
        start=Fraction(1),
        end=Fraction(3),
        best=Fraction(2),
        wall_start=now,
        wall_end=now,
        zone="UTC",
        clock_origin=ClockOrigin.UNKNOWN,
        score=1.0,
        confidence=Confidence.STRONG,
        threshold=0.0,
        why="an example, sent by `mmrag-video saved test`",
    )
    return Hit(0, search.id, moment, now, None, Delivery.PENDING, 0, now, "")
