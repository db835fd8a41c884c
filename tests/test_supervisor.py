"""What `serve` runs is started again when it dies, and ends whole: real processes throughout."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from mmrag_video.archive import Archive
from mmrag_video.errors import ExitCode
from mmrag_video.index.server import end_unused_server, lease_server
from tests.conftest import (
    COMMAND,
    environment,
    ingest_all,
    quick_settings,
    toy_settings,
    with_own_store,
)
from tests.supervised import Supervised, address_of, keeper_of, lives, serve_over, wait_until

SUPERVISOR = """
import json, logging, os, sys
from workers.supervisor import Program, Waits, supervise
logging.basicConfig(format="%(message)s", level=logging.INFO)
programs, waits = json.load(sys.stdin)
programs = [Program(name, (sys.executable, "-c", code)) for name, code in programs.items()]
sys.exit(supervise(programs, os.environ, Waits(**waits)))
"""
QUICK = {"first": 0.1, "longest": 0.4, "stop": 3.0}
LIVES = "import time; print('up', flush=True); time.sleep(600)"
TELLS_ITS_END = """
import signal, sys, time
def end(*_):
    time.sleep(0.2)
    print('{name} ends', flush=True)
    sys.exit(130)
signal.signal(signal.SIGTERM, end)
print('{name} is up', flush=True)
time.sleep(600)
"""
IGNORES_SIGTERM = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)
print('stubborn is up', flush=True)
time.sleep(600)
"""
LEAVES_A_CHILD_THAT_HANGS = """
import os, signal, subprocess, sys, time
child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'],
                         start_new_session=True)
os.kill(child.pid, signal.SIGSTOP)
print('parent is up', flush=True)
time.sleep(600)
"""
ENDS_WITH_PARENT = """
import time
from mmrag_video.end_with_parent import end_in_order, when_parent_ends
when_parent_ends(end_in_order)
print('up', flush=True)
time.sleep(600)
"""


Start = Callable[..., Supervised]


@pytest.fixture
def supervised() -> Iterator[Start]:
    """Starts a supervisor over programs given as Python code by name."""
    started: list[Supervised] = []

    def start(programs: dict[str, str], **waits: float) -> Supervised:
        told = json.dumps([programs, {**QUICK, **waits}])
        one = Supervised([sys.executable, "-c", SUPERVISOR], dict(os.environ), told)
        started.append(one)
        return one

    yield start
    for one in started:
        one.close()


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Start]:
    """Starts `mmrag-video serve` on a free port."""
    started: list[Supervised] = []

    def start(data: Path, *options: str, **variables: str) -> Supervised:
        started.append(serve_over(data, *options, **variables))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_what_dies_is_started_again_after_growing_waits_up_to_the_longest(supervised: Start):
    one = supervised({"worker": "raise SystemExit(7)"})
    told = one.wait_for("worker ended with exit code 7; next try in", times=4)
    assert [line.split()[-2] for line in told[:4]] == ["0.1", "0.2", "0.4", "0.4"]
    one.wait_for(r"worker was started again \(process \d+\)")
    assert one.stop() == ExitCode.INTERRUPTED


def test_a_program_that_lived_long_enough_starts_again_as_at_first(supervised: Start):
    one = supervised({"worker": "import time; time.sleep(0.5); raise SystemExit(1)"}, settled=0.3)
    told = one.wait_for("next try in", times=3)
    assert {line.split()[-2] for line in told} == {"0.1"}


def test_a_death_by_signal_is_told_and_the_others_live_on(supervised: Start):
    one = supervised({"page": LIVES, "worker": LIVES})
    one.wait_for("up", times=2)
    page, worker = psutil.Process(one.process.pid).children()
    page.kill()
    one.wait_for("page was killed by SIGKILL; next try in 0.1 s")
    one.wait_for("up", times=3)
    assert lives(worker)
    assert one.stop() == ExitCode.INTERRUPTED


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_programs_stop_one_by_one_the_last_that_was_started_first(
    supervised: Start, how: signal.Signals
):
    names = ("store", "page", "worker")
    one = supervised({name: TELLS_ITS_END.format(name=name) for name in names})
    one.wait_for("is up", times=3)
    assert one.stop(how) == ExitCode.INTERRUPTED
    assert one.wait_for("ends$", times=3) == ["worker ends", "page ends", "store ends"]


def test_what_ignores_sigterm_is_killed_with_its_children_and_the_others_end_in_order(
    supervised: Start,
):
    one = supervised({"store": TELLS_ITS_END.format(name="store"), "worker": IGNORES_SIGTERM})
    one.wait_for("is up", times=2)
    assert len(one.family()) == 3
    assert one.stop() == ExitCode.INTERRUPTED
    one.wait_for(r"worker did not end in 1\.\d s and is killed")
    one.wait_for("store ends")


def test_a_child_of_a_program_that_hangs_does_not_outlive_it(supervised: Start):
    one = supervised({"worker": LEAVES_A_CHILD_THAT_HANGS})
    one.wait_for("is up")
    assert len(one.family()) == 2
    assert one.stop() == ExitCode.INTERRUPTED


def test_a_ctrl_c_in_the_terminal_reaches_the_supervisor_alone(supervised: Start):
    one = supervised({"page": LIVES, "worker": LIVES})
    one.wait_for("up", times=2)
    groups = {os.getpgid(child.pid) for child in one.family()}
    assert len(groups) == 2 and os.getpgid(one.process.pid) not in groups


def test_a_program_that_refuses_its_settings_at_first_ends_all_with_its_code(supervised: Start):
    one = supervised({"worker": LIVES, "page": "import time; time.sleep(1); raise SystemExit(2)"})
    one.wait_for("up")
    one.family()
    assert one.process.wait(timeout=30) == ExitCode.USAGE
    one.nothing_is_left()


def test_a_program_that_ran_before_is_tried_again_whatever_its_code(
    supervised: Start, tmp_path: Path
):
    mark = tmp_path / "ran"
    code = f"from pathlib import Path; p = Path({str(mark)!r}); known = p.exists(); p.touch(); "
    one = supervised({"page": code + "raise SystemExit(2 if known else 1)"})
    one.wait_for("page ended with exit code 2; next try in", times=2)
    assert one.stop() == ExitCode.INTERRUPTED


def test_what_cannot_be_started_is_tried_again(tmp_path: Path):
    code = SUPERVISOR.replace('(sys.executable, "-c", code)', "(code,)")
    program = tmp_path / "program"
    told = json.dumps([{"page": str(program)}, QUICK])
    one = Supervised([sys.executable, "-c", code], dict(os.environ), told)
    try:
        one.wait_for(r"page cannot be started \(No such file or directory\); next try in")
        draft = tmp_path / "draft"
        draft.write_text("#!/bin/sh\necho up\nexec sleep 600\n")
        draft.chmod(0o755)
        draft.rename(program)
        one.wait_for("^up$")
        assert one.stop() == ExitCode.INTERRUPTED
    finally:
        one.close()


def test_programs_end_when_the_supervisor_is_killed_outright(supervised: Start):
    one = supervised({"page": ENDS_WITH_PARENT, "worker": ENDS_WITH_PARENT})
    one.wait_for("up", times=2)
    assert len(one.family()) == 2
    one.process.kill()
    one.nothing_is_left()


# The store


def test_an_unused_server_ends_without_lingering_and_a_used_one_stays(tmp_path: Path):
    folder = tmp_path / "store"
    with lease_server(folder, linger=600) as lease:
        keeper = psutil.Process(json.loads((folder / "server.json").read_text())["pid"])
        assert not end_unused_server(folder, 0.5)
        assert lease.is_served
    assert end_unused_server(folder, 10)
    assert not lives(keeper)
    assert end_unused_server(folder, 0.5), "where there is none, none is left"


def test_a_server_that_hangs_is_killed(tmp_path: Path):
    folder = tmp_path / "store"
    with lease_server(folder, linger=600):
        keeper = psutil.Process(json.loads((folder / "server.json").read_text())["pid"])
        keeper.suspend()
    assert end_unused_server(folder, 0.5)
    assert not lives(keeper)


# All of it


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, yard_clip: Path) -> Path:
    """A data directory that holds the yard's recording; each test ends what it serves."""
    settings = with_own_store(toy_settings(tmp_path_factory.mktemp("served") / "data"))
    with Archive(settings) as archive:
        ingest_all(archive, yard_clip)
    return settings.data_dir


def answers(address: str) -> bool:
    """Whether a search on the page finds the yard's recording."""
    try:
        with urllib.request.urlopen(f"{address}?q=something+red", timeout=30) as page:
            return b"yard" in page.read()
    except (urllib.error.URLError, ConnectionError):
        return False


@pytest.mark.slow
def test_serve_answers_again_after_page_worker_or_store_were_killed(serve: Start, data: Path):
    one = serve(data)
    address = address_of(one)
    assert answers(address)
    worker, page, keeper = one.child("stdin work"), one.child("stdin page"), keeper_of(data)
    one.seen.add(keeper)
    page.kill()
    one.wait_for("page was killed by SIGKILL; next try in 1 s")
    assert address_of(one, times=2) == address, "what is open in a browser goes on"
    assert answers(address)
    assert lives(worker)
    worker.kill()
    one.wait_for("worker was started again")
    keeper.kill()
    one.wait_for("store was started again")
    wait_until(lambda: answers(address))
    one.seen.add(keeper_of(data))
    assert lives(one.child("stdin page")) and lives(one.child("stdin work"))
    assert one.stop() == ExitCode.INTERRUPTED
    assert "Traceback" not in "\n".join(one.lines)


@pytest.mark.slow
def test_supervisor_and_store_log_for_collectors_where_the_worker_does(serve: Start, data: Path):
    one = serve(data, MMRAG_WORKER__LOG="json")
    address_of(one)
    one.family()
    keeper = keeper_of(data)
    one.seen.add(keeper)
    keeper.kill()
    [ended, again] = one.wait_for("frame store's server|store ended with exit code", times=2)[:2]
    told = {line["logger"]: line["level"] for line in (json.loads(ended), json.loads(again))}
    assert told == {"workers.store": "ERROR", "workers.supervisor": "WARNING"}
    one.wait_for("store was started again")
    assert one.stop() == ExitCode.INTERRUPTED


def test_serve_killed_outright_leaves_nothing_running(serve: Start, data: Path):
    one = serve(data)
    assert answers(address_of(one))
    one.family()
    one.seen.add(keeper_of(data))
    assert len(one.seen) >= 4, "store, its server, page, worker"
    one.process.kill()
    one.nothing_is_left()


def test_serve_ends_with_code_2_when_the_port_is_taken(serve: Start, data: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        one = serve(data, "--port", f"{port}")
        assert one.process.wait(timeout=60) == ExitCode.USAGE
    one.wait_for(f"Port {port} of 127.0.0.1 is taken: .* --port or web.port")
    assert not any("setting" in line for line in one.lines), "they are as they should be"


def test_serve_ends_with_code_2_and_one_sentence_for_a_setting_that_is_none(
    serve: Start, tmp_path: Path
):
    one = serve(tmp_path / "data", MMRAG_CLOCK__ZONE="Lisboa")
    assert one.process.wait(timeout=60) == ExitCode.USAGE
    one.wait_for("Lisboa")
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_data_directory_that_is_not_there_yet_is_no_wrong_usage(tmp_path: Path, command: str):
    """So that the unit starts it again, until its disk is mounted."""
    (tmp_path / "unmounted").touch()
    told = subprocess.run(
        [*COMMAND, command],
        env=environment(with_own_store(quick_settings(tmp_path / "unmounted" / "data"))),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == ExitCode.FAILED
    assert f"The data directory {tmp_path}" in told.stderr
    assert "Traceback" not in told.stderr


def test_serve_starts_no_store_where_there_is_one_elsewhere(serve: Start, tmp_path: Path):
    one = serve(tmp_path / "data", MMRAG_STORE__URI="http://127.0.0.1:1")
    address_of(one)
    assert not [child for child in one.family() if "store" in " ".join(child.cmdline())]
    assert one.stop() == ExitCode.INTERRUPTED
