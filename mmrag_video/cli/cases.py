"""`mmrag-video cases`: moments collected for one purpose."""

import click

from mmrag_video.archive import Archive
from mmrag_video.as_json import case_moment_to_json, case_to_json
from mmrag_video.cases import (
    Collected,
    checked_note,
    checked_tags,
    collected,
    describe,
    finding_by_eye,
    make_case,
    typed_time,
)
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.users import LOCAL
from mmrag_video.cli.console import (
    error_console,
    json_option,
    plain,
    print_json,
    print_rows,
    print_table,
    table_of,
    timecode,
    wall_clock,
)
from mmrag_video.counting import counted
from mmrag_video.errors import UsageError
from mmrag_video.moments import Span
from mmrag_video.naming_recordings import named
from mmrag_video.settings import Settings


@click.group()
def cases() -> None:
    """Collect moments in cases.

    What is in a case stays in the collection, whatever the retention says.

    \b
    Example:
      mmrag-video cases show "theft at the gate"
    """


@cases.command(name="list")
@json_option
@click.pass_obj
def list_cases(settings: Settings, as_json: bool) -> None:
    """List the cases, the newest first.

    \b
    Example:
      mmrag-video cases list
    """
    with Archive(settings) as archive:
        known = archive.catalog.cases.all()
    if as_json:
        print_json({"cases": [case_to_json(case) for case in known]})
        return
    table = table_of("Name*", "Moments", "Made", "By*", "Note*")
    for case in known:
        table.add_row(
            plain(case.name),
            str(case.moments),
            wall_clock(case.created),
            plain(case.created_by),
            plain(case.note),
        )
    print_rows(table, if_none="No cases yet: mmrag-video cases make NAME")


@cases.command()
@click.argument("name")
@json_option
@click.pass_obj
def show(settings: Settings, name: str, as_json: bool) -> None:
    """Show the moments of the case NAME, in their order.

    \b
    Example:
      mmrag-video cases show "theft at the gate" --json
    """
    with Archive(settings) as archive:
        case = archive.catalog.cases.named(name)
        moments = collected(archive, archive.catalog.cases.moments(case.id))
    if as_json:
        listed = [case_moment_to_json(one) for one in moments]
        print_json({**case_to_json(case), "moments": listed})
        return
    table = table_of("No.", "Camera*", "Start", "End", "Clock*", "Found by*", "Tags*", "Note*")
    for one in moments:
        table.add_row(str(one.moment.id), *map(plain, _columns(one)))
    if moments:
        print_table(table)
    else:
        error_console.print(f"Nothing is in {plain(case.name)} yet.", soft_wrap=True)
    for problem in (problem for one in moments for problem in one.problems):
        error_console.print(plain(problem), soft_wrap=True)


@cases.command()
@click.argument("name")
@click.pass_obj
def make(settings: Settings, name: str) -> None:
    """Make an empty case called NAME.

    \b
    Example:
      mmrag-video cases make "theft at the gate"
    """
    with Archive(settings) as archive:
        case = make_case(archive, name, LOCAL.name)
        _note(archive, case, "made the case")
    error_console.print(f"Made {plain(case.name)}.", soft_wrap=True)


@cases.command()
@click.argument("name")
@click.argument("recording")
@click.argument("start")
@click.argument("end")
@click.option("--note", default="", help="What is to be seen there.")
@click.option("--tag", "tags", multiple=True, help="A word to find it by; may be repeated.")
@click.pass_obj
def add(
    settings: Settings,
    name: str,
    recording: str,
    start: str,
    end: str,
    note: str,
    tags: tuple[str, ...],
) -> None:
    """Put a part of RECORDING, from START to END, at the end of the case NAME.

    RECORDING is an id or the beginning of one; times count from its first frame, as 00:01:02.480
    or 62.48.

    \b
    Example:
      mmrag-video cases add "theft at the gate" 91028f9d6c 00:00:07.5 00:00:12 --tag bicycle
    """
    with Archive(settings) as archive:
        checked_note(note), checked_tags(tags)  # before anything is written
        case = archive.catalog.cases.named(name)
        span = Span(named(archive, recording), typed_time(start), typed_time(end))
        finding = finding_by_eye(archive, span)
        [added] = archive.catalog.cases.add(case.id, [finding], LOCAL.name)
        if added.is_new:
            describe(archive, added.moment.id, note, tags)
            _note(archive, case, "collected", moments=[added.moment.id])
    said = "Added moment" if added.is_new else "It is in there already, as moment"
    error_console.print(f"{said} {added.moment.id}.", soft_wrap=True)


@cases.command()
@click.argument("name")
@click.option("--moment", type=int, help="Only this moment, by its number in `cases show`.")
@click.pass_obj
def remove(settings: Settings, name: str, moment: int | None) -> None:
    """Remove the case NAME, or one moment of it. Its recordings may then be let go of.

    \b
    Example:
      mmrag-video cases remove "theft at the gate" --moment 4
    """
    with Archive(settings) as archive:
        known = archive.catalog.cases
        case = known.named(name)
        if moment is None:
            known.remove(case.id)
            _note(archive, case, "removed the case", moments=case.moments)
            said = f"Removed {plain(case.name)} with {counted(case.moments, 'moment')}."
        else:
            if all(one.id != moment for one in known.moments(case.id)):
                raise UsageError(f"There is no moment {moment} in the case {case.name!r}.")
            known.remove_moment(moment)
            _note(archive, case, "removed a moment", moment=moment)
            said = f"Removed moment {moment} from {plain(case.name)}."
    error_console.print(said, soft_wrap=True)


def _note(archive: Archive, case: Case, did: str, **about: object) -> None:
    about = {"case": case.name, "case_id": case.id, "what": did, **about}
    archive.catalog.audit.note(LOCAL.name, Action.CHANGE, about)


def _columns(one: Collected) -> tuple[str, ...]:
    """Camera, start, end, clock, what it was found by, tags, note."""
    moment = one.moment
    about = moment.found.query, ", ".join(moment.tags), moment.note
    start, end = timecode(moment.spans[0].start), timecode(moment.spans[-1].end)
    if not one.spans:
        return "not known", start, end, "unknown", *about
    first = one.spans[0]
    clock = wall_clock(first.recording.clock.at(first.start))
    return first.recording.camera, start, end, clock, *about
