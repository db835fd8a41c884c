"""The manifest: what evidence consists of, where it came from, and the hash of each file."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from mmrag_video.as_json import time_to_json
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.records import Recording
from mmrag_video.index.identity import IndexIdentity
from mmrag_video.moments import Span
from mmrag_video.video.stream_copy import WrittenCut
from mmrag_video.video.timecode import Timecode

MANIFEST = "manifest.json"
HASH = f"{MANIFEST}.sha256"
SIGNATURE = f"{MANIFEST}.sig"
"""Ed25519 over the manifest's bytes: 64 bytes."""
PUBLIC_KEY = f"{MANIFEST}.pub"
"""PEM; which key it is has to be known from elsewhere."""
FORMAT = "mmrag-video/evidence"
VERSION = 1
"""It grows when something changes its meaning or goes."""


@dataclass(frozen=True)
class Piece:
    """A file of the evidence."""

    path: str
    """Relative, with slashes."""
    size: int
    """Bytes."""
    sha256: str
    about: dict[str, Any] = field(default_factory=dict)
    """What it is, plain JSON."""


@dataclass(frozen=True)
class Missing:
    """Something that should be in the evidence and is not."""

    what: str
    recording: str
    """Its id; empty if it is of none."""
    why: str
    """A sentence."""


@dataclass(frozen=True)
class Provenance:
    """Who made the evidence, of what, when, with what."""

    case: Case
    user: str
    account: str
    """Of the operating system."""
    made: datetime
    tool: dict[str, Any]
    index: IndexIdentity | None


def manifest_of(
    provenance: Provenance,
    pieces: list[Piece],
    sources: list[dict[str, Any]],
    missing: list[Missing],
    signed_by: str | None,
) -> bytes:
    """The whole manifest as JSON, in UTF-8. `signed_by`: the fingerprint of a key."""
    case, index = provenance.case, provenance.index
    document = {
        "format": FORMAT,
        "version": VERSION,
        "made": provenance.made.astimezone(UTC).isoformat(timespec="seconds"),
        "operator": {"user": provenance.user, "account": provenance.account},
        "case": {
            "id": case.id,
            "name": case.name,
            "note": case.note,
            "created": case.created.astimezone(UTC).isoformat(timespec="seconds"),
            "created_by": case.created_by,
        },
        "tool": provenance.tool,
        "index": None
        if index is None
        else {
            "fingerprint": index.fingerprint,
            "model": index.model,
            "dimensions": index.dimensions,
            "details": dict(index.details),
            "sampler": index.sampler,
        },
        "signed_by": signed_by,
        "files": [
            {"path": piece.path, "size": piece.size, "sha256": piece.sha256, **piece.about}
            for piece in sorted(pieces, key=lambda piece: piece.path)
        ],
        "recordings": sources,
        "missing": [
            {"what": one.what, "recording": one.recording or None, "why": one.why}
            for one in missing
        ],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    return text.encode("utf-8", "backslashreplace")


def hash_line(manifest: bytes) -> bytes:
    """The content of the detached hash, as `sha256sum -c` reads it."""
    return f"{hashlib.sha256(manifest).hexdigest()}  {MANIFEST}\n".encode()


def piece_of(folder: Path, path: str, about: dict[str, Any]) -> Piece:
    """A file that is there, hashed. Raises OSError."""
    with (folder / path).open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Piece(path, file.tell(), digest, about)


def source_to_json(recording: Recording, why_missing: str) -> dict[str, Any]:
    """A recording that the evidence was taken from, or should have been.

    `why_missing`: why nothing could be taken from it, a sentence; empty where something could.
    """
    clock = recording.clock
    added = clock.offset_added
    return {
        "sha256": recording.id,
        "size": recording.size,
        "file": str(recording.path),
        "camera": recording.camera,
        "container": recording.container,
        "codec": recording.codec,
        "width": recording.width,
        "height": recording.height,
        "duration_s": float(recording.duration),
        "wall_start": time_to_json(clock.start),
        "zone": clock.zone,
        "clock_origin": clock.origin.value,
        "clock_note": clock.note,
        "clock_offset_s": None if added is None else added.total_seconds(),
        "damage": recording.damage,
        "unchanged_since_ingest": not why_missing,
        "why": why_missing,
    }


def range_to_json(span: Span) -> dict[str, Any]:
    """Which part of which recording, on the recording and on the clock."""
    clock = span.recording.clock
    return {
        "recording": span.recording.id,
        "camera": span.recording.camera,
        **_time("start", span.start),
        **_time("end", span.end),
        "wall_start": time_to_json(clock.at(span.start)),
        "wall_end": time_to_json(clock.at(span.end)),
        "zone": clock.zone,
        "clock_origin": clock.origin.value,
        "clock_note": clock.note,
    }


def cut_to_json(cut: WrittenCut, asked: Fraction) -> dict[str, Any]:
    """Where a clip begins and ends; `asked`: where it should begin."""
    return {
        **_time("first_frame", cut.start),
        "begins_earlier_s": float(asked - cut.start),
        **_time("last_until", cut.end),
        "sound_left_out": cut.sound_left_out or None,
    }


def _time(name: str, time: Fraction) -> dict[str, str]:
    return {name: str(Timecode(time)), f"{name}_exact": str(time)}
