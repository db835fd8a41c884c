"""`mmrag-video search`: ask in words, with a picture, or both."""

from pathlib import Path

import click

from mmrag_video.archive import load_picture
from mmrag_video.as_json import answer_to_json
from mmrag_video.cli.answering import opened, tell, tell_missing_files
from mmrag_video.cli.console import (
    clock_of,
    error_console,
    json_option,
    plain,
    print_table,
    table_of,
    timecode,
)
from mmrag_video.cli.where import where_options
from mmrag_video.errors import ExitCode
from mmrag_video.models.base import Query
from mmrag_video.moments import Answer, Moment
from mmrag_video.search import search as find
from mmrag_video.settings import Settings


@click.command()
@click.argument("words", required=False)
@where_options
@click.option("--limit", type=click.IntRange(1, 1000), help="Moments in the answer.")
@click.option(
    "--image",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Look for what this picture shows, alone or together with words.",
)
@json_option
@click.pass_context
def search(
    context: click.Context,
    words: str | None,
    cameras: tuple[str, ...],
    start: str | None,
    end: str | None,
    limit: int | None,
    image: Path | None,
    as_json: bool,
) -> None:
    """Find the moments that answer WORDS, best first.

    Times without an offset are in the zone of the setting clock.zone. The score goes from 0 to 1;
    its word says what it means: strong, possible or weak. When nothing stands out, the answer says
    so and the exit code is 4.

    \b
    Example:
      mmrag-video search "two people at an ATM" --camera lobby --from 2026-03-29T14:00
    """
    settings: Settings = context.obj
    with opened(settings, cameras, start, end) as (archive, where):
        picture = load_picture(image) if image is not None else None
        answer = find(archive, Query(text=words, image=picture), where, limit)
        tell(archive, answer, answer_to_json, print_answer, as_json=as_json)
    if not answer.is_confident:
        context.exit(ExitCode.NO_CONFIDENT_MATCH)


def print_answer(answer: Answer) -> None:
    """Print an answer as a table, or say that nothing was found."""
    if not answer.is_confident:
        error_console.print("No confident match.")
    if not answer.moments:
        error_console.print(
            "No frame lies within the cameras and times asked for; with --from or --to, recordings"
            " whose clock time is unknown are left out.",
            soft_wrap=True,
        )
        return
    table = table_of("", "Camera*", "Start", "End", "Clock*", "Score*", "Why*", "File*")
    for number, moment in enumerate(answer.moments, 1):
        table.add_row(*_row(number, moment))
    print_table(table)
    tell_missing_files(answer.moments)


def _row(number: int, moment: Moment) -> tuple[str, ...]:
    return (
        str(number),
        plain(moment.camera),
        timecode(moment.start),
        timecode(moment.end),
        clock_of(moment),
        f"{moment.confidence.value} {moment.score:.2f}, above {min(moment.above, 0.99):.0%}",
        plain(moment.why),
        plain(moment.spans[0].recording.path.name),
    )
