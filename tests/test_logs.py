"""What the log says: lines for a person or for a collector, and one for each day."""

import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import SeenFile
from mmrag_video.catalog.work_schema import DoneJobRow, JobRow
from mmrag_video.health import WorkDone
from mmrag_video.settings import ClockSettings, Settings
from tests.markdown import document, first_column
from workers import logs
from workers.daily import DailyLine, DayFigures, daily_words, day_figures, days_due

pytestmark = pytest.mark.toy_model

LISBON = ZoneInfo("Europe/Lisbon")
_log = logging.getLogger("workers.test")
_neighbour = logging.getLogger("mmrag_video.test")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Logging is the process's: leave it to the next test as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in logs.OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture
def text() -> io.StringIO:
    stream = io.StringIO()
    logs.set_up("text", stream=stream)
    return stream


@pytest.fixture
def lines() -> io.StringIO:
    stream = io.StringIO()
    logs.set_up("json", stream=stream)
    return stream


def parsed(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


# Lines


def test_a_line_for_a_person_is_time_level_and_sentence(text: io.StringIO) -> None:
    _log.info("%s is searchable.", "a.mp4", extra={"recording": "abc", "frames": 3})
    assert re.fullmatch(
        r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} INFO a\.mp4 is searchable\.\n", text.getvalue()
    )


def test_a_line_for_a_person_names_the_job_that_it_is_about(text: io.StringIO) -> None:
    with logs.about(job=12, path=Path("/nvr/a.mp4")):
        _neighbour.warning("It stammers.")
    _log.warning("Done.")
    first, second = text.getvalue().splitlines()
    assert first.endswith("WARNING It stammers. [job 12]")
    assert second.endswith("WARNING Done.")


def test_a_line_of_json_has_its_time_in_utc_and_its_fields(lines: io.StringIO) -> None:
    before = datetime.now(UTC)
    _log.info("%s is searchable.", "a.mp4", extra={"recording": "abc", "frames": 3, "seconds": 1.5})
    [line] = parsed(lines)
    time = datetime.fromisoformat(str(line.pop("time")))
    assert time.utcoffset() == timedelta(0) and before <= time <= datetime.now(UTC)
    assert line == {
        "level": "INFO",
        "logger": "workers.test",
        "event": "a.mp4 is searchable.",
        "recording": "abc",
        "frames": 3,
        "seconds": 1.5,
    }


def test_all_lines_of_a_thread_hold_what_it_is_about_and_no_others(lines: io.StringIO) -> None:
    beside = threading.Thread(target=lambda: _log.info("Beside it."))
    with logs.about(job=12, source="nvr", path=Path("/nvr/a.mp4")):
        _log.info("Outside.")
        with logs.about(recording="abc", camera="gate"):
            _neighbour.info("Inside.")
            _neighbour.info("Another job's.", extra={"job": 13})
            beside.start()
            beside.join()
        _log.info("Outside again.")
    _log.info("After it.")
    job = {"job": 12, "source": "nvr", "path": "/nvr/a.mp4"}
    recording = {"recording": "abc", "camera": "gate"}
    told = {
        line["event"]: {name: line[name] for name in logs.FIELDS if name in line}
        for line in parsed(lines)
    }
    assert told == {
        "Outside.": job,
        "Inside.": job | recording,
        "Another job's.": job | recording | {"job": 13},
        "Beside it.": {},
        "Outside again.": job,
        "After it.": {},
    }


def test_what_a_job_was_about_is_forgotten_when_it_fails(lines: io.StringIO) -> None:
    with pytest.raises(ValueError, match="broken"), logs.about(job=12):
        raise ValueError("broken")
    _log.info("The next.")
    assert "job" not in parsed(lines)[0]


@given(st.text(), st.binary(min_size=1).map(lambda name: name.replace(b"\0", b"_")))
def test_any_sentence_and_any_name_make_one_line_that_can_be_read(
    sentence: str, name: bytes
) -> None:
    stream = io.StringIO()
    logs.set_up("json", stream=stream)
    path = Path(name.decode("utf-8", "surrogateescape"))
    with logs.about(path=path):
        _log.info("%s", sentence)
    [line] = parsed(stream)
    assert line["event"] == sentence
    assert line["path"] == logs.readable(path)
    stream.getvalue().encode("ascii")


def test_a_traceback_is_a_field_of_its_line(lines: io.StringIO) -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        _log.exception("It broke off.")
    [line] = parsed(lines)
    assert line["event"] == "It broke off."
    assert "ValueError: broken" in str(line["traceback"])


@pytest.mark.parametrize("form", ["text", "json"])
def test_of_others_only_warnings_are_logged(form: str) -> None:
    stream = io.StringIO()
    logs.set_up("json" if form == "json" else "text", stream=stream)
    logging.getLogger("apscheduler").info("Chatter.")
    logging.getLogger("apscheduler").warning("Trouble.")
    _log.debug("Detail.")
    assert "Trouble." in stream.getvalue()
    assert "Chatter." not in stream.getvalue() and "Detail." not in stream.getvalue()


def test_every_field_is_documented(lines: io.StringIO) -> None:
    _log.info("A line.")
    always = set(parsed(lines)[0])
    assert first_column(document("health.md"), "Field") == always | set(logs.FIELDS) | {"traceback"}


# The daily line


def in_lisbon(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=LISBON)


@pytest.fixture
def lisbon(tmp_path: Path) -> Iterator[Archive]:
    settings = Settings(data_dir=tmp_path / "data", clock=ClockSettings(zone="Europe/Lisbon"))
    with Archive(settings) as archive:
        yield archive


def done(archive: Archive, name: str, ended: datetime, footage: float = 360) -> None:
    """A recording of so many seconds, done at that time in a minute."""
    file = SeenFile(Path("/nvr") / name, 1000, 1, ended)
    archive.catalog.jobs.add("nvr", [(file, 0.0)])
    job = archive.catalog.jobs.take("test")
    assert job is not None
    archive.catalog.jobs.beat(job, footage, footage)
    archive.catalog.jobs.finish(job, frames=10)
    times = {"begun": ended - timedelta(minutes=1), "ended": ended}
    with archive.catalog.database.writing() as session:
        session.execute(update(JobRow).where(JobRow.id == job.id).values(**times))
        session.execute(update(DoneJobRow).where(DoneJobRow.job == job.id).values(**times))


def daily_lines(stream: io.StringIO) -> list[tuple[object, object]]:
    return [(line["day"], line["recordings"]) for line in parsed(stream)]


def test_the_day_is_said_once_when_it_is_over(lisbon: Archive, lines: io.StringIO) -> None:
    daily = DailyLine(lisbon)
    daily.tell(in_lisbon("2026-03-02 09:00"))
    done(lisbon, "a.mp4", in_lisbon("2026-03-02 10:00"))
    done(lisbon, "b.mp4", in_lisbon("2026-03-03 00:00"))  # the next day's
    for now in ("2026-03-02 23:59", "2026-03-03 00:01", "2026-03-03 00:05", "2026-03-03 23:00"):
        daily.tell(in_lisbon(now))
    assert daily_lines(lines) == [("2026-03-02", 1)]
    daily.tell(in_lisbon("2026-03-04 00:01"))
    assert daily_lines(lines) == [("2026-03-02", 1), ("2026-03-03", 1)]


def test_a_restart_says_no_day_twice_and_makes_up_for_what_was_missed(
    lisbon: Archive, lines: io.StringIO
) -> None:
    DailyLine(lisbon).tell(in_lisbon("2026-03-02 09:00"))
    done(lisbon, "a.mp4", in_lisbon("2026-03-02 10:00"))
    for _ in range(2):  # stopped for three days, then started twice
        DailyLine(lisbon).tell(in_lisbon("2026-03-05 07:00"))
    assert daily_lines(lines) == [("2026-03-02", 1), ("2026-03-04", 0)]


def test_a_clock_that_is_set_says_no_day_twice(lisbon: Archive, lines: io.StringIO) -> None:
    DailyLine(lisbon).tell(in_lisbon("2026-03-02 09:00"))
    for now in ("2026-03-03 00:10", "2026-03-02 23:40", "2026-03-03 00:20"):
        DailyLine(lisbon).tell(in_lisbon(now))
    assert daily_lines(lines) == [("2026-03-02", 0)]
    DailyLine(lisbon).tell(in_lisbon("2027-03-03 12:00"))  # set wrongly, and back
    DailyLine(lisbon).tell(in_lisbon("2026-03-03 12:00"))
    DailyLine(lisbon).tell(in_lisbon("2026-03-04 12:00"))
    assert daily_lines(lines) == [("2026-03-02", 0), ("2027-03-02", 0), ("2026-03-03", 0)]


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-03-02", 24)]
)
def test_a_local_day_has_the_hours_that_its_clocks_show(
    lisbon: Archive, day: str, hours: int
) -> None:
    first = in_lisbon(f"{day} 00:00").astimezone(UTC)
    for hour in range(-1, 27):
        done(lisbon, f"{hour}.mp4", first + timedelta(hours=hour, minutes=30))
    told = day_figures(lisbon, date.fromisoformat(day), LISBON, let_go=0)
    assert told.done.recordings == hours


@given(st.lists(st.integers(-40, 40), max_size=60))
def test_days_are_told_in_order_and_none_is_still_to_come(steps: list[int]) -> None:
    """However the clock goes, by hours."""
    now, told = datetime(2026, 3, 2, 9), date(2026, 3, 1)
    for step in steps:
        now += timedelta(hours=step)
        for day in days_due(told, now.date()):
            assert told < day < now.date()
            told = day


def test_what_was_let_go_of_is_said_once(lisbon: Archive, lines: io.StringIO) -> None:
    DailyLine(lisbon).tell(in_lisbon("2026-03-02 09:00"))
    lisbon.catalog.worker.note_let_go(2)
    lisbon.catalog.worker.note_let_go(3)
    DailyLine(lisbon).tell(in_lisbon("2026-03-03 09:00"))
    DailyLine(lisbon).tell(in_lisbon("2026-03-04 09:00"))
    assert [line["let_go"] for line in parsed(lines)] == [5, 0]


def test_the_line_holds_all_that_a_day_is_judged_by() -> None:
    done_that_day = WorkDone(recordings=12, footage=12_240, seconds=272, frames=1204)
    day = DayFigures(
        date(2026, 3, 2), done_that_day, failed=1, set_aside=2, hits=1, let_go=5, free=3 * 1024**3
    )
    assert daily_words(day) == (
        "Monday 2026-03-02: 12 recordings done, 3.4 h of footage, 1204 frames kept; "
        "45 times real time; 1 failed and to be tried again, 2 set aside; "
        "1 hit of saved searches; 5 recordings let go of; 3.0 GB free now."
    )
