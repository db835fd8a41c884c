"""`mmrag-video models`: what there is, whether it works, and a quicker form of it."""

from contextlib import closing
from pathlib import Path
from typing import Any

import click

from mmrag_video.archive import Archive, load_picture
from mmrag_video.as_json import model_to_json
from mmrag_video.cli.console import (
    error_console,
    json_option,
    plain,
    print_json,
    print_table,
    table_of,
)
from mmrag_video.counting import counted
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.model_overview import ModelState, here_in_words, model_states
from mmrag_video.models.cards import EMBEDDERS, ModelCard, Role
from mmrag_video.models.drawn import DRAWN, CaptionedPicture
from mmrag_video.models.dual_encoder.export import ComparedPictures, export
from mmrag_video.models.dual_encoder.variant import Quantization, Variant
from mmrag_video.models.matching import Matching, Verdict, match, verdict_of
from mmrag_video.models.registry import card_of, load_model
from mmrag_video.sample_pictures import sample_of_paths, sample_of_recordings
from mmrag_video.settings import ModelSettings, Settings

_VERDICTS = {
    Verdict.PASSED: "They find each other.",
    Verdict.FAILED: "They do not find each other: chance does as well.",
    Verdict.OPEN: (
        "The model runs. That drawings do not match says nothing of it: it knows photographs alone,"
        " so give it some with --picture."
    ),
}
path_option = click.option(
    "--path",
    help="Folder or hub name of the weights; else the setting model.path if model.name is NAME.",
)


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def models(context: click.Context, as_json: bool) -> None:
    """List the models, test one, export one for ONNX Runtime.

    The list says what each needs, what of it is on this machine, and which one the index uses.

    \b
    Example:
      mmrag-video models
      mmrag-video models test siglip2
    """
    if context.invoked_subcommand is not None:
        return
    settings: Settings = context.obj
    with Archive(settings) as archive:
        states = list(model_states(archive))
    if as_json:
        print_json({"models": [model_to_json(state) for state in states]})
    else:
        _print_states(states)


@models.command()
@click.argument("name")
@click.option(
    "--picture",
    "pictures",
    type=(click.Path(path_type=Path, dir_okay=False), str),
    multiple=True,
    metavar="FILE CAPTION",
    help="A picture and what it shows, instead of drawn scenes; give four or more.",
)
@path_option
@json_option
@click.pass_context
def test(
    context: click.Context,
    name: str,
    pictures: tuple[tuple[Path, str], ...],
    path: str | None,
    as_json: bool,
) -> None:
    """Say whether the model NAME finds pictures by their captions.

    And captions by their pictures; the exit code is 1 if not clearly better than by chance. Without
    --picture the program draws twelve simple scenes. Of a model that knows photographs alone, as
    basic does, these only show that it runs, and the exit code is 0.

    \b
    Example:
      mmrag-video models test siglip2
      mmrag-video models test clip --picture gate.jpg "a van at a gate" --picture ...
    """
    pairs = [CaptionedPicture(caption, load_picture(file)) for file, caption in pictures] or DRAWN
    if len(pairs) == 1:
        raise UsageError("One picture has nothing to be mistaken for: give four or more.")
    settings, card = _settings_of(context.obj, name, path)
    with closing(load_model(settings)) as model:
        found = match(model.embedder, pairs)
    verdict = verdict_of(found, card, drawn=not pictures)
    if as_json:
        print_json(_matching_to_json(name, found, verdict))
    else:
        _print_matching(name, found, verdict)
    if verdict is Verdict.FAILED:
        context.exit(ExitCode.FAILED)


@models.command("export")
@click.argument("name")
@click.option(
    "--quantize",
    type=click.Choice([one.value for one in Quantization]),
    required=True,
    help="int8: smaller, and about three times as fast on a CPU; none: 32-bit floats.",
)
@click.option(
    "--to",
    "folder",
    type=click.Path(path_type=Path),
    help="A new folder, which model.path then names; else NAME-int8 or NAME-none, here.",
)
@click.option(
    "--pictures",
    type=click.Path(path_type=Path),
    multiple=True,
    help="Pictures, videos or folders of them to compare with; may be repeated.",
)
@path_option
@click.pass_obj
def export_command(
    settings: Settings,
    name: str,
    quantize: str,
    folder: Path | None,
    pictures: tuple[Path, ...],
    path: str | None,
) -> None:
    """Write the dual encoder NAME for ONNX Runtime.

    There it is faster on CPUs and needs no torch. Its vectors are compared with the original's, of
    pictures (--pictures, else your recordings') and sentences; below a cosine of 0.99 nothing is
    written.

    \b
    Example:
      mmrag-video models export siglip2 --quantize int8 --to siglip2-int8
      MMRAG_MODEL__NAME=siglip2 MMRAG_MODEL__PATH=siglip2-int8 mmrag-video reindex
    """
    model, card = _settings_of(settings, name, path)
    if not card.exportable:
        raise UsageError(f"The model {name} is no dual encoder; only those can be exported.")
    folder = folder or Path(f"{name}-{quantize}")
    compared = _compared(settings, pictures)
    variant = export(model, card, Quantization(quantize), folder, compared)
    _print_variant(variant, folder)
    if not compared.images:
        error_console.print(
            "That is of drawn scenes alone, and drawings are no recordings: compare with some of"
            " your own (--pictures) before you rely on it.",
            soft_wrap=True,
        )
    click.echo(f"MMRAG_MODEL__NAME={name} MMRAG_MODEL__PATH={folder.absolute()}")


def _settings_of(
    settings: Settings, name: str, path: str | None
) -> tuple[ModelSettings, ModelCard]:
    """The settings with this model. A path in them is that of the model that they name."""
    card = card_of(name, EMBEDDERS, "NAME")
    own = settings.model.path if settings.model.name == name else None
    return settings.model.model_copy(update={"name": name, "path": path or own}), card


def _compared(settings: Settings, paths: tuple[Path, ...]) -> ComparedPictures:
    if paths:
        sample = sample_of_paths(paths, settings.sampler.frame_width)
    else:
        with Archive(settings) as archive:
            sample = sample_of_recordings(archive)
    drawn = f"{len(DRAWN)} drawn scenes"
    described = f"{sample.described} and {drawn}" if sample.images else drawn
    return ComparedPictures(sample.images, described)


def _print_states(states: list[ModelState]) -> None:
    for role, heading in ((Role.EMBEDDER, "Model"), (Role.RERANKER, "Reranker")):
        table = table_of(heading, "Download", "Memory", "Dims", "Here*", "Licence*", "About*")
        for state in states:
            if state.card.role is role:
                card = state.card
                table.add_row(
                    f"{card.name}{' (index)' if state.indexed else ''}",
                    _gigabytes(card.download),
                    _gigabytes(card.memory),
                    str(card.dimensions or "-"),
                    plain(here_in_words(state)),
                    card.licence,
                    card.about,
                )
        print_table(table)


def _gigabytes(size: float | None) -> str:
    return "-" if size is None else f"{size:.3g} GB"


def _print_matching(name: str, found: Matching, verdict: Verdict) -> None:
    click.echo(
        f"{name}: {found.by_caption} of {found.pairs} captions find their picture,"
        f" {found.by_picture} of {found.pairs} pictures their caption"
        f" (recall@1 {found.by_caption / found.pairs:.2f} and"
        f" {found.by_picture / found.pairs:.2f})."
    )
    click.echo(f"Mean cosine {found.own_cosine:.3f} of a pair, {found.other_cosine:.3f} of others.")
    click.echo(_VERDICTS[verdict])


def _matching_to_json(name: str, found: Matching, verdict: Verdict) -> dict[str, Any]:
    return {
        "model": name,
        "pairs": found.pairs,
        "recall@1_by_caption": found.by_caption / found.pairs,
        "recall@1_by_picture": found.by_picture / found.pairs,
        "cosine_of_pairs": found.own_cosine,
        "cosine_of_others": found.other_cosine,
        "beats_chance": found.beats_chance,
        "verdict": verdict.value,
    }


def _print_variant(variant: Variant, folder: Path) -> None:
    for of, called in (("pictures", "picture"), ("words", "sentence")):
        agreement = variant.agreement[of]
        whole = variant.whole[of]
        kept = f"; {counted(whole, 'multiplication')} left in 32-bit floats" if whole else ""
        error_console.print(
            f"{counted(agreement.compared, called)}: cosine with the original's"
            f" {agreement.worst:.4f} at worst, {agreement.mean:.4f} on average{kept}.",
            soft_wrap=True,
        )
    error_console.print(f"Compared: {plain(variant.pictures_compared)}.", soft_wrap=True)
