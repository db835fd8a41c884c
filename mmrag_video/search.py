"""From a query to moments: recall by vector, look again at the best, join neighbours, weigh."""

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import islice

from mmrag_video.archive import Archive
from mmrag_video.calibration import Background, background, confidence, share_below
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError
from mmrag_video.index.frames import FoundFrame, FrameFilter, StoredFrame
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.joining import Event, JudgedFrame, find_events, in_turns, join_recordings
from mmrag_video.models.base import Candidate, Query
from mmrag_video.moments import Answer, Moment, Span
from mmrag_video.video.frames import Image

LONGEST_QUERY = 500
"""Characters: some five sentences; models read little more, and take long over it."""
_SPREAD = Fraction(2)
"""Seconds: of recalled frames closer than this to each other one is read first."""


def search(
    archive: Archive, query: Query, where: FrameFilter | None = None, limit: int | None = None
) -> Answer:
    """The moments that answer a query, best first.

    Raises UsageError for an empty query, IndexMismatchError if another model made the index,
    StoreError if the store cannot be reached.
    """
    query = Query(text=(query.text or "").strip() or None, image=query.image)
    if query.text is None and query.image is None:
        raise UsageError("Say what to look for, in words or with a picture.")
    if len(query.text or "") > LONGEST_QUERY:
        raise UsageError(f"Say it in at most {LONGEST_QUERY} characters.")
    identity = archive.active_identity
    if identity is None:
        return Answer(moments=())
    settings = archive.settings.search
    vector = archive.model.embedder.embed_query(query)
    recalled = archive.store(identity).search(
        vector, where or FrameFilter(), settings.recall, archive.hidden_runs(identity)
    )
    recordings = _complete_recordings(archive, recalled)
    recalled = [found for found in recalled if found.frame.recording in recordings]
    sample = archive.sample(identity)
    sample_found = sample.compare(vector)
    judge = FrameJudge(archive, identity, query, background(sample_found, sample.collection))
    judge.recalled(recalled)
    judge.recalled(sample_found)

    wanted = limit or settings.limit
    seeds = judge([found.frame for found in spread(recalled, max(settings.rerank, wanted))])
    gap = Fraction(settings.join_gap)
    events = find_events(seeds, [found.frame for found in recalled], judge, gap)
    joined = join_recordings(list(in_turns(events)), recordings, gap)
    sample_scores = [judged.score for judged in judge([found.frame for found in sample_found])]
    return Answer(
        tuple(
            _moment(event, spans, sample_scores, recordings)
            for event, spans in islice(joined, wanted)
        )
    )


def spread(recalled: Sequence[FoundFrame], count: int) -> list[FoundFrame]:
    """The best `count` recalled frames, those first that are not close to a better one.

    A person who stands before a camera for a minute is recalled sixty times; read alike, those
    frames would leave no room for other events.
    """
    first: list[FoundFrame] = []
    rest: list[FoundFrame] = []
    chosen: dict[str, list[Fraction]] = {}
    for found in recalled:
        times = chosen.setdefault(found.frame.recording, [])
        if any(abs(found.frame.time - time) < _SPREAD for time in times):
            rest.append(found)
        else:
            times.append(found.frame.time)
            first.append(found)
    return (first + rest)[:count]


class FrameJudge:
    """Scores frames for one query, each once: by the model's reranker, else by its vectors."""

    def __init__(
        self, archive: Archive, identity: IndexIdentity, query: Query, against: Background
    ) -> None:
        self._archive = archive
        self._identity = identity
        self._query = query
        self._background = against
        self._similarity: dict[str, float] = {}
        self._known: dict[str, JudgedFrame] = {}

    def recalled(self, found: Sequence[FoundFrame]) -> None:
        """Frames that may be asked for, with the cosines that recalled them."""
        self._similarity.update((one.frame.key, one.similarity) for one in found)

    def __call__(self, frames: Sequence[StoredFrame]) -> list[JudgedFrame]:
        """One judged frame for each, in order. All of them must have been recalled."""
        new = [frame for frame in frames if frame.key not in self._known]
        for frame, (score, why) in zip(new, self._judge(new), strict=True):
            self._known[frame.key] = JudgedFrame(frame, score, why)
        return [self._known[frame.key] for frame in frames]

    def _judge(self, frames: Sequence[StoredFrame]) -> list[tuple[float, str]]:
        similarities = [self._similarity[frame.key] for frame in frames]
        reranker = self._archive.model.reranker
        if reranker is None:
            return [(self._background.score(similarity), "") for similarity in similarities]
        candidates = [
            Candidate(
                facts=frame.facts,
                similarity=similarity,
                image=self._picture_of(frame),
            )
            for frame, similarity in zip(frames, similarities, strict=True)
        ]
        judgements = reranker.judge(self._query, candidates)
        return [(judgement.score, judgement.why) for judgement in judgements]

    def _picture_of(self, frame: StoredFrame) -> Callable[[], Image]:
        def read() -> Image:
            recording = self._archive.catalog.recording(frame.recording)
            return self._archive.picture_of(self._identity, recording, frame)

        return read


def _complete_recordings(archive: Archive, recalled: Sequence[FoundFrame]) -> dict[str, Recording]:
    """The recordings of these frames, by id, without any that is not completely ingested."""
    ids = sorted({found.frame.recording for found in recalled})
    return {recording.id: recording for recording in archive.catalog.recordings(ids=ids)}


def _moment(
    event: Event,
    spans: tuple[Span, ...],
    sample_scores: Sequence[float],
    recordings: Mapping[str, Recording],
) -> Moment:
    frame = event.best.frame
    return Moment(
        spans=spans,
        best=Span(recordings[frame.recording], frame.time, frame.valid_until),
        score=event.best.score,
        confidence=confidence(event.best.score, sample_scores),
        above=share_below(event.best.score, sample_scores),
        why=event.best.why,
    )
