"""From a query to moments: recall by vector, look again at the best, join neighbours, weigh."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import islice

from mmrag_video.archive import Archive
from mmrag_video.calibration import background, confidence, share_below
from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError
from mmrag_video.index.frames import FoundFrame, FrameFilter, StoredFrame
from mmrag_video.joining import Event, find_events, in_turns, join_recordings
from mmrag_video.judging import FrameJudge
from mmrag_video.models.base import Query
from mmrag_video.moments import Answer, Moment, Span
from mmrag_video.unwanted import query_vector
from mmrag_video.video.timecode import as_typed

LONGEST_QUERY = 500
"""Characters: some five sentences; models read little more, and take long over it."""
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_SPREAD = Fraction(2)
"""Seconds: of recalled frames closer than this to each other one is read first."""


def search(
    archive: Archive,
    query: Query,
    where: FrameFilter | None = None,
    limit: int | None = None,
    *,
    looks: bool = True,
) -> Answer:
    """The moments that answer a query, best first.

    Without `looks`, a reranker that looks at pictures is not asked: vectors alone decide, in a
    small part of the time.

    Raises UsageError for a query that is empty or no text, IndexMismatchError if another model
    made the index, StoreError if the store cannot be reached.
    """
    query = checked(query)
    identity = archive.active_identity
    if identity is None:
        return Answer(moments=())
    settings = archive.settings.search
    vector = query_vector(archive.model, query)
    recalled = archive.store(identity).search(
        vector,
        _in_footage(archive, where or FrameFilter()),
        settings.recall,
        archive.hidden_runs(identity),
    )
    recordings = _complete_recordings(archive, recalled)
    recalled = [found for found in recalled if found.frame.recording in recordings]
    sample = archive.sample(identity)
    sample_found = sample.compare(vector)
    judge = FrameJudge(
        archive,
        identity,
        query,
        background(sample_found, sample.collection),
        archive.model.reranker if looks or not looks_again(archive) else None,
    )
    judge.recalled(recalled)
    judge.recalled(sample_found)

    wanted = limit or settings.limit
    # Of facts as many are read as are wanted; to look at pictures is too dear for that.
    read = max(settings.rerank, wanted) if judge.reads_every_frame else settings.rerank
    best = spread(recalled, read)
    seeds = judge.closely([found.frame for found in best])
    gap = as_typed(settings.join_gap)
    events = find_events(seeds, [found.frame for found in recalled], judge, gap)
    joined = join_recordings(list(in_turns(events)), recordings, gap)
    by_chance = judge([found.frame for found in sample_found])
    collection = Chance(
        likeness=[judged.likeness for judged in by_chance],
        scores=[judged.score for judged in by_chance] if judge.reads_every_frame else [],
    )
    return Answer(
        tuple(
            _moment(event, spans, collection, recordings) for event, spans in islice(joined, wanted)
        )
    )


def looks_again(archive: Archive) -> bool:
    """Whether a search looks at the pictures of the best, which takes long."""
    reranker = archive.model.reranker
    return reranker is not None and reranker.looks_at_pictures


def checked(query: Query) -> Query:
    """The query without white space around it. Raises UsageError if it is empty or no text."""
    query = replace(query, text=_checked_words(query.text), without=_checked_words(query.without))
    if query.text is None and query.image is None:
        raise UsageError("Say what to look for, in words or with a picture.")
    return query


def _checked_words(text: str | None) -> str | None:
    words = (text or "").strip()
    if words != words.encode(errors="replace").decode():
        raise UsageError(f"The question {words!r} holds bytes that are not valid text.")
    if len(words) > LONGEST_QUERY:
        raise UsageError(f"Say it in at most {LONGEST_QUERY} characters.")
    return words or None


@dataclass(frozen=True)
class Chance:
    """What a sample of the collection gets for the query, whether it answers it or not."""

    likeness: Sequence[float]
    scores: Sequence[float]
    """Empty where the sample was not read: then a score stands for itself, as a probability."""


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


def _in_footage(archive: Archive, where: FrameFilter) -> FrameFilter:
    """The filter with ends, where it needs them: from the first recording to the last.

    And with all names that its cameras had: frames of one that was just renamed have the former.
    """
    if where.cameras:
        where = replace(where, cameras=archive.catalog.renamed.also(where.cameras))
    if where.daily is None or (where.start and where.end):
        return where
    cameras = archive.catalog.cameras()
    first = min((camera.first for camera in cameras if camera.first), default=_NEVER)
    last = max((camera.last for camera in cameras if camera.last), default=_NEVER)
    # The last frame of a recording may stand for more than the recording is long.
    return replace(where, start=where.start or first, end=where.end or last + timedelta(hours=1))


def _complete_recordings(archive: Archive, recalled: Sequence[FoundFrame]) -> dict[str, Recording]:
    """The recordings of these frames, by id, without any that is not completely ingested."""
    ids = sorted({found.frame.recording for found in recalled})
    return {recording.id: recording for recording in archive.catalog.recordings(ids=ids)}


def _moment(
    event: Event,
    spans: tuple[Span, ...],
    collection: Chance,
    recordings: Mapping[str, Recording],
) -> Moment:

    def span_of(frame: StoredFrame) -> Span:
        return Span(recordings[frame.recording], frame.time, frame.valid_until)

    return Moment(
        spans=spans,
        best=span_of(event.best.frame),
        score=event.best.score,
        confidence=confidence(event.best.score, collection.scores),
        above=share_below(event.best.likeness, collection.likeness),
        why=event.best.why,
        facts=event.best.frame.facts,
        frames=tuple(map(span_of, event.frames)),
    )
