"""Work in batches of so many tokens, and in smaller ones where memory runs out."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mmrag_video.errors import ModelError

Result = TypeVar("Result")
_NO_MEMORY = ("not enough memory", "can't allocate memory", "cannot allocate memory")
"""What torch says on a CPU, where it has no error of its own for that."""


class TokenBatches:
    """Batches of at most `tokens` tokens, filling included, or of a single longer item.

    What was too much for the memory once is not tried again.
    """

    def __init__(self, tokens: int) -> None:
        self._tokens = tokens

    def run(
        self,
        lengths: Sequence[int],
        compute: Callable[[Sequence[int]], Sequence[Result]],
    ) -> list[Result]:
        """`compute` of all items, in their order; it gets the numbers of those in one batch.

        Batches hold items of like length, so that little is filled up. Raises ModelError where
        the memory does not suffice for a single one.
        """
        results: dict[int, Result] = {}
        waiting = sorted(range(len(lengths)), key=lambda item: lengths[item])
        while waiting:
            batch = waiting[: self._fitting([lengths[item] for item in waiting])]
            found = _or_none(compute, batch)
            if found is None:
                self._shrink(len(batch), lengths[batch[-1]])
                continue
            results.update(zip(batch, found, strict=True))
            waiting = waiting[len(batch) :]
        return [results[item] for item in range(len(lengths))]

    def _fitting(self, lengths: Sequence[int]) -> int:
        """How many of these, shortest first, fill one batch."""
        sizes: Iterator[int] = (
            count for count, longest in enumerate(lengths, 1) if count * longest > self._tokens
        )
        return max(1, next(sizes, len(lengths) + 1) - 1)

    def _shrink(self, items: int, longest: int) -> None:
        if items == 1:
            raise ModelError(
                f"The memory does not suffice for {longest} tokens at a time, the least that there"
                " is: lower model.frame_tokens, set model.precision to bfloat16, or take a smaller"
                f" model (model.batch_tokens, {self._tokens}, does not come into it)."
            )
        # Another thread may have found less to be too much meanwhile.
        self._tokens = min(self._tokens, items // 2 * longest)


def _or_none(
    compute: Callable[[Sequence[int]], Sequence[Result]], batch: Sequence[int]
) -> Sequence[Result] | None:
    """None where the memory ran out; what the attempt held is free when this returns."""
    try:
        return compute(batch)
    except (MemoryError, RuntimeError) as error:
        if not is_lack_of_memory(error):
            raise
    _free_what_torch_keeps()
    return None


def is_lack_of_memory(error: Exception) -> bool:
    """Whether torch or Python ran out of memory, on a GPU or on a CPU."""
    import torch  # noqa: PLC0415

    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return any(sign in str(error).lower() for sign in _NO_MEMORY)


def _free_what_torch_keeps() -> None:
    import torch  # noqa: PLC0415

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
