"""Whether evidence is what was written: each file by its hash, the manifest by its signature.

Nothing is asked of the network, of a catalog, or of the recordings.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from mmrag_video.evidence.manifest import (
    FORMAT,
    HASH,
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    VERSION,
    hash_line,
)
from mmrag_video.evidence.opened import (
    EvidenceError,
    OpenedEvidence,
    open_evidence,
    stays_inside,
)
from mmrag_video.evidence.signing import fingerprint, is_signed_by, parse_public_key, pem_of

_LONGEST_MANIFEST = 256 * 1024 * 1024
"""Bytes: some 300,000 files."""
_LONGEST_SMALL = 4096
"""Bytes of hash, signature and key."""


@dataclass(frozen=True)
class Verdict:
    """What was found."""

    problems: tuple[str, ...]
    """A sentence for each file that was changed, added, or is missing; none: nothing was."""
    files: int
    """How many the manifest names."""
    signed_by: str
    """Fingerprint of the key that signed it; empty if none did."""
    never_there: tuple[str, ...]
    """What the manifest itself says could not be exported."""


@dataclass(frozen=True)
class _Listed:
    path: str
    size: int
    sha256: str


def verify(path: Path, key: Ed25519PublicKey | None = None) -> Verdict:
    """Check a folder or a zip; `key`: that of whoever must have signed it.

    Raises UsageError if there is nothing at the path, EvidenceError if it is no folder and no zip.
    """
    with open_evidence(path) as evidence:
        problems = list(evidence.strange())
        names = set(evidence.names())
        if MANIFEST not in names:
            return Verdict((*problems, _no_manifest(names)), 0, "", ())
        try:
            manifest = _read(evidence, MANIFEST, _LONGEST_MANIFEST)
            document = _parsed(manifest)
        except EvidenceError as error:
            problems += [str(error), *_hash_problems(evidence, names, b"")]
            return Verdict((*problems,), 0, "", ())
        problems += _hash_problems(evidence, names, manifest)
        told = document.get("signed_by") or ""
        signer, wrong = _signature(evidence, names, manifest, told, key)
        problems += wrong
        listed, unusable = _listed(document)
        problems += unusable
        problems += _file_problems(evidence, names, listed)
        own = {MANIFEST, HASH, *((SIGNATURE, PUBLIC_KEY) if told else ())}
        strangers = names - own - {one.path for one in listed}
        problems += [f"{name} was added." for name in sorted(strangers)]
        problems += _added_folders(evidence, listed)
        return Verdict(tuple(problems), len(listed), signer, _never_there(document))


def _no_manifest(names: set[str]) -> str:
    sentence = f"{MANIFEST} is missing: it was taken away, or this is no evidence."
    below = [name.removesuffix(MANIFEST) for name in names if name.endswith(f"/{MANIFEST}")]
    return f"{sentence} There is one in {below[0]}: verify that." if len(below) == 1 else sentence


def _parsed(manifest: bytes) -> dict[str, Any]:
    """What the manifest says, if every reader of JSON takes it to say the same."""
    try:
        document = json.loads(
            manifest.decode(), object_pairs_hook=_each_once, parse_constant=_no_number
        )
    except (ValueError, RecursionError):
        document = None
    if (
        not isinstance(document, dict)
        or document.get("format") != FORMAT
        or not isinstance(document.get("signed_by"), str | None)
    ):
        raise EvidenceError(f"{MANIFEST} is no manifest of evidence: it was changed.")
    version = document.get("version")
    if type(version) is not int:
        raise EvidenceError(f"{MANIFEST} has no version: it was changed.")
    if version != VERSION:
        raise EvidenceError(
            f"{MANIFEST} has the version {version}, and this program knows {VERSION}: it was "
            "changed, or made by a newer one."
        )
    return document


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Of two values under one key, one program takes the first and another the last."""
    known = dict(pairs)
    if len(known) != len(pairs):
        raise ValueError("a key is there twice")
    return known


def _no_number(text: str) -> None:
    """JSON has no NaN and no Infinity, though Python reads them."""
    raise ValueError(f"{text} is no JSON")


def _hash_problems(evidence: OpenedEvidence, names: set[str], manifest: bytes) -> Iterator[str]:
    if HASH not in names:
        yield f"{HASH} is missing."
        return
    try:
        told = _read(evidence, HASH, _LONGEST_SMALL)
    except EvidenceError as error:
        yield str(error)
        return
    if told != hash_line(manifest):
        yield f"{MANIFEST} does not have the hash that {HASH} tells: one of them was changed."


def _signature(
    evidence: OpenedEvidence,
    names: set[str],
    manifest: bytes,
    told: str,
    key: Ed25519PublicKey | None,
) -> tuple[str, list[str]]:
    """Who signed it, and what is wrong with that. `told`: the key that the manifest names."""
    if not told:
        wrong = [f"{MANIFEST} is not signed, but a key was given."] if key else []
        return "", wrong
    missing = [f"{name} is missing." for name in (SIGNATURE, PUBLIC_KEY) if name not in names]
    if missing:
        return "", missing
    try:
        signature = _read(evidence, SIGNATURE, _LONGEST_SMALL)
        pem = _read(evidence, PUBLIC_KEY, _LONGEST_SMALL)
    except EvidenceError as error:
        return "", [str(error)]
    if problem := _wrong_signature(manifest, told, signature, pem):
        return "", [problem]
    if key is not None and fingerprint(key) != told:
        return "", [f"{SIGNATURE} was made with another key than the one that was given."]
    return told, []


def _wrong_signature(manifest: bytes, told: str, signature: bytes, pem: bytes) -> str:
    """What is wrong with a signature and the key beside it, as a sentence; empty if nothing is."""
    enclosed = parse_public_key(pem)
    if enclosed is None or pem_of(enclosed) != pem or fingerprint(enclosed) != told:
        return f"{PUBLIC_KEY} is not the key that {MANIFEST} names: one of them was changed."
    if not is_signed_by(enclosed, signature, manifest):
        return f"The signature {SIGNATURE} is not one of {MANIFEST}: one of them was changed."
    return ""


def _listed(document: dict[str, Any]) -> tuple[list[_Listed], list[str]]:
    """The files of a manifest, and what is wrong with their list."""
    listed: list[_Listed] = []
    problems = []
    files = document.get("files")
    for one in files if isinstance(files, list) else []:
        facts = one if isinstance(one, dict) else {}
        path, size, sha256 = facts.get("path"), facts.get("size"), facts.get("sha256")
        if not isinstance(path, str) or type(size) is not int or not isinstance(sha256, str):
            problems.append(f"{MANIFEST} lists a file without path, size and hash.")
        elif stays_inside(path):
            listed.append(_Listed(path, size, sha256))
        else:
            problems.append(f"{MANIFEST} lists {path}, which would leave the folder.")
    counts = Counter(file.path for file in listed)
    problems += [f"{MANIFEST} lists {path} twice." for path, count in counts.items() if count > 1]
    return listed, problems


def _added_folders(evidence: OpenedEvidence, listed: list[_Listed]) -> Iterator[str]:
    """Empty folders in which no file belongs: those with something in them are named by that."""
    known = {str(place) for file in listed for place in PurePosixPath(file.path).parents}
    for folder in sorted(evidence.empty_folders()):
        if folder not in known:
            yield f"The folder {folder} was added."


def _file_problems(
    evidence: OpenedEvidence, names: set[str], listed: list[_Listed]
) -> Iterator[str]:
    for file in listed:
        if file.path not in names:
            yield f"{file.path} is missing."
            continue
        try:
            is_as_listed = _is_as_listed(evidence, file)
        except EvidenceError as error:
            yield str(error)
            continue
        if not is_as_listed:
            yield f"{file.path} was changed."


def _is_as_listed(evidence: OpenedEvidence, file: _Listed) -> bool:
    digest = hashlib.sha256()
    size = 0
    for block in evidence.blocks(file.path):
        size += len(block)
        if size > file.size:  # what a zip holds may be without end
            return False
        digest.update(block)
    return size == file.size and digest.hexdigest() == file.sha256


def _read(evidence: OpenedEvidence, name: str, longest: int) -> bytes:
    content = bytearray()
    for block in evidence.blocks(name):
        content += block
        if len(content) > longest:
            raise EvidenceError(f"{name} is longer than one can be: it was changed.")
    return bytes(content)


def _never_there(document: dict[str, Any]) -> tuple[str, ...]:
    missing = document.get("missing")
    told = [one for one in missing if isinstance(one, dict)] if isinstance(missing, list) else []
    both = [(one.get("what"), one.get("why")) for one in told]
    return tuple(
        f"{what}: {why}" for what, why in both if isinstance(what, str) and isinstance(why, str)
    )
