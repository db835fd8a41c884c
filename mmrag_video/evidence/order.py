"""What evidence is asked for."""

import getpass
import platform
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mmrag_video import __version__
from mmrag_video.archive import Archive
from mmrag_video.catalog.case_records import Case
from mmrag_video.catalog.users import User
from mmrag_video.evidence.manifest import Provenance
from mmrag_video.video.blurring import Region, parse_region

Progress = Callable[[str, int, int], None]
"""Called with what is done now, how much of it is done, and how much there is in all."""


@dataclass(frozen=True)
class BlurredRegion:
    """What is to be blurred in a copy."""

    camera: str
    """Empty: all cameras."""
    region: Region


@dataclass(frozen=True)
class EvidenceOrder:
    """What is to be made of a case."""

    case: Case
    user: User
    """Who makes it: what they may not see is not in it."""
    target: Path
    """The folder or the zip to make; nothing is there yet."""
    is_zip: bool = False
    key: Ed25519PrivateKey | None = None
    """Signs the manifest."""
    blur: Sequence[BlurredRegion] = ()
    before: Fraction = Fraction(0)
    """Seconds added before each moment."""
    after: Fraction = Fraction(0)


def parse_blur(text: str) -> BlurredRegion:
    """Read `CAMERA:0.1,0.2 0.4,0.6`, or the region alone. Raises UsageError for anything else."""
    camera, _, corners = text.rpartition(":")
    return BlurredRegion(camera, parse_region(corners))


def provenance_of(archive: Archive, order: EvidenceOrder) -> Provenance:
    """Who makes it, when, with what."""
    account = ""
    with suppress(OSError, KeyError):  # an account without a name, as in some containers
        account = getpass.getuser()
    return Provenance(
        case=order.case,
        user=order.user.name,
        account=account,
        made=datetime.now(UTC),
        tool=_tool(),
        index=archive.catalog.active_index(),
    )


def _tool() -> dict[str, Any]:
    versions = {name: ".".join(map(str, parts)) for name, parts in av.library_versions.items()}
    return {
        "name": "mmrag-video",
        "version": __version__,
        "python": platform.python_version(),
        "pyav": av.__version__,
        "ffmpeg": versions,
    }
