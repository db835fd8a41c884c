"""Saved searches: what is asked of every new recording, and when the answer is worth a ring.

A moment rings if it is confident, as a search understands that, and if it is unusual for its
camera: of the camera's last recordings at most one in twenty has a better one. So what seldom
happens rings each time, and what happens in every recording rings in about one of twenty.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from urllib.parse import urlsplit

from mmrag_video.archive import Archive
from mmrag_video.catalog.hits import FoundMoment, Hit
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import SavedSearch, Target
from mmrag_video.errors import UsageError
from mmrag_video.index.frames import FrameFilter
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence, Moment
from mmrag_video.search import checked, search
from mmrag_video.video.timecode import Timecode, as_typed

HISTORY = 200
"""Recordings of a camera that the next one is measured by: 17 hours of five-minute files."""
FEWEST = 10
"""With less history than this, confidence alone decides."""
_LOOKED_BACK = 40
"""Recordings from before the search was saved that are searched for its history: each takes a
whole search, and 40 are enough to know one in twenty."""
ONE_IN = 20
"""The share of a camera's recordings that ring where all are alike."""
LONGEST_NAME = 100
SHORTEST_SECRET = 16

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Threshold:
    """What a score must exceed to ring."""

    score: float
    """0 where there is too little history."""
    equals_ring: bool
    """Whether the same score is enough: scores have a ceiling, at which all are equal."""

    def lets_through(self, score: float) -> bool:
        """Whether a score is unusual enough."""
        return score > self.score or (self.equals_ring and score == self.score)


def threshold(history: Sequence[float], *, rang_lately: bool) -> Threshold:
    """What must be exceeded, given the best scores of a camera's last recordings.

    One in twenty of them may lie above it, but always one: what happened once, rings when it
    happens again. If all scores came from one distribution, the next would exceed it with
    a probability of 2 in 11 after 10 recordings, 2 in 21 after 20 and 11 in 201 after 200.
    Where scores lie at their ceiling nothing exceeds it, so an equal one rings if none did in the
    last nineteen recordings.
    """
    if len(history) < FEWEST:
        return Threshold(0.0, equals_ring=True)
    above = max(1, len(history) // ONE_IN)
    return Threshold(sorted(history, reverse=True)[above], equals_ring=not rang_lately)


def save_search(
    archive: Archive,
    name: str,
    text: str,
    cameras: Sequence[str] = (),
    target: Target | None = None,
) -> SavedSearch:
    """Save a search. What is in the archive already is its history, and does not ring.

    Cameras need not have recordings yet. Raises UsageError for a name that is taken or none, words
    that cannot be searched for, or a target that cannot be told.
    """
    target = target or Target()
    name = name.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise UsageError(f"A saved search needs a name of 1 to {LONGEST_NAME} characters.")
    words = checked(Query(text=text)).text or ""
    _check_target(target)
    known = _finished(archive)
    return archive.catalog.saved.add(name, words, tuple(dict.fromkeys(cameras)), target, known)


def ring(archive: Archive, recording: Recording) -> list[Hit]:
    """Put every saved search that watches its camera to a recording that can be found.

    Once for each: a recording that was put to a search, or was there before it, rings no more.
    Raises MmragErrors as a search does; what was noted before stays.
    """
    identity = archive.active_identity
    if identity is None:
        return []
    saved_searches = archive.catalog.saved
    return [
        hit
        for saved in saved_searches.all()
        if saved.watches(recording.camera) and not saved_searches.has_heard(saved, recording.id)
        for hit in _ring(archive, identity, saved, recording)
    ]


def ring_missed(archive: Archive) -> list[Hit]:
    """Ring for recordings that became findable, but whose worker died before it rang for them."""
    saved_searches = archive.catalog.saved
    all_saved = saved_searches.all()
    if not all_saved:
        return []
    findable = _finished(archive)
    missed = {
        recording.id: recording
        for saved in all_saved
        for recording in saved_searches.not_heard(saved, findable)
    }
    return [hit for recording in missed.values() for hit in ring(archive, recording)]


def _finished(archive: Archive) -> list[Recording]:
    """A live recording rings when it has its own id: it would ring twice."""
    return [recording for recording in archive.catalog.recordings() if not recording.live]


def _ring(
    archive: Archive, identity: IndexIdentity, saved: SavedSearch, recording: Recording
) -> list[Hit]:
    catalog, camera, index = archive.catalog, recording.camera, identity.fingerprint
    _look_back(archive, saved, camera, index)
    moments = _moments(archive, saved, recording.id)
    needed = threshold(
        catalog.saved.history(saved, camera, index, HISTORY),
        rang_lately=catalog.saved.rang_lately(saved, camera, ONE_IN - 1),
    )
    found = [
        _found(moment, needed)
        for moment in moments
        if moment.confidence is not Confidence.WEAK and needed.lets_through(moment.score)
    ]
    seconds = archive.settings.search.join_gap
    together = _joined(found, as_typed(seconds))
    gap = timedelta(seconds=seconds)
    hits = catalog.saved.note(saved, recording, index, _best_score(moments), together, gap)
    for hit in hits:
        at = Timecode(hit.moment.start)
        _log.info("%s: %s at %s, score %.2f.", saved.name, camera, at, hit.moment.score)
    return hits


def _look_back(archive: Archive, saved: SavedSearch, camera: str, index: str) -> None:
    """Give the search a history for this camera, if it has none in this index."""
    for recording in archive.catalog.saved.unmeasured(saved, camera, index, _LOOKED_BACK):
        score = _best_score(_moments(archive, saved, recording))
        archive.catalog.saved.measure(saved, recording, index, score)


def _moments(archive: Archive, saved: SavedSearch, recording: str) -> Sequence[Moment]:
    where = FrameFilter(recordings=(recording,))
    return search(archive, Query(text=saved.text), where).moments


def _best_score(moments: Sequence[Moment]) -> float:
    return max((moment.score for moment in moments), default=0.0)


def _found(moment: Moment, needed: Threshold) -> FoundMoment:
    recording = moment.best.recording
    return FoundMoment(
        recording=recording.id,
        camera=recording.camera,
        start=moment.start,
        end=moment.end,
        best=moment.best.start,
        wall_start=moment.wall_start,
        wall_end=moment.wall_end,
        zone=recording.clock.zone,
        clock_origin=recording.clock.origin,
        score=moment.score,
        confidence=moment.confidence,
        threshold=needed.score,
        why=moment.why,
    )


def _joined(found: Sequence[FoundMoment], gap: Fraction) -> list[FoundMoment]:
    """Those that are at most `gap` seconds apart as one, for which the better one speaks.

    A search may tell an event in parts, so that its best frame stands alone; a ring is one ring.
    """
    joined: list[FoundMoment] = []
    for moment in sorted(found, key=lambda one: one.start):
        if not joined or moment.start - joined[-1].end > gap:
            joined.append(moment)
            continue
        last = joined[-1]
        later = max(last, moment, key=lambda one: one.end)
        better = max(last, moment, key=lambda one: one.score)
        joined[-1] = replace(
            better,
            start=last.start,
            wall_start=last.wall_start,
            end=later.end,
            wall_end=later.wall_end,
        )
    return joined


def _check_target(target: Target) -> None:
    if target.webhook and target.command:
        raise UsageError("A saved search tells a webhook or a command, not both.")
    if target.webhook and not is_web_address(target.webhook):
        raise UsageError("The webhook is not an address such as https://example.org/hook.")
    if target.webhook and len(target.secret) < SHORTEST_SECRET:
        raise UsageError(
            f"A webhook needs a secret of at least {SHORTEST_SECRET} characters: its messages are"
            " signed with it."
        )
    if target.secret and not target.webhook:
        raise UsageError("A secret is of no use without a webhook.")
    if target.command and not target.command[0]:
        raise UsageError("The command names no program.")


def is_web_address(text: str) -> bool:
    """Whether it is an http or https address with a host."""
    try:
        address = urlsplit(text)
        port_is_one = address.port is None or address.port > 0
    except ValueError:
        return False
    return (
        address.scheme in {"http", "https"}
        and bool(address.hostname)
        and port_is_one
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


def webhook_host(webhook: str) -> str:
    """`https://example.org`: what may be shown of a webhook, whose path often is a secret."""
    if not webhook:
        return ""
    address = urlsplit(webhook)
    port = f":{address.port}" if address.port else ""
    host = address.hostname or ""
    return f"{address.scheme}://{f'[{host}]' if ':' in host else host}{port}"
