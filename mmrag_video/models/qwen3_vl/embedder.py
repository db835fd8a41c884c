"""The embedder: what is asked and what is seen become the state after the last token."""

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from mmrag_video.errors import ModelError
from mmrag_video.models.base import FrameEmbedding, Query, Vector
from mmrag_video.models.qwen3_vl.checkpoint import Checkpoint
from mmrag_video.models.qwen3_vl.network import Network
from mmrag_video.models.qwen3_vl.pictures import RunSize, frame_of_run, run, run_size, still
from mmrag_video.models.qwen3_vl.prompts import PICTURE, RUN, words
from mmrag_video.models.qwen3_vl.readings import Reading, Tokens, reading
from mmrag_video.models.qwen3_vl.sizes import LEAST_STILL
from mmrag_video.models.qwen3_vl.wording import punctuated
from mmrag_video.models.sight import LOOKED_AT, refuse_blind
from mmrag_video.models.token_batches import TokenBatches
from mmrag_video.models.torch_loading import unit
from mmrag_video.settings import ModelSettings
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import SampledFrame

# Raised when this package prepares pictures or words in another way, since the vectors change.
_PREPARATION = "1"
_LONGEST = 8192
"""Tokens; the vendor's code cuts there too, and cuts the end off."""
PREPARED_AT_ONCE = min(8, os.cpu_count() or 1)
"""Threads that resize pictures, which takes longer than a large GPU takes for the rest."""


class Qwen3VLEmbedder:
    """An embedder of words, pictures and runs of frames."""

    shortest_prefix = 64
    """As the vendor says, for both sizes."""

    def __init__(self, name: str, checkpoint: Checkpoint, settings: ModelSettings) -> None:
        """Raises ModelError where the weights see nothing or give no direction."""
        self.name = name
        self._prompts = checkpoint.prompts
        self._placeholders = checkpoint.placeholders
        self._weights = checkpoint.weights
        self._settings = settings
        self._network = Network(checkpoint.body, checkpoint.mean, checkpoint.deviation)
        self._batches = TokenBatches(settings.batch_tokens)
        self._frame_instruction = punctuated(settings.frame_instruction)
        self._query_instruction = punctuated(settings.query_instruction)
        self._frame_prompt = self._prompts.tokens(self._frame_instruction, [PICTURE])
        seen = [self._alone(image, LEAST_STILL) for image in LOOKED_AT]
        refuse_blind(self._vectors(seen), self._network.kind)

    @property
    def dimensions(self) -> int:
        """Length of every vector."""
        return self._network.dimensions

    @property
    def identity(self) -> Mapping[str, str]:
        """All that changes the vectors; the seconds of the lead-up only where there is one."""
        settings = self._settings
        identity = {
            "class": self._network.kind,
            "weights": self._weights,
            "preparation": _PREPARATION,
            "frame_instruction": self._frame_instruction,
            "query_instruction": self._query_instruction,
            "frame_tokens": str(settings.frame_tokens),
            "precision": self._network.precision,
        }
        if settings.lead_up:
            identity["lead_up"] = str(settings.lead_up)
            identity["lead_up_seconds"] = str(settings.lead_up_seconds)
        return identity

    def embed_frames(self, frames: Sequence[SampledFrame]) -> list[FrameEmbedding]:
        """One vector per frame, without facts; of one with a lead-up, as the run that ends in it.

        Raises ModelError where the memory does not suffice.
        """
        with ThreadPoolExecutor(PREPARED_AT_ONCE) as threads:
            shared = self._frames_of_runs(frames, threads)
            readings = list(threads.map(lambda frame: self._reading(frame, shared), frames))
        return [FrameEmbedding(vector, facts={}) for vector in self._vectors(readings)]

    def embed_query(self, query: Query) -> Vector:
        """The place of the words, of the picture, or of the picture with the words.

        Raises ModelError where there is neither, or the memory does not suffice.
        """
        if query.image is None and not (query.text or "").strip():
            raise ModelError("A query needs words, a picture, or both.")
        pictures = [] if query.image is None else [still(query.image, self._settings.frame_tokens)]
        parts = [PICTURE for _ in pictures] + ([words(query.text)] if query.text else [])
        tokens = self._prompts.tokens(self._query_instruction, parts)
        [vector] = self._vectors([reading(tokens, self._placeholders, _cut, pictures=pictures)])
        return vector

    def _reading(self, frame: SampledFrame, shared: Mapping[tuple[int, RunSize], Image]) -> Reading:
        if not frame.lead_up:
            return self._alone(frame.image, self._settings.frame_tokens)
        times = [earlier.time for earlier in frame.lead_up] + [frame.time]
        tokens = self._prompts.tokens(
            self._frame_instruction, [RUN], [time - times[0] for time in times]
        )
        size = self._run_size(frame)
        images = [shared[id(image), size] for image in _run_of(frame)]
        return reading(tokens, self._placeholders, _cut, runs=[run(images)])

    def _alone(self, image: Image, most_tokens: int) -> Reading:
        pictures = [still(image, most_tokens)]
        return reading(self._frame_prompt, self._placeholders, _cut, pictures=pictures)

    def _frames_of_runs(
        self, frames: Sequence[SampledFrame], threads: ThreadPoolExecutor
    ) -> Mapping[tuple[int, RunSize], Image]:
        """Each picture of all lead-ups once, in the size that a run wants it in, by its identity.

        A frame is part of its own run and of those of the frames after it.
        """
        wanted = {
            (id(image), size): image
            for frame in frames
            if frame.lead_up
            for size in [self._run_size(frame)]
            for image in _run_of(frame)
        }
        resized = threads.map(lambda key: frame_of_run(wanted[key], key[1]), wanted)
        return dict(zip(wanted, resized, strict=True))

    def _run_size(self, frame: SampledFrame) -> RunSize:
        return run_size(frame.image, len(frame.lead_up) + 1, self._settings.frame_tokens)

    def _vectors(self, readings: Sequence[Reading]) -> list[Vector]:
        return self._batches.run(
            [len(one.tokens) for one in readings],
            lambda batch: [
                unit(state) for state in self._network.last_states([readings[i] for i in batch])
            ],
        )


def _run_of(frame: SampledFrame) -> list[Image]:
    return [*(earlier.image for earlier in frame.lead_up), frame.image]


def _cut(tokens: Tokens) -> Tokens:
    return tokens[:_LONGEST]
