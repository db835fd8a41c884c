"""Looks at a frame and writes down what is seen in it."""

from collections.abc import Mapping

from mmrag_video.models.basic.colours import colours
from mmrag_video.models.basic.detector import Detection, Detector
from mmrag_video.models.basic.facts import Seen, Shares, Thing
from mmrag_video.models.basic.geometry import area, containment, crop, grown, likeness, part
from mmrag_video.models.basic.tagger import Tagger
from mmrag_video.models.basic.windows import windows
from mmrag_video.video.frames import Image
from mmrag_video.video.sampled import Box, SampledFrame

MOST_THINGS = 24
"""Things written down of one frame."""
CLOSELY_TAGGED = 3
"""Things whose part of the picture is tagged: 15 ms each."""
TAGGED_FROM = 0.004
"""Share of the picture from which a thing is large enough to be tagged."""
SAME_THING = 0.45
"""Intersection over union from which two labels are of one thing."""
INSIDE = 0.85
"""Share of a vehicle's box inside another's from which they are one."""
TAKEN_FOR_VEHICLES = frozenset(("car", "truck", "bus", "train", "boat", "cell phone", "remote"))
"""What vehicles are taken for, seen from the side and from above."""


class Observer:
    """The detector and the tagger, and what is made of them."""

    def __init__(self, detector: Detector, tagger: Tagger) -> None:
        self._detector = detector
        self._tagger = tagger

    def observe(self, frame: SampledFrame) -> Seen:
        """All that is written down of a frame; depends on this frame alone."""
        image, movement = frame.image, frame.movement
        height, width = image.shape[:2]
        looks = windows(width, height, movement)
        found = self._detector.detect(image, looks)
        moving = None if movement.box is None else crop(image, movement.box)
        things = self._things(image, found, movement.box)
        return Seen(
            things=things,
            tags=self._tagger.tag(image),
            close_tags={} if moving is None else self._close_tags(moving, movement.box, things),
            colours=colours(image),
            ground=colours(image[height // 2 :]),
            light=float(image.mean()) / 255,
            movement=movement.area,
            moving_box=movement.box,
            moving_colours={} if moving is None else colours(moving, image),
        )

    def _close_tags(self, moving: Image, box: Box | None, things: list[Thing]) -> Shares:
        """Tags of what moves; where that is a thing already tagged, its own."""
        for thing in things:
            if thing.tags and box is not None and likeness(thing.box, box) >= SAME_THING:
                return thing.tags
        return self._tagger.tag(moving)

    def _things(self, image: Image, found: list[Detection], moving: Box | None) -> list[Thing]:
        groups = group(found)[:MOST_THINGS]
        things = []
        for rank, (box, labels) in enumerate(groups):
            tagged = rank < CLOSELY_TAGGED and area(box) >= TAGGED_FROM
            tags = self._tagger.tag(crop(image, box)) if tagged else {}
            things.append(_describe(image, box, labels, tags, moving))
        return things


def group(found: list[Detection]) -> list[tuple[Box, Mapping[str, float]]]:
    """Detections of one thing under several labels, put together; surest first."""
    groups: list[tuple[Box, dict[str, float]]] = []
    for detection in found:
        for box, labels in groups:
            if _is_one_thing(box, labels, detection):
                labels.setdefault(detection.label, detection.confidence)
                break
        else:
            groups.append((detection.box, {detection.label: detection.confidence}))
    return list(groups)


def _is_one_thing(box: Box, labels: Shares, detection: Detection) -> bool:
    if ("person" in labels) != (detection.label == "person"):
        return False
    if likeness(box, detection.box) >= SAME_THING:
        return True
    vehicles = detection.label in TAKEN_FOR_VEHICLES and not TAKEN_FOR_VEHICLES.isdisjoint(labels)
    return vehicles and (
        containment(detection.box, box) >= INSIDE or containment(box, detection.box) >= INSIDE
    )


def _describe(image: Image, box: Box, labels: Shares, tags: Shares, moving: Box | None) -> Thing:
    around = crop(image, grown(box, 0.35))
    share = 0.0 if moving is None else containment(box, moving)
    if "person" not in labels:
        body = colours(crop(image, part(box, 0.15, 0.15, 0.85, 0.85)), around)
        return Thing(labels, box, share, body, {}, {}, tags)
    upright = (box[3] - box[1]) * image.shape[0] >= 1.6 * (box[2] - box[0]) * image.shape[1]
    upper = part(box, 0.25, 0.18, 0.75, 0.48) if upright else part(box, 0.2, 0.3, 0.8, 0.9)
    lower = part(box, 0.25, 0.54, 0.75, 0.9)
    return Thing(
        labels=labels,
        box=box,
        moving=share,
        colours=colours(crop(image, upper), around),
        lower=colours(crop(image, lower), around) if upright else {},
        head=colours(crop(image, part(box, 0.35, 0.0, 0.65, 0.13)), around) if upright else {},
        tags=tags,
    )
