"""Recordings go wholly, by name, by age and by size, and what is kept stays."""

import json
import shutil
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState, SeenFile
from mmrag_video.catalog.saved_searches import Target
from mmrag_video.catalog.schema import RecordingRow
from mmrag_video.catalog.writer_lock import writer_lock
from mmrag_video.check import look
from mmrag_video.errors import ExitCode
from mmrag_video.letting_go import let_go
from mmrag_video.moments import Span
from mmrag_video.reindex import drop_other_indexes, reindex_paths
from mmrag_video.retention import (
    LEAP,
    Due,
    Item,
    Limits,
    Reason,
    apply,
    choose,
    decide,
    due,
    unbroken_since,
)
from mmrag_video.settings import (
    CameraSettings,
    RetentionSettings,
    SamplerSection,
    SourceSettings,
)
from mmrag_video.video.clips import UNFINISHED
from tests.conftest import Command, ingest_all
from tests.queued import wait_in_line
from web.clip_cache import ClipCache
from workers.chores import Chores
from workers.ringing import Ringing
from workers.scanning import seen

pytestmark = pytest.mark.toy_model

NOW = datetime(2026, 3, 31, tzinfo=UTC)
EVER = datetime.min.replace(tzinfo=UTC)


@pytest.fixture
def two(opened: Archive, yard_clip: Path, long_clip: Path) -> Archive:
    """An archive with the recordings of two cameras, yard and gate, of which none is kept."""
    ingest_all(opened, yard_clip, long_clip)
    opened.catalog.holdings.keep(list(ids(opened).values()), False)
    return opened


def ids(archive: Archive) -> dict[str, str]:
    return {one.camera: one.id for one in archive.catalog.recordings()}


def go(archive: Archive, *recordings: str) -> tuple[str, ...]:
    with writer_lock(archive.directory.root):
        return let_go(archive, recordings).gone


# Letting go


def test_vectors_pictures_and_rows_go_together_and_the_others_stay(two: Archive) -> None:
    held, identity = ids(two), two.identity
    yard = two.directory.pictures(identity.collection, held["yard"])
    assert yard.is_dir()
    assert go(two, held["yard"]) == (held["yard"],)
    assert not yard.exists()
    assert {recording for recording, _, _ in two.store(identity).places()} == {held["gate"]}
    assert two.catalog.recording(held["yard"]) is None
    assert two.catalog.camera_names() == ["gate"]
    assert look(two) == []


def test_what_was_re_encoded_for_the_browser_goes_too(two: Archive) -> None:
    held = {one.camera: one for one in two.catalog.recordings()}
    cache = ClipCache(two.clip_cache)
    yard, gate = (
        cache.clip(Span(held[camera], Fraction(1), Fraction(2)), held[camera].path)
        for camera in ("yard", "gate")
    )
    being_written = yard.with_name(f".{yard.name}.0{UNFINISHED}")
    being_written.touch()
    go(two, held["yard"].id)
    assert list(two.directory.clips.iterdir()) == [gate]


def test_a_recording_goes_from_every_index(two: Archive) -> None:
    held = ids(two)
    changed = retaining(two, sampler=SamplerSection(interval=2))
    with changed as other, writer_lock(other.directory.root):
        list(reindex_paths(other))
        assert len(other.catalog.indexes()) == 2
        let_go(other, [held["yard"]])
        for identity in other.catalog.indexes():
            left = {recording for recording, _, _ in other.store(identity).places()}
            assert left == {held["gate"]}
        assert look(other) == []
    with writer_lock(two.directory.root):
        list(reindex_paths(two))
        drop_other_indexes(two)


def test_what_was_hidden_when_the_power_went_goes_at_the_next_call(two: Archive) -> None:
    held = ids(two)
    two.catalog.holdings.hide([held["yard"]])
    assert set(ids(two)) == {"gate"}, "it is not found from the first moment on"
    go(two, held["yard"])
    assert look(two) == []


def test_what_is_kept_or_being_ingested_stays(two: Archive) -> None:
    held, index = ids(two), two.identity.fingerprint
    two.catalog.holdings.keep([held["yard"]], True)
    two.catalog.begin_run(Path("/nvr/gate.mp4"), held["gate"], index, "sampler")
    assert go(two, *held.values()) == ()
    assert ids(two) == held


def test_a_job_stays_done_so_that_the_worker_does_not_begin_again(two: Archive) -> None:
    held, jobs = ids(two), two.catalog.jobs
    recording = two.catalog.recording(held["yard"])
    assert recording is not None
    jobs.add("nvr", [(SeenFile(recording.path, recording.size, 1, NOW), 0.0)])
    job = jobs.take("worker")
    assert job is not None
    jobs.finish(job, 3)
    go(two, held["yard"])
    [done] = jobs.jobs(JobState.DONE)
    assert done.file.path == recording.path
    assert look(two) == [], "nor does a check miss it"


def test_a_file_that_is_gone_leaves_the_queue_when_its_recording_has_gone_too(two: Archive) -> None:
    held, jobs = ids(two), two.catalog.jobs
    yard = two.catalog.recordings(ids=[held["yard"]])[0].path
    never_ingested = yard.with_name("broken.mp4")
    wait_in_line(two.catalog, yard, never_ingested)
    jobs.mark_gone([yard, never_ingested])
    assert jobs.forget_gone() == 1
    assert set(jobs.known("nvr")) == {yard}, "its recording is still there to be asked about"
    go(two, held["yard"])
    assert jobs.forget_gone() == 1
    assert jobs.known("nvr") == {}


def test_a_file_that_was_copied_before_it_was_deleted_is_looked_for(two: Archive, tmp_path: Path):
    held, jobs = ids(two), two.catalog.jobs
    nvr = tmp_path / "nvr"
    nvr.mkdir()
    [yard] = two.catalog.recordings(ids=[held["yard"]])
    original, copy = nvr / "yard.mp4", nvr / "archived.mp4"
    for path in (original, copy):
        shutil.copy(yard.path, path)
    yard_id = held["yard"]
    with two.catalog.database.writing() as session:
        session.execute(
            update(RecordingRow).where(RecordingRow.id == yard_id).values(path=original)
        )
    files = [seen(path) for path in (original, copy)]
    jobs.add("nvr", [(file, 0.0) for file in files if file])
    for _ in files:
        job = jobs.take("worker")
        assert job is not None
        jobs.finish(job, frames=0)
    original.unlink()
    jobs.mark_gone([original])
    sources = {"nvr": SourceSettings(folder=nvr, gone="forget", settle=0)}
    Chores(two, Ringing(two)).carry_out(sources)
    assert two.catalog.recording(yard_id) is not None, "there may be a copy"
    again = jobs.take("worker")
    assert again is not None and again.file.path == copy
    ingest_all(two, copy)
    [moved] = two.catalog.recordings(ids=[yard_id])
    assert moved.path == copy
    jobs.finish(again, frames=0)
    copy.unlink()
    jobs.mark_gone([copy])
    Chores(two, Ringing(two)).carry_out(sources)
    assert two.catalog.recording(yard_id) is None, "now there is none"


def test_the_scores_of_saved_searches_go_with_their_recording(two: Archive) -> None:
    held, catalog = ids(two), two.catalog
    catalog.saved.add("red", "something red", (), Target("", ""), catalog.recordings())
    [search] = catalog.saved.all()
    go(two, held["yard"])
    assert not catalog.saved.has_heard(search, held["yard"])
    assert catalog.saved.has_heard(search, held["gate"])


def test_a_recording_that_is_kept_stays_when_its_file_is_overwritten(
    archive: Archive, yard_clip: Path, long_clip: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(yard_clip, tmp_path / "ring.mp4"))
    ingest_all(archive, path)
    [first] = archive.catalog.recordings()
    archive.catalog.holdings.keep([first.id], True)
    shutil.copy(long_clip, path)
    ingest_all(archive, path)
    assert len(archive.catalog.recordings()) == 2


# Deciding


items = st.lists(
    st.builds(
        Item,
        id=st.uuids().map(str),
        camera=st.sampled_from(["gate", "yard"]),
        ended=st.datetimes(datetime(2025, 1, 1), datetime(2026, 4, 2), timezones=st.just(UTC)),
        bytes=st.integers(0, 100),
        kept=st.booleans(),
    ),
    max_size=30,
)
limits = st.fixed_dictionaries(
    {
        camera: st.builds(
            Limits,
            age=st.none() | st.timedeltas(timedelta(hours=1), timedelta(days=400)),
            bytes=st.none() | st.integers(1, 500),
        )
        for camera in ("gate", "yard")
    }
)


@given(items=items, limits=limits)
def test_what_is_kept_never_goes_and_nothing_goes_without_need(
    items: list[Item], limits: dict[str, Limits]
) -> None:
    chosen = choose(items, limits.__getitem__, NOW, EVER)
    gone = {item.id for item, _ in chosen}
    assert not any(item.kept for item, _ in chosen)
    for camera, limit in limits.items():
        own = [item for item in items if item.camera == camera]
        old = {one.id for one in own if limit.age and NOW - one.ended > limit.age and not one.kept}
        assert {one.id for one, why in chosen if why is Reason.AGE and one.camera == camera} == old
        by_size = [one for one, why in chosen if why is Reason.SIZE and one.camera == camera]
        left = sum(one.bytes for one in own if one.id not in gone)
        if limit.bytes is None:
            assert by_size == []
        elif by_size:
            assert left + by_size[-1].bytes > limit.bytes, "one fewer would not have done"
        if limit.bytes is not None and left > limit.bytes:
            assert all(one.kept or not one.bytes for one in own if one.id not in gone)


@given(items=items, limits=limits)
def test_the_oldest_go_first(items: list[Item], limits: dict[str, Limits]) -> None:
    chosen = choose(items, limits.__getitem__, NOW, EVER)
    gone = {item.id for item, _ in chosen}
    for item, _ in chosen:
        older = [
            one
            for one in items
            if one.camera == item.camera and one.ended < item.ended and not one.kept and one.bytes
        ]
        assert {one.id for one in older} <= gone


def daily(days: int) -> list[Item]:
    return [Item(str(day), "gate", NOW - timedelta(days=day), 1, False) for day in range(days)]


def by_age(now: datetime, items: list[Item]) -> dict[Reason, int]:
    newest_first = sorted((item.ended for item in items), reverse=True)
    chosen = choose(
        items, lambda _: Limits(timedelta(days=7), None), now, unbroken_since(newest_first, now)
    )
    reasons = [why for _, why in chosen]
    return {reason: reasons.count(reason) for reason in reasons}


def test_an_archive_that_goes_on_lets_go_of_what_is_too_old() -> None:
    assert by_age(NOW, daily(20)) == {Reason.AGE: 12}


@pytest.mark.parametrize("recorded_since", [0, 3])
def test_a_machine_whose_clock_leaps_ahead_lets_nothing_go(recorded_since: int) -> None:
    leapt = NOW + timedelta(days=34 * 365)
    fresh = [Item(f"new {n}", "gate", leapt, 1, False) for n in range(recorded_since)]
    assert by_age(leapt, [*daily(20), *fresh]) == {Reason.DOUBTFUL_AGE: 20}


def test_a_clock_that_is_late_lets_nothing_go() -> None:
    assert by_age(datetime(1970, 1, 1, tzinfo=UTC), daily(20)) == {}


def test_a_pause_that_is_not_longer_than_the_leap_is_no_doubt() -> None:
    assert by_age(NOW + LEAP, daily(3)) == {Reason.AGE: 3}


# Settings and commands


def retaining(archive: Archive, **update: object) -> Archive:
    return Archive(archive.settings.model_copy(update=update))


def chosen(
    archive: Archive, now: datetime = NOW, *, trust_clock: bool = False
) -> dict[str, Reason]:
    found: list[Due] = due(archive, now, trust_clock=trust_clock)
    return {one.recording.camera: one.reason for one in found}


def test_a_camera_has_limits_of_its_own(two: Archive) -> None:
    retention = RetentionSettings(days=9000)
    with retaining(
        two, retention=retention, cameras={"yard": CameraSettings(keep_days=1)}
    ) as limited:
        assert chosen(limited, trust_clock=True) == {"yard": Reason.AGE}


def test_a_recording_without_a_clock_is_as_old_as_its_file(two: Archive) -> None:
    with retaining(two, retention=RetentionSettings(days=1)) as limited:
        later = datetime.now(UTC) + timedelta(days=2)
        assert chosen(limited, later)["gate"] is Reason.AGE


def test_size_counts_pictures_and_vectors(two: Archive) -> None:
    held, identity = ids(two), two.identity
    folder = two.directory.pictures(identity.collection, held["yard"])
    pictures = list(folder.iterdir())
    size = sum(one.stat().st_size for one in pictures)
    size += len(pictures) * identity.dimensions * 4
    for spare, reasons in ((0, {}), (-1, {"yard": Reason.SIZE})):
        own = CameraSettings(keep_gigabytes=(size + spare) / 10**9)
        with retaining(two, cameras={"yard": own}) as limited:
            assert chosen(limited) == reasons
            with writer_lock(limited.directory.root):
                apply(limited, decide(limited, NOW))
            assert ("yard" in ids(limited)) is not bool(reasons)


@pytest.fixture
def forgetting(two: Archive, run: Command) -> Callable[..., str]:
    def forget(*arguments: str, code: ExitCode = ExitCode.OK, **variables: str) -> str:
        told = run(*arguments, **{"MMRAG_DATA_DIR": str(two.directory.root), **variables})
        assert told.returncode == code, told.stderr
        return told.stdout + told.stderr

    return forget


def test_a_recording_is_kept_and_forgotten_by_the_beginning_of_its_id(
    two: Archive, forgetting: Callable[..., str]
) -> None:
    yard = ids(two)["yard"][:10]
    assert "(kept)" in forgetting("recordings", "--keep", yard)
    assert "is kept" in forgetting("forget", yard, code=ExitCode.USAGE)
    listed = json.loads(forgetting("recordings", "--release", yard, "--json"))
    assert [one["kept"] for one in listed["recordings"]] == [False, False]
    assert "1 recording would be forgotten." in forgetting("forget", yard, "--dry-run")
    assert set(ids(two)) == {"gate", "yard"}
    assert "1 recording forgotten." in forgetting("forget", yard)
    assert set(ids(two)) == {"gate"}
    assert "No recording has an id" in forgetting("forget", yard, code=ExitCode.USAGE)


def test_the_rules_are_carried_out_when_asked(two: Archive, forgetting: Callable[..., str]) -> None:
    days = {"MMRAG_CAMERAS__yard__KEEP_DAYS": "1"}
    doubted = forgetting("forget", "--due", **days)
    assert "is this machine's clock right?" in doubted
    assert "0 recordings forgotten." in doubted
    assert "(age)" in forgetting("forget", "--due", "--trust-clock", **days)
    assert set(ids(two)) == {"gate"}
    assert "say --due" in forgetting("forget", code=ExitCode.USAGE)
