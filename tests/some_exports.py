"""Exports as they lie on the shelf, one in each state that lasts, without anything being made."""

from dataclasses import replace

from mmrag_video.archive import Archive
from mmrag_video.catalog.users import LOCAL
from web.making.job import JobKind, JobOrder, JobState, MadeFile
from web.making.shelf import Shelf


def write_some_exports(
    archive: Archive, owner: str = LOCAL.name, cameras: tuple[str, ...] = ()
) -> list[int]:
    """Their numbers: done, failed, cancelled, interrupted. The file of the first is ten bytes."""
    shelf, numbers = Shelf(archive.directory.exports), []
    made = MadeFile(
        name="Fire.zip",
        size=10,
        sha256="0" * 64,
        remarks=("a.mp4 begins 1.000 s earlier, with the keyframe before.",),
        left_out=("moment 2: The recording is not there any more.",),
        manifest="1" * 64,
        signed_by="2" * 64,
    )
    changes = (
        {"state": JobState.DONE, "made": made},
        {"state": JobState.FAILED, "problem": "The case 'Fire' is not there any more."},
        {"state": JobState.CANCELLED},
        {"state": JobState.RUNNING},
    )
    for change in changes:
        held = shelf.put(JobOrder(JobKind.EVIDENCE, "Fire", case=1), owner, "", cameras, 0)
        (held.folder / made.name).write_bytes(b"0123456789")
        held.write(replace(held.read(), **change))
        numbers.append(held.read().number)
        held.let_go()
    return numbers
