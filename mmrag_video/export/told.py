"""What a report tells of a moment, in words."""

from collections.abc import Sequence

from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.one_line import title_of
from mmrag_video.export.sheet import ExportSheet
from mmrag_video.video.timecode import Timecode
from mmrag_video.video.wall_clock import iso_milliseconds


def heading(number: int, moment: ExportMoment) -> str:
    """Its number, camera, and what it shows if anything says so."""
    title = title_of(moment)
    return f"{number}. {moment.camera}" + (f": {title}" if title != moment.camera else "")


def facts(sheet: ExportSheet, number: int, moment: ExportMoment) -> list[tuple[str, str]]:
    """Names and values; what is not known is left out, but for the clock."""
    told = [("Clock", _clock(moment))]
    for span in moment.spans:
        recording = span.recording
        told += [
            ("Recording", recording.path.name),
            ("SHA-256", recording.id),
            ("Time in it", f"{Timecode(span.start)} – {Timecode(span.end)}"),
        ]
    told.append(("Picture", f"frame at {Timecode(moment.best.start)}"))
    if moment.score is not None and moment.confidence is not None:
        told.append(("Score", f"{moment.score:.2f}, {moment.confidence.value}"))
    told += [
        (name, value)
        for name, value in (
            ("Found by", moment.query),
            ("Seen in it", moment.why),
            ("Tags", ", ".join(moment.tags)),
            ("Note", moment.note),
        )
        if value
    ]
    return [*told, *_others(sheet.facts_of.get(number, ()))]


def _others(facts: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(name, value) for name, value in facts if value]


def _clock(moment: ExportMoment) -> str:
    start, end = moment.wall_start, moment.wall_end
    clock = moment.spans[0].recording.clock
    if start is None or end is None:
        return "unknown"
    times = " – ".join(iso_milliseconds(time, " ") for time in (start, end))
    origin = f"{clock.origin.value}{f', {clock.note}' if clock.note else ''}"
    return f"{times} ({clock.zone}; from: {origin})"
