"""What result cards and the player show of cases, and what they need to collect into one.

Templates reach it as `collecting()`, which is the same object all through a request.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flask import g, request

from mmrag_video.cases import finding_of
from mmrag_video.catalog.case_records import Case, CaseMark, CaseMoment, CaseSpan
from mmrag_video.catalog.users import Role
from mmrag_video.moments import Moment, Span
from web import access
from web.case_page import may_see
from web.search_form import SearchForm
from web.services import services

LAST_CASE = "last_case"
"""The cookie with the number of the case that was collected into last; no secret."""


@dataclass(frozen=True)
class ShownMark:
    """A case that a moment is in, at least in part."""

    case: int
    name: str


class Collecting:
    """Of one request."""

    def __init__(self) -> None:
        self._marks: dict[str, list[CaseMark]] = {}
        self._exported: dict[str, list[CaseSpan]] = {}

    @property
    def may(self) -> bool:
        """Whether the user may collect."""
        return access.user().role.may(Role.OPERATOR)

    @cached_property
    def cases(self) -> list[Case]:
        """Those there are, the newest first."""
        return services().archive.catalog.cases.all()

    @property
    def last(self) -> int | None:
        """The case that was collected into last from this browser, else the newest."""
        kept = request.cookies.get(LAST_CASE, "")
        numbers = [case.id for case in self.cases]
        return next((one for one in numbers if str(one) == kept), numbers[0] if numbers else None)

    @property
    def back(self) -> str:
        """The address of this page."""
        return request.full_path.rstrip("?")

    def sign(self, moment: Moment) -> str:
        """A moment of the answer to this request's search, for a form."""
        query = SearchForm.read(request.args).words
        return services().findings.sign(finding_of(moment, query))

    def expect(self, moments: Iterable[Moment]) -> None:
        """Look up the marks of these all at once; without it each recording is asked for alone."""
        self._look_up({span.recording.id for moment in moments for span in moment.spans})

    def marks(self, spans: Iterable[Span]) -> list[ShownMark]:
        """The cases in which there is something of these spans."""
        marks = {mark.case: ShownMark(mark.case, mark.name) for mark in self._marks_of(spans)}
        return list(marks.values())

    def is_exported(self, spans: Iterable[Span]) -> bool:
        """Whether something of these spans was ever part of an export, of a case or not."""
        for span in spans:
            self._know(span.recording.id)
            if any(_overlap(one, span) for one in self._exported[span.recording.id]):
                return True
        return False

    def in_recording(self, span: Span) -> list[CaseMark]:
        """All parts of a span's recording that are in a case, by time."""
        whole = Span(span.recording, span.recording.duration * 0, span.recording.duration)
        return sorted(self._marks_of([whole]), key=lambda mark: mark.span.start)

    def exported_of(self, span: Span) -> list[CaseSpan]:
        """All parts of a span's recording that were exported, by time."""
        self._know(span.recording.id)
        return sorted(self._exported[span.recording.id], key=lambda part: part.start)

    def moment_to_trim(self, span: Span) -> CaseMoment | None:
        """The moment of a case whose ends are to be set in the player; None where none is."""
        number = request.args.get("collected", "")
        if not self.may or not (number.isascii() and number.isdecimal() and len(number) < 19):
            return None
        moment = services().archive.catalog.cases.moment(int(number))
        if moment is None or not may_see(moment):
            return None
        shows = any(one.recording == span.recording.id for one in moment.spans)
        return moment if shows else None

    def _marks_of(self, spans: Iterable[Span]) -> Iterable[CaseMark]:
        for span in spans:
            self._know(span.recording.id)
            for mark in self._marks[span.recording.id]:
                if _overlap(mark.span, span):
                    yield mark

    def _know(self, recording: str) -> None:
        if recording not in self._marks:
            self._look_up({recording})

    def _look_up(self, recordings: set[str]) -> None:
        catalog = services().archive.catalog
        for recording in recordings:
            self._marks[recording], self._exported[recording] = [], []
        for mark in catalog.cases.marks_for(recordings) if self.cases else ():
            self._marks[mark.span.recording].append(mark)
        for span in catalog.exported.spans_in(recordings):
            self._exported[span.recording].append(span)


def _overlap(part: CaseSpan, span: Span) -> bool:
    return part.start < span.end and span.start < part.end


def collecting() -> Collecting:
    """That of the present request."""
    if "collecting" not in g:
        g.collecting = Collecting()
    found: Collecting = g.collecting
    return found
