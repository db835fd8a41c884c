"""How likely each thing that was seen is really there, and is what it was called.

A detector's confidence is not a probability. The tables here are estimates from looking at its
answers on surveillance scenes, where most below 0.3 were wrong, not a fitted calibration. Labels
seldom met by surveillance cameras need more proof, and the tagger's second opinion on the same part
of the picture counts.
"""

from collections.abc import Mapping

from mmrag_video.models.basic.concepts import ThingConcept
from mmrag_video.models.basic.facts import Seen, Shares, Thing
from mmrag_video.models.basic.geometry import area
from mmrag_video.models.basic.imagenet import KINDS, LABELS_OF_TAG
from mmrag_video.models.basic.scenes import Place, likelihood

CONFIDENCES = (0.0, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
PROBABILITIES = (0.0, 0.06, 0.15, 0.35, 0.55, 0.7, 0.8, 0.88, 0.95, 0.99)
COMMON = frozenset(
    ("person", "car", "truck", "bus", "bicycle", "motorcycle", "chair", "bottle", "dog", "cat")
)
"""Labels believed as they are; others are believed `RARE` times as much."""
RARE = 0.8
EXOTIC = frozenset(
    ("airplane", "bear", "elephant", "giraffe", "zebra", "kite", "frisbee", "skis", "snowboard",
     "surfboard", "sports ball", "baseball bat", "baseball glove", "tennis racket", "hot dog",
     "pizza", "donut", "cake", "sandwich", "banana", "apple", "orange", "broccoli", "carrot",
     "toothbrush", "hair drier", "teddy bear", "toaster")
)  # fmt: skip
VERY_RARE = 0.5
HANDHELD = frozenset(
    ("cell phone", "remote", "mouse", "toothbrush", "scissors", "hair drier", "knife", "fork",
     "spoon")
)  # fmt: skip
"""What fits into a hand."""
LARGEST_HANDHELD = 0.02
"""Share of the picture: what is larger is hardly in a hand, unless held into the camera."""
SOLID = frozenset(
    ("cell phone", "remote", "mouse", "boat", "airplane", "skateboard", "suitcase", "train",
     "toilet", "sink", "refrigerator", "oven", "microwave")
)  # fmt: skip
"""What a car seen from above is taken for: the training pictures hold few such views."""
VEHICLE_SIZES = (0.01, 0.35)
"""Shares of the picture between which something solid that moves may be a vehicle."""
SOLID_IS_CAR = 0.65
MAYBE_OUTDOORS = 0.3
"""Probability of being outdoors below which a phone that moves is a phone."""
KIND_FROM = 0.15
"""Agreement of the tagger below which it says nothing."""
KIND_FULL = 0.6
"""Sum of the tags' probabilities at which the tagger agrees fully."""
RAISED = 0.6
"""How far the tagger's full agreement takes a label towards certainty."""
LOWERED = 0.7
"""How much of a label is taken away where the tagger plainly sees something else."""
TAG_SCALE = 1.5
"""A tag of probability 0.67 is as good as sure: 1000 tags compete for a picture."""
TAG_ALONE = 0.8
"""A thing's tag against the detector's label."""


class Evidence:
    """A frame's facts, with the probabilities worked out from them once."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.likely = [_probabilities(thing) for thing in seen.things]
        self._heed_view_from_above()

    def _heed_view_from_above(self) -> None:
        for thing, likely in zip(self.seen.things, self.likely, strict=True):
            solid = _solid_and_moving(thing)
            if solid and likelihood(Place.OUTDOORS, self.seen) >= MAYBE_OUTDOORS:
                likely["car"] = max(likely.get("car", 0.0), SOLID_IS_CAR * calibrated(solid))

    def name(self, index: int) -> tuple[str, float]:
        """The likeliest label of a thing, and its probability."""
        likely = self.likely[index]
        label = max(likely, key=lambda one: likely[one])
        return label, likely[label]

    def probability(self, index: int, concept: ThingConcept) -> float:
        """How likely the thing of this index is one of the concept."""
        likely = self.likely[index]
        by_label = max(
            (likely.get(label, 0.0) * share for label, share in concept.labels.items()),
            default=0.0,
        )
        by_tag = strongest(self.seen.things[index].tags, concept.tags)
        return max(by_label, TAG_ALONE * by_tag * max(likely.values()))

    def looks_like(self, tags: Mapping[str, float]) -> float:
        """How much the whole picture, or what moves in it, looks like one of the tags."""
        return max(strongest(self.seen.tags, tags), strongest(self.seen.close_tags, tags))


def strongest(seen: Shares, wanted: Mapping[str, float]) -> float:
    """The plainest of the wanted tags among those seen, 0 to 1."""
    return max(
        (min(1.0, TAG_SCALE * seen.get(tag, 0.0)) * share for tag, share in wanted.items()),
        default=0.0,
    )


def calibrated(confidence: float) -> float:
    """The probability that a detection of this confidence is right."""
    steps = zip(CONFIDENCES, CONFIDENCES[1:], PROBABILITIES, PROBABILITIES[1:], strict=False)
    for low, high, least, most in steps:
        if confidence <= high:
            return least + (most - least) * (confidence - low) / (high - low)
    return PROBABILITIES[-1]


def _probabilities(thing: Thing) -> dict[str, float]:
    """COCO labels and how likely the thing is each of them."""
    likely = {label: _believed(label, share) for label, share in thing.labels.items()}
    _heed_size(likely, thing)
    if thing.tags and "person" not in likely:
        _heed_tags(likely, thing)
    return likely


def _believed(label: str, confidence: float) -> float:
    likely = calibrated(confidence)
    if label in COMMON:
        return likely
    return likely * (VERY_RARE if label in EXOTIC else RARE)


def _heed_size(likely: dict[str, float], thing: Thing) -> None:
    size = area(thing.box)
    for label in likely.keys() & HANDHELD:
        likely[label] *= min(1.0, LARGEST_HANDHELD / max(size, 1e-6))


def _heed_tags(likely: dict[str, float], thing: Thing) -> None:
    """Raise what the tagger sees too, lower what it takes for something else."""
    sums: dict[str, float] = {}
    for tag, share in thing.tags.items():
        for label in LABELS_OF_TAG.get(tag, ()):
            sums[label] = sums.get(label, 0.0) + share
    kinds = {
        label: min(1.0, total / KIND_FULL)
        for label, total in sums.items()
        if total >= KIND_FROM * KIND_FULL
    }
    surest = max(likely.values())
    other = max(kinds.values(), default=0.0)
    for label in likely.keys() - kinds.keys():
        if label in KINDS:
            likely[label] *= 1 - LOWERED * other
    for label, share in kinds.items():
        own = likely.get(label, 0.0)
        likely[label] = own + (1 - own) * RAISED * share * surest


def _solid_and_moving(thing: Thing) -> float:
    """How surely a thing is one that cars seen from above are taken for, and moves like one."""
    smallest, largest = VEHICLE_SIZES
    if thing.moving <= 0.5 or not smallest <= area(thing.box) <= largest:
        return 0.0
    return max((share for label, share in thing.labels.items() if label in SOLID), default=0.0)
