"""The shapes of the plain JSON values that `as_json.py` makes, field by field.

Type checkers hold `as_json.py` to them, and the API's OpenAPI document is made of them, docstrings
and all. `_s` at the end of a name: decimal seconds. Times of day are ISO 8601 with an offset.
"""

from typing import Any

from pydantic import ConfigDict, with_config
from typing_extensions import TypedDict

shape = with_config(ConfigDict(use_attribute_docstrings=True, extra="forbid"))
"""Marks a shape: its docstrings are told, and it has no other fields."""


@shape
class Span(TypedDict):
    """A part of one recording, in media time: PTS from its first frame, start <= time < end."""

    recording: str
    """SHA-256 of the recording."""
    path: str
    file: str
    """Whether the file is what was ingested: present, gone or changed."""
    start: str
    """00:01:02.480"""
    end: str
    start_s: float
    end_s: float
    start_exact: str
    """Seconds, exactly: 312/5."""
    end_exact: str


@shape
class Moment(TypedDict):
    """One event that answers a query."""

    camera: str
    score: float
    """0 to 1."""
    confidence: str
    """strong or possible; weak: it does not stand out."""
    above: float
    """Share of the collection, 0 to 1, that answers the query less well."""
    why: str
    """What in the best frame answers the query; empty if the model cannot say."""
    duration_s: float
    wall_start: str | None
    """null where the recording's clock is unknown."""
    wall_end: str | None
    zone: str
    """IANA name of the camera's time zone."""
    clock_origin: str
    """Where the time of day was learned."""
    clock_note: str
    spans: list[Span]
    """Several where it runs on into the camera's next recording."""
    best: Span
    """The frame that answers best, until it is no longer valid."""


@shape
class Answer(TypedDict):
    """The moments that were found, best first."""

    confident: bool
    """Whether any of them stands out."""
    moments: list[Moment]


@shape
class Pair(TypedDict):
    """Two moments of which the second follows the first."""

    score: float
    confidence: str
    gap_s: float
    first: Moment
    second: Moment


@shape
class Pairs(TypedDict):
    """The pairs that were found, best first."""

    confident: bool
    pairs: list[Pair]


@shape
class Sentence(TypedDict):
    """A sentence that a machine wrote."""

    text: str
    citations: list[int]
    """Numbers of the moments that it relies on."""


@shape
class NumberedMoment(Moment):
    """A moment that the machine was shown."""

    number: int
    cited: bool


@shape
class ShownMoment(NumberedMoment):
    """The same with the file of its picture."""

    thumbnail: str


@shape
class AnswerInWords(TypedDict):
    """What a machine wrote, as far as it cites what was found."""

    state: str
    """answered or not-seen."""
    text: str
    machine_written: bool
    sentences: list[Sentence]
    dropped_sentences: int
    """Left out because they cited nothing that was shown."""
    dropped_citations: int


@shape
class WrittenAnswer(AnswerInWords):
    """The same with every moment that the machine was shown, cited or not."""

    moments: list[ShownMoment]


@shape
class Recording(TypedDict):
    """A file known by its content."""

    id: str
    """SHA-256 of the content."""
    path: str
    file: str
    """Whether the file is what was ingested: present, gone or changed."""
    camera: str
    size: int
    """Bytes."""
    container: str
    codec: str
    width: int
    height: int
    duration_s: float
    average_rate: str | None
    """Frames a second, exactly: 30000/1001."""
    wall_start: str | None
    wall_end: str | None
    zone: str
    """IANA name of the camera's time zone."""
    clock_origin: str
    clock_note: str
    damage: str
    """What the file lacks; empty where it is whole."""
    live: bool
    """Whether its file still grew when it was last taken."""
    kept: bool
    """Whether it stays, whatever the retention says."""


@shape
class Camera(TypedDict):
    """A camera and how much there is of it."""

    name: str
    recordings: int
    duration_s: float
    first: str | None
    last: str | None


@shape
class CameraSettings(TypedDict):
    """What is particular about a camera; null, 0 or an empty list where nothing was set."""

    zone: str | None
    clock_offset: float
    """Seconds that are added to the camera's clock."""
    region: list[list[float]] | None
    """Movement counts only inside this polygon: corners as [x, y], from 0 to 1."""
    masks: list[list[list[float]]]
    """Polygons in which movement is ignored."""
    sensitivity: float | None
    interval: float | None
    heartbeat: float | None
    start_timecode: str | None
    keep_days: float | None
    keep_gigabytes: float | None


@shape
class CameraDetails(Camera):
    """A camera with what is particular about it."""

    settings: CameraSettings
    fixed: list[str]
    """Settings that the settings file sets: they can be changed there alone."""


@shape
class SourceFiles(TypedDict):
    """Files of a source."""

    known: int
    waiting: int
    failed: int


@shape
class Worker(TypedDict):
    """The worker."""

    there: bool
    """Whether it has lately said that it lives."""
    paused: bool
    name: str
    heartbeat: str | None
    activity: str


@shape
class LastHour(TypedDict):
    """What was done in the last hour."""

    recordings: int
    frames: int
    footage_s: float
    busy_s: float
    times_real_time: float | None


@shape
class Job(TypedDict):
    """A file of a source, and what became of it."""

    id: int
    path: str
    source: str
    state: str
    attempts: int
    due: str | None
    error: str
    kind: str | None
    """What the last failure was about: recording, decoder, model, store, catalog, files or other;
    null where the last attempt did not fail."""
    done_s: float
    total_s: float
    frames: int
    begun: str | None
    ended: str | None


@shape
class Queue(TypedDict):
    """The worker's queue as it stands."""

    worker: Worker
    counts: dict[str, int]
    """Files by state."""
    untried: int
    failures: int
    running: list[Job]
    next: list[Job]
    failed: list[Job]
    last_hour: LastHour
    caught_up: str | None
    """When nothing will be left to do; null where nobody can say."""


@shape
class Hit(TypedDict):
    """A moment that a saved search rang for."""

    search: str
    text: str
    camera: str
    recording: str
    """SHA-256 of the recording, which may be gone since."""
    start: str
    end: str
    start_s: float
    end_s: float
    wall_start: str | None
    wall_end: str | None
    zone: str
    clock_origin: str
    score: float
    confidence: str
    threshold: float
    """What the score was measured by."""
    why: str
    found: str | None
    page: str
    """The player at this moment."""


@shape
class SavedSearch(TypedDict):
    """A search that is put to every new recording."""

    name: str
    text: str
    cameras: list[str]
    """Empty: all."""
    webhook: str | None
    """The host alone."""
    command: list[str] | None
    created: str | None


@shape
class Account(TypedDict):
    """A user."""

    name: str
    role: str
    cameras: list[str]
    """Empty: all."""
    created: str | None
    disabled: bool


@shape
class AuditEntry(TypedDict):
    """An entry of the audit log."""

    number: int
    at: str
    user: str
    address: str
    action: str
    about: dict[str, Any]
    previous: str
    """The hash of the entry before."""
    hash: str


@shape
class Case(TypedDict):
    """A collection of moments for one purpose."""

    id: int
    name: str
    note: str
    created: str | None
    created_by: str
    moments: int
    """How many there are in it."""


@shape
class CaseMoment(TypedDict):
    """A moment in a case."""

    id: int
    position: int
    """Its place in the case, from 0."""
    camera: str | None
    query: str
    """What it was found by, in words."""
    score: float | None
    confidence: str | None
    why: str
    note: str
    tags: list[str]
    duration_s: float
    wall_start: str | None
    wall_end: str | None
    clock_origin: str | None
    spans: list[Span]
    """As they are now."""
    best: Span | None
    trimmed: bool
    """Whether its ends are others than were found."""
    added: str | None
    added_by: str
    exported: str | None
    """When it was last part of an export."""
    problems: list[str]
    """What is wrong with its recordings, one sentence for each."""


@shape
class Model(TypedDict):
    """A model or a reranker, and what of it is on this machine."""

    name: str
    role: str
    """embedder or reranker."""
    about: str
    source: str | None
    """Hub name of its weights."""
    download_gb: float | None
    memory_gb: float | None
    dimensions: int | None
    licence: str
    missing_packages: list[str]
    extra: str | None
    """What of this program installs them."""
    weights: str
    """in-packages, here, on-the-hub, not-set or at-a-server."""
    chosen: bool
    """Whether the settings name it."""
    indexed: bool
    """Whether it made the index in use."""


@shape
class Index(TypedDict):
    """An index: what was made of the recordings by one model, sampled in one way."""

    fingerprint: str
    model: str
    dimensions: int
    sampler: str
    """Fingerprint of the sampler settings."""
    active: bool
    """Whether searches use it."""
    wanted: bool
    """Whether it is the one that the settings make."""
    recordings: int
    frames: int
    begun: str | None
    """When it began to be filled."""
    filled: str | None
    """When something was last added to it."""


@shape
class Reindexing(TypedDict):
    """A wish about the index, and what became of it so far."""

    number: int
    wish: str
    """new index; forget missing: the same, giving up what cannot be read again; drop others."""
    asked: str | None
    asked_by: str
    begun: str | None
    ended: str | None
    """null while there is something left to do."""
    done: int
    """Recordings that are complete in the new index."""
    total: int
    missing: int
    """Recordings that could not be read again, for which the old index stayed in use."""
    problem: str
    """Why it ended without what was wished."""


@shape
class Models(TypedDict):
    """Models and indexes."""

    models: list[Model]
    """Embedders, then rerankers."""
    indexes: list[Index]
    """The one in use first."""
    standing: str
    """nothing-yet; in-step; other-sampler: nothing can be added to the index in use; other-model:
    searches are refused; unknown: the model of the settings cannot be had."""
    problem: str
    """Why it cannot; else empty."""
    outdated: int
    """Recordings that were sampled with other settings than are in force for their camera."""
    reindexing: Reindexing | None
    """The last wish."""
