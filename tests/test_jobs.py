"""The worker's queue: who comes next, and what is kept of what became of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st
from sqlalchemy import update

from mmrag_video.catalog.catalog import Catalog
from mmrag_video.catalog.jobs import Job, JobQueue, JobState, SeenFile
from mmrag_video.catalog.tally import counts_by_state
from mmrag_video.catalog.work_schema import JobRow

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[JobQueue]:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        yield catalog.jobs


def file(name: str, size: int = 1, changed: int = 1) -> SeenFile:
    return SeenFile(Path("/nvr", name), size, changed, NOON)


def taken(queue: JobQueue) -> Job:
    job = queue.take("worker")
    assert job is not None
    return job


def test_the_lowest_turn_comes_first_and_then_what_was_found_first(queue: JobQueue):
    queue.add("nvr", [(file("b"), 2), (file("a"), 2), (file("c"), 1)])
    assert [taken(queue).file.path.name for _ in range(3)] == ["c", "b", "a"]
    assert queue.take("worker") is None


def test_a_job_that_is_done_is_known_by_its_file(queue: JobQueue):
    queue.add("nvr", [(file("a", size=5, changed=7), 0)])
    queue.finish(taken(queue), frames=3)
    assert queue.known("nvr") == {Path("/nvr/a"): (5, 7, JobState.DONE)}
    assert queue.known("other") == {}
    [done] = queue.jobs(JobState.DONE)
    assert (done.frames, done.worker, done.error) == (3, None, "")


def test_a_file_that_changed_is_a_new_job_with_all_its_tries(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0)])
    queue.set_aside(taken(queue), "It is no video.")
    queue.add("nvr", [(file("a", size=9), 0)])
    again = taken(queue)
    assert (again.attempts, again.error, again.file.size) == (0, "", 9)


def test_a_file_that_changes_while_it_is_worked_on_is_left_to_the_one_at_it(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0)])
    job = taken(queue)
    queue.add("nvr", [(file("a", size=9), 0)])
    assert queue.take("another") is None
    queue.finish(job, frames=1)
    # The next look finds another size than the one that was done.
    assert queue.known("nvr")[Path("/nvr/a")][:2] == (1, 1)


def test_what_failed_waits_and_is_taken_again_when_somebody_asks(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0), (file("b"), 0)])
    queue.retry_later(taken(queue), "The disk did not answer.", timedelta(hours=1))
    other = taken(queue)
    assert queue.take("worker") is None
    assert not queue.is_any_due()
    queue.put_back(other)
    assert queue.ask_again() == 1, "what only waits did not fail"
    again = taken(queue)
    assert (again.file.path.name, again.attempts) == ("a", 0)


def test_what_was_at_hand_when_a_worker_died_waits_again(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0)])
    queue.beat(taken(queue), 3.0, 9.0)
    [running] = queue.jobs(JobState.RUNNING)
    assert (running.worker, running.done_seconds, running.total_seconds) == ("worker", 3.0, 9.0)
    assert running.heartbeat is not None
    assert queue.put_back_running() == 1
    assert taken(queue).attempts == 0, "it was not the recording's fault"


def test_a_clock_that_is_set_neither_hurries_nor_delays_a_second_try(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0)])
    queue.retry_later(taken(queue), "The disk did not answer.", timedelta(minutes=1))
    [before] = queue.jobs(JobState.WAITING)
    queue.shift_due(timedelta(hours=-1))
    [after] = queue.jobs(JobState.WAITING)
    assert after.due == before.due - timedelta(hours=1)


def test_what_was_found_by_a_clock_that_ran_ahead_is_taken_at_once(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0), (file("b"), 1)])
    queue.put_back(taken(queue))
    queue.shift_due(timedelta(hours=-1))
    ahead = datetime.now(UTC) + timedelta(hours=1)
    with queue._database.writing() as session:  # as if they had been found an hour from now
        session.execute(update(JobRow).values(due=ahead))
    assert queue.is_any_due()
    assert [taken(queue).file.path.name for _ in range(2)] == ["a", "b"]


def test_files_of_sources_that_are_no_more_wait(queue: JobQueue):
    queue.add("gone", [(file("a"), 0)])
    queue.add("nvr", [(file("b"), 1)])
    assert queue.take("worker", ["other"]) is None
    assert not queue.is_any_due(["other"])
    job = queue.take("worker", ["nvr", "other"])
    assert job is not None and job.file.path.name == "b"


def test_an_error_that_names_a_file_of_stray_bytes_is_kept_readable(queue: JobQueue):
    queue.add("nvr", [(file("a"), 0)])
    queue.set_aside(taken(queue), "/nvr/\udcff.mp4 is no video.")
    assert queue.jobs(JobState.SET_ASIDE)[0].error == "/nvr/\\udcff.mp4 is no video."


@tried(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.sampled_from(["take", "finish", "fail", "aside", "back", "die", "gone"]), max_size=12
    )
)
def test_whatever_happens_every_file_is_there_once(tmp_path: Path, events: list[str]):
    with Catalog(tmp_path / f"{uuid4().hex}.sqlite") as catalog:
        queue = catalog.jobs
        names = ["a", "b", "c"]
        queue.add("nvr", [(file(name), 0) for name in names])
        held: list[Job] = []
        for event in events:
            if event == "take":
                held += [job for job in [queue.take("worker")] if job]
            elif event == "die":
                queue.put_back_running()
                held.clear()
            elif event == "gone":
                queue.mark_gone([Path("/nvr/a")])
            elif held:
                end(queue, held.pop(), event)
        assert sorted(path.name for path in queue.known("nvr")) == names
        assert sum(counts_by_state(catalog.database).values()) == len(names)
        assert {job.id for job in queue.jobs(JobState.RUNNING)} == {job.id for job in held}


def end(queue: JobQueue, job: Job, how: str) -> None:
    if how == "finish":
        queue.finish(job, frames=1)
    elif how == "fail":
        queue.retry_later(job, "It failed.", timedelta(seconds=0))
    elif how == "aside":
        queue.set_aside(job, "It failed.")
    elif how == "back":
        queue.put_back(job)
