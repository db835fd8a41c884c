"""The shared server: one per data directory, however many use it, and none when nobody does."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest
from pymilvus import MilvusClient

from mmrag_video.errors import StoreError
from mmrag_video.index.server import lease_server

CLIENT = """
import sys
from pathlib import Path
from mmrag_video.index.server import lease_server
with lease_server(Path(sys.argv[1]), linger=float(sys.argv[2])) as lease:
    print(lease.uri, flush=True)
    sys.stdin.read()
"""


class Client:
    """Another process that uses the server until it is told to leave, or is killed."""

    def __init__(self, directory: Path, linger: float = 0) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", CLIENT, str(directory), str(linger)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def uri(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        self.process.communicate()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def store_folder(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "store"
    yield folder
    wait_until(lambda: not serving(folder))


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.05)


def serving(folder: Path) -> list[psutil.Process]:
    """The keepers at work on this folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "mmrag_video.index.keeper" in words and str(folder) in words:
            found.append(process)
    return found


def test_the_server_answers_while_it_is_leased_and_stops_afterwards(store_folder: Path) -> None:
    with lease_server(store_folder, linger=0) as lease:
        assert lease.uri.startswith("http://127.0.0.1:")
        assert MilvusClient(lease.uri).list_collections() == []
        address = json.loads((store_folder / "server.json").read_text())
        assert psutil.pid_exists(address["pid"])
    wait_until(lambda: not (store_folder / "server.json").exists())


def test_it_is_reachable_from_this_machine_only(store_folder: Path) -> None:
    with lease_server(store_folder, linger=0):
        (keeper,) = serving(store_folder)
        listening = [c for c in keeper.net_connections() if c.status == psutil.CONN_LISTEN]
        addresses = {connection.laddr.ip.removeprefix("::ffff:") for connection in listening}
        assert addresses == {"127.0.0.1"}


def test_many_first_clients_at_one_time_start_one_server(store_folder: Path) -> None:
    clients = [Client(store_folder) for _ in range(4)]
    assert len({client.uri() for client in clients}) == 1
    assert len(serving(store_folder)) == 1
    for client in clients:
        client.leave()


def test_a_client_that_is_killed_leaves_nothing_running(store_folder: Path) -> None:
    client = Client(store_folder)
    assert client.uri()
    client.kill()
    wait_until(lambda: not serving(store_folder))


def test_the_server_outlives_its_last_client_for_a_while(store_folder: Path) -> None:
    with lease_server(store_folder, linger=5) as first:
        pass
    with lease_server(store_folder, linger=5) as second:
        assert second == first
        (keeper,) = serving(store_folder)
    keeper.terminate()  # asked to stop, it does so at once


def test_a_server_that_was_killed_is_replaced(store_folder: Path) -> None:
    with ExitStack() as leases:
        first = leases.enter_context(lease_server(store_folder, linger=0))
        assert first.is_served
        (keeper,) = serving(store_folder)
        keeper.kill()
        keeper.wait(60)
        assert not first.is_served
        assert (store_folder / "server.json").exists()  # void now, and known to be
        again = leases.enter_context(lease_server(store_folder, linger=0))
        assert MilvusClient(again.uri).list_collections() == []
        assert again.is_served


def test_an_address_left_from_before_a_reboot_is_not_believed(store_folder: Path) -> None:
    store_folder.mkdir()
    stale = {"pid": os.getpid(), "port": 9, "milvus_lite": "3.2.2"}
    (store_folder / "server.json").write_text(json.dumps(stale))
    with lease_server(store_folder, linger=0) as lease:
        assert not lease.uri.endswith(":9")
        assert MilvusClient(lease.uri).list_collections() == []


def test_a_newcomer_waits_for_a_server_on_its_way_out(store_folder: Path) -> None:
    with lease_server(store_folder, linger=0) as lease:
        MilvusClient(lease.uri).list_collections()
        (keeper,) = serving(store_folder)
        os.kill(keeper.pid, signal.SIGTERM)
        wait_until(lambda: not (store_folder / "server.json").exists())
        with lease_server(store_folder, linger=0) as again:
            assert MilvusClient(again.uri).list_collections() == []


def test_an_interrupt_meant_for_the_client_does_not_reach_the_server(store_folder: Path) -> None:
    with lease_server(store_folder, linger=0):
        (keeper,) = serving(store_folder)
        assert os.getpgid(keeper.pid) != os.getpgid(0)


def test_a_library_of_that_name_in_the_current_folder_is_not_imported(
    store_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "milvus_lite.py").write_text("raise SystemExit('the wrong one')")
    monkeypatch.chdir(tmp_path)
    with lease_server(store_folder, linger=0) as lease:
        assert MilvusClient(lease.uri).list_collections() == []


def test_a_file_where_the_folder_should_be_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreError, match=r"folder .*store cannot be used: "):
        lease_server(tmp_path / "store", linger=0).__enter__()


def test_a_server_that_cannot_start_says_why_and_where_to_read_on(store_folder: Path) -> None:
    store_folder.mkdir()
    (store_folder / "data").write_text("not a folder")
    with pytest.raises(StoreError) as caught:
        lease_server(store_folder, linger=0).__enter__()
    assert str(store_folder / "server.log") in str(caught.value)
    assert "File exists" in str(caught.value)
    assert "\n" not in str(caught.value)
