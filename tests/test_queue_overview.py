"""The queue as the command and the page show it, how fast it is worked off, and what is asked."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import Job, JobState
from mmrag_video.catalog.tally import DoneJob
from mmrag_video.cli import cli
from mmrag_video.errors import ExitCode
from mmrag_video.queue_overview import progress_of, queue_overview
from mmrag_video.settings import WorkerSettings
from tests.conftest import Command
from tests.queued import WORKER, fail_next, run_next, wait_in_line

pytestmark = pytest.mark.toy_model

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


def done(begun: float, ended: float, footage: float) -> DoneJob:
    """A recording that was worked on between two numbers of seconds before noon."""
    begin, end = NOON - timedelta(seconds=begun), NOON - timedelta(seconds=ended)
    return DoneJob(begin, end, footage, frames=10)


def at_hand(archive: Archive, begun: float, footage: float) -> Job:
    """One that was begun so many seconds before noon."""
    wait_in_line(archive.catalog, Path("/nvr/a.mp4"))
    job = run_next(archive.catalog)
    return replace(job, begun=NOON - timedelta(seconds=begun), heartbeat=NOON, done_seconds=footage)


def test_the_speed_is_that_of_the_time_in_which_there_was_work() -> None:
    progress = progress_of([done(1000, 990, 600), done(50, 40, 600)], [], NOON)
    assert (progress.recordings, progress.frames) == (2, 20)
    assert progress.times_real_time == pytest.approx(60)


def test_recordings_worked_on_at_a_time_take_that_time_once() -> None:
    progress = progress_of([done(30, 10, 600), done(20, 10, 600)], [], NOON)
    assert progress.times_real_time == pytest.approx(60)


def test_of_older_work_only_the_part_within_the_hour_counts() -> None:
    progress = progress_of([done(7200, 0, 7200)], [], NOON)
    assert (progress.footage, progress.seconds) == (pytest.approx(3600), 3600)


def test_what_is_done_of_a_recording_at_hand_counts(archive: Archive) -> None:
    progress = progress_of([], [at_hand(archive, begun=100, footage=500)], NOON)
    assert (progress.recordings, progress.frames) == (0, 0)
    assert progress.times_real_time == pytest.approx(5)


@given(
    st.lists(
        st.tuples(st.floats(0, 8000), st.floats(0, 8000), st.floats(0, 1e6)).map(
            lambda drawn: done(max(drawn[:2]), min(drawn[:2]), drawn[2])
        )
    )
)
def test_no_work_takes_longer_than_the_hour_or_is_counted_twice(jobs: list[DoneJob]) -> None:
    progress = progress_of(jobs, [], NOON)
    assert 0 <= progress.seconds <= 3600
    assert 0 <= progress.footage <= sum(job.footage for job in jobs) * (1 + 1e-9)


def test_an_empty_queue_has_been_caught_up_with(archive: Archive) -> None:
    overview = queue_overview(archive)
    assert overview.is_idle and overview.caught_up == overview.at


def queue_of_each(archive: Archive) -> datetime:
    """One of 600 s done in a minute, one half done, two untried; and two that failed."""
    catalog = archive.catalog
    names = ["fails", "later", "done", "runs", "waits", "waits too"]
    wait_in_line(catalog, *(Path(f"/nvr/{name}.mp4") for name in names))
    fail_next(catalog, "The recording /nvr/fails.mp4 is damaged.")
    fail_next(catalog, "The store cannot be reached.", again=timedelta(hours=1))
    job = run_next(catalog, done=600, total=600)
    catalog.jobs.finish(job, frames=40)
    run_next(catalog, done=300, total=600)
    return datetime.now(UTC) + timedelta(seconds=1)


def test_the_overview_tells_what_runs_waits_and_failed(archive: Archive) -> None:
    at = queue_of_each(archive)
    archive.catalog.worker.say(WORKER, "2 recordings at a time")
    overview = queue_overview(archive, at)
    assert [job.file.path.name for job in overview.running] == ["runs.mp4"]
    assert [job.file.path.name for job in overview.next] == ["waits.mp4", "waits too.mp4"]
    assert [job.file.path.name for job in overview.failed] == ["later.mp4", "fails.mp4"]
    assert (overview.untried, overview.failures, overview.counts[JobState.DONE]) == (2, 2, 1)


def test_it_is_caught_up_when_the_rest_is_done_at_the_speed_of_the_last_hour(
    archive: Archive,
) -> None:
    at = queue_of_each(archive)
    archive.catalog.worker.say(WORKER, "")
    overview = queue_overview(archive, at)
    speed = overview.progress.times_real_time
    assert speed is not None and overview.caught_up is not None
    left = 300 + 2 * 600  # of the one at hand, and two like those before
    assert (overview.caught_up - at).total_seconds() == pytest.approx(left / speed, abs=1e-5)


def test_nobody_knows_when_it_is_caught_up_while_nobody_is_at_it(archive: Archive) -> None:
    at = queue_of_each(archive)
    assert queue_overview(archive, at).caught_up is None, "there was no worker"
    archive.catalog.worker.say(WORKER, "")
    archive.catalog.worker.pause(True)
    assert queue_overview(archive, at).caught_up is None, "it is paused"
    archive.catalog.worker.pause(False)
    later = queue_overview(archive, at + timedelta(minutes=5))
    assert not later.is_worker_there and later.caught_up is None, "it has ended"


def test_quiet_hours_put_off_the_end(archive: Archive) -> None:
    at = queue_of_each(archive)
    archive.catalog.worker.say(WORKER, "")
    without = queue_overview(archive, at).caught_up
    assert without is not None
    begin, end = at - timedelta(hours=1), at + timedelta(hours=2)
    settings = archive.settings.model_copy(
        update={"worker": WorkerSettings(quiet=(f"{begin:%H:%M}-{end:%H:%M}",))}
    )
    with Archive(settings) as resting:
        put_off = queue_overview(resting, at).caught_up
    assert put_off is not None
    assert put_off == end.replace(second=0, microsecond=0) + (without - at)


def test_the_command_tells_all_of_it(archive: Archive, run: Command) -> None:
    queue_of_each(archive)
    archive.catalog.worker.say(WORKER, "Ingesting runs.mp4")
    told = run("queue")
    assert told.returncode == ExitCode.OK
    for words in (
        f"Worker {WORKER}: Ingesting runs.mp4",
        "1 running, 2 waiting, 2 failed, 1 done.",
        "Last hour: 1 recording, 40 frames, 00:15:00.000 of footage, ",
        "times real time. Caught up at ",
        "00:05:00.000  00:10:00.000  /nvr/runs.mp4",
        "/nvr/waits too.mp4",
        "The recording /nvr/fails.mp4 is damaged.",
        "set aside",
        "The store cannot be reached.",
    ):
        assert words in told.stdout
    as_json = json.loads(run("queue", "--json").stdout)
    assert as_json["worker"]["there"] and as_json["failures"] == 2
    assert [job["error"] for job in as_json["failed"]][1].endswith("fails.mp4 is damaged.")
    assert as_json["last_hour"]["footage_s"] == pytest.approx(900)


def ask(archive: Archive, *arguments: object) -> Result:
    """`mmrag-video queue`, in this process."""
    data = str(archive.directory.root)
    return CliRunner().invoke(cli, ["--data-dir", data, "queue", *map(str, arguments)])


def test_pause_and_resume_are_kept_for_the_worker(archive: Archive) -> None:
    assert ask(archive, "pause").exit_code == ExitCode.OK
    assert archive.catalog.worker.read().paused
    assert ask(archive).stdout.startswith("Paused. No worker has run yet.\n")
    assert ask(archive, "resume").exit_code == ExitCode.OK
    assert not archive.catalog.worker.read().paused


def test_what_failed_is_tried_again_when_asked_one_or_all(archive: Archive) -> None:
    queue_of_each(archive)
    jobs = archive.catalog.jobs
    later, fails = jobs.failed()
    assert "1 recording will be tried again." in ask(archive, "retry", fails.id).stderr
    again = jobs.job(fails.id)
    assert again is not None and again.state is JobState.WAITING and again.due <= datetime.now(UTC)
    assert "1 recording will be tried again." in ask(archive, "retry").stderr
    waiting = jobs.job(later.id)
    assert waiting is not None and waiting.due <= datetime.now(UTC)
    assert jobs.failed() == []


def test_only_what_failed_can_be_tried_again(archive: Archive) -> None:
    queue_of_each(archive)
    [running] = archive.catalog.jobs.jobs(JobState.RUNNING)
    refused = ask(archive, "retry", running.id)
    assert refused.exit_code == ExitCode.USAGE
    assert "has not failed: it is running." in refused.stderr
    unknown = ask(archive, "retry", 99)
    assert unknown.exit_code == ExitCode.USAGE and "There is no job 99" in unknown.stderr
