"""The reranker: asks Qwen3-VL of each candidate whether it meets the query, yes or no."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmrag_video.errors import ModelError
from mmrag_video.models.base import Candidate, Judgement, Query, Reranker
from mmrag_video.models.cards import ModelCard
from mmrag_video.models.qwen3_vl.checkpoint import Checkpoint, load_checkpoint
from mmrag_video.models.qwen3_vl.embedder import PREPARED_AT_ONCE
from mmrag_video.models.qwen3_vl.network import Network
from mmrag_video.models.qwen3_vl.pictures import Patches, still
from mmrag_video.models.qwen3_vl.prompts import PICTURE, words
from mmrag_video.models.qwen3_vl.readings import Reading, Tokens, reading, split
from mmrag_video.models.qwen3_vl.sizes import LEAST_STILL
from mmrag_video.models.qwen3_vl.wording import JUDGE, RERANKING_INSTRUCTION
from mmrag_video.models.sight import LOOKED_AT, refuse_blind
from mmrag_video.models.token_batches import TokenBatches
from mmrag_video.models.torch_loading import unit
from mmrag_video.settings import ModelSettings

_LONGEST = 10_240
"""Tokens, where the vendor's code cuts too, and keeps all that are no words."""
_SETTING = "model.reranker_path"
_ENDING = 5
"""Last tokens, which close the user's turn and open the answer: never cut, and not counted."""


def load(settings: ModelSettings, card: ModelCard) -> Reranker:
    """The reranker in `settings.reranker_path`, else the card's own.

    Raises ModelError where a package, the folder, the hub, a file or a part of the weights is
    missing, or where the model is of another kind.
    """
    source = settings.reranker_path or card.weights
    if source is None:
        raise ModelError(
            f"The reranker {card.name} needs model.reranker_path: a folder or a hub name."
        )
    checkpoint = load_checkpoint(card.name, source, settings, _SETTING, needs_head=True)
    return Qwen3VLReranker(checkpoint, settings)


class Qwen3VLReranker:
    """A reranker that looks at the candidates' pictures."""

    looks_at_pictures = True

    def __init__(self, checkpoint: Checkpoint, settings: ModelSettings) -> None:
        """Raises ModelError where the weights see nothing, or know no yes or no."""
        self._prompts = checkpoint.prompts
        self._placeholders = checkpoint.placeholders
        self._most_tokens = settings.frame_tokens
        self._network = Network(checkpoint.body, checkpoint.mean, checkpoint.deviation)
        self._batches = TokenBatches(settings.batch_tokens)
        self._kept = np.array(sorted(checkpoint.prompts.special), np.int64)
        self._direction = _from_no_to_yes(checkpoint)
        self._check_sight()

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        """How likely the model answers yes of each, rather than no. It cannot say why.

        Raises ModelError where nothing is asked, or the memory does not suffice.
        """
        if query.image is None and not (query.text or "").strip():
            raise ModelError("A query needs words, a picture, or both.")
        asked = [] if query.image is None else [still(query.image, self._most_tokens)]
        tokens = self._prompts.tokens(JUDGE, _user(query))
        with ThreadPoolExecutor(PREPARED_AT_ONCE) as threads:
            readings = list(
                threads.map(lambda candidate: self._pair(tokens, asked, candidate), candidates)
            )
        lengths = [len(one.tokens) for one in readings]
        # A picture that is asked with is half of each pair: to read it once makes 1.5 times as many
        # pairs a second. Words are so few that it gains nothing, and takes memory.
        beginning, rest = self._remembered(readings) if asked else (None, readings)
        scores = self._batches.run(
            lengths, lambda batch: self._scores([rest[number] for number in batch], beginning)
        )
        return [Judgement(score, why="") for score in scores]

    def _check_sight(self) -> None:
        tokens = self._prompts.tokens(JUDGE, _user(Query(text="a red circle")))
        pairs = [self._reading(tokens, [still(image, LEAST_STILL)]) for image in LOOKED_AT]
        states = self._batches.run(
            [len(pair.tokens) for pair in pairs],
            lambda batch: list(self._network.last_states([pairs[number] for number in batch])),
        )
        vectors = [unit(state, _SETTING) for state in states]
        refuse_blind(vectors, self._network.kind, _SETTING)

    def _pair(self, tokens: Tokens, asked: Sequence[Patches], candidate: Candidate) -> Reading:
        return self._reading(tokens, [*asked, still(candidate.image(), self._most_tokens)])

    def _reading(self, tokens: Tokens, pictures: Sequence[Patches]) -> Reading:
        return reading(tokens, self._placeholders, self._cut, pictures=pictures)

    def _remembered(self, readings: Sequence[Reading]) -> tuple[Any, Sequence[Reading]]:
        """What all begin with, read once, and what is left to read of each.

        Nothing is remembered where the beginning was cut differently for pictures of different
        sizes.
        """
        starts = {self._start_of_document(one) for one in readings}
        if len(readings) < 2 or len(starts) > 1:
            return None, readings
        [start] = starts
        parts = [split(one, start, len(one.pictures) - 1) for one in readings]
        first = parts[0][0]
        [beginning] = self._batches.run([start], lambda _: [self._network.remember(first)])
        return beginning, [rest for _, rest in parts]

    def _start_of_document(self, pair: Reading) -> int:
        """The first token of the candidate's picture, the last that is seen."""
        rows, columns = pair.pictures[-1].token_grid
        seen = np.flatnonzero(pair.tokens == self._placeholders.picture)
        return int(seen[-rows * columns])

    def _scores(self, readings: Sequence[Reading], beginning: Any) -> list[float]:
        leanings = self._network.last_states(readings, beginning) @ self._direction
        if not np.isfinite(leanings).all():
            raise ModelError(
                "The reranker gave a score that is no number: its weights in model.reranker_path"
                " are damaged, fetch them again."
            )
        return [1 / (1 + math.exp(-min(max(leaning, -700), 700))) for leaning in leanings.tolist()]

    def _cut(self, tokens: Tokens) -> Tokens:
        text, ending = tokens[:-_ENDING], tokens[-_ENDING:]
        kept = np.isin(text, self._kept)
        kept |= np.cumsum(~kept) <= _LONGEST - kept.sum()
        return np.concatenate([text[kept], ending])


def _user(query: Query) -> list[Any]:
    asked = [] if query.image is None else [PICTURE]
    asked += [words(query.text)] if query.text else []
    return [
        words(f"<Instruct>: {RERANKING_INSTRUCTION}"),
        words("<Query>:"),
        *asked,
        words("\n<Document>:"),
        PICTURE,
    ]


def _from_no_to_yes(checkpoint: Checkpoint) -> NDArray[np.float32]:
    """(dimensions,), in 32 bits whatever the precision: in 16 near scores tie."""
    yes, no = checkpoint.prompts.token("yes"), checkpoint.prompts.token("no")
    if yes is None or no is None:
        raise ModelError(
            "The tokenizer in model.reranker_path knows no yes or no: set it to a Qwen3-VL"
            " reranker."
        )
    head = checkpoint.head
    direction: NDArray[np.float32] = (head[yes].float() - head[no].float()).cpu().numpy()
    return direction
