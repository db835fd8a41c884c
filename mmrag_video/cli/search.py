"""`mmrag-video search`: ask in words, with a picture, or both."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import click

from mmrag_video.archive import Archive, load_picture
from mmrag_video.as_json import answer_to_json, pairs_to_json
from mmrag_video.asked import Asked, asked, in_words
from mmrag_video.asking.understanding import Following, Understood, understand
from mmrag_video.cli.answering import note_search, opened, tell, tell_missing_files
from mmrag_video.cli.console import (
    clock_of,
    error_console,
    json_option,
    plain,
    print_table,
    table_of,
    timecode,
)
from mmrag_video.cli.where import hours_options, where_options
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.moments import Answer, Confidence, Moment
from mmrag_video.search import search as find
from mmrag_video.sequences import Pair, find_pairs
from mmrag_video.settings import Settings


@click.command()
@click.argument("words", required=False)
@where_options
@hours_options
@click.option("--without", help="Less what shows this: `--without truck`.")
@click.option("--then", help="Followed by this; the answer is pairs of moments.")
@click.option(
    "--within",
    type=click.FloatRange(0, min_open=True),
    help="Minutes within which the second of a pair follows the first; 10 if nothing is said.",
)
@click.option("--any-camera", is_flag=True, help="A pair may be on two cameras.")
@click.option(
    "--literally", is_flag=True, help="Search for WORDS as they are: read no times into them."
)
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
    hours: str | None,
    weekdays: tuple[str, ...],
    without: str | None,
    then: str | None,
    within: float | None,
    any_camera: bool,
    literally: bool,
    limit: int | None,
    image: Path | None,
    as_json: bool,
) -> None:
    """Find the moments that answer WORDS, best first.

    Times, cameras, "without ..." and "..., then ..." in WORDS are understood, and standard error
    says what was. Times without an offset are in the zone of the setting clock.zone. The score goes
    from 0 to 1; its word says what it means: strong, possible or weak. When nothing stands out, the
    answer says so and the exit code is 4.

    \b
    Example:
      mmrag-video search "two people at an ATM yesterday after 18:00" --camera lobby
    """
    settings: Settings = context.obj
    with opened(settings, cameras, start, end, hours, weekdays) as (archive, where):
        understood = _understood(
            archive, words or "", then, literally=literally, with_picture=image is not None
        )
        if without:
            both = filter(None, (understood.without, without))
            understood = replace(understood, without=", ".join(both))
        if understood.chips:
            error_console.print(f"Understood: {plain(in_words(understood))}.", soft_wrap=True)
        picture = load_picture(image) if image is not None else None
        soon = None if within is None else timedelta(minutes=within)
        question = asked(understood, where, picture, soon, any_camera=any_camera)
        times_of_day = ", ".join(filter(None, (hours, *weekdays)))
        asked_words = f"{words}, then {then}" if then else words or ""
        note_search(archive, asked_words, where, image, times_of_day=times_of_day)
        confident = _answered(archive, question, limit, as_json=as_json)
    if not confident:
        context.exit(ExitCode.NO_CONFIDENT_MATCH)


def _understood(
    archive: Archive, words: str, then: str | None, *, literally: bool, with_picture: bool
) -> Understood:
    if then is not None and not (words.strip() and then.strip()):
        raise UsageError("--then needs words before it and after it.")
    if literally:
        following = None if then is None else Following(Understood(then), None)
        return Understood(words, then=following)
    zone = ZoneInfo(archive.settings.clock.zone)
    return understand(
        words if then is None else f"{words}, then {then}",
        now=datetime.now(zone),
        zone=zone,
        cameras=archive.catalog.camera_names(),
        with_picture=with_picture,
    )


def _answered(archive: Archive, question: Asked, limit: int | None, *, as_json: bool) -> bool:
    """Search, print what was found, and say whether any of it stands out."""
    if question.then is None:
        answer = find(archive, question.first.query, question.first.where, limit)
        tell(archive, answer, answer_to_json, print_answer, as_json=as_json)
        return answer.is_confident
    pairs = find_pairs(
        archive,
        question.first,
        question.then,
        question.within,
        one_camera=question.one_camera,
        limit=limit,
    )
    tell(archive, pairs, pairs_to_json, print_pairs, as_json=as_json)
    return any(pair.confidence is not Confidence.WEAK for pair in pairs)


def print_answer(answer: Answer) -> None:
    """Print an answer as a table, or say that nothing was found."""
    if not answer.is_confident:
        error_console.print("No confident match.")
    if not answer.moments:
        error_console.print(
            "No frame lies within the cameras and times asked for; where a time is asked for,"
            " recordings whose clock time is unknown are left out.",
            soft_wrap=True,
        )
        return
    table = table_of("", "Camera*", "Start", "End", "Clock*", "Score*", "Why*", "File*")
    for number, moment in enumerate(answer.moments, 1):
        table.add_row(*_row(number, moment))
    print_table(table)
    tell_missing_files(answer.moments)


def print_pairs(pairs: Sequence[Pair]) -> None:
    """Print pairs as a table of two rows each, or say that there are none."""
    if all(pair.confidence is Confidence.WEAK for pair in pairs):
        error_console.print("No confident match.")
    if not pairs:
        error_console.print("Nothing of the second kind follows the first soon enough.")
        return
    table = table_of("", "Camera*", "Start", "End", "Clock*", "Score*", "Why*", "File*")
    for number, pair in enumerate(pairs, 1):
        table.add_row(*_row(number, pair.first))
        then = _row(number, pair.second)
        table.add_row(f"then, {pair.confidence.value} {pair.score:.2f}", *then[1:])
    print_table(table)
    tell_missing_files([moment for pair in pairs for moment in (pair.first, pair.second)])


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
