"""Where the model `basic` says that the things are which a query names."""

from mmrag_video.models.base import PointedOut
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.facts import Seen, Thing
from mmrag_video.models.basic.pointing import MOVES, point_out
from mmrag_video.models.basic.reranker import understand
from mmrag_video.video.sampled import Box

RED_COAT: Box = (0.1, 0.2, 0.3, 0.9)
BLACK_COAT: Box = (0.6, 0.2, 0.8, 0.9)
CAR: Box = (0.2, 0.5, 0.9, 0.8)
MOVING: Box = (0.0, 0.0, 0.5, 0.5)


def thing(label: str, box: Box, colour: str, sure: float = 0.9) -> Thing:
    return Thing({label: sure}, box, 0.0, {colour: 1.0}, {}, {}, {})


def seen(*things: Thing, moving: Box | None = None) -> Evidence:
    return Evidence(Seen(things, {}, {}, {}, {}, 0.5, 0.0, moving, {}))


STREET = seen(
    thing("person", RED_COAT, "red"),
    thing("person", BLACK_COAT, "black"),
    thing("car", CAR, "black"),
    thing("dog", MOVING, "brown", sure=0.1),
)


def boxes(query: str, evidence: Evidence = STREET) -> list[Box]:
    return [thing.box for thing in point_out(understand(query), evidence)]


def test_what_the_query_names_is_pointed_out_alone() -> None:
    assert boxes("a person") == [RED_COAT, BLACK_COAT]
    assert boxes("a car") == [CAR]
    assert boxes("a person in red") == [RED_COAT]


def test_what_is_said_not_to_be_there_is_not_pointed_out() -> None:
    assert CAR not in boxes("a person, no car")


def test_without_a_named_thing_all_that_is_told_of_is_shown() -> None:
    assert boxes("") == boxes("an elephant") == [RED_COAT, BLACK_COAT, CAR]


def test_what_moves_is_shown_where_nothing_is_known() -> None:
    assert point_out(understand("a car"), seen(moving=MOVING)) == [PointedOut(MOVES, MOVING)]
    assert boxes("a car", seen()) == []
