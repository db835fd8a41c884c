"""Times in an address: whole or decimal seconds, or an exact fraction of them."""

import re
from fractions import Fraction

from werkzeug.datastructures import MultiDict

from mmrag_video.catalog.records import Recording
from mmrag_video.errors import UsageError
from mmrag_video.moments import Span
from mmrag_video.video.timecode import seconds_in

_FRACTION = re.compile(r"\d{1,20}/\d{1,20}", re.ASCII)


def parse_seconds(name: str, text: str) -> Fraction:
    """Seconds such as 12.480. Raises UsageError, which names the field."""
    seconds = seconds_in(text)
    if seconds is None:
        raise UsageError(f"{name}: {text[:40]!r} is not a number of seconds such as 12.480.")
    return seconds


def parse_exact(name: str, text: str) -> Fraction:
    """Seconds such as 12.480 or 312/25. Raises UsageError, which names the field."""
    if not _FRACTION.fullmatch(text):
        return parse_seconds(name, text)
    numerator, _, denominator = text.partition("/")
    if int(denominator) == 0:
        raise UsageError(f"{name}: {text!r} is a fraction over zero.")
    return Fraction(int(numerator), int(denominator))


def span_asked(recording: Recording, fields: MultiDict[str, str], longest: Fraction) -> Span:
    """From `start` to `end`, its end cut to the recording's.

    Raises UsageError if nothing is left of it, or more than `longest` seconds.
    """
    start = parse_seconds("start", fields.get("start", ""))
    end = min(parse_seconds("end", fields.get("end", "")), recording.duration)
    if start >= end:
        raise UsageError(
            f"The time {float(start):.3f} s lies not before the end, {float(end):.3f} s."
        )
    if end - start > longest:
        raise UsageError(f"A clip is at most {longest} seconds long; ask for a shorter span.")
    return Span(recording, start, end)
