"""`mmrag-video evaluate`: figures on footage with ground truth."""

from pathlib import Path
from typing import Any

import click
from rich.table import Table

from mmrag_video.archive import Archive
from mmrag_video.as_json import length_to_json
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.cli.console import error_console, json_option, print_json, print_table
from mmrag_video.cli.ingest import follow_progress
from mmrag_video.counting import counted
from mmrag_video.errors import RecordingError
from mmrag_video.evaluate import (
    answer_queries,
    footage_fingerprint,
    read_queries,
    report,
    video_paths,
)
from mmrag_video.evaluate_dimensions import LengthResult, evaluate_lengths, with_whole_vectors
from mmrag_video.ingest import OutcomeState, ingest_paths
from mmrag_video.settings import Settings

_FIGURES = {
    "recall@1": "event_recall@1",
    "@5": "event_recall@5",
    "@10": "event_recall@10",
    "@20": "event_recall@20",
    "MRR": "mrr",
    "mAP": "map",
    "tIoU": "mean_tiou",
    "rejection": "rejection",
}
"""Headings that fit a window of 80 columns, and the figures under them."""


@click.command()
@click.argument("queries", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--videos",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder with the videos that the queries file names.",
)
@click.option(
    "--dimensions",
    "lengths",
    callback=lambda context, option, text: _lengths(text),
    help="Compare vectors cut to these lengths, such as 64,128,256, from one embedding run.",
)
@json_option
@click.pass_obj
def evaluate(
    settings: Settings, queries: Path, videos: Path, lengths: tuple[int, ...], as_json: bool
) -> None:
    """Say how often labelled QUERIES find the right moment.

    The videos are ingested into an index of their own (the folder `evaluation` of the data
    directory), which a second run uses again.

    \b
    Example:
      mmrag-video evaluate queries.json --videos footage/
    """
    labelled = read_queries(queries)
    paths = video_paths(labelled, videos)
    if lengths:
        settings = with_whole_vectors(settings)
    with Archive(settings) as users:
        name = f"{users.identity.fingerprint}-{footage_fingerprint(labelled)}"
        own = settings.model_copy(update={"data_dir": users.directory.evaluation / name})
        model = users.model
    with Archive(own, model) as archive, writer_lock(archive.directory.root):
        with follow_progress() as follow:
            for outcome in ingest_paths(archive, paths, follow):
                if outcome.state is OutcomeState.FAILED:
                    raise RecordingError(outcome.message)
        if lengths:
            _tell_lengths(list(evaluate_lengths(archive, labelled, lengths)), as_json)
            return
        answered = answer_queries(archive, labelled)
        result = report(answered, archive)
    if as_json:
        print_json(result)
    else:
        _print(result)


def _lengths(text: str | None) -> tuple[int, ...]:
    try:
        return tuple(int(length) for length in text.split(",")) if text else ()
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not a list of lengths such as 64,128.") from error


def _tell_lengths(results: list[LengthResult], as_json: bool) -> None:
    if as_json:
        print_json({"dimensions": [length_to_json(result) for result in results]})
        return
    table = Table("Dimensions", *_FIGURES, "MB", "ms a search", box=None)
    for result in results:
        milliseconds = (
            "-" if result.search_seconds is None else f"{1000 * result.search_seconds:.0f}"
        )
        table.add_row(
            str(result.dimensions),
            *_figures(result.metrics),
            f"{result.store_bytes / 1e6:.1f}",
            milliseconds,
        )
    print_table(table)


def _print(result: dict[str, Any]) -> None:
    metrics = result["metrics"]
    table = Table("", "Queries", *_FIGURES, box=None)
    table.add_row("all", *_cells(metrics))
    table.add_row("95 %", "", *_intervals(metrics["intervals"]))
    for title in ("by_language", "by_type"):
        for name, group in metrics[title].items():
            table.add_row(name, *_cells(group))
    print_table(table)
    ratio = metrics["paraphrase_mrr_ratio"]
    if ratio is not None:
        error_console.print(f"Paraphrases in other languages: {ratio:.2f} of the MRR in English.")
    frames = counted(round(result["frames_per_hour"]), "frame")
    error_console.print(f"{frames} kept for an hour of footage.")


def _cells(group: dict[str, Any]) -> list[str]:
    return [str(group["queries"]), *_figures(group)]


def _figures(group: dict[str, Any]) -> list[str]:
    values = (group[name] for name in _FIGURES.values())
    return ["-" if value is None else f"{value:.2f}" for value in values]


def _intervals(intervals: dict[str, tuple[float, float] | None]) -> list[str]:
    bounds = (intervals[name] for name in _FIGURES.values())
    return ["-" if b is None else f"{b[0]:.2f}-{b[1]:.2f}" for b in bounds]
