"""`mmrag-video doctor`: is everything here, and how to mend what is not."""

import click
from rich.console import Console

from mmrag_video.archive import Archive
from mmrag_video.cli.console import json_option, plain, print_json
from mmrag_video.doctor import Finding, Health, examine
from mmrag_video.errors import ExitCode
from mmrag_video.settings import Settings

_STYLES = {Health.GOOD: "green", Health.DOUBTFUL: "yellow", Health.BAD: "bold red"}


@click.command()
@json_option
@click.pass_context
def doctor(context: click.Context, as_json: bool) -> None:
    """Say what is wrong with the installation, and how to mend it.

    Packages, data directory, disk, catalog, model, store, index and time zone are looked at.

    \b
    Example:
      mmrag-video doctor
    """
    settings: Settings = context.obj
    console = Console(highlight=False)
    with Archive(settings) as archive:
        findings = []
        for finding in examine(archive):
            findings.append(finding)
            if not as_json:
                _print(console, finding)
    if as_json:
        print_json({"findings": [_to_json(finding) for finding in findings]})
    if any(finding.health is Health.BAD for finding in findings):
        context.exit(ExitCode.FAILED)


def _print(console: Console, finding: Finding) -> None:
    style = _STYLES[finding.health]
    line = f"[{style}]{finding.health.value:9}[/] {finding.subject:15} {plain(finding.detail)}"
    console.print(line, soft_wrap=True)
    if finding.remedy:
        console.print(f"{'':25} {plain(finding.remedy)}", soft_wrap=True)


def _to_json(finding: Finding) -> dict[str, str]:
    return {
        "subject": finding.subject,
        "health": finding.health.value,
        "detail": finding.detail,
        "remedy": finding.remedy,
    }
