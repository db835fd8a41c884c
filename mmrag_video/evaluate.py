"""Measure search on footage with ground truth: how often, and how high, the right moment is."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from mmrag_video.archive import Archive
from mmrag_video.errors import UsageError
from mmrag_video.metrics import (
    Interval,
    QueryScore,
    RankedMoment,
    Truth,
    bootstrap_interval,
    mean,
    recall_at,
    reciprocal_ranks,
    score_query,
)
from mmrag_video.models.base import Query
from mmrag_video.moments import Moment
from mmrag_video.search import search

_DEPTHS = (1, 5, 10, 20)
_MOMENTS = 60
"""Moments asked for: enough that 20 remain when arguable ones are passed over."""


class _Loose(BaseModel):
    """Part of a queries file: keys that scoring does not need are allowed."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LabelledInterval(_Loose):
    """A part of a labelled video, in seconds."""

    video: str
    start_s: float
    end_s: float


class LabelledVideo(_Loose):
    """A video that the queries are about."""

    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class LabelledQuery(_Loose):
    """A query and what answers it."""

    id: str
    text: str
    lang: str = "en"
    types: tuple[str, ...] = ()
    paraphrase_of: str | None = None
    matches: tuple[LabelledInterval, ...] = ()
    optional: tuple[LabelledInterval, ...] = ()
    ignore_videos: tuple[str, ...] = ()
    expect_none: bool = False

    @property
    def truth(self) -> Truth:
        """What scoring needs of it."""
        return Truth(
            matches=_intervals(self.matches),
            optional=_intervals(self.optional),
            ignored_videos=frozenset(self.ignore_videos),
        )


class LabelledQueries(_Loose):
    """A queries file."""

    videos: dict[str, LabelledVideo]
    queries: tuple[LabelledQuery, ...]


def _intervals(labelled: Iterable[LabelledInterval]) -> tuple[Interval, ...]:
    return tuple(Interval(part.video, part.start_s, part.end_s) for part in labelled)


def read_queries(file: Path) -> LabelledQueries:
    """Read a queries file. Raises UsageError naming the file and what is wrong in it."""
    try:
        return LabelledQueries.model_validate_json(file.read_bytes())
    except OSError as error:
        raise UsageError(f"The queries file {file} cannot be read: {error.strerror}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        where = f" at {place}" if place else ""
        raise UsageError(f"The queries file {file} is wrong{where}: {first['msg']}.") from error


def video_paths(labelled: LabelledQueries, folder: Path) -> list[Path]:
    """Where the labelled videos lie. Raises UsageError naming those that are not in `folder`."""
    paths = [folder / video.path for video in labelled.videos.values()]
    missing = [path.name for path in paths if not path.is_file()]
    if missing:
        raise UsageError(f"These videos are not in {folder}: {', '.join(missing)}.")
    return paths


@dataclass(frozen=True)
class AnsweredQuery:
    """A labelled query with what the search made of it."""

    query: LabelledQuery
    score: QueryScore
    is_confident: bool
    moments: tuple[Moment, ...]
    seconds: float
    """That the search took."""


def footage_fingerprint(labelled: LabelledQueries) -> str:
    """Twelve hex digits that tell one set of videos from another."""
    contents = sorted(video.sha256 for video in labelled.videos.values())
    return hashlib.sha256("".join(contents).encode()).hexdigest()[:12]


def answer_queries(archive: Archive, labelled: LabelledQueries) -> list[AnsweredQuery]:
    """Ask every query of an archive that holds the labelled videos.

    Raises UsageError for a video whose content is not the labelled one.
    """
    names = {video.sha256: name for name, video in labelled.videos.items()}
    known = {recording.id for recording in archive.catalog.recordings()}
    for name, video in labelled.videos.items():
        if video.sha256 not in known:
            raise UsageError(
                f"The video {name} ({video.path}) is not the one that was labelled: "
                "its SHA-256 differs."
            )
    return [_answer(archive, query, names) for query in labelled.queries]


def _answer(archive: Archive, query: LabelledQuery, names: Mapping[str, str]) -> AnsweredQuery:
    began = perf_counter()
    answer = search(archive, Query(text=query.text), limit=_MOMENTS)
    seconds = perf_counter() - began
    moments = tuple(moment for moment in answer.moments if moment.best.recording.id in names)
    ranked = [_ranked(moment, names) for moment in moments]
    score = score_query(ranked, query.truth)
    return AnsweredQuery(query, score, answer.is_confident, moments, seconds)


def median_seconds(answered: Sequence[AnsweredQuery]) -> float | None:
    """Of a whole search; None without queries."""
    return median(one.seconds for one in answered) if answered else None


def _ranked(moment: Moment, names: Mapping[str, str]) -> RankedMoment:
    best = moment.best.recording.id
    span = next(span for span in moment.spans if span.recording.id == best)
    return RankedMoment(
        span=Interval(names[best], float(span.start), float(span.end)),
        best=float(moment.best.start),
    )


def metrics(answered: Sequence[AnsweredQuery]) -> dict[str, Any]:
    """All figures as plain values; None where no query bears on a figure."""
    by_type: dict[str, list[AnsweredQuery]] = defaultdict(list)
    by_language: dict[str, list[AnsweredQuery]] = defaultdict(list)
    for one in answered:
        by_language[one.query.lang].append(one)
        for kind in one.query.types:
            by_type[kind].append(one)
    return {
        **_figures(answered),
        "by_language": {name: _figures(group) for name, group in sorted(by_language.items())},
        "by_type": {name: _figures(group) for name, group in sorted(by_type.items())},
        "paraphrase_mrr_ratio": _paraphrase_ratio(answered),
    }


def _figures(answered: Sequence[AnsweredQuery]) -> dict[str, Any]:
    scores = [one.score for one in answered if not one.query.expect_none]
    per_query = {
        **{f"event_recall@{depth}": recall_at(scores, depth) for depth in _DEPTHS},
        "mrr": reciprocal_ranks(scores),
        "map": [score.average_precision for score in scores],
        "mean_tiou": [score.overlap for score in scores if score.first_rank is not None],
        "rejection": [float(not one.is_confident) for one in answered if one.query.expect_none],
    }
    return {
        "queries": len(answered),
        **{name: mean(values) for name, values in per_query.items()},
        "intervals": {name: bootstrap_interval(values) for name, values in per_query.items()},
    }


def _paraphrase_ratio(answered: Sequence[AnsweredQuery]) -> float | None:
    """MRR of paraphrases in other languages over the MRR of the queries they restate."""
    by_id = {one.query.id: one for one in answered}
    pairs = [
        (one.score, by_id[one.query.paraphrase_of].score)
        for one in answered
        if one.query.paraphrase_of in by_id
    ]
    restated = sum(reciprocal_ranks([original for _, original in pairs]))
    return sum(reciprocal_ranks([score for score, _ in pairs])) / restated if restated else None


def frames_per_hour(archive: Archive) -> float | None:
    """Frames (and so vectors) kept for an hour of footage; None without footage."""
    identity = archive.active_identity
    seconds = sum(float(recording.duration) for recording in archive.catalog.recordings())
    if identity is None or not seconds:
        return None
    return archive.store(identity).count() * 3600 / seconds


def report(answered: Sequence[AnsweredQuery], archive: Archive) -> dict[str, Any]:
    """The whole evaluation as one JSON object."""
    return {
        "model": archive.settings.model.name,
        "frames_per_hour": frames_per_hour(archive),
        "metrics": metrics(answered),
        "queries": [
            {
                "id": one.query.id,
                "text": one.query.text,
                "first_rank": one.score.first_rank,
                "confident": one.is_confident,
            }
            for one in answered
        ],
    }
