"""Where in a frame the things are that a query names."""

from collections.abc import Iterator

from mmrag_video.models.base import PointedOut
from mmrag_video.models.basic.claims import Claims, ThingClaim
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.reasons import TOLD_FROM
from mmrag_video.models.basic.scoring import chances_of

MOVES = "moves"


def point_out(claims: Claims, evidence: Evidence) -> list[PointedOut]:
    """The things that are claimed, surest first; else all that are told of; else what moves."""
    asked = {
        index
        for claim in _claimed(claims)
        if claim.thing is not None
        for index, chance in enumerate(chances_of(claim, claim.thing, evidence))
        if chance >= TOLD_FROM
    }
    told = {
        index for index in range(len(evidence.seen.things)) if evidence.name(index)[1] >= TOLD_FROM
    }
    things = [
        PointedOut(evidence.name(index)[0], evidence.seen.things[index].box)
        for index in sorted(asked or told)
    ]
    if things or evidence.seen.moving_box is None:
        return things
    return [PointedOut(MOVES, evidence.seen.moving_box)]


def _claimed(claims: Claims) -> Iterator[ThingClaim]:
    """Every thing that is said to be there, and what it is said to have with it."""
    for claim in claims.things:
        for each in (claim, *claim.instead, *claim.beside):
            if not claim.denied and not each.denied:
                yield each
