"""What the other cameras saw while a moment went on."""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from mmrag_video.archive import Archive
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.moments import Span


def with_other_cameras(
    archive: Archive, moments: Sequence[ExportMoment], may_see: Callable[[str], bool]
) -> Iterator[ExportMoment]:
    """Each moment, and after it one of each other camera that recorded anything of its time.

    `may_see` says whether a camera is shown to whoever asks. A moment whose clock is unknown
    stands alone.
    """
    for moment in moments:
        yield moment
        for camera, spans in _beside(archive, moment).items():
            if may_see(camera):
                yield ExportMoment(
                    spans=tuple(spans),
                    best=spans[0],
                    query=moment.query,
                    score=None,
                    confidence=None,
                    why="",
                    note=f"The same time as on {moment.camera}.",
                )


def _beside(archive: Archive, moment: ExportMoment) -> dict[str, list[Span]]:
    """By camera, in order of time."""
    start, end = moment.wall_start, moment.wall_end
    found: dict[str, list[Span]] = {}
    if start is None or end is None:
        return found
    for recording in archive.catalog.footage.between(start, end):
        span = Span(
            recording,
            max(Fraction(0), recording.clock.media_time(start)),
            min(recording.duration, recording.clock.media_time(end)),
        )
        if recording.camera != moment.camera and span.start < span.end:
            found.setdefault(recording.camera, []).append(span)
    return found
