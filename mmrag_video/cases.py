"""Collecting moments into cases: what a finding becomes there, and what may be written of it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction

from mmrag_video.archive import Archive
from mmrag_video.catalog.case_records import Case, CaseMoment, CaseSpan, Finding
from mmrag_video.catalog.records import Recording
from mmrag_video.catalog.users import User
from mmrag_video.errors import UsageError
from mmrag_video.moments import Moment, Span
from mmrag_video.recording_file import file_problem
from mmrag_video.video.timecode import Timecode, seconds_in

LONGEST_NAME = 100
"""Characters."""
LONGEST_NOTE = 4000
"""Characters: two pages."""
LONGEST_TIME = 40
"""Characters of a time that is typed."""
MOST_TAGS = 20
LONGEST_TAG = 40
"""Characters."""


@dataclass(frozen=True)
class Collected:
    """A moment of a case with its recordings."""

    moment: CaseMoment
    spans: tuple[Span, ...]
    """Without those whose recording the catalog does not know."""
    best: Span | None
    """Likewise."""

    @property
    def is_whole(self) -> bool:
        """Whether the catalog knows all of its recordings."""
        return self.best is not None and len(self.spans) == len(self.moment.spans)

    @property
    def duration(self) -> Fraction:
        """Seconds in all of its recordings together."""
        return sum((span.end - span.start for span in self.spans), Fraction(0))

    @property
    def problems(self) -> list[str]:
        """What is wrong with its recordings, one sentence for each."""
        known = {span.recording.id: file_problem(span.recording) for span in self.spans}
        return [sentence for sentence in (*known.values(), *self.missing) if sentence]

    @property
    def missing(self) -> list[str]:
        """Of which of its recordings nothing can be exported, one sentence for each."""
        known = {span.recording.id for span in self.spans}
        ids = dict.fromkeys(span.recording for span in self.moment.spans)
        return [no_longer_known(id) for id in ids if id not in known]


def no_longer_known(recording: str) -> str:
    """What to say of a recording that the catalog does not know any more, by its id."""
    return f"The recording {recording[:10]} is no longer in the collection."


def make_case(archive: Archive, name: str, user: str) -> Case:
    """Make an empty case. Raises UsageError if it cannot have that name."""
    return archive.catalog.cases.make(checked_name(name), user)


def rename_case(archive: Archive, case: Case, name: str) -> None:
    """Give a case another name. Raises UsageError if it cannot have that."""
    archive.catalog.cases.rename(case.id, checked_name(name))


def note_case(archive: Archive, case: Case, note: str) -> None:
    """Write down something about a case. Raises UsageError if it is too long."""
    archive.catalog.cases.note(case.id, checked_note(note))


def describe(archive: Archive, moment: int, note: str, tags: Sequence[str]) -> None:
    """Give a moment a note and tags, in place of those it had.

    Raises UsageError if they are too long or too many.
    """
    archive.catalog.cases.describe(moment, checked_note(note), checked_tags(tags))


def finding_of(moment: Moment, query: str) -> Finding:
    """What a search by these words found, to be collected."""
    return Finding(
        spans=tuple(map(case_span, moment.spans)),
        best=case_span(moment.best),
        query=query,
        score=moment.score,
        confidence=moment.confidence,
        why=moment.why,
    )


def finding_by_eye(archive: Archive, span: Span) -> Finding:
    """A part of a recording that somebody points at; the first frame kept of it shows it."""
    return Finding(spans=(case_span(span),), best=case_span(_shown_in(archive, span)))


def collected(archive: Archive, moments: Sequence[CaseMoment]) -> list[Collected]:
    """These moments with their recordings, in the same order."""
    ids = {span.recording for moment in moments for span in moment.spans}
    known = {one: found for one in ids if (found := archive.catalog.recording(one))}
    return [_collected(moment, known) for moment in moments]


def known_parts(parts: Iterable[CaseSpan], known: Mapping[str, Recording]) -> tuple[Span, ...]:
    """Stored parts with their recordings, by id; without those whose recording is not known."""
    return tuple(
        Span(known[one.recording], one.start, one.end) for one in parts if one.recording in known
    )


def sees(user: User, one: Collected) -> bool:
    """Whether all cameras of a moment are a user's."""
    if not user.cameras:
        return True
    return one.is_whole and all(user.may_see(span.recording.camera) for span in one.spans)


def cases_of(archive: Archive, recording: Recording) -> list[str]:
    """The names of the cases for which a recording stays."""
    marks = archive.catalog.cases.marks_for([recording.id])
    return list(dict.fromkeys(mark.name for mark in marks))


def picture_times(archive: Archive, recording: str) -> list[Fraction]:
    """Times of the frames of a recording whose small pictures are there, in order."""
    active = archive.catalog.active_index()
    if active is None:
        return []
    times = []
    with suppress(FileNotFoundError):
        for path in archive.directory.pictures(active.collection, recording).glob("*.jpg"):
            numerator, _, denominator = path.stem.partition("-")
            times.append(Fraction(int(numerator), int(denominator)))
    return sorted(times)


def picture_time(times: Collection[Fraction], time: Fraction) -> Fraction | None:
    """That of the picture which stands for a time: the last one until then, else the first.

    A moment's own frame may be gone: another sampling keeps others.
    """
    if not times:
        return None
    return max((one for one in times if one <= time), default=min(times))


def typed_time(text: str) -> Fraction:
    """Seconds from a recording's first frame, exactly as typed: `00:01:02.480` or `62.48`.

    Raises UsageError if it is no such time.
    """
    text = text.strip()
    seconds = seconds_in(text)
    if seconds is not None:
        return seconds
    if len(text) <= LONGEST_TIME:
        with suppress(ValueError):
            return Timecode.parse(text).seconds
    raise UsageError(f"{text[:LONGEST_TIME]!r} is not a time such as 00:01:02.480 or 62.48.")


def checked_name(name: str) -> str:
    """The name without white space around it. Raises UsageError if it is none."""
    name = " ".join(_checked_text(name).split())
    if not name:
        raise UsageError("A case needs a name.")
    if len(name) > LONGEST_NAME:
        raise UsageError(f"The name of a case has at most {LONGEST_NAME} characters.")
    return name


def checked_note(note: str) -> str:
    """The note with plain line ends. Raises UsageError if it is too long."""
    note = "\n".join(_checked_text(note).strip().splitlines())
    if len(note) > LONGEST_NOTE:
        raise UsageError(f"A note has at most {LONGEST_NOTE} characters; this has {len(note)}.")
    return note


def checked_tags(tags: Sequence[str]) -> list[str]:
    """The tags, each once. Raises UsageError if there are too many, or one is too long."""
    plain = [" ".join(_checked_text(tag).split()) for tag in tags]
    each = list(dict.fromkeys(tag for tag in plain if tag))
    for tag in each:
        if len(tag) > LONGEST_TAG or "," in tag:
            raise UsageError(
                f"A tag has at most {LONGEST_TAG} characters and no comma: {tag[:60]!r} is none."
            )
    if len(each) > MOST_TAGS:
        raise UsageError(f"A moment has at most {MOST_TAGS} tags; these are {len(each)}.")
    return each


def _checked_text(text: str) -> str:
    if text != text.encode(errors="replace").decode():
        raise UsageError(f"{text[:60]!r} holds bytes that are not valid text.")
    return text


def case_span(span: Span) -> CaseSpan:
    """A part of a recording as the catalog keeps it."""
    return CaseSpan(span.recording.id, span.start, span.end)


def _shown_in(archive: Archive, span: Span) -> Span:
    """The frame that shows a span: the first one kept in it, or else its start."""
    times = [
        time for time in picture_times(archive, span.recording.id) if span.start <= time < span.end
    ]
    if not times:
        return span
    until = times[1] if len(times) > 1 else span.end
    return Span(span.recording, times[0], until)


def _collected(moment: CaseMoment, known: Mapping[str, Recording]) -> Collected:
    best = next(iter(known_parts([moment.best], known)), None)
    return Collected(moment, known_parts(moment.spans, known), best)
