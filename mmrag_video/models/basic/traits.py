"""How well what is said of a thing fits it: its colours, clothes, doings and place."""

from collections.abc import Sequence
from math import prod

from mmrag_video.models.basic.appearance import Region
from mmrag_video.models.basic.claims import Activity, Colour, GarmentClaim, Position
from mmrag_video.models.basic.concepts import ThingConcept
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.facts import Shares, Thing
from mmrag_video.models.basic.geometry import area, grown, overlap
from mmrag_video.video.sampled import Box

# What is left of a score when something said is not borne out at all. None is zero: a colour, a
# posture or a garment is read less surely than a thing is seen.
FLOOR_COLOUR = 0.12
FLOOR_GARMENT_COLOUR = 0.15
FLOOR_GARMENT = 0.55
FLOOR_ACTIVITY = 0.5
FLOOR_AT_EDGE = 0.35
FLOOR_LYING = 0.06
FLOOR_POSITION = 0.3
NO_TELLING = 0.8
"""Of what a single frame's facts cannot show, such as standing."""
ENOUGH = 0.4
"""Share of a region from which a colour is plainly there."""
REACH = 0.35
"""How far somebody reaches, in shares of the own box on every side."""
SEATS = ThingConcept({"chair": 1.0, "couch": 1.0, "bench": 1.0})


def soft(floor: float, likely: float) -> float:
    """From `floor` (not borne out) to 1 (borne out)."""
    return floor + (1 - floor) * likely


def tempered(factors: Sequence[float]) -> float:
    """The product, less strict the more factors there are: they are not independent."""
    return float(prod(factors) ** (1 / max(1.0, len(factors) ** 0.4)))


def ramp(value: float, nothing: float, everything: float) -> float:
    """0 at `nothing`, 1 at `everything`, straight between."""
    return min(1.0, max(0.0, (value - nothing) / (everything - nothing)))


def share_of(colour: Colour, shares: Shares) -> float:
    """How plainly a region has the colour, 0 to 1."""
    found: float = sum(shares.get(name, 0.0) * how_much for name, how_much in colour.items())
    return min(1.0, found / ENOUGH)


def coloured(colour: Colour, thing: Thing) -> float:
    """A colour said of the thing itself: its body, or either half of a person's clothing."""
    upper = share_of(colour, thing.colours)
    if not thing.lower:
        return soft(FLOOR_COLOUR, upper)
    lower = share_of(colour, thing.lower)
    return soft(FLOOR_COLOUR, max(upper, 0.7 * lower, (upper + lower) / 2))


def wears(claim: GarmentClaim, index: int, evidence: Evidence) -> float:
    """How well what a person is said to wear fits."""
    thing = evidence.seen.things[index]
    garment = claim.garment
    looks = max(
        (min(1.0, 2 * thing.tags.get(tag, 0.0)) * share for tag, share in garment.tags.items()),
        default=0.0,
    )
    if garment.label:
        found = nearest(ThingConcept({garment.label: 1.0}), index, evidence)
        looks = max(looks, min(1.0, 2 * found))
    if claim.denied:
        return 1 - 0.5 * looks
    fits = soft(FLOOR_GARMENT, looks) if garment.tags else NO_TELLING
    regions = _regions(garment.region, thing)
    colours = claim.colours or ((garment.colour,) if garment.colour else ())
    if not regions or not colours:
        return fits
    shares = [share_of(colour, region) for region in regions for colour in colours]
    return float(fits**0.5) * soft(FLOOR_GARMENT_COLOUR, sum(shares) / len(shares))


def _regions(region: Region, thing: Thing) -> tuple[Shares, ...]:
    match region:
        case Region.UPPER:
            return (thing.colours,)
        case Region.LOWER:
            return (thing.lower,)
        case Region.WHOLE:
            return (thing.colours, thing.lower or thing.colours)
        case Region.HEAD:
            return (thing.head,)
        case Region.UNSEEN:
            return ()


def does(activity: Activity, index: int, evidence: Evidence) -> float:
    """How well a thing's look fits what it is said to do."""
    thing = evidence.seen.things[index]
    left, top, right, bottom = thing.box
    wide = (right - left) / max(1e-6, bottom - top)
    match activity:
        case Activity.MOVING:
            return soft(FLOOR_ACTIVITY, thing.moving)
        case Activity.SITTING:
            return soft(FLOOR_ACTIVITY, nearest(SEATS, index, evidence))
        case Activity.LYING:
            return soft(FLOOR_LYING, ramp(wide, 1.0, 1.8))
        case Activity.AT_EDGE:
            return soft(FLOOR_AT_EDGE, thing.moving * _at_edge(thing, evidence))
        case Activity.STANDING if "person" not in thing.labels:
            return soft(FLOOR_ACTIVITY, 1 - thing.moving)
        case _:
            return NO_TELLING


def _at_edge(thing: Thing, evidence: Evidence) -> float:
    """How near the picture's edge a thing is, or what moves with it."""
    own = ramp(_gap(thing.box), 0.15, 0.0)
    moving = evidence.seen.moving_box
    return own if moving is None else max(own, 0.9 * ramp(_gap(moving), 0.05, 0.0))


def _gap(box: Box) -> float:
    """To the nearest edge but the upper one, where heads often end."""
    return min(box[0], 1 - box[2], 1 - box[3])


def lies(position: Position, thing: Thing) -> float:
    """How well a thing's place in the picture fits."""
    across = (thing.box[0] + thing.box[2]) / 2
    down = (thing.box[1] + thing.box[3]) / 2
    size = area(thing.box)
    likely = {
        Position.LEFT: ramp(across, 0.55, 0.4),
        Position.RIGHT: ramp(across, 0.45, 0.6),
        Position.TOP: ramp(down, 0.55, 0.4),
        Position.BOTTOM: ramp(down, 0.45, 0.6),
        Position.CENTRE: ramp(max(abs(across - 0.5), abs(down - 0.5)), 0.35, 0.2),
        Position.NEAR: ramp(size, 0.02, 0.12),
        Position.FAR: ramp(size, 0.1, 0.02),
    }[position]
    return soft(FLOOR_POSITION, likely)


def within_reach(index: int, evidence: Evidence) -> list[int]:
    """The other things near the thing of this index."""
    things = evidence.seen.things
    reach = grown(things[index].box, REACH)
    return [
        other
        for other in range(len(things))
        if other != index and overlap(reach, things[other].box) > 0
    ]


def nearest(concept: ThingConcept, index: int, evidence: Evidence) -> float:
    """How likely one of the concept is within reach of the thing of this index."""
    return max(
        (evidence.probability(other, concept) for other in within_reach(index, evidence)),
        default=0.0,
    )
