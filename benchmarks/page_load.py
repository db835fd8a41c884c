"""How the page answers many at a time while recordings are ingested.

    python -m benchmarks.page_load [--seconds 60]

Twenty people search and ten play, each as fast as they are answered, and five clients are slow or
broken: two send half a request, two read a video a few bytes a second, one hangs up in the middle.
Meanwhile `ingest` takes two recordings. Writes benchmarks/results/page_load.md.
"""

import argparse
import itertools
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from benchmarks.machine import machine, write_table
from benchmarks.recordings import Clip, recording

SEARCHING, PLAYING = 20, 10
WORDS = ("a person", "a red car", "somebody walks", "a dog", "two people", "a white van")
COMMAND = [sys.executable, "-m", "mmrag_video"]


class Tally:
    """What was asked of the page, by kind, by any number of threads."""

    def __init__(self) -> None:
        self.took: dict[str, list[float]] = defaultdict(list)
        self.errors: list[str] = []

    def ask(self, kind: str, address: str, **headers: str) -> None:
        """One request, read to its end."""
        began = time.perf_counter()
        try:
            request = urllib.request.Request(address, headers=headers)
            with urllib.request.urlopen(request, timeout=120) as answer:
                answer.read()
        except (OSError, urllib.error.HTTPError) as error:
            self.errors.append(f"{kind}: {error}")
            return
        self.took[kind].append(time.perf_counter() - began)

    def row(self, kind: str) -> str:
        """A line of the table; milliseconds."""
        took = sorted(self.took[kind])
        p95 = took[int(0.95 * (len(took) - 1))]
        return f"| {kind} | {len(took)} | {1000 * statistics.median(took):.0f} | {1000 * p95:.0f} |"


def main() -> None:
    """Measure and write the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    seconds = parser.parse_args().seconds
    known = recording(Clip("known", (0.3, 0.6), 0), 30)
    arriving = [recording(Clip("arriving", (0.1, 0.9), b), 30) for b in (0, 2)]
    with tempfile.TemporaryDirectory() as folder:
        env = {**os.environ, "MMRAG_DATA_DIR": f"{folder}/data"}
        subprocess.run([*COMMAND, "ingest", str(known)], env=env, check=True)
        with page(env) as address:
            alone = load(address, seconds / 3, lambda: False)
            ingest = subprocess.Popen([*COMMAND, "ingest", *map(str, arriving)], env=env)
            with slow_clients(address):
                busy = load(address, seconds, lambda: ingest.poll() is None)
            ended = ingest.wait(timeout=600)
    write_table("page_load.md", report(alone, busy, ended))


def report(alone: Tally, busy: Tally, ended: int) -> str:
    """The table."""
    lines = [machine("flask", "waitress"), ""]
    for title, tally in (("Nothing else", alone), ("Two recordings are ingested", busy)):
        lines += [
            f"{title}: {len(tally.errors)} errors{''.join(f'; {e}' for e in tally.errors[:3])}.",
            "",
            "| Request | Answered | Median, ms | 95th percentile, ms |",
            "|---|---:|---:|---:|",
            *(tally.row(kind) for kind in sorted(tally.took)),
            "",
        ]
    lines.append(f"{SEARCHING} search and {PLAYING} play; the ingest ended with code {ended}.")
    return "\n".join(lines)


@contextmanager
def page(env: dict[str, str]) -> Iterator[str]:
    """The page in a process of its own."""
    command = [*COMMAND, "page", "--port", "0"]
    process = subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    try:
        line = next(line for line in process.stderr if "http://" in line)
        yield line.split()[-1].rstrip("/")
    finally:
        process.terminate()
        process.wait(timeout=60)


def load(address: str, seconds: float, goes_on: Callable[[], bool]) -> Tally:
    """Everybody asks for so long, and longer while `goes_on`."""
    tally = Tally()
    with urllib.request.urlopen(f"{address}/api/v1/recordings") as answer:
        first = json.load(answer)["recordings"][0]
    until = time.monotonic() + seconds
    numbers = itertools.count()

    def is_over() -> bool:
        return time.monotonic() > until and not goes_on()

    def search() -> None:
        while not is_over():
            words = f"{WORDS[next(numbers) % len(WORDS)]} {next(numbers)}"
            tally.ask("search", f"{address}/?q={urllib.parse.quote(words)}")

    def play() -> None:
        video = f"{address}/recordings/{first['id']}/video"
        for number in itertools.count():
            if is_over():
                return
            start = number * 262_144 % max(1, first["size"] - 262_144)
            tally.ask("play", video, Range=f"bytes={start}-{start + 262_143}")

    threads = [threading.Thread(target=search) for _ in range(SEARCHING)]
    threads += [threading.Thread(target=play) for _ in range(PLAYING)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return tally


@contextmanager
def slow_clients(address: str) -> Iterator[None]:
    """Clients that keep a connection and do not get on with it."""
    host, _, port = address.removeprefix("http://").rpartition(":")
    with urllib.request.urlopen(f"{address}/api/v1/recordings") as answer:
        first = json.load(answer)["recordings"][0]["id"]
    whole = f"GET /recordings/{first}/video HTTP/1.1\r\nHost: {host}:{port}\r\n\r\n".encode()
    ended = threading.Event()
    opened = [socket.create_connection((host, int(port))) for _ in range(5)]
    for one in opened[:2]:
        one.sendall(whole[:20])
    for one in opened[2:]:
        one.sendall(whole)
    opened[4].close()

    def sip() -> None:
        while not ended.wait(1):
            for one in opened[2:4]:
                with suppress(OSError):
                    one.recv(64)

    sipping = threading.Thread(target=sip)
    sipping.start()
    try:
        yield
    finally:
        ended.set()
        sipping.join()
        for one in opened:
            one.close()


if __name__ == "__main__":
    main()
