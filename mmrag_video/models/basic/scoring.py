"""How well a frame's facts bear out the claims of a query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

from mmrag_video.models.basic.claims import (
    Activity,
    Claims,
    Colour,
    Count,
    GarmentClaim,
    Position,
    ThingClaim,
)
from mmrag_video.models.basic.concepts import Family, Region, ThingConcept
from mmrag_video.models.basic.evidence import probabilities
from mmrag_video.models.basic.facts import Seen, Shares, Thing
from mmrag_video.models.basic.geometry import area, likeness, overlap
from mmrag_video.models.basic.observer import grown
from mmrag_video.models.basic.scenes import likelihood

# What is left of a score when a claim is not borne out at all. The detector misses things, and a
# colour or posture is read less surely than a thing is seen.
FLOOR_THING = 0.02
FLOOR_FURNITURE = 0.3
FLOOR_COLOUR = 0.12
FLOOR_GARMENT_COLOUR = 0.15
FLOOR_GARMENT = 0.55
FLOOR_ACTIVITY = 0.5
FLOOR_LYING = 0.06
FLOOR_POSITION = 0.3
FLOOR_BESIDE = 0.12
FLOOR_PLACE = 0.35
FLOOR_LIGHT = 0.2
UNSHOWABLE = 0.3
"""Of a thing that the facts cannot show at all."""
UNKNOWN_WORD = 0.85
"""Of each word that was not understood."""
ENOUGH = 0.4
"""Share of a region from which a colour is plainly there."""


class Frame:
    """A frame's facts with what is worked out from them once."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen
        self.likely = [probabilities(thing, seen) for thing in seen.things]

    def probability(self, index: int, concept: ThingConcept) -> float:
        """How likely the thing of this index is one of the concept."""
        likely = self.likely[index]
        by_label = max(
            (likely.get(label, 0.0) * share for label, share in concept.labels.items()),
            default=0.0,
        )
        tags = self.seen.things[index].tags
        by_tag = max(
            (min(1.0, 1.5 * tags.get(tag, 0.0)) * share for tag, share in concept.tags.items()),
            default=0.0,
        )
        return max(by_label, by_tag * 0.8 * max(likely.values()))

    def tag(self, tags: Mapping[str, float]) -> float:
        """How much the whole picture or what moves in it looks like one of the tags."""
        return max(
            (
                min(1.0, 1.5 * max(self.seen.tags.get(tag, 0.0), self.seen.close_tags.get(tag, 0)))
                * share
                for tag, share in tags.items()
            ),
            default=0.0,
        )


def score(claims: Claims, frame: Frame) -> float:
    """Roughly the probability that the frame is what was asked for, 0 to 1."""
    parts = [thing_score(claim, frame) for claim in claims.things]
    parts += [
        FLOOR_PLACE + (1 - FLOOR_PLACE) * min(1.0, 1.4 * likelihood(place, frame.seen))
        for place in dict.fromkeys(claims.places)
    ]
    if claims.empty:
        parts.append(emptiness(claims, frame))
    if claims.still:
        parts.append(1 - min(1.0, frame.seen.movement / 0.01))
    if claims.dark is not None:
        dark = min(1.0, max(0.0, (0.45 - frame.seen.light) / 0.25))
        parts.append(FLOOR_LIGHT + (1 - FLOOR_LIGHT) * (dark if claims.dark else 1 - dark))
    if not parts:
        return 0.0
    return prod(parts) * UNKNOWN_WORD ** min(4, len(claims.unknown))


def thing_score(claim: ThingClaim, frame: Frame) -> float:
    """How well the frame bears out one claim."""
    own = _one_thing_score(claim, frame)
    return max([own, *(thing_score(other, frame) for other in claim.instead)])


def _one_thing_score(claim: ThingClaim, frame: Frame) -> float:
    if claim.thing is None:
        return 1.0 if claim.denied else UNSHOWABLE
    chances = [instance(claim, claim.thing, index, frame) for index in range(len(frame.likely))]
    if not claim.colours and not claim.activities and not claim.positions and not claim.garments:
        present = 1 - prod(1 - chance for chance in chances)
        by_tag = 0.6 * frame.tag(claim.thing.tags)
        chances = chances if present >= by_tag else [*chances, by_tag]
    if claim.denied:
        return prod(1 - chance for chance in chances)
    floor = FLOOR_FURNITURE if claim.thing.family is Family.FURNITURE else FLOOR_THING
    return soft(floor, counted(claim.count, chances))


def instance(claim: ThingClaim, concept: ThingConcept, index: int, frame: Frame) -> float:
    """How likely the thing of this index is one that the claim speaks of."""
    chance = frame.probability(index, concept)
    if chance < 0.01:
        return 0.0
    thing = frame.seen.things[index]
    factors = [soft(FLOOR_COLOUR, worn(colour, thing)) for colour in claim.colours]
    factors += [garment(one, index, frame) for one in claim.garments]
    factors += [activity(one, index, frame) for one in claim.activities]
    factors += [soft(FLOOR_POSITION, position(one, thing)) for one in claim.positions]
    factors += [beside(other, index, frame) for other in claim.beside]
    factors += [
        soft(FLOOR_BESIDE, near(ThingConcept({label: 1.0}), index, frame))
        for label in concept.with_
    ]
    return chance * tempered(factors)


def tempered(factors: Sequence[float]) -> float:
    """The product, less strict the more factors there are: they are not independent."""
    return float(prod(factors) ** (1 / max(1.0, len(factors) ** 0.4)))


def soft(floor: float, likely: float) -> float:
    return floor + (1 - floor) * likely


def counted(count: Count, chances: Iterable[float]) -> float:
    """The chance that so many of independent things are there."""
    spread = [1.0]
    for chance in chances:
        if chance <= 0.01:
            continue
        stay = [share * (1 - chance) for share in spread] + [0.0]
        more = [0.0] + [share * chance for share in spread]
        spread = [one + other for one, other in zip(stay, more, strict=True)]
    number = count.number
    at_least = sum(spread[number:])
    if count.exact:
        exactly = spread[number] if number < len(spread) else 0.0
        return exactly + 0.15 * (at_least - exactly)
    one_less = spread[number - 1] if number > 1 and number - 1 < len(spread) else 0.0
    return at_least + 0.4 * one_less


def share_of(colour: Colour, shares: Shares) -> float:
    """How plainly a region has the colour, 0 to 1."""
    found = sum(shares.get(name, 0.0) * how_much for name, how_much in colour.items())
    return min(1.0, found / ENOUGH)


def worn(colour: Colour, thing: Thing) -> float:
    """A colour said of the thing itself: its body, or either half of a person's clothing."""
    upper = share_of(colour, thing.colours)
    if not thing.lower:
        return upper
    lower = share_of(colour, thing.lower)
    return max(upper, 0.7 * lower, (upper + lower) / 2)


def garment(claim: GarmentClaim, index: int, frame: Frame) -> float:
    """How well what a person wears fits."""
    thing = frame.seen.things[index]
    regions = {
        Region.UPPER: (thing.colours,),
        Region.LOWER: (thing.lower,),
        Region.WHOLE: (thing.colours, thing.lower or thing.colours),
        Region.HEAD: (thing.head,),
        Region.UNSEEN: (),
    }[claim.garment.region]
    worn_like = max(
        (min(1.0, 2 * thing.tags.get(tag, 0.0)) * share for tag, share in claim.garment.tags.items()),
        default=0.0,
    )
    if claim.garment.label:
        found = near(ThingConcept({claim.garment.label: 1.0}), index, frame)
        worn_like = max(worn_like, min(1.0, 2 * found))
    if claim.denied:
        return 1 - 0.5 * worn_like
    fits = soft(FLOOR_GARMENT, worn_like) if claim.garment.tags else 0.8
    if regions and claim.colours:
        shares = [share_of(colour, region) for region in regions for colour in claim.colours]
        return fits**0.5 * soft(FLOOR_GARMENT_COLOUR, sum(shares) / len(shares))
    return fits


def activity(one: Activity, index: int, frame: Frame) -> float:
    """How well a thing's look fits what it is said to do."""
    thing = frame.seen.things[index]
    left, top, right, bottom = thing.box
    wide = (right - left) / max(1e-6, bottom - top)
    match one:
        case Activity.MOVING:
            return soft(FLOOR_ACTIVITY, thing.moving)
        case Activity.STANDING:
            return 0.8
        case Activity.SITTING:
            return soft(FLOOR_ACTIVITY, near(ThingConcept({"chair": 1, "couch": 1, "bench": 1}), index, frame))
        case Activity.LYING:
            return soft(FLOOR_LYING, min(1.0, max(0.0, (wide - 1.0) / 0.8)))
        case Activity.RIDING:
            return 0.8
        case Activity.AT_EDGE:
            gap = min(left, top, 1 - right, 1 - bottom)
            return soft(FLOOR_ACTIVITY, thing.moving * min(1.0, max(0.0, 1 - gap / 0.15)))


def position(one: Position, thing: Thing) -> float:
    """How well a thing's place in the picture fits."""
    across = (thing.box[0] + thing.box[2]) / 2
    down = (thing.box[1] + thing.box[3]) / 2
    size = area(thing.box)
    match one:
        case Position.LEFT:
            return ramp(across, 0.55, 0.4)
        case Position.RIGHT:
            return ramp(across, 0.45, 0.6)
        case Position.TOP:
            return ramp(down, 0.55, 0.4)
        case Position.BOTTOM:
            return ramp(down, 0.45, 0.6)
        case Position.CENTRE:
            return ramp(max(abs(across - 0.5), abs(down - 0.5)), 0.35, 0.2)
        case Position.NEAR:
            return ramp(size, 0.02, 0.12)
        case Position.FAR:
            return ramp(size, 0.1, 0.02)


def ramp(value: float, nothing: float, everything: float) -> float:
    """0 at `nothing`, 1 at `everything`, straight between."""
    return min(1.0, max(0.0, (value - nothing) / (everything - nothing)))


def beside(claim: ThingClaim, index: int, frame: Frame) -> float:
    """Whether something is (or is not) with the thing of this index."""
    if claim.thing is None:
        return 1.0 if claim.denied else UNSHOWABLE
    chance = near(claim.thing, index, frame, claim)
    own = frame.seen.things[index].tags
    by_tag = max(
        (min(1.0, 1.5 * own.get(tag, 0.0)) * share for tag, share in claim.thing.tags.items()),
        default=0.0,
    )
    chance = max(chance, 0.8 * by_tag, 0.4 * frame.tag(claim.thing.tags))
    return 1 - 0.9 * chance if claim.denied else soft(FLOOR_BESIDE, chance)


def near(
    concept: ThingConcept, index: int, frame: Frame, claim: ThingClaim | None = None
) -> float:
    """How likely one of the concept is within reach of the thing of this index."""
    reach = grown(frame.seen.things[index].box, 0.35)
    return max(
        (
            instance(claim, concept, other, frame) if claim else frame.probability(other, concept)
            for other in range(len(frame.likely))
            if other != index and overlap(reach, frame.seen.things[other].box) > 0
        ),
        default=0.0,
    )


def emptiness(claims: Claims, frame: Frame) -> float:
    """How likely nothing is there that comes and goes, apart from what is claimed."""
    claimed = {
        claim.thing.family for claim in claims.things if claim.thing is not None and not claim.denied
    } - {Family.OTHER}
    labels = {"person", "car", "truck", "bus", "motorcycle", "bicycle", "dog", "cat", "horse"}
    chances = [
        max((likely.get(label, 0.0) for label in labels), default=0.0) for likely in frame.likely
    ]
    if claimed:
        return soft(0.7, counted(Count(1, exact=True), chances))
    unknown = min(1.0, frame.seen.movement / 0.05)
    return prod(1 - chance for chance in chances) * (1 - 0.5 * unknown)
