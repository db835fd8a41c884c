"""What was seen in a frame, as it is stored and as the reranker reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mmrag_video.models.base import Facts
from mmrag_video.video.sampled import Box

FORMAT = "1"
"""Part of an index's identity: raise it when the same picture would give other facts."""

Shares = Mapping[str, float]
"""Names and how much of each, 0 to 1."""


@dataclass(frozen=True)
class Thing:
    """An object or person."""

    labels: Shares
    """COCO labels it may be, and how sure; surest first."""
    box: Box
    moving: float
    """Share of the box's middle that moves, 0 to 1."""
    colours: Shares
    """Of a person's upper clothing, of the body of anything else."""
    lower: Shares
    """Of a person's lower clothing; empty for anything else and where it is out of sight."""
    head: Shares
    """Of a person's hair or hat; empty for anything else."""
    tags: Shares
    """ImageNet tags of its part of the picture."""

    @property
    def label(self) -> str:
        """What it most likely is."""
        return next(iter(self.labels))

    @property
    def confidence(self) -> float:
        """How sure the label is."""
        return self.labels[self.label]


@dataclass(frozen=True)
class Seen:
    """Everything written down of one frame."""

    things: Sequence[Thing]
    """Surest first."""
    tags: Shares
    """ImageNet tags of the whole picture."""
    close_tags: Shares
    """ImageNet tags of the part that moves; empty where nothing does."""
    colours: Shares
    """Of the whole picture."""
    ground: Shares
    """Of the lower half, where floor, road or grass usually is."""
    light: float
    """Mean brightness, 0 to 1."""
    movement: float
    """Share of the picture that moves."""
    moving_box: Box | None
    moving_colours: Shares
    """Of what moves, known or not."""


def to_json(seen: Seen) -> Facts:
    """As plain JSON values; empty parts are left out."""
    facts: dict[str, object] = {
        "format": FORMAT,
        "things": [_thing_to_json(thing) for thing in seen.things],
        "tags": dict(seen.tags),
        "close_tags": dict(seen.close_tags),
        "colours": dict(seen.colours),
        "ground": dict(seen.ground),
        "light": round(seen.light, 3),
        "movement": round(seen.movement, 4),
        "moving_box": _box_to_json(seen.moving_box),
        "moving_colours": dict(seen.moving_colours),
    }
    return {key: value for key, value in facts.items() if value not in ({}, [], None)}


def from_json(facts: Facts) -> Seen:
    """The frame that `to_json` wrote down; a missing part is an empty one."""
    values: Mapping[str, Any] = facts
    box = values.get("moving_box")
    return Seen(
        things=[_thing_from_json(thing) for thing in values.get("things", ())],
        tags=values.get("tags", {}),
        close_tags=values.get("close_tags", {}),
        colours=values.get("colours", {}),
        ground=values.get("ground", {}),
        light=values.get("light", 0.5),
        movement=values.get("movement", 0.0),
        moving_box=tuple(box) if box is not None else None,
        moving_colours=values.get("moving_colours", {}),
    )


def _thing_to_json(thing: Thing) -> Mapping[str, object]:
    values: dict[str, object] = {
        "labels": {label: round(share, 2) for label, share in thing.labels.items()},
        "box": _box_to_json(thing.box),
        "moving": round(thing.moving, 2),
        "colours": dict(thing.colours),
        "lower": dict(thing.lower),
        "head": dict(thing.head),
        "tags": dict(thing.tags),
    }
    return {key: value for key, value in values.items() if value != {}}


def _thing_from_json(values: Mapping[str, Any]) -> Thing:
    return Thing(
        labels=values["labels"],
        box=tuple(values["box"]),
        moving=values.get("moving", 0.0),
        colours=values.get("colours", {}),
        lower=values.get("lower", {}),
        head=values.get("head", {}),
        tags=values.get("tags", {}),
    )


def _box_to_json(box: Box | None) -> list[float] | None:
    return None if box is None else [round(share, 3) for share in box]
