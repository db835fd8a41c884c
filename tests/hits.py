"""Hits of saved searches, in a real catalog."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.hits import FoundMoment, Hit
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.saved_searches import SavedSearch
from mmrag_video.moments import Confidence
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, ClockOrigin


def hit_of(catalog: Catalog, search: SavedSearch, number: int = 1) -> Hit:
    """A hit in a recording that the catalog does not hold: it is told all the same."""
    identity = f"{number:064x}"
    start = datetime(2026, 3, 1, 12, 0, 2, tzinfo=UTC) + timedelta(minutes=number)
    moment = FoundMoment(
        recording=identity,
        camera="yard",
        start=Fraction(2),
        end=Fraction(10, 3),
        best=Fraction(3),
        wall_start=start,
        wall_end=start + timedelta(seconds=1),
        zone="Europe/Lisbon",
        clock_origin=ClockOrigin.NAME,
        score=0.9,
        confidence=Confidence.STRONG,
        threshold=0.4,
        why="a wall (red)",
    )
    [hit] = catalog.saved.note(search, _recording(identity), "index", 0.9, [moment], timedelta(0))
    return hit


def _recording(identity: str) -> Recording:
    now = datetime.now(UTC)
    return Recording(
        identity, Path("x.mp4"), "yard", 1, "mp4", "h264", 1, 1, 0, Fraction(4), None, None, now,
        UNKNOWN_CLOCK,
    )  # fmt: skip
