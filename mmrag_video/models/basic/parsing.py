"""From the words of a query to its claims.

One pass over the words: each adds to the thing spoken of last, or to the next one, by habits that
the languages share: numbers before nouns, colours beside them, what is worn or carried after who
wears or carries it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from mmrag_video.models.basic.claims import (
    Activity,
    Claims,
    Colour,
    Count,
    Position,
)
from mmrag_video.models.basic.concepts import (
    COLOURS,
    GARMENTS,
    THINGS,
    Family,
    Kind,
    ThingConcept,
)
from mmrag_video.models.basic.drafts import Garment, Noun, Thing, finished, together
from mmrag_video.models.basic.lexicon import Language, Word
from mmrag_video.models.basic.scenes import PLACES, Place

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
BETWEEN_NOUNS = frozenset({"and", "or", "near"})
HANDLING = frozenset({"riding", "pushing", "carrying"})
"""Actions after which the next thing belongs to the one before."""
PRONOUNS = frozenset({"pronoun", "pronouns"})
POSITIONS = {position.name.lower(): position for position in Position}


@dataclass
class _Reading:
    """What has been read so far, and what waits for the next noun."""

    language: Language
    things: list[Thing] = field(default_factory=list)
    places: list[Place] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    empty: bool = False
    still: bool = False
    dark: bool | None = None
    noun: Noun | None = None
    """The noun read last, which a colour after it describes."""
    count: Count | None = None
    exact: bool = False
    denied: bool = False
    at_least: bool = False
    more_than: bool = False
    context: bool = False
    """The next thing says where the one before it is."""
    implied: Thing | None = None
    """Somebody known by clothes alone so far: in some languages the noun comes after them."""
    belongs: bool = False
    """The next thing belongs to the one before it."""
    alternative: bool = False
    """The next thing will do instead of the one before it."""
    colours: list[Colour] = field(default_factory=list)
    shade: str = ""
    """`light` or `dark` before a colour."""
    activities: set[Activity] = field(default_factory=set)
    positions: set[Position] = field(default_factory=set)

    def take_colours(self) -> list[Colour]:
        taken, self.colours = self.colours, []
        return taken


def parse(language: Language, words: Sequence[Word]) -> Claims:
    """The claims of a query's words."""
    reading = _Reading(language)
    for index, word in enumerate(words):
        _READERS[word.kind](reading, word, words[index + 1 :])
    _describe_last(reading)
    return Claims(
        things=(*map(finished, reading.things), *together(reading.things)),
        places=tuple(dict.fromkeys(reading.places)),
        empty=reading.empty,
        still=reading.still,
        dark=reading.dark,
        unknown=tuple(reading.unknown),
    )


def _read_thing(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
    if word.concept in PRONOUNS and any(_is_person(thing) for thing in reading.things):
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


def _place_thing(reading: _Reading, owner: Thing | None, thing: Thing) -> None:
    """Put a thing where it belongs: with its owner, for another one, or by itself."""
    if owner is not None and reading.alternative and not reading.denied:
        nearest = owner.beside[-1] if owner.beside and not _is_person(thing) else owner
        nearest.instead.append(thing)
    elif owner is not None and _is_carried(reading, owner, thing):
        owner.beside.append(thing)
    elif owner is not None and owner is reading.implied and _is_person(thing):
        thing.garments = owner.garments
        thing.activities |= owner.activities
        reading.things[-1] = thing
    else:
        thing.context = reading.context
        reading.things.append(thing)


def _is_person(thing: Thing) -> bool:
    return thing.family is Family.PERSON


def _count_of(word: Word, concept: ThingConcept | None) -> Count | None:
    if concept is not None and not concept.countable:
        return None
    at_least = concept.at_least if concept is not None else 1
    if word.plural:
        at_least = max(2, at_least)
    return Count(at_least, exact=False) if at_least > 1 else None


def _is_carried(reading: _Reading, owner: Thing, thing: Thing) -> bool:
    """Whether `thing` is something `owner` has with it, or is said not to have."""
    if owner.family is not Family.PERSON or thing.family is Family.PERSON:
        return False
    return reading.belongs or (reading.denied and thing.family is Family.OTHER)


def _read_garment(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
    people = [thing for thing in reading.things if _is_person(thing)]
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


def _read_colour(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
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
        if word.concept in BETWEEN_NOUNS:
            if after is None or after.kind not in (Kind.COLOUR, Kind.GARMENT):
                return False
            continue
        if word.kind in (Kind.THING, Kind.GARMENT, Kind.SCENE) or word.concept is None:
            return True
        if word.kind is Kind.ACTION or word.concept == "with":
            return False
    return False


def _describe_last(reading: _Reading) -> None:
    """Give colours that wait for a noun to the last one: `a man in red`."""
    if reading.noun is not None:
        reading.noun.colours.extend(reading.take_colours())


def _read_scene(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
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


def _read_action(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
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


def _read_position(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
    position = POSITIONS[word.concept or ""]
    if reading.things and not (following and following[0].kind is Kind.THING):
        reading.things[-1].positions.add(position)
    else:
        reading.positions.add(position)


def _read_number(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
    reading.count = NUMBERS[word.concept or ""]


def _read_logic(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
    match word.concept:
        case "no":
            reading.denied = True
        case "nobody":
            reading.things.append(Thing(word.text, [], True, THINGS["person"], None))
        case "nothing":
            reading.empty = reading.still = True
        case "empty":
            reading.empty = True
        case "only":
            reading.exact = True
        case "at_least":
            reading.at_least = True
        case "more_than":
            reading.more_than = True
        case "how_many":
            reading.count = Count(1, exact=False)
        case "near":
            reading.belongs, reading.denied = False, False
            reading.context = bool(reading.things)
        case "or":
            reading.alternative = True
        case "alone":
            _read_alone(reading)
        case "with":
            reading.belongs, reading.denied = True, False
        case "and":
            reading.belongs, reading.denied = False, False


def _read_alone(reading: _Reading) -> None:
    if reading.things:
        reading.things[-1].count = Count(1, exact=True)
    else:
        reading.count = Count(1, exact=True)


def _read_unsaid(reading: _Reading, word: Word, following: Sequence[Word]) -> None:
    if word.concept is None:
        reading.unknown.append(word.text)
        reading.take_colours()


_READERS: Mapping[Kind, Callable[[_Reading, Word, Sequence[Word]], None]] = {
    Kind.THING: _read_thing,
    Kind.GARMENT: _read_garment,
    Kind.COLOUR: _read_colour,
    Kind.SCENE: _read_scene,
    Kind.ACTION: _read_action,
    Kind.POSITION: _read_position,
    Kind.NUMBER: _read_number,
    Kind.LOGIC: _read_logic,
    Kind.IGNORED: _read_unsaid,
}
