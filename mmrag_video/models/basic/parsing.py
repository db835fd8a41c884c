"""From the words of a query to its claims.

One pass over the words: each adds to the thing spoken of last, or to the next one, by habits that
the languages share: numbers before nouns, colours beside them, what is worn or carried after who
wears or carries it.
"""

from collections.abc import Callable, Mapping, Sequence

from mmrag_video.models.basic.appearance import COLOURS, GARMENTS
from mmrag_video.models.basic.claims import Activity, Claims, Colour, Count, Position
from mmrag_video.models.basic.concepts import THINGS, Family, Kind, ThingConcept
from mmrag_video.models.basic.drafts import Garment, Reading, Thing, finished, together
from mmrag_video.models.basic.lexicon import Language, Word
from mmrag_video.models.basic.logic import read_logic
from mmrag_video.models.basic.scenes import PLACES

NUMBERS = {str(number): Count(number, exact=True) for number in range(1, 11)} | {
    "several": Count(3, exact=False),
    "many": Count(5, exact=False),
}
ACTIVITIES = {
    "moving": Activity.MOVING,
    "running": Activity.MOVING,
    "standing": Activity.STANDING,
    "waiting": Activity.STANDING,
    "sitting": Activity.SITTING,
    "lying": Activity.LYING,
    "down": Activity.DOWN,
    "riding": Activity.RIDING,
    "entering": Activity.AT_EDGE,
    "leaving": Activity.AT_EDGE,
}
HANDLING = frozenset({"riding", "pushing", "carrying"})
"""Actions after which the next thing belongs to the one before."""
PRONOUNS = frozenset({"pronoun", "pronouns"})
POSITIONS = {position.name.lower(): position for position in Position}


def parse(language: Language, words: Sequence[Word]) -> Claims:
    """The claims of a query's words."""
    reading = Reading(language)
    for index, word in enumerate(words):
        _READERS[word.kind](reading, word, words[index + 1 :])
    _describe_last(reading)
    _count_last(reading)
    return Claims(
        things=(*map(finished, reading.things), *together(reading.things)),
        places=tuple(dict.fromkeys(reading.places)),
        empty=reading.empty,
        still=reading.still,
        dark=reading.dark,
        unknown=tuple(reading.unknown),
    )


def _read_thing(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    if word.concept in PRONOUNS and any(thing.is_person for thing in reading.things):
        reading.count, reading.exact = None, False
        return
    concept = THINGS.get(word.concept or "")
    owner = reading.things[-1] if reading.things else None
    thing = Thing(
        word.text,
        reading.take_colours(),
        reading.denied,
        concept,
        reading.count or _count_of(word, concept),
        reading.activities,
        reading.positions,
    )
    if reading.exact:
        thing.count = Count(thing.count.number if thing.count else 1, exact=True)
    elif reading.more_than and thing.count is not None:
        thing.count = Count(thing.count.number + 1, exact=False)
    elif reading.at_least and thing.count is not None:
        thing.count = Count(thing.count.number, exact=False)
    _place_thing(reading, owner, thing)
    reading.noun = thing
    reading.count, reading.exact, reading.at_least, reading.more_than = None, False, False, False
    reading.belongs, reading.alternative, reading.context = False, False, False
    reading.activities, reading.positions, reading.implied = set(), set(), None


def _place_thing(reading: Reading, owner: Thing | None, thing: Thing) -> None:
    """Put a thing where it belongs: with its owner, for another one, or by itself."""
    if owner is not None and reading.alternative and not reading.denied:
        nearest = owner.beside[-1] if owner.beside and not thing.is_person else owner
        nearest.instead.append(thing)
    elif owner is not None and _is_carried(reading, owner, thing):
        owner.beside.append(thing)
    elif owner is not None and owner is reading.implied and thing.is_person:
        thing.garments = owner.garments
        thing.activities |= owner.activities
        reading.things[-1] = thing
    else:
        thing.context = reading.context
        reading.things.append(thing)


def _count_of(word: Word, concept: ThingConcept | None) -> Count | None:
    if concept is not None and not concept.countable:
        return None
    at_least = concept.at_least if concept is not None else 1
    if word.plural:
        at_least = max(2, at_least)
    return Count(at_least, exact=False) if at_least > 1 else None


def _is_carried(reading: Reading, owner: Thing, thing: Thing) -> bool:
    """Whether `thing` is something `owner` has with it, or is said not to have."""
    if owner.family is not Family.PERSON or thing.family is Family.PERSON:
        return False
    return reading.belongs or (reading.denied and thing.family is Family.OTHER)


def _read_garment(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    people = [thing for thing in reading.things if thing.is_person]
    if people:
        wearer = people[-1]
    else:
        wearer = Thing(word.text, [], False, THINGS["person"], reading.count)
        reading.things.append(wearer)
        reading.implied = wearer
    garment = Garment(
        word.text, reading.take_colours(), reading.denied, GARMENTS[word.concept or ""]
    )
    wearer.garments.append(garment)
    reading.noun = garment
    reading.count, reading.belongs = None, False


def _read_colour(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    concept = word.concept or ""
    next_kind = following[0].kind if following else Kind.IGNORED
    if concept in ("light", "dark") and next_kind is Kind.COLOUR:
        reading.shade = concept
        return
    colour: Colour = dict(COLOURS[concept])
    if reading.shade:
        extra = {"light": "white", "dark": "black"}[reading.shade]
        colour = {**colour, extra: max(0.5, colour.get(extra, 0.0))}
        reading.shade = ""
    after = reading.language.colour_after_noun and reading.noun is not None
    target = reading.noun.colours if after and reading.noun is not None else reading.colours
    if word.joined and target:
        colour = {**target.pop(), **colour}
    target.append(colour)
    if not after and not _noun_follows(following):
        _describe_last(reading)


def _noun_follows(following: Sequence[Word]) -> bool:
    """Whether a colour still has its noun before it."""
    for word, after in zip(following, [*following[1:], None], strict=False):
        if word.concept in ("and", "or"):
            if after is None or after.kind not in (Kind.COLOUR, Kind.GARMENT):
                return False
            continue
        if word.kind in (Kind.THING, Kind.GARMENT, Kind.SCENE) or word.concept is None:
            return True
        if word.kind is Kind.ACTION or word.concept in ("with", "near"):
            return False
    return False


def _describe_last(reading: Reading) -> None:
    """Give colours that wait for a noun to the last one: `a man in red`."""
    if reading.noun is not None:
        reading.noun.colours.extend(reading.take_colours())


def _count_last(reading: Reading) -> None:
    """Give a number after which no noun came to the last thing: Japanese counts so."""
    if reading.count is not None and reading.things and reading.things[-1].count is None:
        reading.things[-1].count = reading.count


def _read_scene(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    if word.concept in ("night", "day"):
        reading.dark = word.concept == "night"
        return
    if word.concept == "indoors" and _is_vehicle(following):
        reading.belongs, reading.context = False, bool(reading.things)
        return
    reading.places.append(PLACES[word.concept or ""])
    reading.take_colours()
    reading.noun = None
    reading.count, reading.exact, reading.denied, reading.belongs = None, False, False, False
    reading.context, reading.implied = False, None


def _is_vehicle(following: Sequence[Word]) -> bool:
    """Whether the next noun is a vehicle: one can be inside a car outdoors."""
    noun = next((word for word in following if word.kind is not Kind.IGNORED), None)
    concept = THINGS.get(noun.concept or "") if noun is not None else None
    return concept is not None and concept.family is Family.VEHICLE


def _read_action(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    concept = word.concept or ""
    reading.denied = False
    if concept in HANDLING:
        reading.belongs = True
    activity = ACTIVITIES.get(concept)
    if activity is None:
        return
    describes_next = bool(following) and following[0].kind is Kind.THING
    if reading.things and not describes_next:
        reading.things[-1].activities.add(activity)
    else:
        reading.activities.add(activity)


def _read_position(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    position = POSITIONS[word.concept or ""]
    if reading.things and not (following and following[0].kind is Kind.THING):
        reading.things[-1].positions.add(position)
    else:
        reading.positions.add(position)


def _read_number(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    reading.count = NUMBERS[word.concept or ""]


def _read_unsaid(reading: Reading, word: Word, following: Sequence[Word]) -> None:
    if word.concept is None:
        reading.unknown.append(word.text)
        reading.take_colours()


_READERS: Mapping[Kind, Callable[[Reading, Word, Sequence[Word]], None]] = {
    Kind.THING: _read_thing,
    Kind.GARMENT: _read_garment,
    Kind.COLOUR: _read_colour,
    Kind.SCENE: _read_scene,
    Kind.ACTION: _read_action,
    Kind.POSITION: _read_position,
    Kind.NUMBER: _read_number,
    Kind.LOGIC: read_logic,
    Kind.IGNORED: _read_unsaid,
}
