"""From what somebody was understood to mean to what is searched for."""

from dataclasses import dataclass
from datetime import timedelta

from mmrag_video.asking.understanding import Understood
from mmrag_video.errors import UsageError
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.sequences import SOON, Step
from mmrag_video.video.frames import Image


@dataclass(frozen=True)
class Asked:
    """One thing to look for, or two in a row."""

    first: Step
    then: Step | None = None
    within: timedelta = SOON
    one_camera: bool = True
    """Whether both must be on the same camera."""


def asked(
    understood: Understood,
    where: FrameFilter,
    image: Image | None = None,
    within: timedelta | None = None,
    *,
    any_camera: bool = False,
) -> Asked:
    """What to search for; `where`, `within` and `any_camera` are said beside the words.

    Raises UsageError where nothing is left to look for.
    """
    first = _step(understood, where, image)
    if understood.then is None:
        return Asked(first)
    second = understood.then.understood
    then = _step(second, where, None)
    names_two = bool(understood.cameras) and understood.cameras != second.cameras
    return Asked(
        first,
        then,
        within or understood.then.within or SOON,
        one_camera=not (any_camera or names_two),
    )


def in_words(understood: Understood) -> str:
    """All that was understood, as one line: `Tue 17 Mar 2026; camera Gate; without truck`."""
    labels = [
        f"{chip.kind.value} {chip.label}"
        if chip.kind.value in {"camera", "without"}
        else chip.label
        for chip in understood.chips
    ]
    return "; ".join(labels)


def _step(understood: Understood, where: FrameFilter, image: Image | None) -> Step:
    if understood.chips and not understood.words and image is None:
        raise UsageError(
            f"Say also what to look for: all of it was understood as {in_words(understood)}."
        )
    query = Query(understood.words or None, image, understood.without or None)
    return Step(query, understood.narrowed(where))
