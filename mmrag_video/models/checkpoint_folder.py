"""A folder with a published model's files: found, complete, and known by its content."""

import hashlib
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from struct import unpack

from mmrag_video.errors import ModelError

_HUB_NAME = re.compile(r"[\w.-]+(?:/[\w.-]+)?(?:@[\w./-]+)?", re.ASCII)
"""`owner/name`, and perhaps `@` with a commit, a branch or a tag."""
_HUB_SECONDS = 10.0
_SUFFIXES = (".json", ".txt", ".model", ".jinja", ".safetensors")
"""Of all files that can change a vector."""


@dataclass(frozen=True)
class CheckpointFolder:
    """A complete folder."""

    path: Path
    weights: str
    """SHA-256 of the names and the content of its files, or the hub's commit."""


def find_checkpoint(
    name: str, needed: Iterable[tuple[str, ...]], setting: str = "model.path"
) -> CheckpointFolder:
    """The folder of this path, else the hub's model of this name, downloaded if need be.

    `needed`: for each file that must be there the names it may have. Hashing a folder reads it
    once, a second for each GB or two, which loading the weights then finds in memory.

    Raises ModelError, which names `setting`, where there is neither, or a file is missing or cut.
    """
    folder = Path(name).expanduser()
    if folder.is_dir():
        _check_files(folder, needed)
        return CheckpointFolder(folder, weights=_hash_folder(folder))
    if folder.exists() or not _HUB_NAME.fullmatch(name):
        raise ModelError(
            f"There is no model folder {folder}: set {setting} to the folder that holds the"
            " model's config.json, or to a hub name."
        )
    snapshot = _fetch(name, setting)
    _check_files(snapshot, needed, f"set {setting} to a model that has it")
    return CheckpointFolder(snapshot, weights=snapshot.name)


def _check_files(
    folder: Path,
    needed: Iterable[tuple[str, ...]],
    remedy: str = "download it again, with all its files",
) -> None:
    for names in needed:
        if not any(found.is_file() for name in names for found in folder.glob(name)):
            raise ModelError(f"The model folder {folder} lacks {' or '.join(names)}: {remedy}.")
    for file in folder.glob("*.safetensors.index.json"):
        try:
            shards = set(json.loads(file.read_text(encoding="utf-8"))["weight_map"].values())
        except (ValueError, LookupError, AttributeError, TypeError) as error:
            raise ModelError(f"The file {file} is cut short or damaged: {remedy}.") from error
        missing = sorted(shard for shard in shards if not (folder / shard).is_file())
        if missing:
            raise ModelError(f"The model folder {folder} lacks {missing[0]}: {remedy}.")
    for file in folder.glob("*.safetensors"):
        _check_length(file)


def _check_length(file: Path) -> None:
    """A safetensors file says in its header how long it is: a download that broke off is shorter.

    Format: https://github.com/huggingface/safetensors#format
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        start = opened.read(8)
        length = unpack("<Q", start)[0] if len(start) == 8 else size
        try:
            header = json.loads(opened.read(length)) if length < size else None
        except ValueError:
            header = None
    ends = [tensor["data_offsets"][1] for key, tensor in (header or {}).items() if key[:2] != "__"]
    if header is None or size < 8 + length + max(ends, default=0):
        raise ModelError(f"The weights {file} are cut short: download them again.")


def _hash_folder(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(folder.iterdir()):
        if file.is_file() and file.suffix in _SUFFIXES:
            with file.open("rb") as opened:
                content = hashlib.file_digest(opened, "sha256").hexdigest()
            digest.update(f"{file.name}:{content}\n".encode())
    return digest.hexdigest()


def _fetch(name: str, setting: str) -> Path:
    """The hub's files, or without a connection their copy on disk; the folder's name is the commit.

    Weights as safetensors only: the older format is a program that runs when it is read.
    """
    repository, _, revision = name.partition("@")
    kinds = [f"*{kind}" for kind in _SUFFIXES]
    try:
        from huggingface_hub import HfApi, snapshot_download  # noqa: PLC0415
    except ImportError as error:
        raise ModelError(
            f"To fetch the model {name!r} takes more packages: run pip install"
            " 'mmrag-video[models]'."
        ) from error
    wanted = {"repo_id": repository, "revision": revision or None, "allow_patterns": kinds}
    try:
        if revision:
            with suppress(Exception):  # a commit never changes: here already, it is whole
                return Path(snapshot_download(**wanted, local_files_only=True))
            # Without a connection, the download of a commit would try six times, for half a minute.
            HfApi().repo_info(repository, revision=revision, timeout=_HUB_SECONDS)
        return Path(snapshot_download(**wanted))
    except Exception as error:  # the hub's own errors, the connection's, the disk's: no common base
        raise ModelError(
            f"The model {name!r} is no folder here and the model hub did not give it: check the"
            f" name and the connection, or download it elsewhere and set {setting} to its folder."
        ) from error
