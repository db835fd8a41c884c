"""Which camera a recording belongs to, by the folders it lies in or by its own name."""

import re
from pathlib import PurePath

_NOT_CAMERAS = frozenset(
    "alarm clip dsc event img motion mvi pxl rec record recording segment vid video".split()  # noqa: SIM905
)
_RECORDERS_FOLDERS = frozenset(
    "clips dav mp4 mp4record record recordings recentclips savedclips sentryclips teslacam".split()  # noqa: SIM905
)
_DATED_FOLDER = re.compile(r"(?:19|20)\d{2}(?:[-_.]?\d{2}){0,2}(?:[ _T\-][\d\-_.:]*)?", re.ASCII)
_DATE_OR_SEQUENCE = re.compile(
    r"(?:^|[ _.\-]+)(?:\d{4}-\d{2}-\d{2}(?:[ _T\-]+\d{2}[-.:_]\d{2}(?:[-.:_]\d{2})?)?|\d{3,})"
    r"(?=[ _.\-]|$)",
    re.ASCII,
)
_HAS_LETTER = re.compile(r"[^\W\d_]")


def camera_name(written: str) -> str | None:
    """A name fit for a camera, on one line of valid Unicode; None if nothing names one.

    Words such as `motion` or `VID` before a time say what was recorded, not by which camera.
    """
    printable = written.encode("utf-8", "replace").decode()
    name = re.sub(r"[\s\x00-\x1f\x7f]+", " ", printable).strip(" _.-")
    return name if name and name.lower() not in _NOT_CAMERAS else None


def camera_by_place(path: PurePath, root: PurePath, stem_may_name_it: bool = True) -> str:
    """The camera's name where neither the settings nor a recorder's pattern say it.

    A file in folders below `root`, the path that was ingested, belongs to the camera that the
    nearest folder is named after, folders of dates and recorders' own aside. A file directly in
    `root` is named by its stem less dates, times and sequence numbers of three digits or more;
    where the stem names nothing, by the folders that `root` lies in.
    """
    below = path.parent.relative_to(root).parts if path.parent.is_relative_to(root) else ()
    return (
        _by_folders(below)
        or (_by_stem(path.stem) if stem_may_name_it else None)
        or _by_folders(tuple(part for part in path.parent.parts if part != path.anchor))
        or "camera"
    )


def _by_folders(folders: tuple[str, ...]) -> str | None:
    """The last folder before the first dated one, else the first after it that has letters."""
    named = [folder for folder in folders if folder.lower() not in _RECORDERS_FOLDERS]
    is_dated = [_DATED_FOLDER.fullmatch(folder) is not None for folder in named]
    before = is_dated.index(True) if True in is_dated else len(named)
    if before > 0:
        return camera_name(named[before - 1])
    candidates = zip(named, is_dated, strict=True)
    return next(
        (camera_name(name) for name, dated in candidates if not dated and _HAS_LETTER.search(name)),
        None,
    )


def _by_stem(stem: str) -> str | None:
    name = camera_name(_DATE_OR_SEQUENCE.sub("", stem).strip(" _.-[]()@"))
    return name if name and _HAS_LETTER.search(name) else None
