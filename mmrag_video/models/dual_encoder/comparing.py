"""An exported tower is held against the original, and not used where it says something else."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmrag_video.errors import ModelError
from mmrag_video.models.dual_encoder.onnx_towers import run, session
from mmrag_video.models.dual_encoder.quantize import Feed, hardest_first, write_int8
from mmrag_video.models.dual_encoder.towers import Features
from mmrag_video.models.dual_encoder.variant import Agreement, Quantization
from mmrag_video.models.torch_loading import unit

LEAST_COSINE = {Quantization.NONE: 0.9999, Quantization.INT8: 0.99}
"""What the worst picture and the worst sentence must reach. In 32-bit floats there is only rounding
between the two."""
SHARES_LEFT_WHOLE = (0.0, 1 / 12, 1 / 6, 1 / 3)
"""Of a tower's multiplications, tried in this order. With a third of them in 32-bit floats CLIP
ViT-B/32 embeds 19 pictures a CPU second, with none 31, with all 10: beyond, little is won."""
_INPUTS_WATCHED = 8


@dataclass(frozen=True)
class Expectation:
    """What the original says of some inputs."""

    of: str
    """`pictures` or `words`."""
    feeds: Sequence[Feed]
    """Each a batch of one."""
    features: Features
    """(feeds, dimensions), of any length."""


@dataclass(frozen=True)
class SettledTower:
    """A tower as it is to be used."""

    agreement: Agreement
    whole: int
    """Multiplications that were left in 32-bit floats although others have 8 bits."""
    first: tuple[float, ...]
    """Its vector of the first input, of unit length."""


def settle_whole(file: Path, expected: Expectation) -> SettledTower:
    """A tower in 32-bit floats. Raises ModelError where it does not agree."""
    agreement = _agreement(file, expected)
    _refuse(agreement, Quantization.NONE, expected)
    return SettledTower(agreement, 0, _first(file, expected))


def settle_int8(file: Path, target: Path, expected: Expectation) -> SettledTower:
    """Write the tower in `file` to `target` in 8 bits, with as few left whole as is enough.

    Raises ModelError where none of what is tried agrees.
    """
    hardest = hardest_first(file, expected.feeds[:_INPUTS_WATCHED])
    for share in SHARES_LEFT_WHOLE:
        whole = round(share * len(hardest))
        for old in target.parent.glob(f"{target.name}*"):
            old.unlink()
        write_int8(file, target, hardest[:whole])
        agreement = _agreement(target, expected)
        if agreement.worst >= LEAST_COSINE[Quantization.INT8]:
            break
    _refuse(agreement, Quantization.INT8, expected)
    return SettledTower(agreement, whole, _first(target, expected))


def _agreement(file: Path, expected: Expectation) -> Agreement:
    graph = session(file)
    cosines = [
        float(unit(run(graph, feed)[0]) @ unit(features))
        for feed, features in zip(expected.feeds, expected.features, strict=True)
    ]
    return Agreement(compared=len(cosines), worst=min(cosines), mean=float(np.mean(cosines)))


def _first(file: Path, expected: Expectation) -> tuple[float, ...]:
    vector = unit(run(session(file), expected.feeds[0])[0])
    return tuple(round(float(value), 6) for value in vector)


def _refuse(agreement: Agreement, quantization: Quantization, expected: Expectation) -> None:
    least = LEAST_COSINE[quantization]
    if agreement.worst >= least:
        return
    remedy = (
        "use the model as it is published, with torch"
        if quantization is Quantization.NONE
        else "export it with --quantize none"
    )
    raise ModelError(
        f"The exported model's vectors of {expected.of} are not the original's: the worst cosine"
        f" is {agreement.worst:.4f}, and {least} is needed. Nothing was written; {remedy}."
    )
