"""A case as one user sees it: the moments of their cameras, and how many others there are."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from flask import render_template, request, url_for
from werkzeug.exceptions import Forbidden, NotFound

from mmrag_video.cases import Collected, collected, picture_time, picture_times, sees
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.case_records import Case, CaseMoment
from web import access
from web.case_fields import Unsaved
from web.evidence_form import EvidenceForm, stills_of
from web.services import services


@dataclass(frozen=True)
class ShownPicture:
    """The picture of a kept frame that stands for a moment."""

    address: str
    time: Fraction
    """Seconds from its recording's first frame."""
    is_of_it: bool
    """Whether that is in the moment: none may have been kept of it."""


@dataclass(frozen=True)
class CasePage:
    """A case that is looked at, or changed."""

    case: Case

    @cached_property
    def moments(self) -> list[CaseMoment]:
        """All of them, also those that may not be seen."""
        return services().archive.catalog.cases.moments(self.case.id)

    @cached_property
    def shown(self) -> list[Collected]:
        """Those that may be seen, in their order."""
        every = collected(services().archive, self.moments)
        return [one for one in every if sees(access.user(), one)]

    @property
    def hidden(self) -> int:
        """How many moments there are of cameras that are not the user's."""
        return len(self.moments) - len(self.shown)

    def moment(self, number: int) -> CaseMoment:
        """One that may be seen. Raises NotFound for every other."""
        for one in self.shown:
            if one.moment.id == number:
                return one.moment
        raise NotFound("There is no such moment in this case.")

    def check_all_seen(self) -> None:
        """Raise Forbidden if there are moments that the user may not see."""
        if self.hidden:
            raise Forbidden(
                "This case holds moments of cameras that are not yours; "
                "only somebody who sees them all can change or remove it."
            )

    def render(
        self,
        *,
        problem: str = "",
        removed: str = "",
        unsaved: Unsaved | None = None,
        evidence: EvidenceForm | None = None,
    ) -> str:
        """The page; `removed`: a moment that was taken out just now, signed; `unsaved` and
        `evidence`: what was typed and refused.
        """
        pictures = _pictures(self.shown)
        stills = stills_of(self.shown, {number: one.time for number, one in pictures.items()})
        asked = request.args.get("still", type=int)
        drawn_on = next((one for one in stills if one.moment == asked), None)
        return render_template(
            "case.html",
            case=self.case,
            shown=self.shown,
            hidden=self.hidden,
            pictures=pictures,
            evidence=evidence or EvidenceForm(),
            evidence_is_open=bool(evidence or drawn_on),
            stills=stills,
            drawn_on=drawn_on or next(iter(stills), None),
            problem=problem,
            removed=removed,
            unsaved=unsaved or Unsaved(),
            zone=services().archive.settings.clock.zone,
        )

    def note(self, what: str, **about: object) -> None:
        """Put a change of it into the audit log."""
        case = {"case": self.case.name, "case_id": self.case.id}
        access.note(Action.CHANGE, **case, what=what, **about)


def open_case(number: int) -> CasePage:
    """A case by its number. Raises NotFound if there is none."""
    case = services().archive.catalog.cases.case(number)
    if case is None:
        raise NotFound("There is no such case, or not any more.")
    return CasePage(case)


def may_see(moment: CaseMoment) -> bool:
    """Whether all cameras of a moment are the user's."""
    [one] = collected(services().archive, [moment])
    return sees(access.user(), one)


def _pictures(shown: list[Collected]) -> dict[int, ShownPicture]:
    """The pictures that stand for the moments, by their numbers."""
    times: dict[str, list[Fraction]] = {}
    pictures = {}
    for one in shown:
        best = one.moment.best
        if best.recording not in times:
            times[best.recording] = picture_times(services().archive, best.recording)
        time = picture_time(times[best.recording], best.start)
        if time is not None:
            address = url_for(
                "recordings.frame",
                recording_id=best.recording,
                numerator=time.numerator,
                denominator=time.denominator,
            )
            is_of_it = any(
                span.recording == best.recording and span.start <= time < span.end
                for span in one.moment.spans
            )
            pictures[one.moment.id] = ShownPicture(address, time, is_of_it)
    return pictures
