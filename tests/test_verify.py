"""Whatever is changed in evidence, put in or taken away, is named; nothing is unpacked."""

import io
import os
import re
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmrag_video.catalog.case_records import Case
from mmrag_video.errors import ExitCode, UsageError
from mmrag_video.evidence.manifest import (
    HASH,
    MANIFEST,
    PUBLIC_KEY,
    SIGNATURE,
    Missing,
    Provenance,
    hash_line,
    manifest_of,
    piece_of,
)
from mmrag_video.evidence.opened import EvidenceError
from mmrag_video.evidence.signing import fingerprint, pem_of, read_private_key, read_public_key
from mmrag_video.evidence.verifying import Verdict, verify
from tests.conftest import Command

pytestmark = pytest.mark.toy_model

NAMES = ["clips/001 gate.mp4", "clips/002 Tür.mp4", "report.html", "empty.txt"]


@dataclass(frozen=True)
class Signed:
    folder: Path
    key: Ed25519PrivateKey


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Signed:
    folder = tmp_path_factory.mktemp("signed")
    for number, name in enumerate(NAMES):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(bytes(range(256)) * (3 - number))
    case = Case(1, "theft", "", datetime(2026, 3, 1, tzinfo=UTC), "bob", moments=2)
    provenance = Provenance(case, "bob", "bob", datetime(2026, 3, 2, tzinfo=UTC), {}, None)
    pieces = [piece_of(folder, name, {"kind": "clip"}) for name in NAMES]
    key = Ed25519PrivateKey.generate()
    missing = [Missing("moment 3", "", "It is gone.")]
    manifest = manifest_of(provenance, pieces, [], missing, fingerprint(key.public_key()))
    (folder / MANIFEST).write_bytes(manifest)
    (folder / HASH).write_bytes(hash_line(manifest))
    (folder / SIGNATURE).write_bytes(key.sign(manifest))
    (folder / PUBLIC_KEY).write_bytes(pem_of(key.public_key()))
    return Signed(folder, key)


def changed(signed: Signed, to: Path, change: Callable[[Path], object]) -> Verdict:
    """What is said of a copy that was changed."""
    copy = to / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(signed.folder, copy)
    change(copy)
    return verify(copy, signed.key.public_key())


def packed(folder: Path) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                file.write(path, path.relative_to(folder).as_posix())
    return content.getvalue()


def test_what_was_not_touched_is_as_it_was_written(signed: Signed, tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(packed(signed.folder))
    for path in (signed.folder, tmp_path / "a.zip"):
        verdict = verify(path, signed.key.public_key())
        assert verdict.problems == ()
        assert verdict.files == len(NAMES)
        assert verdict.signed_by == fingerprint(signed.key.public_key())
        assert verdict.never_there == ("moment 3: It is gone.",)


slow = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
own_files = st.sampled_from([*NAMES[:3], MANIFEST, HASH, SIGNATURE, PUBLIC_KEY])


@slow
@given(name=own_files, place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_any_bit_that_is_turned_is_named(
    signed: Signed, tmp_path: Path, name: str, place: int, bit: int
) -> None:
    def turn(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[place % len(content)] ^= 1 << bit
        (folder / name).write_bytes(content)

    told = " ".join(changed(signed, tmp_path, turn).problems)
    assert name in told


@slow
@given(name=own_files, kept=st.floats(0, 0.999), more=st.binary(max_size=3))
def test_any_file_cut_off_or_grown_is_named(
    signed: Signed, tmp_path: Path, name: str, kept: float, more: bytes
) -> None:
    def cut(folder: Path) -> None:
        content = (folder / name).read_bytes()
        (folder / name).write_bytes(content + more if more else content[: int(len(content) * kept)])

    assert name in " ".join(changed(signed, tmp_path, cut).problems)


@pytest.mark.parametrize("name", [*NAMES, MANIFEST, HASH, SIGNATURE, PUBLIC_KEY])
def test_any_file_that_is_taken_away_is_named(signed: Signed, tmp_path: Path, name: str) -> None:
    verdict = changed(signed, tmp_path, lambda folder: (folder / name).unlink())
    assert any(one.startswith(f"{name} is missing") for one in verdict.problems)


@slow
@given(
    name=st.text(
        st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\:"),
        min_size=1,
        max_size=20,
    ).filter(lambda name: name not in {".", "..", "clips", *NAMES})
)
def test_any_file_that_is_put_in_is_named(signed: Signed, tmp_path: Path, name: str) -> None:
    for place in ("", "clips/", "new/"):

        def add(folder: Path, place: str = place) -> None:
            (folder / place).mkdir(exist_ok=True)
            (folder / place / name).write_bytes(b"")

        assert changed(signed, tmp_path, add).problems == (f"{place}{name} was added.",)


def test_a_folder_around_evidence_is_told_from_evidence(signed: Signed, tmp_path: Path) -> None:
    shutil.copytree(signed.folder, tmp_path / "unpacked" / "case")
    [problem, *_] = verify(tmp_path / "unpacked").problems
    assert problem.endswith("There is one in case/: verify that.")
    (tmp_path / "nvr").mkdir()
    [problem] = verify(tmp_path / "nvr").problems
    assert problem == "manifest.json is missing: it was taken away, or this is no evidence."


def test_links_are_named_and_not_followed(signed: Signed, tmp_path: Path) -> None:
    def link(folder: Path) -> None:
        (folder / "clips" / "001 gate.mp4").unlink()
        (folder / "clips" / "001 gate.mp4").symlink_to(signed.folder / "clips" / "001 gate.mp4")
        (folder / "more").symlink_to("/etc")

    told = changed(signed, tmp_path, link).problems
    assert any("more is a link" in one for one in told)
    assert any("clips/001 gate.mp4 is a link" in one for one in told)


def test_a_folder_that_cannot_be_looked_into_is_named(signed: Signed, tmp_path: Path) -> None:
    def hide(folder: Path) -> None:
        """A file so deep that its path is too long: not even root can ask for it by that."""
        place = os.open(folder, os.O_RDONLY)
        for _ in range(25):
            os.mkdir("n" * 200, dir_fd=place)
            below = os.open("n" * 200, os.O_RDONLY, dir_fd=place)
            os.close(place)
            place = below
        os.close(os.open("planted.mp4", os.O_CREAT | os.O_WRONLY, dir_fd=place))
        os.close(place)

    [told] = changed(signed, tmp_path, hide).problems
    assert told.endswith("cannot be read: File name too long.")


def test_an_empty_folder_that_was_added_is_named(signed: Signed, tmp_path: Path) -> None:
    def add(folder: Path) -> None:
        (folder / "more" / "below").mkdir(parents=True)

    assert changed(signed, tmp_path, add).problems == ("The folder more/below was added.",)

    def empty(folder: Path) -> None:
        for name in NAMES[:2]:
            (folder / name).unlink()

    missing = tuple(f"{name} is missing." for name in NAMES[:2])
    assert changed(signed, tmp_path, empty).problems == missing


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b'"size": 768', b'"size": Infinity', "no manifest of evidence"),
        (b'"size": 768', b'"size": NaN', "no manifest of evidence"),
        (b'"size": 768', b'"size": ' + b"9" * 5000, "no manifest of evidence"),
        (b'"size": 768', b'"size": ' + b"[" * 100_000, "no manifest of evidence"),
        (b'"size": 768', b'"size": 1, "size": 768', "no manifest of evidence"),
        (b'"size": 768', b'"size": 768.0', "without path, size and hash"),
        (b'"size": 768', b'"size": 1e999', "without path, size and hash"),
        (b'"size": 768', b'"size": true', "without path, size and hash"),
        (b'"size": 768', b'"size": "768"', "without path, size and hash"),
        (b'"size": 768', b'"size": ' + b"9" * 4000, "001 gate.mp4 was changed"),
        (b'"path": "empty.txt"', b'"path": "report.html"', "lists report.html twice"),
        (b'"path": "empty.txt"', b'"path": "a\\ud800b"', "b is missing"),
        (b'"path": "empty.txt"', b'"path": ["empty.txt"]', "without path, size and hash"),
        (b'"version": 1', b'"version": true', "has no version"),
        (b'"version": 1', b'"version": 2', "made by a newer one"),
        (b'"signed_by": "', b'"signed_by": ["x"], "x": "', "no manifest of evidence"),
    ],
)
def test_a_manifest_that_one_reader_takes_otherwise_than_another_is_named(
    signed: Signed, tmp_path: Path, old: bytes, new: bytes, why: str
) -> None:
    def change(folder: Path) -> None:
        manifest = (folder / MANIFEST).read_bytes()
        assert manifest.count(old) == 1
        (folder / MANIFEST).write_bytes(manifest.replace(old, new))

    assert any(why in one for one in changed(signed, tmp_path, change).problems)


def test_another_key_or_none_is_said(signed: Signed, tmp_path: Path) -> None:
    other = Ed25519PrivateKey.generate()
    [told] = verify(signed.folder, other.public_key()).problems
    assert "made with another key" in told

    def sign_anew(folder: Path) -> None:
        manifest = (folder / MANIFEST).read_bytes()
        (folder / SIGNATURE).write_bytes(other.sign(manifest))
        (folder / PUBLIC_KEY).write_bytes(pem_of(other.public_key()))

    [told] = changed(signed, tmp_path, sign_anew).problems
    assert PUBLIC_KEY in told

    def strip(folder: Path) -> None:
        manifest = (folder / MANIFEST).read_bytes()
        told = fingerprint(signed.key.public_key()).encode()
        manifest = manifest.replace(b'"' + told + b'"', b"null")
        (folder / MANIFEST).write_bytes(manifest)
        (folder / HASH).write_bytes(hash_line(manifest))
        (folder / SIGNATURE).unlink()
        (folder / PUBLIC_KEY).unlink()

    [told] = changed(signed, tmp_path, strip).problems
    assert "is not signed, but a key was given" in told


def test_a_manifest_that_names_places_outside_is_refused(signed: Signed, tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.write_text("x")

    def name_it(folder: Path) -> None:
        manifest = (folder / MANIFEST).read_bytes().replace(b"empty.txt", b"../outside.txt")
        (folder / MANIFEST).write_bytes(manifest)
        (folder / HASH).write_bytes(hash_line(manifest))

    told = changed(signed, tmp_path, name_it).problems
    assert any("../outside.txt, which would leave the folder" in one for one in told)


@pytest.mark.parametrize("name", ["../evil.sh", "/etc/evil", "a/../../b", "c:\\x", "a\\..\\b"])
def test_a_zip_whose_names_lead_elsewhere_is_named_and_nothing_is_written(
    signed: Signed, tmp_path: Path, name: str
) -> None:
    path = tmp_path / "below" / "a.zip"
    path.parent.mkdir()
    path.write_bytes(packed(signed.folder))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, "x")
        stored = file.namelist()[-1]
    told = verify(path).problems
    assert any(one.startswith(f"{stored} would be unpacked outside") for one in told)
    assert [one.name for one in tmp_path.rglob("*")] == ["below", "a.zip"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_is_twice_in_a_zip_is_named(signed: Signed, tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(packed(signed.folder))
    with zipfile.ZipFile(path, "a") as file:
        file.writestr("report.html", (signed.folder / "report.html").read_bytes())
    assert "report.html is there 2 times." in verify(path).problems


def named_otherwise(name: str, other: str) -> bytes:
    """The Unicode Path extra field: some programs unpack to its name, and others to the first."""
    content = b"\x01" + struct.pack("<L", zlib.crc32(name.encode())) + other.encode()
    return struct.pack("<2H", 0x7075, len(content)) + content


def with_another_name(entry: zipfile.ZipInfo) -> None:
    entry.extra = named_otherwise(entry.filename, "clips/009 other.mp4")


def as_a_link(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = 0o120777 << 16


def as_a_folder(entry: zipfile.ZipInfo) -> None:
    entry.external_attr = 0x10


def with_a_comment(entry: zipfile.ZipInfo) -> None:
    entry.comment = b"more"


def packed_otherwise(entry: zipfile.ZipInfo) -> None:
    entry.compress_type = zipfile.ZIP_LZMA


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (with_another_name, "has an extra field"),
        (as_a_link, "is a link"),
        (as_a_folder, "is a link, a folder"),
        (with_a_comment, "has a comment"),
        (packed_otherwise, "stored in a way of its own"),
    ],
)
def test_an_entry_of_a_zip_that_unpacks_to_something_else_is_refused(
    signed: Signed,
    tmp_path: Path,
    change: Callable[[zipfile.ZipInfo], None],
    why: str,
) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for name in (*NAMES, MANIFEST, HASH, SIGNATURE, PUBLIC_KEY):
            entry = zipfile.ZipInfo(name)
            if name == NAMES[0]:
                change(entry)
            file.writestr(entry, (signed.folder / name).read_bytes())
    with pytest.raises(EvidenceError, match=why) as told:
        verify(tmp_path / "a.zip", signed.key.public_key())
    assert NAMES[0] in str(told.value)


@pytest.mark.parametrize("name", ["clips/hidden.mp4/", "../../evil/", "clips/"])
def test_an_entry_of_a_zip_that_is_a_folder_is_refused(
    signed: Signed, tmp_path: Path, name: str
) -> None:
    (tmp_path / "a.zip").write_bytes(packed(signed.folder))
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as file:
        file.writestr(name, b"" if name == "clips/" else b"secret")
    with pytest.raises(EvidenceError, match=re.escape(name)):
        verify(tmp_path / "a.zip")


def in_front(content: bytes, list_at: int) -> bytes:
    """An entry that only those see who unpack what comes by."""
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as file:
        file.writestr("clips/999 planted.mp4", b"planted")
    planted = other.getvalue()
    return planted[: planted.index(b"PK\x01\x02")] + content


def before_the_list(content: bytes, list_at: int) -> bytes:
    return content[:list_at] + b"hidden" + content[list_at:]


def in_the_gap(content: bytes, list_at: int) -> bytes:
    """As `before_the_list`, with the end told anew, so that nothing is off by it."""
    moved = bytearray(before_the_list(content, list_at))
    moved[-6:-2] = struct.pack("<L", list_at + len(b"hidden"))
    return bytes(moved)


def after_the_end(content: bytes, list_at: int) -> bytes:
    return content + b"more"


def as_its_comment(content: bytes, list_at: int) -> bytes:
    return content[:-2] + struct.pack("<H", 4) + b"more"


def with_another_local_name(content: bytes, list_at: int) -> bytes:
    return content.replace(NAMES[0].encode(), NAMES[0].encode().upper(), 1)


def with_a_folder_before(content: bytes, list_at: int) -> bytes:
    """The first name in front of its bytes alone; both are as long."""
    return content.replace(b"clips/001", b"../../001", 1)


@pytest.mark.parametrize(
    "change",
    [
        in_front,
        before_the_list,
        in_the_gap,
        after_the_end,
        as_its_comment,
        with_another_local_name,
        with_a_folder_before,
    ],
)
def test_a_zip_that_holds_more_than_it_lists_is_refused(
    signed: Signed, tmp_path: Path, change: Callable[[bytes, int], bytes]
) -> None:
    content = packed(signed.folder)
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        list_at = file.start_dir
    (tmp_path / "a.zip").write_bytes(change(content, list_at))
    with pytest.raises(EvidenceError, match="is no zip as it was written as evidence"):
        verify(tmp_path / "a.zip", signed.key.public_key())


@slow
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7))
def test_a_zip_with_any_bit_turned_never_passes_with_other_content(
    signed: Signed, tmp_path: Path, place: int, bit: int
) -> None:
    content = bytearray(packed(signed.folder))
    content[place % len(content)] ^= 1 << bit
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    try:
        verdict = verify(path, signed.key.public_key())
    except EvidenceError:
        return
    if not verdict.problems:  # it was a date, or another fact that is not the content
        with zipfile.ZipFile(path) as file:
            for name in NAMES:
                assert file.read(name) == (signed.folder / name).read_bytes()


def test_the_command_names_what_was_changed_with_an_exit_code_of_its_own(
    run: Command, signed: Signed, tmp_path: Path
) -> None:
    public = tmp_path / "public.pem"
    public.write_bytes(pem_of(signed.key.public_key()))
    told = run("verify", signed.folder, "--key", public)
    assert told.returncode == ExitCode.OK and "Signed with the key" in told.stderr
    copy = tmp_path / "copy"
    shutil.copytree(signed.folder, copy)
    (copy / "report.html").write_text("other")
    told = run("verify", copy)
    assert told.returncode == ExitCode.EVIDENCE_CHANGED == 6
    assert "report.html was changed.\n" in told.stderr and "Traceback" not in told.stderr
    (tmp_path / "b.zip").write_bytes(b"no zip")
    assert run("verify", tmp_path / "b.zip").returncode == ExitCode.EVIDENCE_CHANGED
    assert run("verify", tmp_path / "nothing").returncode == ExitCode.USAGE


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_and_sha256sum_agree(signed: Signed) -> None:
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", PUBLIC_KEY, "-rawin"]
    command += ["-in", MANIFEST, "-sigfile", SIGNATURE]
    told = subprocess.run(command, cwd=signed.folder, capture_output=True, text=True, check=False)
    assert "Verified Successfully" in told.stdout
    told = subprocess.run(
        ["sha256sum", "-c", HASH], cwd=signed.folder, capture_output=True, text=True, check=False
    )
    assert told.returncode == 0


def test_what_is_no_key_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    key = Ed25519PrivateKey.generate()
    rsa = generate_private_key(65537, 2048)
    for content, why in (
        (b"no key", "holds no private key"),
        (rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), "not an Ed25519"),
        (
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"x")),
            "protected by a passphrase",
        ),
    ):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=why):
            read_private_key(path)
        with pytest.raises(UsageError, match="holds no public Ed25519 key"):
            read_public_key(path)
    with pytest.raises(UsageError, match="cannot be read"):
        read_private_key(tmp_path / "none")
