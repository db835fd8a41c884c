"""Whether all that the page stands on works, for those who restart it or ring somebody."""

import logging
import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from mmrag_video.archive import Archive
from mmrag_video.catalog.jobs import JobState
from mmrag_video.catalog.tally import counts_by_state
from mmrag_video.counting import counted
from mmrag_video.errors import CatalogError, MmragError, StoreError
from mmrag_video.health import disk_figures, worker_figures
from mmrag_video.sources import all_sources

_log = logging.getLogger(__name__)
LEAST_SPACE = 1024**3
"""Bytes. A busy camera writes some hundred megabytes of vectors and pictures a day: this leaves
hours to make room, and is more than the catalog and the store need to tidy their files."""
STORE_SECONDS = 2.0
"""In which the store has to answer: one that is well does so in milliseconds."""
_REMEMBERED = 2.0
"""Seconds for which a result holds: however many ask, the store is not asked more often."""


class Part(StrEnum):
    """What is looked at."""

    CATALOG = "catalog"
    DISK = "disk"
    WORKER = "worker"
    SOURCES = "sources"
    STORE = "store"


@dataclass(frozen=True)
class Problem:
    """What is wrong with a part; no paths, addresses or names of ours, as anybody may ask."""

    part: Part
    sentence: str
    detail: str = ""
    """For the log."""


class HealthCheck:
    """Looks at the parts of one archive. Threads that ask at the same time get one look."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._store = _StoreProbe(archive)
        self._looking = threading.Lock()
        self._looked = float("-inf")
        self._problems: tuple[Problem, ...] = ()

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong now, or was some seconds ago; none if all is well."""
        with self._looking:
            if time.monotonic() - self._looked >= _REMEMBERED:
                found = tuple(self._find(datetime.now(UTC)))
                self._tell(found)
                self._problems, self._looked = found, time.monotonic()
            return self._problems

    def _tell(self, found: tuple[Problem, ...]) -> None:
        """Log what is new: those who ask do so every few seconds."""
        before = {problem.part for problem in self._problems}
        for problem in found:
            if problem.part not in before:
                _log.warning("%s", problem.detail or problem.sentence)

    def _find(self, now: datetime) -> Iterator[Problem]:
        try:
            yield from self._disk()
            yield from self._worker(now)
            yield from self._sources(now)
            yield from self._store.problems()
        except CatalogError as error:
            yield Problem(Part.CATALOG, "The catalog cannot be read.", str(error))

    def _disk(self) -> Iterator[Problem]:
        try:
            free = disk_figures(self._archive).free
        except (MmragError, OSError) as error:
            yield Problem(Part.DISK, "The data directory cannot be used.", str(error))
            return
        if free < LEAST_SPACE:
            yield Problem(
                Part.DISK, f"The disk of the data directory has {free / 1024**3:.1f} GB left."
            )

    def _worker(self, now: datetime) -> Iterator[Problem]:
        """Missed only where there is something for it to do."""
        worker = worker_figures(self._archive, now)
        if worker.is_alive:
            return
        catalog = self._archive.catalog
        jobs = counts_by_state(catalog.database)
        waits = jobs[JobState.WAITING] + jobs[JobState.RUNNING] > 0
        if not waits and not all_sources(self._archive.settings, catalog):
            return
        if worker.age is None:
            yield Problem(Part.WORKER, "No worker has run yet, although there is work for one.")
        else:
            yield Problem(
                Part.WORKER, f"The worker has given no sign of life for {worker.age:.0f} s."
            )

    def _sources(self, now: datetime) -> Iterator[Problem]:
        """As the worker has seen them last; one that is dead has seen nothing."""
        worker = worker_figures(self._archive, now)
        there = all_sources(self._archive.settings, self._archive.catalog)
        unreadable = [name for name in worker.unreadable if name in there]
        if worker.is_alive and unreadable:
            yield Problem(
                Part.SOURCES,
                f"Not all can be read of {counted(len(unreadable), 'source')}.",
                f"Not all can be read of these sources: {', '.join(unreadable)}.",
            )


class _StoreProbe:
    """Asks the store in a thread of its own: a connection that hangs holds up nobody.

    It asks as a search does, so an embedded server that died is started again by this too.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._answer: Future[None] | None = None

    def problems(self) -> Iterator[Problem]:
        """One if the store does not answer in time. By one thread at a time. Raises CatalogError.

        Before the first ingest there is nothing to ask it for.
        """
        identity = self._archive.catalog.active_index()
        if identity is None:
            return
        if self._answer is None or self._answer.done():
            self._answer = Future()
            threading.Thread(
                target=self._ask, args=(self._answer,), name="store probe", daemon=True
            ).start()
        sentence = f"The frame store did not answer within {STORE_SECONDS:.0f} s."
        try:
            self._answer.result(timeout=STORE_SECONDS)
        except TimeoutError:
            yield Problem(Part.STORE, sentence)
        except StoreError as error:
            yield Problem(Part.STORE, "The frame store cannot be reached.", str(error))

    def _ask(self, answer: Future[None]) -> None:
        try:
            identity = self._archive.catalog.active_index()
            if identity is not None:
                self._archive.store(identity).count()
        except Exception as error:
            answer.set_exception(error)
        else:
            answer.set_result(None)
