"""Writing a dual encoder as ONNX, compared with the original before anybody gets to use it."""

import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mmrag_video import __version__
from mmrag_video.errors import ModelError, UsageError
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.drawn import DRAWN
from mmrag_video.models.dual_encoder import load_published, source_of
from mmrag_video.models.dual_encoder.comparing import (
    Expectation,
    SettledTower,
    settle_int8,
    settle_whole,
)
from mmrag_video.models.dual_encoder.graphs import (
    learned_places,
    write_naflex_tower,
    write_picture_tower,
    write_word_tower,
)
from mmrag_video.models.dual_encoder.naflex import NaflexPreparation
from mmrag_video.models.dual_encoder.onnx_towers import picture_inputs
from mmrag_video.models.dual_encoder.pictures import CONFIG, preparation_of
from mmrag_video.models.dual_encoder.torch_towers import TorchTowers
from mmrag_video.models.dual_encoder.variant import (
    ABOUT,
    FORMAT,
    PICTURES,
    PLACES,
    TOKENIZER,
    WORDS,
    Quantization,
    SelfTest,
    Variant,
    sha256,
)
from mmrag_video.models.dual_encoder.words import FileTokenizer, tokenizer_json
from mmrag_video.models.torch_loading import first_line
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image

SENTENCES = (
    "a person",
    "a man in a red jacket walks past a parked car",
    "two people at an ATM",
    "a white van at the gate at night",
    "a dog",
    "someone carrying a backpack",
    "an empty parking lot",
    "a woman pushes a pram",
    "bicycles",
    "a truck unloading boxes at the loading dock in the rain",
    "A PERSON FALLS DOWN!",
    "smoke or fire",
    "Zwei Personen am Geldautomaten",
    "un homme qui court",
    "una furgoneta blanca",
    "человек с рюкзаком",
    "门口的红色汽车",
    "夜の自転車",
)
"""What people ask recordings, in several scripts: compared, and tokenizers must agree on them."""
_MADE_WITH = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime")


@dataclass(frozen=True)
class ComparedPictures:
    """Pictures on which an exported model is compared with the original, besides drawn ones."""

    images: Sequence[Image]
    described: str
    """Where they are from, for the file that says what the model is."""


def export(
    settings: ModelSettings,
    card: ModelCard,
    quantization: Quantization,
    folder: Path,
    compared: ComparedPictures,
) -> Variant:
    """Write the dual encoder of the settings into a new folder, all of it or nothing.

    Raises UsageError where there is such a folder or it cannot be written, ModelError where the
    model cannot be loaded or exported, or the exported one's vectors are not the original's.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists already: name a new folder with --to, or delete that.")
    _need_packages()
    in_floats = settings.model_copy(update={"device": "cpu", "precision": "float32"})
    towers = load_published(in_floats, card)
    source = source_of(settings, card)
    with _new_folder(folder) as (unfinished, scratch):
        _write_preparation(towers, source, unfinished)
        in_floats_go = unfinished if quantization is Quantization.NONE else scratch
        pictures = _write_picture_tower(towers, compared, unfinished, in_floats_go)
        words = _write_word_tower(towers, in_floats_go)
        settled = {
            expected.of: _settle(in_floats_go / name, unfinished / name, expected)
            for name, expected in ((PICTURES, pictures), (WORDS, words))
        }
        variant = _describe(towers, source, quantization, compared, settled, unfinished)
        text = variant.model_dump_json(indent=1)
        (unfinished / ABOUT).write_text(f"{text}\n", encoding="utf-8")
    return variant


def _need_packages() -> None:
    try:
        import onnx  # noqa: F401, PLC0415
        import onnxruntime  # noqa: F401, PLC0415
        import onnxscript  # noqa: F401, PLC0415
    except ImportError as error:
        raise ModelError(
            "To export a model takes more packages: run pip install 'mmrag-video[models,onnx]'."
        ) from error


@contextmanager
def _new_folder(folder: Path) -> Iterator[tuple[Path, Path]]:
    """A folder beside the wanted one, which becomes it when all has gone well, and one for what is
    not to stay.
    """
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as scratch:
            unfinished = Path(scratch) / "unfinished"
            unfinished.mkdir()
            yield unfinished, Path(scratch)
            unfinished.rename(folder)
    except OSError as error:
        raise UsageError(f"{folder} cannot be written: {error.strerror}.") from error


def _write_preparation(towers: TorchTowers, source: str, folder: Path) -> None:
    """The pictures' config and the tokenizer's file. Raises ModelError where there are none."""
    if preparation_of(towers.picture_config) is None:
        raise ModelError(
            f"The pictures of {source} are prepared by"
            f" {towers.picture_config['image_processor_type']}, which only transformers can: the"
            " model runs with torch, but cannot be exported."
        )
    config = json.dumps(towers.picture_config, indent=1)
    (folder / CONFIG).write_text(f"{config}\n", encoding="utf-8")
    try:
        content = tokenizer_json(towers.tokenizer.tokenizer)
        (folder / TOKENIZER).write_text(content, encoding="utf-8")
        written = FileTokenizer(folder / TOKENIZER, towers.tokenizer.recipe)
    except (ValueError, ImportError) as error:
        raise ModelError(
            f"The tokenizer of {source} cannot be exported ({first_line(error)}): the model runs"
            " with torch."
        ) from error
    for text in SENTENCES:
        if not np.array_equal(written(text), towers.tokenizer(text)):
            raise ModelError(
                f"The tokenizer of {source} cannot be exported: written down, it reads {text!r}"
                " otherwise; the model runs with torch."
            )


def _write_picture_tower(
    towers: TorchTowers, compared: ComparedPictures, folder: Path, graphs: Path
) -> Expectation:
    """The drawn scenes come first, so that there is always something to compare."""
    images = [*(scene.image for scene in DRAWN), *compared.images]
    prepare = towers.prepare
    if isinstance(prepare, NaflexPreparation):
        np.save(folder / PLACES, learned_places(towers.network))
        patches = prepare.patches(images[0], *prepare.grid(images[0]))
        _traced(towers, write_naflex_tower, patches, graphs / PICTURES)
    else:
        _traced(towers, write_picture_tower, prepare(images[0]), graphs / PICTURES)
    inputs = picture_inputs(folder, towers.network.config.model_type)
    return Expectation("pictures", [inputs(one) for one in images], towers.pictures(images))


def _write_word_tower(towers: TorchTowers, graphs: Path) -> Expectation:
    recipe = towers.tokenizer.recipe
    _traced(towers, write_word_tower, recipe, graphs / WORDS)
    texts = [DRAWN[0].caption, *SENTENCES]
    feeds = [{"input_ids": towers.tokenizer(text)} for text in texts]
    return Expectation("words", feeds, np.concatenate([towers.words(text) for text in texts]))


def _traced(
    towers: TorchTowers, write: Callable[[Any, Any, Path], None], given: object, file: Path
) -> None:
    try:
        write(towers.network, given, file)
    except OSError:
        raise
    except Exception as error:  # whatever torch meets in an architecture that it cannot trace
        raise ModelError(
            f"The {towers.identity['class']} cannot be written as ONNX ({first_line(error)}): it"
            " runs with torch."
        ) from error


def _settle(file: Path, target: Path, expected: Expectation) -> SettledTower:
    if file == target:
        return settle_whole(file, expected)
    return settle_int8(file, target, expected)


def _describe(
    towers: TorchTowers,
    source: str,
    quantization: Quantization,
    compared: ComparedPictures,
    settled: dict[str, SettledTower],
    folder: Path,
) -> Variant:
    first = {of: tower.first for of, tower in settled.items()}
    return Variant(
        format=FORMAT,
        made_by=", ".join(
            [f"mmrag-video {__version__}", *(f"{name} {version(name)}" for name in _MADE_WITH)]
        ),
        architecture=towers.identity["class"],
        model_type=towers.network.config.model_type,
        source=source,
        weights=towers.identity["weights"],
        quantization=quantization,
        whole={of: tower.whole for of, tower in settled.items()},
        dimensions=len(first["words"]),
        words=towers.tokenizer.recipe,
        pictures_compared=compared.described,
        agreement={of: tower.agreement for of, tower in settled.items()},
        self_test=SelfTest(pictures=first["pictures"], words=first["words"]),
        files={file.name: sha256(file) for file in sorted(folder.iterdir())},
    )
