"""Why a frame answers a query, in a few words for a person."""

from collections import defaultdict

from mmrag_video.models.basic.claims import Claims
from mmrag_video.models.basic.describe import PLURALS
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.facts import Thing

TOLD_FROM = 0.4
"""Probability from which a thing is told of."""
MOST_TOLD = 5
"""Kinds of things told of."""


def reason(claims: Claims, evidence: Evidence) -> str:
    """Such as `2 people (black, grey), car (red)`: what was asked for comes first."""
    kinds: dict[str, list[Thing]] = defaultdict(list)
    for index, thing in enumerate(evidence.seen.things):
        label, likely = evidence.name(index)
        if likely >= TOLD_FROM:
            kinds[label].append(thing)
    asked = {
        label
        for claim in claims.things
        if claim.thing is not None
        for each in (claim, *claim.beside, *claim.instead)
        if each.thing is not None
        for label in each.thing.labels
    }
    told = sorted(kinds.items(), key=lambda kind: kind[0] not in asked)[:MOST_TOLD]
    if not told:
        return "something moves" if evidence.seen.movement else "nothing moves, nobody seen"
    return ", ".join(_kind(label, things) for label, things in told)


def _kind(label: str, things: list[Thing]) -> str:
    number = len(things)
    name = label if number == 1 else f"{number} {PLURALS.get(label, label + 's')}"
    colours = list(dict.fromkeys(next(iter(thing.colours), "") for thing in things))
    said = ", ".join(colour for colour in colours[:3] if colour)
    if not said:
        return name
    # Of a person it is the clothes that have a colour.
    return f"{name} (in {said})" if label == "person" else f"{name} ({said})"
