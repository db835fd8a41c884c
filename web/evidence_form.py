"""The form of a case's evidence: what was typed, and the stills to draw blurred regions on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from mmrag_video.cases import Collected
from mmrag_video.moments import Span
from web.camera_frames import CameraFrame
from web.player_marks import thinned

_MOST_STILLS = 8
"""Of a camera."""


@dataclass(frozen=True)
class EvidenceForm:
    """The form as it was sent; as it stands at first, where nothing is given."""

    before: str = "0"
    """Seconds before each moment."""
    after: str = "0"
    blur: str = ""
    """A region a line."""
    problem: str = ""
    """What is wrong with the regions."""

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> "EvidenceForm":
        """From the fields of the form; what is missing is as at first."""
        return cls(
            before=fields.get("handle_before") or cls.before,
            after=fields.get("handle_after") or cls.after,
            blur=fields.get("blur", cls.blur),
        )


@dataclass(frozen=True)
class CaseStill:
    """The picture that stands for a moment, to draw on."""

    moment: int
    frame: CameraFrame

    @property
    def camera(self) -> str:
        """Whose picture it is."""
        return self.frame.at.recording.camera


def stills_of(shown: Iterable[Collected], times: Mapping[int, Fraction]) -> list[CaseStill]:
    """At most eight of each camera, camera by camera as the case comes to them.

    `times`: of the moments' pictures, by the moments' numbers; without those that have none.
    """
    of_cameras: dict[str, dict[str, CaseStill]] = {}
    for one in shown:
        if one.best is not None and one.moment.id in times:
            time = times[one.moment.id]
            still = CaseStill(one.moment.id, CameraFrame(Span(one.best.recording, time, time)))
            of_cameras.setdefault(still.camera, {}).setdefault(still.frame.like, still)
    return [
        still
        for stills in of_cameras.values()
        for still in thinned(list(stills.values()), _MOST_STILLS)
    ]
