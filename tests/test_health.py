"""How the worker and its queue are, in figures, and what machines are told of it over HTTP."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import Job, JobState, SeenFile
from mmrag_video.catalog.tally import DoneJob
from mmrag_video.catalog.work_schema import DoneJobRow, JobRow, WorkerRow
from mmrag_video.catalog.worker_state import SIGN_OF_LIFE
from mmrag_video.doctor import Health, examine
from mmrag_video.errors import (
    CatalogError,
    DecoderError,
    ErrorKind,
    IndexMismatchError,
    ModelSettingsError,
    RecordingError,
    StoreError,
    kind_of,
)
from mmrag_video.health import figures
from mmrag_video.index.keeper import ADDRESS_FILE
from mmrag_video.ingest import OutcomeState
from mmrag_video.settings import Settings, SourceSettings, StoreSettings
from mmrag_video.work_done import WorkDone, sum_of
from tests.conftest import ingest_all, toy_settings, with_own_store
from tests.markdown import document, first_column
from tests.page_archive import PageArchive
from tests.page_client import LOCAL, get, words_of
from web.app import create_app
from web.health_check import LEAST_SPACE, HealthCheck, Part
from web.metrics import Metrics

pytestmark = pytest.mark.toy_model

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ALL_WELL = {"status": "ok"}


def seen(name: str, modified: datetime = NOW) -> SeenFile:
    return SeenFile(Path("/nvr") / name, 1000, 1, modified)


def queued(archive: Archive, *names: str, modified: datetime = NOW) -> list[Job]:
    """New files in the queue, all of them taken."""
    archive.catalog.jobs.add("nvr", [(seen(name, modified), 0.0) for name in names])
    taken = [archive.catalog.jobs.take("test") for _ in names]
    return [job for job in taken if job is not None]


def happened(archive: Archive, job: Job, begun: datetime, ended: datetime) -> None:
    """Give a job that has ended other times than those of the test."""
    with archive.catalog.database.writing() as session:
        session.execute(update(JobRow).where(JobRow.id == job.id).values(begun=begun, ended=ended))
        session.execute(
            update(DoneJobRow).where(DoneJobRow.job == job.id).values(begun=begun, ended=ended)
        )


def done(archive: Archive, name: str, begun: datetime, ended: datetime, footage: float) -> None:
    [job] = queued(archive, name)
    archive.catalog.jobs.beat(job, footage, footage)
    archive.catalog.jobs.finish(job, frames=10)
    happened(archive, job, begun, ended)


def last_sign_of_life(archive: Archive, moment: datetime | None) -> None:
    with archive.catalog.database.writing() as session:
        session.execute(update(WorkerRow).values(heartbeat=moment))


# Figures


def test_an_empty_archive_has_figures_too(archive: Archive) -> None:
    now = figures(archive, NOW)
    assert set(now.jobs) == set(JobState) and sum(now.jobs.values()) == 0
    assert now.lag == now.oldest_to_come == 0
    assert now.lately == WorkDone(recordings=0, footage=0, seconds=0, frames=0)
    assert now.lately.times_real_time is None
    assert now.expected_end == NOW, "nothing waits"
    assert now.worker.heartbeat is None and now.worker.age is None


def test_the_last_hour_is_what_was_done_in_it(archive: Archive) -> None:
    minute = timedelta(minutes=1)
    done(archive, "early.mp4", NOW - 90 * minute, NOW - 61 * minute, footage=300)
    done(archive, "a.mp4", NOW - 30 * minute, NOW - 29 * minute, footage=300)
    done(archive, "b.mp4", NOW - 20 * minute, NOW - 18 * minute, footage=600)
    lately = figures(archive, NOW).lately
    assert lately == WorkDone(recordings=2, footage=900, seconds=180, frames=20)
    assert lately.times_real_time == 5


def test_what_was_done_stays_done_though_its_file_goes_or_is_replaced(archive: Archive) -> None:
    minute = timedelta(minutes=1)
    for name in ("goes.mp4", "replaced.mp4"):
        done(archive, name, NOW - 30 * minute, NOW - 29 * minute, footage=300)
    before = figures(archive, NOW).lately
    assert before.recordings == 2
    archive.catalog.jobs.mark_gone([Path("/nvr/goes.mp4")])
    archive.catalog.jobs.forget_gone()
    archive.catalog.jobs.add("nvr", [(replace(seen("replaced.mp4"), size=2000), 0.0)])
    assert figures(archive, NOW).lately == before
    archive.catalog.jobs.forget_source("nvr")
    assert figures(archive, NOW).lately == before
    archive.catalog.jobs.forget_done_before(NOW)
    assert figures(archive, NOW).lately.recordings == 0


def test_the_oldest_file_to_come_is_one_that_has_not_failed(archive: Archive) -> None:
    [failing] = queued(archive, "broken.mp4", modified=NOW - timedelta(days=3))
    archive.catalog.jobs.retry_later(failing, "It is broken.", timedelta(hours=1))
    archive.catalog.jobs.add("nvr", [(seen("new.mp4", NOW - timedelta(minutes=1)), 0.0)])
    archive.catalog.jobs.add("nvr", [(seen("old.mp4", NOW - timedelta(minutes=9)), 1.0)])
    now, before = figures(archive, NOW), figures(archive, NOW - timedelta(hours=1))
    assert now.oldest_to_come == now.lag == 9 * 60
    assert before.oldest_to_come == before.lag == 0, "a clock that went back"


def test_old_files_that_wait_while_new_ones_come_first_are_no_lag(archive: Archive) -> None:
    minute, jobs = timedelta(minutes=1), archive.catalog.jobs
    [newest] = queued(archive, "newest.mp4", modified=NOW - 7 * minute)
    jobs.add("nvr", [(seen("of last year.mp4", NOW - timedelta(days=300)), 1.0)])
    jobs.finish(newest, frames=1)
    now = figures(archive, NOW)
    assert (now.lag, now.oldest_to_come) == (0, 300 * 86400)
    jobs.add("nvr", [(seen("just now.mp4", NOW - 2 * minute), 0.0)])
    assert figures(archive, NOW).lag == 2 * 60


def test_the_lag_is_that_of_the_source_that_is_furthest_behind(archive: Archive) -> None:
    minute, jobs = timedelta(minutes=1), archive.catalog.jobs
    for source, written in (("prompt", 1), ("behind", 90)):
        jobs.add(source, [(seen(f"{source}.mp4", NOW - written * minute), 0.0)])
        job = jobs.take("test")
        assert job is not None
        jobs.finish(job, frames=1)
    jobs.add("behind", [(seen("next.mp4", NOW - 80 * minute), 0.0)])
    assert figures(archive, NOW).lag == 80 * 60


def test_a_searchable_file_of_the_future_hides_no_lag(archive: Archive) -> None:
    [job] = queued(archive, "wrong clock.mp4", modified=NOW + timedelta(days=3650))
    archive.catalog.jobs.finish(job, frames=1)
    archive.catalog.jobs.add("nvr", [(seen("a.mp4", NOW - timedelta(hours=1)), 0.0)])
    assert figures(archive, NOW).lag == 3600


def test_failures_are_counted_by_state_and_kind(archive: Archive) -> None:
    first, second, third, unsaid = queued(archive, "a.mp4", "b.mp4", "c.mp4", "d.mp4")
    jobs = archive.catalog.jobs
    jobs.retry_later(first, "Hung.", timedelta(hours=1), kind=ErrorKind.DECODER)
    jobs.set_aside(second, "Broken.", kind=ErrorKind.RECORDING)
    jobs.set_aside(third, "Broken.", kind=ErrorKind.RECORDING)
    jobs.set_aside(unsaid, "Somehow.")
    failed = figures(archive, NOW).failed
    assert {kind: n for kind, n in failed[JobState.WAITING].items() if n} == {ErrorKind.DECODER: 1}
    aside = {kind: n for kind, n in failed[JobState.SET_ASIDE].items() if n}
    assert aside == {ErrorKind.RECORDING: 2, ErrorKind.OTHER: 1}


def test_a_job_that_succeeds_after_a_failure_is_no_failure_any_more(archive: Archive) -> None:
    [job] = queued(archive, "a.mp4")
    archive.catalog.jobs.retry_later(job, "Hung.", timedelta(0), kind=ErrorKind.DECODER)
    again = archive.catalog.jobs.take("test")
    assert again is not None and again.kind is ErrorKind.DECODER
    archive.catalog.jobs.finish(again, frames=3)
    finished = archive.catalog.jobs.job(job.id)
    assert finished is not None and finished.kind is None
    assert sum(sum(kinds.values()) for kinds in figures(archive, NOW).failed.values()) == 0


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RecordingError(""), ErrorKind.RECORDING),
        (DecoderError(""), ErrorKind.DECODER),
        (ModelSettingsError(""), ErrorKind.MODEL),
        (StoreError(""), ErrorKind.STORE),
        (CatalogError(""), ErrorKind.CATALOG),
        (PermissionError(), ErrorKind.FILES),
        (IndexMismatchError(""), ErrorKind.OTHER),
        (ValueError(), ErrorKind.OTHER),
    ],
)
def test_every_failure_is_of_one_kind(error: Exception, kind: ErrorKind) -> None:
    assert kind_of(error) is kind


def test_an_ingest_says_of_what_kind_its_failure_is(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "words.mp4").write_text("no video at all")
    [failed] = ingest_all(archive, tmp_path / "words.mp4")
    assert (failed.state, failed.kind) == (OutcomeState.FAILED, ErrorKind.RECORDING)
    [gone] = ingest_all(archive, tmp_path / "gone.mp4")
    assert (gone.state, gone.kind) == (OutcomeState.FAILED, ErrorKind.RECORDING)


@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 50), st.integers(0, 1000)), max_size=20)
)
def test_time_in_which_several_were_worked_on_counts_once(jobs: list[tuple[int, int, int]]) -> None:
    worked = sum_of(
        DoneJob(
            NOW + timedelta(seconds=begun), NOW + timedelta(seconds=begun + took), footage, frames=1
        )
        for begun, took, footage in jobs
    )
    busy = {second for begun, took, _ in jobs for second in range(begun, begun + took)}
    assert worked.seconds == len(busy)
    assert worked.footage == sum(footage for _, _, footage in jobs)
    assert worked.recordings == worked.frames == len(jobs)


def test_the_end_is_expected_from_how_long_files_took(archive: Archive) -> None:
    done(archive, "a.mp4", NOW - timedelta(minutes=30), NOW - timedelta(minutes=28), footage=300)
    names = ("b.mp4", "c.mp4", "d.mp4")
    archive.catalog.jobs.add("nvr", [(seen(name), 0.0) for name in names])
    assert figures(archive, NOW).expected_end is None, "there is no worker"
    archive.catalog.worker.say("test", "working")
    last_sign_of_life(archive, NOW)
    assert figures(archive, NOW).expected_end == NOW + timedelta(minutes=6)
    archive.catalog.worker.pause(True)
    assert figures(archive, NOW).expected_end is None, "it is paused"


def test_the_end_is_unknown_before_the_first_is_done(archive: Archive) -> None:
    archive.catalog.worker.say("test", "working")
    last_sign_of_life(archive, NOW)
    archive.catalog.jobs.add("nvr", [(seen("a.mp4"), 0.0)])
    assert figures(archive, NOW).expected_end is None


# Metrics


def samples(client: FlaskClient) -> dict[tuple[str, str], float]:
    answer = get(client, "/metrics")
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, "/".join(sample.labels[name] for name in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.get_data(as_text=True))
        for sample in family.samples
    }


def test_the_metrics_are_the_figures(archive: Archive) -> None:
    client = create_app(archive).test_client()
    now = datetime.now(UTC)
    done(archive, "a.mp4", now - timedelta(minutes=3), now - timedelta(minutes=2), footage=600)
    [broken] = queued(archive, "broken.mp4")
    archive.catalog.jobs.set_aside(broken, "Broken.", kind=ErrorKind.RECORDING)
    archive.catalog.jobs.add("nvr", [(seen("b.mp4", now - timedelta(hours=1)), 0.0)])
    archive.catalog.worker.say("test", "working")
    heartbeat = archive.catalog.worker.read().heartbeat
    assert heartbeat is not None
    told = samples(client)
    assert told["mmrag_queue_jobs", "waiting"] == 1
    assert told["mmrag_queue_jobs", "set aside"] == 1
    assert told["mmrag_queue_failed_jobs", "recording/set aside"] == 1
    assert told["mmrag_queue_failed_jobs", "store/waiting"] == 0
    assert 3600 <= told["mmrag_lag_seconds", ""] < 7200
    assert 3600 <= told["mmrag_oldest_to_come_seconds", ""] < 7200
    assert told["mmrag_last_hour_recordings", ""] == 1
    assert told["mmrag_last_hour_footage_seconds", ""] == 600
    assert told["mmrag_last_hour_frames", ""] == 10
    assert told["mmrag_realtime_ratio", ""] == 10
    assert told["mmrag_expected_end_timestamp_seconds", ""] > now.timestamp()
    assert told["mmrag_worker_heartbeat_timestamp_seconds", ""] == heartbeat.timestamp()
    assert told["mmrag_worker_paused", ""] == 0
    usage = shutil.disk_usage(archive.directory.root)
    for name, value in (("free", usage.free), ("used", usage.used)):
        assert told[f"mmrag_disk_{name}_bytes", ""] == pytest.approx(value, rel=0.05)


def test_what_is_unknown_has_no_value(archive: Archive) -> None:
    told = {name for name, _ in samples(create_app(archive).test_client())}
    assert "mmrag_lag_seconds" in told
    assert not told & {"mmrag_realtime_ratio", "mmrag_worker_heartbeat_timestamp_seconds"}


def test_searches_are_timed_and_each_page_counts_its_own(collection: PageArchive) -> None:
    one, other = (create_app(collection.archive).test_client() for _ in range(2))
    get(one, "/?q=a+red+box")
    get(one, "/?q=a+blue+box")
    get(one, "/")  # asks nothing
    get(one, "/?q=a+box&camera=unknown")  # refused
    assert samples(one)["mmrag_search_duration_seconds_count", ""] == 2
    assert samples(one)["mmrag_search_duration_seconds_sum", ""] > 0
    assert samples(other)["mmrag_search_duration_seconds_count", ""] == 0
    assert samples(one)["mmrag_answer_duration_seconds_count", ""] == 0


def test_a_scraper_that_asks_for_openmetrics_gets_it(client: FlaskClient) -> None:
    answer = get(client, "/metrics", headers={"Accept": "application/openmetrics-text"})
    families = {family.name for family in open_metrics(answer.get_data(as_text=True))}
    assert "mmrag_search_duration_seconds" in families


def test_every_metric_is_documented_and_no_other(archive: Archive) -> None:
    told = {family.name for family in Metrics(archive).registry.collect()}
    assert first_column(document("health.md"), "Metric") == told


@pytest.mark.parametrize(
    ("head", "names"), [("Part", Part), ("Kind", ErrorKind)], ids=["parts", "kinds"]
)
def test_every_part_and_kind_is_documented(head: str, names: type[Part] | type[ErrorKind]) -> None:
    assert first_column(document("health.md"), head) == set(names)


# All well or not


@pytest.fixture(scope="module")
def searchable(tmp_path_factory: pytest.TempPathFactory, yard_clip: Path) -> Iterator[Archive]:
    """An archive whose store may be killed: it is there again for the next test."""
    data = tmp_path_factory.mktemp("searchable")
    with Archive(with_own_store(toy_settings(data))) as archive:
        ingest_all(archive, yard_clip)
        yield archive


def problems(archive: Archive) -> dict[Part, str]:
    return {problem.part: problem.sentence for problem in HealthCheck(archive).problems()}


def test_all_is_well_where_nothing_was_asked_of_a_worker(searchable: Archive) -> None:
    answer = get(create_app(searchable).test_client(), "/healthz")
    assert (answer.status_code, answer.json) == (200, ALL_WELL)


def test_an_empty_archive_is_well(archive: Archive) -> None:
    assert problems(archive) == {}
    assert not archive.directory.store.exists(), "no store was started for it"


def test_a_worker_that_gives_no_sign_of_life_is_missed_while_files_wait(archive: Archive) -> None:
    client = create_app(archive).test_client()
    archive.catalog.jobs.add("nvr", [(seen("a.mp4"), 0.0)])
    answer = get(client, "/healthz")
    assert answer.status_code == 503
    assert answer.json is not None and set(answer.json["problems"]) == {"worker"}
    archive.catalog.worker.say("1@here", "working")
    assert problems(archive) == {}
    dead = datetime.now(UTC) - SIGN_OF_LIFE - timedelta(seconds=5)
    last_sign_of_life(archive, dead)
    assert "no sign of life for 6" in problems(archive)[Part.WORKER]


def test_a_source_that_cannot_be_read_is_told(
    archive: Archive, caplog: pytest.LogCaptureFixture
) -> None:
    client = create_app(archive).test_client()
    for name in ("door", "nvr"):
        archive.catalog.sources.put(name, SourceSettings(folder=Path("/") / name))
    archive.catalog.worker.say("1@here", "working", ["nvr", "removed since"])
    answer = get(client, "/healthz")
    assert answer.status_code == 503 and answer.json is not None
    assert answer.json["problems"] == {"sources": "Not all can be read of 1 source."}
    assert "these sources: nvr." in caplog.text
    told = samples(client)
    assert (told["mmrag_source_readable", "nvr"], told["mmrag_source_readable", "door"]) == (0, 1)
    [finding] = [one for one in examine(archive) if one.subject == "sources"]
    assert finding.health is Health.DOUBTFUL and finding.detail.endswith("all of: nvr")
    archive.catalog.worker.say("1@here", "working")
    assert problems(archive) == {}
    assert samples(client)["mmrag_source_readable", "nvr"] == 1


def test_a_dead_worker_is_missed_where_there_are_sources(tmp_path: Path) -> None:
    of_the_settings = Settings(data_dir=tmp_path / "a", sources={"nvr": SourceSettings(folder="/")})
    with Archive(of_the_settings) as archive:
        assert set(problems(archive)) == {Part.WORKER}
    with Archive(Settings(data_dir=tmp_path / "b")) as archive:
        assert problems(archive) == {}
        archive.catalog.sources.put("nvr", SourceSettings(folder=Path("/nvr")))
        assert set(problems(archive)) == {Part.WORKER}


def store_processes(archive: Archive) -> list[psutil.Process]:
    """The embedded server and what it has started."""
    server = json.loads((archive.directory.store / ADDRESS_FILE).read_text())
    keeper = psutil.Process(server["pid"])
    return [keeper, *keeper.children(recursive=True)]


def kill_store(archive: Archive) -> None:
    killed = store_processes(archive)
    for process in killed:
        process.kill()
    psutil.wait_procs(killed, timeout=15)


def test_an_embedded_store_that_was_killed_is_started_again(searchable: Archive) -> None:
    assert problems(searchable) == {}
    kill_store(searchable)
    deadline = time.monotonic() + 60
    while problems(searchable):  # starting may take longer than it has to answer
        assert time.monotonic() < deadline
    assert all(process.is_running() for process in store_processes(searchable))


def test_a_store_elsewhere_that_dies_is_told(searchable: Archive) -> None:
    assert problems(searchable) == {}, "it runs"
    server = json.loads((searchable.directory.store / ADDRESS_FILE).read_text())
    uri = f"http://127.0.0.1:{server['port']}"
    settings = searchable.settings.model_copy(update={"store": StoreSettings(uri=uri)})
    with Archive(settings) as archive:
        assert problems(archive) == {}
        kill_store(searchable)
        answer = get(create_app(archive).test_client(), "/healthz")
    assert answer.status_code == 503
    assert answer.json is not None and set(answer.json["problems"]) == {"store"}


def test_a_store_that_hangs_holds_up_neither_health_nor_metrics(searchable: Archive) -> None:
    searchable.warm_up()
    hung = store_processes(searchable)
    client = create_app(searchable).test_client()
    for process in hung:
        process.suspend()
    try:
        answer = get(client, "/healthz")
        assert answer.status_code == 503
        told = {"store": "The frame store did not answer within 2 s."}
        assert answer.json == {"status": "failing", "problems": told}
        assert get(client, "/metrics").status_code == 200
    finally:
        for process in hung:
            process.resume()


def test_a_store_elsewhere_that_is_gone_is_told_without_its_address(searchable: Archive) -> None:
    """Its uri may hold a login, and whoever reaches the page may ask."""
    elsewhere = searchable.settings.model_copy(
        update={"store": StoreSettings(uri="http://user:hunter2@127.0.0.1:9")}
    )
    with Archive(elsewhere) as archive:
        answer = get(create_app(archive).test_client(), "/healthz")
    assert answer.status_code == 503
    assert answer.json is not None and set(answer.json["problems"]) == {"store"}
    for secret in ("hunter2", "127.0.0.1", str(elsewhere.data_dir)):
        assert secret not in words_of(answer)


def test_a_damaged_catalog_is_told_without_its_path(tmp_path: Path) -> None:
    with Archive(Settings(data_dir=tmp_path)) as archive:
        client = create_app(archive).test_client()
        archive.directory.catalog.write_bytes(b"no database" * 1000)
        answer = get(client, "/healthz")
        assert get(client, "/metrics").status_code == 500
    assert answer.status_code == 503
    assert answer.json is not None
    assert answer.json["problems"] == {"catalog": "The catalog cannot be read."}
    assert str(tmp_path) not in words_of(answer)


def test_a_disk_that_is_nearly_full_is_told(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    # No test can fill a disk of unknown size: the bound is put above it instead.
    free = shutil.disk_usage(archive.settings.data_dir.parent).free
    monkeypatch.setattr("web.health_check.LEAST_SPACE", 10 * free)
    assert set(problems(archive)) == {Part.DISK}
    monkeypatch.setattr("web.health_check.LEAST_SPACE", min(LEAST_SPACE, free // 2))
    assert problems(archive) == {}


def test_a_result_holds_for_a_moment(archive: Archive) -> None:
    check = HealthCheck(archive)
    assert check.problems() == ()
    archive.catalog.jobs.add("nvr", [(seen("a.mp4"), 0.0)])
    assert check.problems() == (), "who asks often is told what was found just now"
    assert [problem.part for problem in HealthCheck(archive).problems()] == [Part.WORKER]


@pytest.mark.parametrize("path", ["/healthz", "/metrics"])
def test_only_this_machine_is_told_where_the_page_is_for_it_alone(
    client: FlaskClient, path: str
) -> None:
    assert client.get(path, headers={"Host": "attacker.example"}).status_code == 421
    answer = client.get(path, base_url=LOCAL)
    assert answer.status_code == 200
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
