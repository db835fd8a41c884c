"""How much room an export takes while it is made, about."""

import shutil
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from mmrag_video.moments import Span
from web.making.job import JobKind, JobOrder

_KEYFRAME = Fraction(10)
"""Seconds that a copy may begin earlier: recorders set a keyframe every 1 to 10."""
_ENCODED = 3
"""How many times the room of the stored pictures those take that are encoded anew, at most."""
_BYTES_A_PIXEL = 3
"""Of a still: a PNG of noise is as large as its pixels."""


def expected_bytes(order: JobOrder, spans: Iterable[Span]) -> int:
    """Of an order and the parts that it is of: the parts and, for a zip, the same again."""
    handles = order.before + order.after
    encoded = _ENCODED if order.kind is JobKind.EXACT else 1
    if order.blur:
        encoded += _ENCODED
    stills = order.kind is JobKind.EVIDENCE
    total = 0
    for span in spans:
        recording = span.recording
        longest = min(recording.duration, span.end - span.start + handles + _KEYFRAME)
        share = longest / recording.duration if recording.duration else Fraction(1)
        total += int(recording.size * share * encoded)
        total += recording.width * recording.height * _BYTES_A_PIXEL * stills
    return 2 * total


def free_bytes(folder: Path) -> int:
    """On the disk of a folder, or of the one that it is to be made in."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free
