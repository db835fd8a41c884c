"""How likely each thing that was seen is really there, and is what it was called.

A detector's confidence is not a probability: on empty surveillance scenes most detections below
0.3 are wrong, most above 0.7 are right. Labels seldom met by surveillance cameras need more proof,
and the tagger's second opinion on the same part of the picture counts.
"""

from collections.abc import Mapping

from mmrag_video.models.basic.facts import Seen, Thing
from mmrag_video.models.basic.geometry import area
from mmrag_video.models.basic.imagenet import KINDS

CONFIDENCES = (0.0, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0)
PROBABILITIES = (0.0, 0.06, 0.15, 0.35, 0.55, 0.7, 0.8, 0.88, 0.95, 0.99)
COMMON = frozenset(
    ("person", "car", "truck", "bus", "bicycle", "motorcycle", "chair", "bottle", "dog", "cat")
)
"""Labels believed as they are; others are believed `RARE` times as much."""
RARE = 0.8
EXOTIC = frozenset(
    """airplane|bear|elephant|giraffe|zebra|kite|frisbee|skis|snowboard|surfboard|sports ball
    |baseball bat|baseball glove|tennis racket|hot dog|pizza|donut|cake|sandwich|banana|apple
    |orange|broccoli|carrot|toothbrush|hair drier|teddy bear|toaster""".replace("\n    ", "")
    .split("|")
)
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
LARGEST_VEHICLE = 0.35


def probabilities(thing: Thing, seen: Seen) -> Mapping[str, float]:
    """COCO labels and how likely the thing is each of them."""
    likely = {label: _believed(label, share) for label, share in thing.labels.items()}
    _heed_size(likely, thing)
    if thing.tags:
        _heed_tags(likely, thing)
    _heed_view_from_above(likely, thing, seen)
    return likely


def calibrated(confidence: float) -> float:
    """The probability that a detection of this confidence is right."""
    steps = zip(CONFIDENCES, CONFIDENCES[1:], PROBABILITIES, PROBABILITIES[1:], strict=False)
    for low, high, least, most in steps:
        if confidence <= high:
            return least + (most - least) * (confidence - low) / (high - low)
    return PROBABILITIES[-1]


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
    if "person" in likely:
        return
    kinds = {
        label: min(1.0, sum(thing.tags.get(tag, 0.0) for tag in tags) / 0.6)
        for label, tags in KINDS.items()
    }
    kinds = {label: share for label, share in kinds.items() if share >= 0.15}
    strongest = max(likely.values())
    for label, share in kinds.items():
        own = likely.get(label, 0.0)
        likely[label] = max(own, own + (1 - own) * 0.6 * share * max(strongest, own))
    for label in likely.keys() - kinds.keys():
        if label in KINDS:
            likely[label] *= 1 - 0.7 * max(kinds.values(), default=0.0)


def _heed_view_from_above(likely: dict[str, float], thing: Thing, seen: Seen) -> None:
    solid = max((thing.labels.get(label, 0.0) for label in SOLID), default=0.0)
    size = area(thing.box)
    if solid and thing.moving > 0.5 and 0.01 <= size <= LARGEST_VEHICLE:
        likely["car"] = max(likely.get("car", 0.0), 0.65 * calibrated(solid))
