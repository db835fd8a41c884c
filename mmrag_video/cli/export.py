"""`mmrag-video export`: moments as files for editors, players, spreadsheets and programs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import TypeVar

import click

from mmrag_video.archive import Archive, load_picture
from mmrag_video.cases import collected
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import LOCAL
from mmrag_video.cli.answering import note_search, opened, tell_if_empty
from mmrag_video.cli.console import error_console, plain
from mmrag_video.cli.export_clips import STANDARD_OUTPUT, export_clips
from mmrag_video.cli.handles import handle_options
from mmrag_video.cli.where import where_options
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.export.clips import ClipKind, ClipOrder
from mmrag_video.export.export_moment import ExportMoment, found
from mmrag_video.export.exporting import (
    Document,
    ExportOrder,
    audit_entry,
    note_exported,
    prepare,
)
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.from_case import export_moments as moments_of_case
from mmrag_video.export.naming import DEFAULT_TEMPLATE, NameTemplate
from mmrag_video.export.other_cameras import with_other_cameras
from mmrag_video.export.sheet import FormatName
from mmrag_video.export.writing import write_new
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence
from mmrag_video.search import search as find
from mmrag_video.settings import Settings

_Command = TypeVar("_Command", bound=Callable[..., object])
_OPTIONS = (
    click.option(
        "--format",
        "format_name",
        type=click.Choice([name.value for name in (*FORMATS, *ClipKind)]),
        required=True,
        help="What to write.",
    ),
    click.option(
        "--output",
        default=STANDARD_OUTPUT,
        help="File or folder to write to; - is standard output. What is there stays.",
    ),
    click.option(
        "--name",
        "template",
        default=DEFAULT_TEMPLATE,
        help="How files in a folder are named.",
    ),
    handle_options,
    click.option(
        "--all-cameras",
        is_flag=True,
        help="Export also what the other cameras recorded at the time of each moment.",
    ),
)


@dataclass(frozen=True)
class Asked:
    """What is to become of the moments, and where."""

    format_name: str
    """Of a document, or a kind of clip."""
    title: str
    template: NameTemplate
    before: Fraction
    """Seconds added before each moment."""
    after: Fraction
    all_cameras: bool
    output: str
    case: int | None = None
    """Number of the case that they are of."""


def format_options(command: _Command) -> _Command:
    """Give a command the parameters that say what is written, and where to."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


@click.command()
@click.argument("words", required=False)
@where_options
@click.option("--limit", type=click.IntRange(1, 1000), help="Moments looked for.")
@click.option(
    "--image",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Look for what this picture shows, alone or together with words.",
)
@click.option("--case", "case", help="Export this case's moments; nothing is looked for.")
@click.option("--weak", is_flag=True, help="Export also moments that do not stand out.")
@format_options
@click.pass_context
def export(
    context: click.Context,
    words: str | None,
    cameras: tuple[str, ...],
    start: str | None,
    end: str | None,
    limit: int | None,
    image: Path | None,
    case: str | None,
    weak: bool,
    format_name: str,
    output: str,
    template: str,
    before: Fraction,
    after: Fraction,
    all_cameras: bool,
) -> None:
    """Export the moments that answer WORDS, or those of a case.

    They are found as `mmrag-video search` finds them.

    The formats edl, otio and fcp7 count frames, so the recordings are read through. The formats
    vtt, srt and ffmetadata are written once for each recording. A clip is an MP4: as it is stored,
    from the keyframe before, or encoded anew from exactly the first frame (clip-exact).

    \b
    Example:
      mmrag-video export "a red car" --format edl --before 2 --after 3 --output red-car.edl
    """
    settings: Settings = context.obj
    asked = Asked(
        format_name,
        title=case or words or "mmrag-video",
        template=NameTemplate(template),
        before=before,
        after=after,
        all_cameras=all_cameras,
        output=output,
    )
    if case is not None:
        _refuse_a_search(words, image, cameras, start, end)
        with Archive(settings) as archive:
            context.exit(_export_case(archive, case, asked))
    with opened(settings, cameras, start, end) as (archive, where):
        picture = load_picture(image) if image is not None else None
        query = Query(text=words, image=picture)
        note_search(archive, words or "", where, image)
        answer = find(archive, query, where, limit)
        moments = [m for m in answer.moments if weak or m.confidence is not Confidence.WEAK]
        if not moments:
            if not tell_if_empty(archive):
                error_console.print("No confident match.")
            context.exit(ExitCode.NO_CONFIDENT_MATCH)
        context.exit(export_moments(archive, found(moments, words or ""), asked))


def _refuse_a_search(*asked: object) -> None:
    """Raises UsageError if a search is asked for beside a case."""
    if any(asked):
        raise UsageError("--case exports what is in the case; leave words and filters away.")


def _export_case(archive: Archive, name: str, asked: Asked) -> ExitCode:
    case = archive.catalog.cases.named(name)
    every = collected(archive, archive.catalog.cases.moments(case.id))
    if not every:
        raise UsageError(f"The case {name!r} holds no moments yet.")
    moments, missing = moments_of_case(every)
    code = export_moments(archive, moments, replace(asked, case=case.id), missing)
    exported = [one.moment.id for one in every if one.spans]
    archive.catalog.cases.mark_exported(exported, datetime.now(UTC))
    return code


def export_moments(
    archive: Archive, moments: Sequence[ExportMoment], asked: Asked, missing: Sequence[str] = ()
) -> ExitCode:
    """Write moments, wherever they come from, and say what was left out.

    `missing`: sentences on what should be among them. Raises UsageError where several files would
    go into one, ExportError where the system refuses to write a document.
    """
    if asked.all_cameras:
        moments = list(with_other_cameras(archive, moments, LOCAL.may_see))
    if asked.format_name in set(ClipKind):
        kind = ClipKind(asked.format_name)
        clips = ClipOrder(kind, asked.template, asked.before, asked.after, asked.case)
        return export_clips(archive, moments, clips, asked.title, asked.output, missing)
    format = FORMATS[FormatName(asked.format_name)]
    order = ExportOrder(format, asked.title, asked.template, asked.before, asked.after, asked.case)
    return _export_documents(archive, moments, order, asked.output, missing)


def _export_documents(
    archive: Archive,
    moments: Sequence[ExportMoment],
    order: ExportOrder,
    output: str,
    missing: Sequence[str],
) -> ExitCode:
    made = prepare(moments, order, archive.settings_in_force, missing)
    for problem in made.problems:
        error_console.print(plain(problem), soft_wrap=True)
    if made.documents:
        about = audit_entry(order.format.name.value, order.title, order.case, moments)
        archive.catalog.audit.note(LOCAL.name, Action.EXPORT, about)
        _deliver(made.documents, output)
        note_exported(archive, made.spans)
    return ExitCode.SOME_RECORDINGS_FAILED if made.problems else ExitCode.OK


def _deliver(documents: Sequence[Document], output: str) -> None:
    is_folder = output.endswith("/") or Path(output).is_dir()
    if len(documents) > 1 and not is_folder:
        raise UsageError(
            f"The moments lie in {counted(len(documents), 'recording')}, and this format is "
            "written once for each: name a folder, as --output chapters/."
        )
    if output == STANDARD_OUTPUT:
        [document] = documents
        click.echo(document.content(), nl=False)
        return
    target = Path(output)
    for document in documents:
        folder, name = (target, document.name) if is_folder else (target.parent, target.name)
        path = write_new(folder, name, document.write)
        error_console.print(plain(f"Written: {path}"), soft_wrap=True)
