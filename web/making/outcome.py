"""What making an export comes to, whatever it is of."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmrag_video.moments import Span


@dataclass(frozen=True)
class Outcome:
    """A file that is there, and what is to be told of it."""

    path: Path
    about: Mapping[str, Any]
    """For the audit log: plain JSON."""
    moments: tuple[int, ...]
    """Ids of the moments in a case that are in it."""
    cameras: tuple[str, ...]
    """Whose pictures it holds."""
    spans: tuple[Span, ...] = ()
    """What is in it that is not of those moments."""
    remarks: tuple[str, ...] = ()
    """What is to be known of it, a line each."""
    left_out: tuple[str, ...] = ()
    """What is not in it and why, a sentence each."""
    manifest: str = ""
    """SHA-256 of the manifest; empty where there is none."""
    signed_by: str = ""
    """Fingerprint of the key; empty where nobody signed it."""
