"""How well a frame's facts bear out the claims of a query."""

from collections.abc import Iterable
from math import prod

from mmrag_video.models.basic.claims import Claims, Count, ThingClaim
from mmrag_video.models.basic.concepts import THINGS, Family, ThingConcept
from mmrag_video.models.basic.evidence import Evidence, strongest
from mmrag_video.models.basic.geometry import area
from mmrag_video.models.basic.scenes import Place, likelihood
from mmrag_video.models.basic.traits import (
    coloured,
    does,
    lies,
    nearest,
    ramp,
    share_of,
    soft,
    tempered,
    wears,
    within_reach,
)

# What is left of a score when a claim is not borne out at all: the detector misses things.
FLOOR_THING = 0.02
FLOOR_FURNITURE = 0.3
"""Unless it is all that is asked for."""
FLOOR_FIXTURE = 0.45
"""Of a part of the place that says where something else is."""
FLOOR_CONTEXT = 0.25
"""Of anything else that says where something is."""
FLOOR_BESIDE = 0.12
FLOOR_PLACE = 0.35
FLOOR_LIGHT = 0.2
FLOOR_CROWDED = 0.7
"""An empty street with one car, and more is there."""
UNSHOWABLE = 0.3
"""Of a thing that the facts cannot show at all."""
UNKNOWN_WORD = 0.85
"""Of each word that was not understood, up to `MOST_UNKNOWN`."""
MOST_UNKNOWN = 4
ONLY_PLACE_KNOWN = 0.45
"""Of a query whose thing is an unknown word, so that only its place could be checked."""
BY_TAG = 0.6
"""A tag of the whole picture against a detected thing."""
BESIDE_BY_TAG = 0.8
BESIDE_BY_PICTURE = 0.4
OVERCOUNTED = 0.15
"""Worth of more things than were asked for: one may be seen double."""
ONE_SHORT = 0.4
"""Worth of one thing less than `several` or a plural asks for: one may be hidden."""
NIGHT, DAY = 0.2, 0.45
"""Mean brightness below which it is night, above which it is day."""
STILL = 0.01
"""Share of the picture that moves from which nothing can be called still."""
LARGE = 0.02
"""Share of the picture from which a thing keeps a place from being empty."""
IN_THE_WAY = 0.4
"""How much it does, unless it comes and goes."""
MARKED = 0.9
"""Of somebody whose clothing has the colours that mark who is meant."""
COMES_AND_GOES = ThingConcept(
    dict.fromkeys(
        ("person", "car", "truck", "bus", "motorcycle", "bicycle", "dog", "cat", "horse"), 1.0
    )
)

SURROUNDINGS = {Family.FURNITURE: FLOOR_FURNITURE, Family.FIXTURE: FLOOR_FIXTURE}
"""What stands in a place, and its floor."""
FURNITURE = frozenset(
    label
    for concept in THINGS.values()
    if concept.family is Family.FURNITURE
    for label in concept.labels
)


def score(claims: Claims, evidence: Evidence) -> float:
    """Roughly the probability that the frame is what was asked for, 0 to 1."""
    parts = [_thing(claim, evidence, _floor(claim, claims)) for claim in claims.things]
    parts += [_place(place, evidence) for place in claims.places]
    if claims.empty:
        parts.append(_empty(claims, evidence))
    if claims.still:
        parts.append(ramp(evidence.seen.movement, STILL, 0.0))
    if claims.dark is not None:
        dark = ramp(evidence.seen.light, DAY, NIGHT)
        parts.append(soft(FLOOR_LIGHT, dark if claims.dark else 1 - dark))
    known = prod(parts) if parts else 0.0
    if not claims.unknown:
        return known
    if not claims.things:
        return max(known * ONLY_PLACE_KNOWN, BY_TAG * _named_by_tag(claims.unknown, evidence))
    return known * UNKNOWN_WORD ** min(MOST_UNKNOWN, len(claims.unknown))


def _named_by_tag(words: Iterable[str], evidence: Evidence) -> float:
    """How plainly a tag has one of the words in its name."""
    seen = evidence.seen
    every = [seen.tags, seen.close_tags, *(thing.tags for thing in seen.things)]
    asked = set(words)
    return max(
        (
            strongest(tags, {tag: 1.0})
            for tags in every
            for tag in tags
            if asked & set(tag.casefold().split())
        ),
        default=0.0,
    )


def _place(place: Place, evidence: Evidence) -> float:
    return soft(FLOOR_PLACE, min(1.0, 1.4 * likelihood(place, evidence.seen)))


def _floor(claim: ThingClaim, claims: Claims) -> float:
    """What is left where a claim is not borne out: more where it is not what is asked for."""
    alone = not claims.places and not any(
        other.thing is not None and other.thing.family not in SURROUNDINGS and not other.denied
        for other in claims.things
    )
    if claim.thing is None or alone:
        return FLOOR_THING
    floor = FLOOR_CONTEXT if claim.context else FLOOR_THING
    return max(floor, SURROUNDINGS.get(claim.thing.family, FLOOR_THING))


def _thing(claim: ThingClaim, evidence: Evidence, floor: float) -> float:
    """How well the frame bears out one claim, or the best of its alternatives."""
    own = _of_one_kind(claim, evidence, floor)
    return max([own, *(_thing(other, evidence, floor) for other in claim.instead)])


def _of_one_kind(claim: ThingClaim, evidence: Evidence, floor: float) -> float:
    if claim.thing is None:
        return 1.0 if claim.denied else UNSHOWABLE
    if claim.denied:
        return 1 - _likely(claim, claim.thing, Count(1, exact=False), evidence)
    return soft(floor, _likely(claim, claim.thing, claim.count, evidence))


def _likely(claim: ThingClaim, thing: ThingConcept, count: Count, evidence: Evidence) -> float:
    """The chance that so many are there.

    Only what has the concept's own label counts up: four cars, each of which may be a truck, do
    not make one truck likely.
    """
    chances = chances_of(claim, thing, evidence)
    if claim.described:
        return min(count_chance(count, chances), _nth_best(count, chances))
    by_tag = BY_TAG * evidence.looks_like(thing.tags)
    if thing.itself.labels == thing.labels:
        return count_chance(count, _or_by_tag(chances, by_tag))
    own = _or_by_tag(chances_of(claim, thing.itself, evidence), by_tag)
    any_label = _or_by_tag(chances, by_tag)
    return max(
        count_chance(count, own), min(count_chance(count, any_label), _nth_best(count, any_label))
    )


def _nth_best(count: Count, chances: list[float]) -> float:
    """The chance of the weakest of the things that are needed.

    Nine people who are not in red do not make it likely that one of them is: where many fit badly,
    they do so for the same reason, and their chances do not add up.
    """
    best = [*sorted(chances, reverse=True), *[0.0] * count.number]
    if count.exact or count.number == 1:
        return best[count.number - 1]
    return max(best[count.number - 1], ONE_SHORT * best[count.number - 2])


def _or_by_tag(chances: list[float], by_tag: float) -> list[float]:
    seen = 1 - prod(1 - chance for chance in chances)
    return chances if seen >= by_tag else [*chances, by_tag]


def chances_of(claim: ThingClaim, concept: ThingConcept, evidence: Evidence) -> list[float]:
    """For each thing of the frame, how likely it is one that the claim speaks of."""
    return [
        _instance(claim, concept, index, evidence) for index in range(len(evidence.seen.things))
    ]


def _instance(claim: ThingClaim, concept: ThingConcept, index: int, evidence: Evidence) -> float:
    chance = evidence.probability(index, concept)
    if chance < 0.01:
        return 0.0
    thing = evidence.seen.things[index]
    if concept.marks:
        marked = MARKED * share_of(concept.marks, thing.colours)
        chance = max(chance, marked * evidence.likely[index].get("person", 0.0))
    factors = [coloured(colour, thing) for colour in claim.colours]
    factors += [wears(garment, index, evidence) for garment in claim.garments]
    factors += [does(activity, index, evidence) for activity in claim.activities]
    factors += [lies(position, thing) for position in claim.positions]
    factors += [_beside(other, index, evidence) for other in claim.beside]
    factors += [
        soft(FLOOR_BESIDE, nearest(ThingConcept({label: 1.0}), index, evidence))
        for label in concept.with_
    ]
    return chance * tempered(factors)


def _beside(claim: ThingClaim, index: int, evidence: Evidence) -> float:
    """Whether something is (or is not) with the thing of this index, or an alternative is."""
    return max(_one_beside(each, index, evidence) for each in (claim, *claim.instead))


def _one_beside(claim: ThingClaim, index: int, evidence: Evidence) -> float:
    if claim.thing is None:
        return 1.0 if claim.denied else UNSHOWABLE
    near = max(
        (_instance(claim, claim.thing, other, evidence) for other in within_reach(index, evidence)),
        default=0.0,
    )
    tags = claim.thing.tags
    own = BESIDE_BY_TAG * strongest(evidence.seen.things[index].tags, tags)
    chance = max(near, own, BESIDE_BY_PICTURE * evidence.looks_like(tags))
    return 1 - 0.9 * chance if claim.denied else soft(FLOOR_BESIDE, chance)


def count_chance(count: Count, chances: Iterable[float]) -> float:
    """The chance that so many of independent things are there (a Poisson binomial)."""
    spread = [1.0]
    for chance in chances:
        absent = [share * (1 - chance) for share in spread] + [0.0]
        present = [0.0] + [share * chance for share in spread]
        spread = [one + other for one, other in zip(absent, present, strict=True)]
    number = count.number
    at_least = sum(spread[number:])
    if count.exact:
        exactly = spread[number] if number < len(spread) else 0.0
        return exactly + OVERCOUNTED * (at_least - exactly)
    one_short = spread[number - 1] if 1 < number <= len(spread) else 0.0
    return at_least + ONE_SHORT * one_short


def _empty(claims: Claims, evidence: Evidence) -> float:
    """How likely nothing is there that comes and goes, apart from what is claimed."""
    claimed = {
        claim.thing.family
        for claim in claims.things
        if claim.thing is not None and not claim.denied
    } - {Family.OTHER, Family.FURNITURE}
    chances = [
        evidence.probability(index, COMES_AND_GOES) for index in range(len(evidence.seen.things))
    ]
    if claimed:
        return soft(FLOOR_CROWDED, count_chance(Count(1, exact=True), chances))
    chances.append(IN_THE_WAY * _largest_other(claims, evidence))
    unseen = ramp(evidence.seen.movement, 0.0, 0.05)
    return prod(1 - chance for chance in chances) * (1 - 0.5 * unseen)


def _largest_other(claims: Claims, evidence: Evidence) -> float:
    """How surely something large stands there that is neither furniture nor asked for."""
    expected = FURNITURE.union(*(claim.thing.labels for claim in claims.things if claim.thing))
    named = [
        evidence.name(index)
        for index, thing in enumerate(evidence.seen.things)
        if area(thing.box) >= LARGE
    ]
    return max((likely for label, likely in named if label not in expected), default=0.0)
