"""`mmrag-video evidence`: a case as a folder or a zip that can be verified."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import click
from rich.progress import BarColumn, Progress, TextColumn

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.users import LOCAL
from mmrag_video.cli.console import check_camera, error_console, plain
from mmrag_video.cli.handles import handle_options
from mmrag_video.errors import ExitCode
from mmrag_video.evidence.making import make_evidence
from mmrag_video.evidence.order import EvidenceOrder, parse_blur
from mmrag_video.evidence.order import Progress as Follow
from mmrag_video.evidence.signing import read_private_key
from mmrag_video.settings import Settings


@click.command()
@click.argument("case")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder or zip to make; nothing may be there yet.",
)
@click.option("--zip", "is_zip", is_flag=True, help="Make a zip.")
@click.option(
    "--sign",
    "key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Sign with this private Ed25519 key, a PEM file.",
)
@click.option(
    "--blur",
    "regions",
    multiple=True,
    metavar="REGION",
    help="Add copies blurred here: 'CAMERA:0.1,0.2 0.4,0.6'; may be repeated.",
)
@handle_options
@click.pass_context
def evidence(
    context: click.Context,
    case: str,
    target: Path,
    is_zip: bool,
    key: Path | None,
    regions: tuple[str, ...],
    before: Fraction,
    after: Fraction,
) -> None:
    """Write a case as evidence, which can be verified.

    Each recording is read through first: what has changed since it was ingested is no evidence.
    Stopped half-way, the same command goes on where it was.

    \b
    Example:
      mmrag-video evidence "theft at the gate" --to theft.zip --zip --sign key.pem
    """
    settings: Settings = context.obj
    with Archive(settings) as archive:
        blur = [parse_blur(region) for region in regions]
        for one in blur:
            if one.camera:
                check_camera(archive, one.camera)
        order = EvidenceOrder(
            case=archive.catalog.cases.named(case),
            user=LOCAL,
            target=target,
            is_zip=is_zip,
            key=read_private_key(key) if key else None,
            blur=blur,
            before=before,
            after=after,
        )
        context.exit(_make(archive, order))


def _make(archive: Archive, order: EvidenceOrder) -> ExitCode:
    try:
        with _follow() as follow:
            made = make_evidence(archive, order, follow)
    except KeyboardInterrupt:
        error_console.print("What was complete is kept; the same command goes on from there.")
        raise
    about = {**made.about(order.case), "file": str(made.path)}
    archive.catalog.audit.note(order.user.name, Action.EXPORT, about)
    archive.catalog.cases.mark_exported(made.moments, datetime.now(UTC))
    for one in made.missing:
        error_console.print(plain(f"{one.what}: {one.why}"), soft_wrap=True)
    error_console.print(plain(f"Written: {made.path}"), soft_wrap=True)
    error_console.print(f"SHA-256 of its manifest: {made.sha256}", soft_wrap=True)
    return ExitCode.SOME_RECORDINGS_FAILED if made.missing else ExitCode.OK


@contextmanager
def _follow() -> Iterator[Follow]:
    """A bar on standard error that shows how far it has come."""
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        console=error_console,
        transient=True,
        disable=not error_console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=None)

        def follow(what: str, done: int, total: int) -> None:
            bar.update(task, description=plain(what), completed=done, total=total or None)

        yield follow
