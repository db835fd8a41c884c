"""A tower of torch as a file of ONNX."""

import contextlib
import logging
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrag_video.models.dual_encoder.pictures import Inputs
from mmrag_video.models.dual_encoder.words import WordRecipe

_EXAMPLE_TOKENS = 9
"""Any number would do but 0 and 1, which torch takes for constants."""


def write_picture_tower(network: Any, example: Inputs, file: Path) -> None:
    """The picture tower for one picture at a time; `example` is one, prepared.

    Raises what torch raises where it cannot trace the architecture.
    """
    import torch  # noqa: PLC0415

    class Tower(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixel_values: Any) -> Any:
            return _features(self.network.get_image_features(pixel_values=pixel_values))

    _write(Tower(), [example["pixel_values"][None]], ["pixel_values"], [None], file)


def write_naflex_tower(network: Any, patches: NDArray[np.float32], file: Path) -> None:
    """The picture tower for one picture of any number of patches, whose places are given.

    Places are scaled outside (naflex.py): ONNX knows no such scaling to a size that varies.
    """
    import torch  # noqa: PLC0415

    learned = network.vision_model.embeddings

    class GivenPlaces(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.patch_embedding = learned.patch_embedding

        def forward(self, pixel_values: Any, spatial_shapes: Any) -> Any:
            return self.patch_embedding(pixel_values) + spatial_shapes

    class Tower(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixel_values: Any, places: Any) -> Any:
            # What the network only hands on to the part that was replaced may be anything.
            return _features(
                self.network.get_image_features(
                    pixel_values=pixel_values, pixel_attention_mask=None, spatial_shapes=places
                )
            )

    most = learned.num_patches
    varies = {1: torch.export.Dim("patches", min=2, max=most)}
    places = np.zeros((1, patches.shape[0], learned.embed_dim), np.float32)
    network.vision_model.embeddings = GivenPlaces()
    try:
        _write(Tower(), [patches[None], places], ["pixel_values", "places"], [varies, varies], file)
    finally:
        network.vision_model.embeddings = learned


def learned_places(network: Any) -> NDArray[np.float32]:
    """(side, side, width): where patches are, as the network learned it."""
    weights = network.vision_model.embeddings.position_embedding.weight
    side = int(weights.shape[0] ** 0.5)
    places: NDArray[np.float32] = weights.detach().float().numpy()
    return places.reshape(side, side, -1)


def write_word_tower(network: Any, recipe: WordRecipe, file: Path) -> None:
    """The word tower for one text at a time, of one length if texts are filled up to it."""
    import torch  # noqa: PLC0415

    class Tower(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network

        def forward(self, input_ids: Any) -> Any:
            return _features(self.network.get_text_features(input_ids=input_ids))

    length = recipe.longest if recipe.filled else min(_EXAMPLE_TOKENS, recipe.longest)
    varies = None if recipe.filled else {1: torch.export.Dim("tokens", min=2, max=recipe.longest)}
    _write(Tower(), [np.ones((1, length), np.int64)], ["input_ids"], [varies], file)


def _features(output: Any) -> Any:
    """The vectors: transformers 4 returns the tensor itself, 5 an object that holds it."""
    return getattr(output, "pooler_output", output)


def _write(
    tower: Any,
    examples: Sequence[NDArray[Any]],
    names: Sequence[str],
    varies: Sequence[Any],
    file: Path,
) -> None:
    import torch  # noqa: PLC0415

    with in_silence():
        program = torch.onnx.export(
            tower.eval(),
            tuple(torch.from_numpy(example) for example in examples),
            dynamo=True,
            input_names=list(names),
            output_names=["vector"],
            dynamic_shapes=list(varies),
            verbose=False,
        )
        _forget_origins(program.model)
        program.save(file)


def _forget_origins(model: Any) -> None:
    """Take out the notes where in whose installation each step was written: the same model is then
    the same file everywhere.
    """
    for graph in (model.graph, *(function.graph for function in model.functions.values())):
        for node in graph:
            node.metadata_props.clear()
            node.doc_string = None
        for value in (*graph.inputs, *graph.outputs):
            value.metadata_props.clear()


@contextlib.contextmanager
def in_silence() -> Iterator[None]:
    """Without the libraries' notes on what they do not need."""
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)
