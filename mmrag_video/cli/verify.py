"""`mmrag-video verify`: whether exported evidence is what was written."""

from pathlib import Path

import click

from mmrag_video.cli.console import error_console, plain
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode
from mmrag_video.evidence.signing import read_public_key
from mmrag_video.evidence.verifying import verify as check


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option(
    "--key",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Public Ed25519 key, a PEM file, of whoever must have signed it.",
)
@click.pass_context
def verify(context: click.Context, path: Path, key: Path | None) -> None:
    """Say whether evidence is what was written.

    PATH is a folder or a zip. Each file that was changed, added or is missing is named, and the
    exit code is then 6. Nothing but PATH is needed: no catalog, no recordings, no network.

    \b
    Example:
      mmrag-video verify theft.zip --key public.pem
    """
    verdict = check(path, read_public_key(key) if key else None)
    for sentence in verdict.never_there:
        error_console.print(plain(f"Not exported: {sentence}"), soft_wrap=True)
    for problem in verdict.problems:
        error_console.print(plain(problem), soft_wrap=True)
    if verdict.problems:
        error_console.print("This is not what was written.")
        context.exit(ExitCode.EVIDENCE_CHANGED)
    files = counted(verdict.files, "file")
    error_console.print(f"{files.capitalize()}, each as it was written.")
    if verdict.signed_by:
        error_console.print(
            f"Signed with the key {verdict.signed_by}"
            f"{'.' if key else ', which is enclosed: --key says whose it has to be.'}",
            soft_wrap=True,
        )
