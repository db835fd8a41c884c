"""What Qwen3-VL reads at once: tokens, the place of each, and the pictures among them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.qwen3_vl.pictures import Patches

Tokens = NDArray[np.int64]
"""(length,)"""


@dataclass(frozen=True)
class Reading:
    """One input, as long as it is."""

    tokens: Tokens
    positions: NDArray[np.int64]
    """(3, length): where each token stands in time, down and across."""
    pictures: tuple[Patches, ...] = ()
    runs: tuple[Patches, ...] = ()


@dataclass(frozen=True)
class Placeholders:
    """The tokens in whose place the network puts what is seen."""

    picture: int
    run: int


def reading(
    tokens: Tokens,
    placeholders: Placeholders,
    cut: Callable[[Tokens], Tokens],
    pictures: Sequence[Patches] = (),
    runs: Sequence[Patches] = (),
) -> Reading:
    """Tokens with one placeholder for each picture and each step of a run, laid out.

    All runs stand before all pictures. `cut` shortens what is too long. Raises ModelError where it
    cuts into what is seen.
    """
    grids = [one.token_grid for one in runs for _ in range(one.grid[0])]
    grids += [one.token_grid for one in pictures]
    counts = np.ones(len(tokens), np.int64)
    counts[_seen(tokens, placeholders)] = [rows * columns for rows, columns in grids]
    tokens = cut(np.repeat(tokens, counts))
    seen = _seen(tokens, placeholders)
    if seen.sum() != sum(rows * columns for rows, columns in grids):
        raise ModelError(
            "The instruction leaves the picture no room: shorten model.query_instruction and"
            " model.frame_instruction."
        )
    return Reading(tokens, _positions(seen, grids), tuple(pictures), tuple(runs))


def split(whole: Reading, at: int, pictures: int) -> tuple[Reading, Reading]:
    """What stands before this token, with so many of the pictures, and the rest."""
    return (
        Reading(whole.tokens[:at], whole.positions[:, :at], whole.pictures[:pictures]),
        Reading(whole.tokens[at:], whole.positions[:, at:], whole.pictures[pictures:]),
    )


def _seen(tokens: Tokens, placeholders: Placeholders) -> NDArray[np.bool_]:
    return np.isin(tokens, (placeholders.picture, placeholders.run))


def _positions(seen: NDArray[np.bool_], grids: Sequence[tuple[int, int]]) -> NDArray[np.int64]:
    """Qwen3-VL's interleaved M-RoPE: words count up, what is seen at once has one place in time.

    After a picture it goes on past its longer side. Bai et al. 2025, arXiv:2511.21631.
    """
    positions = np.empty((3, len(seen)), np.int64)
    starts = np.flatnonzero(seen & ~np.concatenate(([False], seen[:-1]))).tolist()
    placed = after = 0
    for start, (rows, columns) in zip(starts, grids, strict=True):
        positions[:, placed:start] = after + np.arange(start - placed)
        after += start - placed
        placed = start + rows * columns
        positions[0, start:placed] = after
        positions[1, start:placed] = after + np.repeat(np.arange(rows), columns)
        positions[2, start:placed] = after + np.tile(np.arange(columns), rows)
        after += max(rows, columns)
    positions[:, placed:] = after + np.arange(len(seen) - placed)
    return positions
