"""How well recalled frames answer: by a reranker, where the model has one, and by vectors."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from mmrag_video.archive import PICTURES_READ_AT_ONCE, Archive
from mmrag_video.calibration import Background
from mmrag_video.index.frames import FoundFrame, StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.joining import JudgedFrame
from mmrag_video.models.base import Candidate, Query, Reranker
from mmrag_video.unwanted import judge
from mmrag_video.video.frames import Image


class FrameJudge:
    """Judges frames for one query, each once. All of them must have been recalled.

    A reranker that reads facts is asked about every frame. One that looks at pictures takes tens
    of milliseconds for each, so it is asked about the best few alone (`closely`); whether others
    belong with them is said by their vectors.
    """

    def __init__(
        self,
        archive: Archive,
        identity: IndexIdentity,
        query: Query,
        against: Background,
        reranker: Reranker | None,
    ) -> None:
        self._archive = archive
        self._identity = identity
        self._query = query
        self._background = against
        self._reranker = reranker
        self._similarity: dict[str, float] = {}
        self._known: dict[str, JudgedFrame] = {}

    @property
    def reads_every_frame(self) -> bool:
        """Whether the scores of all frames come from the same reading."""
        return self._reranker is None or not self._reranker.looks_at_pictures

    def recalled(self, found: Sequence[FoundFrame]) -> None:
        """Frames that may be asked for, with the cosines that recalled them."""
        self._similarity.update((one.frame.key, one.similarity) for one in found)

    def closely(self, frames: Sequence[StoredFrame]) -> list[JudgedFrame]:
        """One judged frame for each, in order, as well as the model can."""
        return self._remembered(frames, self._judge)

    def __call__(self, frames: Sequence[StoredFrame]) -> list[JudgedFrame]:
        """One judged frame for each, in order, as well as can be had of many frames."""
        return self._remembered(
            frames, self._judge if self.reads_every_frame else self._judge_unread
        )

    def _remembered(
        self,
        frames: Sequence[StoredFrame],
        judge: Callable[[Sequence[StoredFrame]], list[JudgedFrame]],
    ) -> list[JudgedFrame]:
        new = [frame for frame in frames if frame.key not in self._known]
        self._known.update((judged.frame.key, judged) for judged in judge(new))
        return [self._known[frame.key] for frame in frames]

    def _judge(self, frames: Sequence[StoredFrame]) -> list[JudgedFrame]:
        reranker = self._reranker
        if reranker is None:
            return [
                JudgedFrame(frame, self._score_by_vector(frame), "", self._standing(frame))
                for frame in frames
            ]
        judgements = judge(reranker, self._query, self._candidates(frames, reranker))
        return [
            JudgedFrame(
                frame,
                judgement.score,
                judgement.why,
                judgement.score if self.reads_every_frame else self._standing(frame),
            )
            for frame, judgement in zip(frames, judgements, strict=True)
        ]

    def _judge_unread(self, frames: Sequence[StoredFrame]) -> list[JudgedFrame]:
        return [JudgedFrame(frame, 0.0, "", self._standing(frame)) for frame in frames]

    def _score_by_vector(self, frame: StoredFrame) -> float:
        return self._background.score(self._similarity[frame.key])

    def _standing(self, frame: StoredFrame) -> float:
        return self._background.standing(self._similarity[frame.key])

    def _candidates(self, frames: Sequence[StoredFrame], reranker: Reranker) -> list[Candidate]:
        candidates = [
            Candidate(frame.facts, self._similarity[frame.key], cache(self._picture_of(frame)))
            for frame in frames
        ]
        if reranker.looks_at_pictures:
            with ThreadPoolExecutor(PICTURES_READ_AT_ONCE) as pool:
                list(pool.map(lambda candidate: candidate.image(), candidates))
        return candidates

    def _picture_of(self, frame: StoredFrame) -> Callable[[], Image]:
        def read() -> Image:
            recording = self._archive.catalog.recording(frame.recording)
            return self._archive.picture_of(self._identity, recording, frame)

        return read
