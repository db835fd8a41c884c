"""What there is beside a recording: the other cameras at its time, its own before and after."""

from dataclasses import dataclass
from fractions import Fraction

from mmrag_video.catalog.footage import Beside
from mmrag_video.catalog.records import Recording
from web import access
from web.services import services


@dataclass(frozen=True)
class NeighbourRecordings:
    """The recordings of the same camera next to one."""

    before: Recording | None
    after: Recording | None
    gap_before: Fraction
    """Seconds in which the camera recorded nothing; 0 where the recordings join or overlap."""
    gap_after: Fraction

    @classmethod
    def of(cls, recording: Recording) -> "NeighbourRecordings":
        """Those that a search can find; none where the clock is unknown."""
        footage = services().archive.catalog.footage
        before, after = footage.before(recording), footage.after(recording)
        return cls(before, after, _gap(before, recording), _gap(recording, after))


def other_cameras(recording: Recording, time: Fraction) -> list[Beside] | None:
    """What the other cameras that may be seen saw at a time of a recording, by name.

    None where the recording's clock is unknown, so that nobody can say.
    """
    moment = recording.clock.at(time)
    if moment is None:
        return None
    return [
        beside
        for beside in access.recorded_at(moment)
        if beside.recording.camera != recording.camera
    ]


def _gap(earlier: Recording | None, later: Recording | None) -> Fraction:
    earlier_span = earlier.span if earlier else None
    later_span = later.span if later else None
    if earlier_span is None or later_span is None:
        return Fraction(0)
    microseconds = round((later_span[0].timestamp() - earlier_span[1].timestamp()) * 1_000_000)
    return max(Fraction(0), Fraction(microseconds, 1_000_000))
