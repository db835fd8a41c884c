"""CMX3600 edit decision list. Own code: the adapter of OpenTimelineIO tells no counting mode.

A list without its FCM line leaves it open whether 29.97 is counted in drop-frame; and reels that
the adapter shortens to eight letters of a file's name come out alike for all files of a camera.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

from mmrag_video.errors import UsageError
from mmrag_video.export.cut import EditEvent, cut_rate, events_of, first_count
from mmrag_video.export.one_line import one_line, title_of
from mmrag_video.export.sheet import ExportSheet, Format, FormatName, Scope, as_text
from mmrag_video.video.frame_rate import FrameRate

_MOST_EVENTS = 999


def write(sheet: ExportSheet, to: TextIO) -> None:
    """Write an event for each part of a moment, one after the other. Raises UsageError if there
    are more than the format can number.

    A list has one rate. Recordings of another are counted at the highest of all. The first two
    times of an event are counted as its recording is, drop-frame or not, the others as the list is.
    """
    rate = cut_rate(events_of(sheet))
    events = [replace(event, source=event.source.recounted(rate)) for event in events_of(sheet)]
    if len(events) > _MOST_EVENTS:
        raise UsageError(
            f"An EDL holds at most {_MOST_EVENTS} events, these are {len(events)}; "
            f"export fewer moments, or as {FormatName.OTIO.value}."
        )
    counted = _counted(events, FrameRate.usual(rate))
    to.write(f"TITLE: {one_line(sheet.title)}\n")
    to.write(f"FCM: {'DROP FRAME' if counted.is_drop_frame else 'NON-DROP FRAME'}\n")
    for line in _lines(events, counted):
        to.write(f"{line}\n")


def _counted(events: list[EditEvent], usual: FrameRate) -> FrameRate:
    """Drop-frame, where that is defined, unless a recording is counted without."""
    return replace(
        usual,
        is_drop_frame=usual.is_drop_frame
        and all(event.source.rate.is_drop_frame for event in events),
    )


def _lines(events: list[EditEvent], rate: FrameRate) -> Iterator[str]:
    place = first_count(rate)
    for number, event in enumerate(events, 1):
        recording, length = event.span.recording, event.end - event.start
        source = (event.start, event.end)
        times = (*map(event.source.text, source), *map(rate.text, (place, place + length)))
        # Eight letters for a reel: enough of the content's hash to tell recordings apart.
        reel = recording.id[:8].upper()
        yield f"\n{number:03d}  {reel} V     C        {' '.join(times)}"
        yield f"* FROM CLIP NAME: {one_line(recording.path.name)}"
        yield f"* SOURCE FILE: {one_line(str(recording.path))}"
        yield f"* COMMENT: {one_line(recording.camera)}: {title_of(event.moment)}"
        if event.best is not None:
            yield f"* COMMENT: BEST FRAME {event.source.text(event.best)}"
        place += length


FORMAT = Format(
    name=FormatName.EDL,
    title="CMX3600 EDL",
    ending=".edl",
    media_type="text/plain",
    scope=Scope.ALL,
    counts_frames=True,
    write=as_text(write),
)
