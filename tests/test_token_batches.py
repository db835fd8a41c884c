"""Work in batches of so many tokens: all of it, in order, and with less memory too."""

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="the extra `models` is not installed")

from mmrag_video.errors import ModelError  # noqa: E402
from mmrag_video.models.token_batches import TokenBatches  # noqa: E402

LENGTHS = st.lists(st.integers(1, 100), max_size=40)


def recording(
    lengths: Sequence[int], batches: list[list[int]], memory: int = 10**9
) -> Callable[[Sequence[int]], list[str]]:
    """Computes an item's name; runs out of memory, really, where a batch has more tokens."""

    def compute(batch: Sequence[int]) -> list[str]:
        if len(batch) * max(lengths[item] for item in batch) > memory:
            torch.empty(2**60, dtype=torch.uint8)
        batches.append(list(batch))
        return [f"item {item}" for item in batch]

    return compute


@given(lengths=LENGTHS, budget=st.integers(1, 500))
def test_every_item_is_computed_once_and_given_back_in_order(lengths, budget):
    batches: list[list[int]] = []
    found = TokenBatches(budget).run(lengths, recording(lengths, batches))
    assert found == [f"item {item}" for item in range(len(lengths))]
    assert sorted(item for batch in batches for item in batch) == list(range(len(lengths)))


@given(lengths=LENGTHS, budget=st.integers(1, 500))
def test_a_batch_is_within_the_budget_or_a_single_item(lengths, budget):
    batches: list[list[int]] = []
    TokenBatches(budget).run(lengths, recording(lengths, batches))
    for batch in batches:
        assert len(batch) * max(lengths[item] for item in batch) <= budget or len(batch) == 1


def test_items_of_like_length_go_together_in_as_few_batches_as_fit():
    batches: list[list[int]] = []
    lengths = [10, 90, 11, 88, 12, 89]
    TokenBatches(270).run(lengths, recording(lengths, batches))
    assert batches == [[0, 2, 4], [3, 5, 1]]


@given(lengths=st.lists(st.integers(1, 100), min_size=1, max_size=40), memory=st.integers(100, 900))
def test_where_the_memory_runs_out_the_batches_get_smaller(lengths, memory):
    found = TokenBatches(10_000).run(lengths, recording(lengths, [], memory))
    assert found == [f"item {item}" for item in range(len(lengths))]


def test_what_was_too_much_once_is_not_tried_again():
    batches: list[list[int]] = []
    work = TokenBatches(800)
    lengths = [100] * 8
    work.run(lengths, recording(lengths, batches, memory=300))
    assert batches == [[0, 1], [2, 3], [4, 5], [6, 7]]
    batches.clear()
    work.run(lengths, recording(lengths, batches))
    assert max(map(len, batches)) == 2


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate 8 bytes."),
    ],
    ids=lambda error: type(error).__name__,
)
def test_each_kind_of_lack_of_memory_ends_in_a_sentence_where_nothing_smaller_is_left(error):
    def compute(batch: Sequence[int]) -> list[str]:
        raise error

    with pytest.raises(ModelError, match=r"does not suffice for 40 tokens.*model\.frame_tokens"):
        TokenBatches(100).run([30, 40], lambda batch: compute(batch) if 1 in batch else ["done"])


def test_any_other_failure_is_not_taken_for_lack_of_memory():
    def compute(batch: Sequence[int]) -> list[str]:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    with pytest.raises(RuntimeError, match="shapes"):
        TokenBatches(100).run([30, 40], compute)
