"""What result cards and the player show of cases, and what they need to collect into one.

Templates reach it as `collecting()`, which is the same object all through a request.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from flask import g, request

from mmrag_video.cases import finding_of
from mmrag_video.catalog.case_records import Case, CaseMark, CaseMoment
from mmrag_video.catalog.users import Role
from mmrag_video.moments import Moment, Span
from web import access
from web.case_page import may_see
from web.row_number import number_in
from web.search_form import SearchForm
from web.services import services

LAST_CASE = "last_case"
"""The cookie with the number of the case that was collected into last; no secret."""


@dataclass(frozen=True)
class ShownMark:
    """A case that a moment is in, at least in part."""

    case: int
    name: str
    is_exported: bool


class Collecting:
    """Of one request."""

    def __init__(self) -> None:
        self._marks: dict[str, list[CaseMark]] = {}

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
        recordings = {span.recording.id for moment in moments for span in moment.spans}
        if self.cases:
            self._marks = {recording: [] for recording in recordings}
            for mark in services().archive.catalog.cases.marks_for(recordings):
                self._marks[mark.span.recording].append(mark)

    def marks(self, spans: Iterable[Span]) -> list[ShownMark]:
        """The cases in which there is something of these spans."""
        shown: dict[int, ShownMark] = {}
        for mark in self._marks_of(spans):
            known = shown.get(mark.case)
            is_exported = mark.exported is not None or (known is not None and known.is_exported)
            shown[mark.case] = ShownMark(mark.case, mark.name, is_exported)
        return list(shown.values())

    def in_recording(self, span: Span) -> list[CaseMark]:
        """All parts of a span's recording that are in a case, by time."""
        whole = Span(span.recording, span.recording.duration * 0, span.recording.duration)
        return sorted(self._marks_of([whole]), key=lambda mark: mark.span.start)

    def moment_to_trim(self, span: Span) -> CaseMoment | None:
        """The moment of a case whose ends are to be set in the player; None where none is."""
        number = number_in(request.args.get("collected", ""))
        if not self.may or number is None:
            return None
        moment = services().archive.catalog.cases.moment(number)
        if moment is None or not may_see(moment):
            return None
        shows = any(one.recording == span.recording.id for one in moment.spans)
        return moment if shows else None

    def _marks_of(self, spans: Iterable[Span]) -> Iterable[CaseMark]:
        if not self.cases:
            return
        for span in spans:
            for mark in self._in(span.recording.id):
                if mark.span.start < span.end and span.start < mark.span.end:
                    yield mark

    def _in(self, recording: str) -> list[CaseMark]:
        if recording not in self._marks:
            found = services().archive.catalog.cases.marks_for([recording])
            self._marks[recording] = found
        return self._marks[recording]


def collecting() -> Collecting:
    """That of the present request."""
    if "collecting" not in g:
        g.collecting = Collecting()
    found: Collecting = g.collecting
    return found
