"""Frames that answer a query score higher than those that nearly do; scores mean something."""

from dataclasses import replace

import pytest

from mmrag_video.models.basic.claims import Count
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.facts import Seen, Thing, from_json, to_json
from mmrag_video.models.basic.reasons import reason
from mmrag_video.models.basic.reranker import understand
from mmrag_video.models.basic.scoring import count_chance, score
from mmrag_video.video.sampled import Box

STRONG, POSSIBLE = 0.6, 0.35
"""Scores from which a match is called so by default."""

NOTHING = Seen(
    things=(),
    tags={},
    close_tags={},
    colours={"grey": 0.8},
    ground={"grey": 0.8},
    light=0.5,
    movement=0.0,
    moving_box=None,
    moving_colours={},
)
LEFT: Box = (0.1, 0.3, 0.2, 0.8)
RIGHT: Box = (0.7, 0.3, 0.8, 0.8)
MIDDLE: Box = (0.45, 0.3, 0.55, 0.8)


def thing(label: str, colour: str = "", box: Box = MIDDLE, **more: object) -> Thing:
    plain = Thing({label: 0.9}, box, 0.0, {colour: 0.8} if colour else {}, {}, {}, {})
    return replace(plain, **more)  # type: ignore[arg-type]


def frame(*things: Thing, **more: object) -> Seen:
    return replace(NOTHING, things=things, **more)  # type: ignore[arg-type]


def scored(text: str, seen: Seen) -> float:
    return score(understand(text), Evidence(seen))


PERSON = thing("person", "grey", LEFT)
OTHER_PERSON = thing("person", "black", RIGHT)
ONE = frame(PERSON)
TWO = frame(PERSON, OTHER_PERSON)
CROWD = frame(
    *(thing("person", box=(share / 10, 0.3, share / 10 + 0.05, 0.8)) for share in range(9))
)
ROOM = frame(thing("tv", box=(0, 0, 0.1, 0.2)), thing("couch", box=(0.1, 0.6, 0.4, 0.9)))


@pytest.mark.parametrize(
    "text",
    ["two people", "zwei Männer", "dos personas", "deux personnes", "due persone", "两个人"],
)
def test_two_people_are_neither_one_nor_a_crowd(text: str) -> None:
    assert scored(text, TWO) >= STRONG
    assert scored(text, ONE) < POSSIBLE
    assert scored(text, CROWD) < POSSIBLE


def test_a_crowd_is_not_two_people() -> None:
    assert scored("a crowd", CROWD) >= STRONG
    assert scored("a crowd", TWO) < POSSIBLE


@pytest.mark.parametrize(
    "text", ["a red car", "ein rotes Auto", "una macchina rossa", "een rode auto", "红色的汽车"]
)
def test_a_red_car_is_not_a_white_one(text: str) -> None:
    assert scored(text, frame(thing("car", "red"))) >= STRONG
    assert scored(text, frame(thing("car", "white"))) < POSSIBLE
    assert scored(text, frame(thing("person", "red"))) < POSSIBLE


@pytest.mark.parametrize(
    "text", ["an empty room", "ein leerer Raum", "une pièce vide", "nobody in the room"]
)
def test_an_empty_room_has_nobody_in_it(text: str) -> None:
    assert scored(text, ROOM) >= STRONG
    assert scored(text, replace(ROOM, things=(*ROOM.things, PERSON))) < POSSIBLE


@pytest.mark.parametrize("text", ["a person with a backpack", "una persona con mochila"])
def test_a_person_with_a_backpack(text: str) -> None:
    backpack = thing("backpack", "blue", (0.11, 0.4, 0.17, 0.55))
    far_away = replace(backpack, box=(0.9, 0.1, 0.95, 0.2))
    assert scored(text, frame(PERSON, backpack)) >= STRONG
    assert scored(text, ONE) < POSSIBLE
    assert scored(text, frame(PERSON, far_away)) < POSSIBLE


def test_a_person_without_a_backpack() -> None:
    backpack = thing("backpack", "blue", (0.11, 0.4, 0.17, 0.55))
    assert scored("a person without a backpack", ONE) >= STRONG
    assert scored("a person without a backpack", frame(PERSON, backpack)) < POSSIBLE


def test_clothes() -> None:
    dressed = thing("person", "white", lower={"blue": 0.7})
    assert scored("a man in a white shirt and blue jeans", frame(dressed)) >= POSSIBLE
    swapped = thing("person", "blue", lower={"white": 0.7})
    assert scored("a man in a white shirt and blue jeans", frame(swapped)) < POSSIBLE


def test_lying_and_standing() -> None:
    lying = thing("person", "grey", (0.3, 0.7, 0.7, 0.85))
    assert scored("a person lying on the floor", frame(lying)) >= STRONG
    assert scored("a person lying on the floor", ONE) < POSSIBLE


def test_a_parked_car_does_not_move() -> None:
    moving = thing("car", "white", moving=1.0)
    parked = thing("car", "white", moving=0.0)
    assert scored("a parked car", frame(parked)) > scored("a parked car", frame(moving))
    assert scored("a car driving past", frame(moving)) > scored("a car driving past", frame(parked))


def test_left_and_right() -> None:
    left, right = frame(thing("dog", box=LEFT)), frame(thing("dog", box=RIGHT))
    assert scored("a dog on the left", left) >= STRONG
    assert scored("a dog on the left", right) < POSSIBLE


def test_night_and_day() -> None:
    bright, dark = frame(PERSON, light=0.6), frame(PERSON, light=0.1)
    assert scored("a person at night", dark) >= STRONG
    assert scored("a person at night", bright) < POSSIBLE


@pytest.mark.parametrize(
    "text", ["a horse", "an umbrella", "fire", "a person with a ladder", "ein Pferd", "a penguin"]
)
def test_what_is_not_there_scores_low(text: str) -> None:
    for seen in (NOTHING, ONE, TWO, ROOM, frame(thing("car", "red"))):
        assert scored(text, seen) < POSSIBLE


def test_many_wrong_ones_do_not_make_a_right_one() -> None:
    assert scored("a person in a red jacket", CROWD) < POSSIBLE


def test_many_cars_are_not_a_truck() -> None:
    cars = [thing("car", "white", (share / 4, 0.3, share / 4 + 0.1, 0.5)) for share in range(4)]
    assert scored("a truck", frame(*cars)) < POSSIBLE
    assert scored("a truck", frame(*cars, thing("truck"))) >= STRONG
    assert scored("four cars", frame(*cars)) >= STRONG


@pytest.mark.parametrize("text", ["an officer", "a child", "a worker", "a man wearing a helmet"])
def test_anybody_may_be_the_one_but_not_surely(text: str) -> None:
    assert POSSIBLE <= scored(text, ONE) < STRONG


def test_clothing_can_tell_who_somebody_is() -> None:
    assert scored("a worker", frame(thing("person", "orange"))) >= STRONG
    assert scored("an officer", frame(thing("person", tags={"military uniform": 0.7}))) >= STRONG


def test_safety_clothing_is_bright() -> None:
    text = "a person in a hi-vis jacket"
    assert scored(text, frame(thing("person", "yellow"))) >= STRONG
    assert scored(text, frame(thing("person", "grey"))) < POSSIBLE


def test_what_only_says_where_is_not_needed() -> None:
    assert scored("two people at an ATM", TWO) >= POSSIBLE
    assert scored("two people at an ATM", ONE) < POSSIBLE
    assert scored("an ATM", TWO) < POSSIBLE
    assert scored("a chair", TWO) < POSSIBLE
    assert scored("a man next to a horse", ONE) < POSSIBLE


def test_either_of_what_somebody_has_is_enough() -> None:
    suitcase = thing("suitcase", "blue", (0.11, 0.6, 0.19, 0.8))
    assert scored("a person with a backpack or a suitcase", frame(PERSON, suitcase)) >= STRONG
    assert scored("a person with a backpack or a suitcase", ONE) < POSSIBLE


def test_a_large_thing_keeps_a_room_from_being_empty() -> None:
    boat = thing("boat", box=(0.3, 0.3, 0.8, 0.9))
    with_boat = replace(ROOM, things=(*ROOM.things, boat))
    assert scored("an empty room", with_boat) < scored("an empty room", ROOM)


def test_a_phone_that_moves_is_a_car_only_outdoors() -> None:
    phone = thing("cell phone", box=(0.3, 0.3, 0.5, 0.5), moving=1.0)
    indoors = frame(phone, *ROOM.things, ground={"brown": 0.8}, tags={"desk": 0.9})
    assert scored("a car", frame(phone)) > POSSIBLE > scored("a car", indoors)


def test_an_unsure_detection_is_no_proof() -> None:
    unsure = replace(thing("umbrella"), labels={"umbrella": 0.25})
    assert scored("an umbrella", frame(unsure)) < POSSIBLE
    assert scored("an umbrella", frame(thing("umbrella"))) >= STRONG


def test_the_tagger_can_overrule_the_detector() -> None:
    box = (0.3, 0.3, 0.5, 0.7)
    taken_for_a_phone = replace(thing("cell phone", "red", box), tags={"minivan": 0.5})
    assert scored("a car", frame(taken_for_a_phone)) > scored("a phone", frame(taken_for_a_phone))


def test_any_of_the_alternatives_will_do() -> None:
    assert scored("a cat or a dog", frame(thing("dog"))) >= STRONG


@pytest.mark.parametrize(
    ("count", "chances", "expected"),
    [
        (Count(1, exact=False), [0.5, 0.5], 0.75),
        (Count(2, exact=True), [1.0, 1.0], 1.0),
        (Count(1, exact=True), [], 0.0),
        (Count(1, exact=True), [0.5, 0.5], 0.5 + 0.15 * 0.25),
    ],
)
def test_counting_with_chances(count: Count, chances: list[float], expected: float) -> None:
    assert count_chance(count, chances) == pytest.approx(expected)


def test_every_score_is_between_nothing_and_one() -> None:
    for text in ("two people and a red car at night", "an empty street", "no dogs", "", "a ladder"):
        for seen in (NOTHING, ONE, TWO, CROWD, ROOM):
            assert 0 <= scored(text, seen) <= 1


def test_facts_survive_being_stored() -> None:
    seen = frame(PERSON, thing("car", "red"), movement=0.1, moving_box=(0.1, 0.2, 0.3, 0.4))
    assert Evidence(from_json(to_json(seen))).likely == Evidence(seen).likely
    assert from_json(to_json(NOTHING)).things == []


def test_the_reason_names_what_was_asked_for_first() -> None:
    seen = frame(PERSON, OTHER_PERSON, thing("car", "red"))
    assert reason(understand("a red car"), Evidence(seen)) == "car (red), 2 people (in grey, black)"
    assert reason(understand("anybody"), Evidence(NOTHING)) == "nothing moves, nobody seen"
