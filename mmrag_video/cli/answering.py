"""What `search`, `export` and `ask` do alike: look in an archive, and tell what came of it."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from mmrag_video.archive import Archive
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.users import LOCAL
from mmrag_video.cli.console import error_console, plain, print_json
from mmrag_video.cli.where import filter_of
from mmrag_video.index.frames import FrameFilter
from mmrag_video.moments import Moment
from mmrag_video.recording_file import file_problem
from mmrag_video.settings import Settings

_Answer = TypeVar("_Answer")


@contextmanager
def opened(
    settings: Settings,
    cameras: tuple[str, ...],
    start: str | None,
    end: str | None,
    hours: str | None = None,
    weekdays: tuple[str, ...] = (),
) -> Iterator[tuple[Archive, FrameFilter]]:
    """The archive, and where the options say to look in it. Raises UsageError as `filter_of`."""
    with Archive(settings) as archive:
        yield archive, filter_of(archive, cameras, start, end, hours, weekdays)


def note_search(
    archive: Archive, words: str, where: FrameFilter, image: Path | None = None, **more: str
) -> None:
    """Put a search into the audit log as the page does: evidence tells how its moments were found.

    `words`: as they were typed; the same find the entry again. `more`: what was asked besides.
    """
    named = {
        "query": words,
        "picture": "" if image is None else hashlib.sha256(image.read_bytes()).hexdigest(),
        "cameras": list(where.cameras),
        "from": where.start.isoformat() if where.start else "",
        "to": where.end.isoformat() if where.end else "",
        **more,
    }
    about = {name: value for name, value in named.items() if value}
    archive.catalog.audit.note(LOCAL.name, Action.SEARCH, about)


def tell(
    archive: Archive,
    answer: _Answer,
    to_json: Callable[[_Answer], Any],
    in_words: Callable[[_Answer], None],
    *,
    as_json: bool,
) -> None:
    """Print an answer. Where nothing has been ingested, standard error says so instead of words."""
    is_empty = tell_if_empty(archive)
    if as_json:
        print_json(to_json(answer))
    elif not is_empty:
        in_words(answer)


def tell_if_empty(archive: Archive) -> bool:
    """Say that nothing has been ingested yet, where that is so; returns whether it is."""
    is_empty = not archive.catalog.camera_names()
    if is_empty:
        error_console.print(
            "Nothing has been ingested yet: run `mmrag-video ingest PATH`.", soft_wrap=True
        )
    return is_empty


def tell_missing_files(moments: Iterable[Moment]) -> None:
    """Say of each recording that cannot be looked at any more why."""
    recordings: dict[str, Recording] = {
        span.recording.id: span.recording for moment in moments for span in moment.spans
    }
    for problem in filter(None, map(file_problem, recordings.values())):
        error_console.print(plain(problem), soft_wrap=True)
