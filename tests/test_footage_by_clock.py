"""What each camera saw at a moment on the clock, and what comes before and after a recording."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.records import Recording
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.video.wall_clock import UNKNOWN_CLOCK, Clock, ClockOrigin

IDENTITY = IndexIdentity("basic", 384, {}, sampler="abc")
LISBON = "Europe/Lisbon"
NOON = datetime(2024, 5, 1, 12, tzinfo=ZoneInfo(LISBON))


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        catalog.activate_index(IDENTITY)
        yield catalog


def add(
    catalog: Catalog, name: str, camera: str, start: datetime | None, complete: bool = True
) -> Recording:
    """A recording of a minute."""
    known = Clock(start, ClockOrigin.NAME, zone=LISBON) if start else UNKNOWN_CLOCK
    recording = Recording(
        id=name.ljust(64, "0"), path=Path(f"/videos/{name}.mp4"), camera=camera, size=1,
        container="mov", codec="h264", width=2, height=2, rotation=0, duration=Fraction(60),
        average_rate=None, created=None, modified=datetime.now(UTC), clock=known,
    )  # fmt: skip
    run = catalog.begin_run(recording.path, recording.id, IDENTITY.fingerprint, "abc")
    if complete:
        catalog.complete_run(run, recording, frames=1)
    return recording


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def test_each_camera_shows_the_moment_from_its_recording_that_began_last(catalog: Catalog) -> None:
    gate = add(catalog, "a", "Gate", NOON)
    add(catalog, "b", "Yard", NOON - seconds(50))
    yard = add(catalog, "c", "Yard", NOON - seconds(10))
    add(catalog, "d", "Door", NOON + seconds(6))
    add(catalog, "e", "Hall", None)
    add(catalog, "f", "Roof", NOON, complete=False)
    found = catalog.footage.at(NOON + seconds(5.25))
    assert [(one.recording.id, one.time) for one in found] == [
        (gate.id, Fraction(21, 4)),
        (yard.id, Fraction(61, 4)),
    ]
    then = [one.recording.camera for one in catalog.footage.at(NOON + seconds(60))]
    assert then == ["Door"], "what ends then is over"


def test_the_hour_that_happens_twice_is_two_hours(catalog: Catalog) -> None:
    before = datetime(2024, 10, 27, 1, 59, 30, tzinfo=ZoneInfo(LISBON))
    recording = add(catalog, "a", "Gate", before)
    [found] = catalog.footage.at(before.astimezone(UTC) + seconds(45))
    assert (found.recording.id, found.time) == (recording.id, 45)
    an_hour_later = before.replace(fold=1).astimezone(UTC)
    assert catalog.footage.at(an_hour_later + seconds(15)) == []


def test_a_recording_has_its_cameras_neighbours(catalog: Catalog) -> None:
    first = add(catalog, "a", "Gate", NOON)
    second = add(catalog, "b", "Gate", NOON + seconds(60))
    third = add(catalog, "c", "Gate", NOON + seconds(300))
    add(catalog, "d", "Yard", NOON + seconds(61))
    unknown = add(catalog, "e", "Gate", None)
    footage = catalog.footage
    before, after = footage.before(second), footage.after(second)
    assert before and after and (before.id, after.id) == (first.id, third.id)
    assert footage.before(first) is None and footage.after(third) is None
    assert footage.before(unknown) is None and footage.after(unknown) is None
    assert footage.after(replace(second, camera="Nowhere")) is None
