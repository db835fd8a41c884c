"""A query is understood as claims, in every language of the vocabulary."""

import pytest

from mmrag_video.models.basic.appearance import COLOURS, GARMENTS
from mmrag_video.models.basic.claims import Activity, Claims, Count, Position, ThingClaim
from mmrag_video.models.basic.concepts import SECTIONS, THINGS, Kind
from mmrag_video.models.basic.lexicon import languages, read_words
from mmrag_video.models.basic.logic import READERS
from mmrag_video.models.basic.parsing import ACTIVITIES, HANDLING, NUMBERS, POSITIONS
from mmrag_video.models.basic.reranker import understand
from mmrag_video.models.basic.scenes import PLACES, Place

EXACTLY_TWO = Count(2, exact=True)


def only_thing(text: str) -> ThingClaim:
    [claim] = understand(text).things
    return claim


def main_colour(claim: ThingClaim) -> str:
    [colour] = claim.colours
    return max(colour, key=lambda name: colour[name])


@pytest.mark.parametrize(
    "text",
    [
        "two people",
        "zwei Personen",
        "dos personas",
        "deux personnes",
        "due persone",
        "duas pessoas",
        "twee mensen",
        "两个人",
        "два человека",
        "二人の人",
    ],
)
def test_numbers_in_every_language(text: str) -> None:
    claim = only_thing(text)
    assert claim.thing is not None
    assert "person" in claim.thing.labels
    assert claim.count == EXACTLY_TWO


@pytest.mark.parametrize(
    "text",
    [
        "a red car",
        "ein rotes Auto",
        "un coche rojo",
        "une voiture rouge",
        "una macchina rossa",
        "um carro vermelho",
        "een rode auto",
        "一辆红色的汽车",
        "красная машина",
        "赤い車",
    ],
)
def test_colours_belong_to_their_noun_before_or_after_it(text: str) -> None:
    claim = only_thing(text)
    assert claim.thing is THINGS["car"]
    assert main_colour(claim) == "red"


@pytest.mark.parametrize(
    "text",
    [
        "an empty room",
        "ein leerer Raum",
        "una habitación vacía",
        "une pièce vide",
        "una stanza vuota",
        "uma sala vazia",
        "een lege kamer",
        "空房间",
        "пустая комната",
        "空の部屋",
    ],
)
def test_emptiness(text: str) -> None:
    claims = understand(text)
    assert claims.empty
    assert claims.places == (Place.INDOORS,)


@pytest.mark.parametrize(
    "text",
    [
        "a street with no cars",
        "eine Straße ohne Autos",
        "una calle sin coches",
        "une rue sans voitures",
        "una strada senza auto",
        "uma rua sem carros",
        "een straat zonder auto's",
        "街上没有汽车",
        "улица без машин",
        "車のない道路",
    ],
)
def test_absence(text: str) -> None:
    assert only_thing(text).denied
    assert understand(text).places == (Place.PAVED,)


@pytest.mark.parametrize(
    "text",
    [
        "a person with a backpack",
        "eine Person mit einem Rucksack",
        "una persona con mochila",
        "une personne avec un sac à dos",
        "una persona con uno zaino",
        "uma pessoa com uma mochila",
        "een persoon met een rugzak",
        "человек с рюкзаком",
    ],
)
def test_what_somebody_has(text: str) -> None:
    [carried] = only_thing(text).beside
    assert carried.thing is THINGS["backpack"]
    assert not carried.denied


def test_what_somebody_has_not() -> None:
    for text in ("a man without a backpack", "ein Mann ohne Rucksack", "un hombre sin mochila"):
        [carried] = only_thing(text).beside
        assert carried.denied


def test_clothes_and_their_colours() -> None:
    claim = only_thing("a man in a white shirt and dark blue trousers")
    shirt, trousers = claim.garments
    assert (shirt.garment, trousers.garment) == (GARMENTS["shirt"], GARMENTS["trousers"])
    assert [next(iter(colour)) for colour in shirt.colours] == ["white"]
    assert trousers.colours[0]["blue"] == 1.0


def test_somebody_in_a_colour() -> None:
    assert main_colour(only_thing("a woman in red")) == "red"


@pytest.mark.parametrize(
    "text",
    [
        "a person in black near a white van",
        "eine Person in Schwarz neben einem weißen Lieferwagen",
        "una persona de negro cerca de una furgoneta blanca",
        "une personne en noir à côté d'une camionnette blanche",
        "una persona in nero vicino a un furgone bianco",
        "uma pessoa de preto perto de uma van branca",
        "een persoon in het zwart naast een wit busje",
        "человек в черном рядом с белым фургоном",
    ],
)
def test_a_colour_after_somebody_is_not_that_of_the_next_noun(text: str) -> None:
    person, van = understand(text).things
    assert (main_colour(person), main_colour(van)) == ("black", "white")
    assert (person.context, van.context) == (False, True)


def test_two_people_in_a_colour_each() -> None:
    man, woman, _ = understand("a man in red and a woman in blue").things
    assert (main_colour(man), main_colour(woman)) == ("red", "blue")
    [man] = understand("a man in black and white").things
    assert len(man.colours) == 2


@pytest.mark.parametrize(
    "text", ["a man in a suit", "мужчина в костюме", "スーツを着た男性", "穿西装的男人"]
)
def test_somebody_named_before_or_after_the_clothes(text: str) -> None:
    claim = only_thing(text)
    assert claim.thing is THINGS["man"]
    assert GARMENTS["suit"] in [worn.garment for worn in claim.garments]


def test_a_pronoun_is_nobody_new() -> None:
    assert len(understand("a man and the dog beside him").things) == 2
    assert only_thing("they are walking").count == Count(2, exact=False)


def test_one_can_be_inside_a_car_outdoors() -> None:
    assert understand("a man inside a car").places == ()
    assert understand("a man inside").places == (Place.INDOORS,)


def test_several_things_at_once() -> None:
    bus, car = understand("a bus and a red car").things
    assert bus.colours == ()
    assert main_colour(car) == "red"


def test_people_add_up() -> None:
    assert understand("a man and two women").things[-1].count == Count(3, exact=False)


def test_either_will_do() -> None:
    claim = only_thing("a cat or a dog")
    assert [other.thing for other in claim.instead] == [THINGS["dog"]]


def test_either_of_what_somebody_has_will_do() -> None:
    [carried] = only_thing("a person with a backpack or a suitcase").beside
    assert [other.thing for other in carried.instead] == [THINGS["suitcase"]]


def test_neither_is_wanted() -> None:
    assert [claim.denied for claim in understand("no cars or people").things] == [True, True]


@pytest.mark.parametrize(
    ("text", "activity"),
    [
        ("a person walking", Activity.MOVING),
        ("ein Mann liegt auf dem Boden", Activity.LYING),
        ("a person on the ground", Activity.LYING),
        ("une femme assise", Activity.SITTING),
        ("someone leaving the room", Activity.AT_EDGE),
        ("a parked car", Activity.STANDING),
    ],
)
def test_doings(text: str, activity: Activity) -> None:
    assert only_thing(text).activities == {activity}


def test_sitting_on_the_ground_is_not_lying() -> None:
    assert only_thing("a child sitting on the ground").activities == {Activity.SITTING}


def test_places_in_the_picture() -> None:
    assert only_thing("a car on the left").positions == {Position.LEFT}
    assert only_thing("a car turning left").positions == frozenset()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("exactly one person", Count(1, exact=True)),
        ("a man alone", Count(1, exact=True)),
        ("at least three cars", Count(3, exact=False)),
        ("more than three cars", Count(4, exact=False)),
        ("mehr als drei Autos", Count(4, exact=False)),
        ("how many people", Count(1, exact=False)),
        ("車が三台", Count(3, exact=True)),
        ("several bicycles", Count(3, exact=False)),
        ("cars", Count(2, exact=False)),
        ("a dog", Count(1, exact=False)),
    ],
)
def test_counts(text: str, count: Count) -> None:
    assert only_thing(text).count == count


def test_what_the_facts_cannot_show_is_known_as_such() -> None:
    assert only_thing("a ladder").thing is None


def test_unknown_words_are_kept() -> None:
    assert understand("a penguin").unknown == ("penguin",)
    assert understand("a penguin").nothing_understood


@pytest.mark.parametrize("text", ["", "   ", "?!", "🙂", "a" * 5000, "，。", "no no no and with"])
def test_odd_queries_are_no_trouble(text: str) -> None:
    assert isinstance(understand(text), Claims)


def test_the_language_that_knows_most_words_is_taken() -> None:
    for text, code in (("der Mann mit dem Hund", "de"), ("the man with the dog", "en")):
        assert read_words(text)[0].code == code


@pytest.mark.parametrize("code", sorted(languages()))
def test_vocabularies_speak_only_of_known_concepts(code: str) -> None:
    known = {
        Kind.LOGIC: set(READERS),
        Kind.GARMENT: set(GARMENTS),
        Kind.COLOUR: set(COLOURS),
        Kind.SCENE: {*PLACES, "night", "day"},
        Kind.ACTION: {*ACTIVITIES, *HANDLING},
        Kind.POSITION: set(POSITIONS),
        Kind.NUMBER: set(NUMBERS),
    }
    language = languages()[code]
    for concept, kind in [*language.phrases.values(), *language.stems.values()]:
        assert concept in known.get(kind, {concept}), concept
    named = {concept for concept, _ in [*language.phrases.values(), *language.stems.values()]}
    assert set(COLOURS) <= named
    assert set(SECTIONS.values()) >= {kind for _, kind in language.phrases.values()}
