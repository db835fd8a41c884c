"""What has been read of a query while its words are still added."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from mmrag_video.models.basic.appearance import GarmentConcept
from mmrag_video.models.basic.claims import (
    Activity,
    Colour,
    Count,
    GarmentClaim,
    Position,
    ThingClaim,
)
from mmrag_video.models.basic.concepts import THINGS, Family, ThingConcept
from mmrag_video.models.basic.lexicon import Language
from mmrag_video.models.basic.scenes import Place


@dataclass
class Noun:
    """What both have in common."""

    word: str
    colours: list[Colour]
    denied: bool


@dataclass
class Garment(Noun):
    """Something worn."""

    garment: GarmentConcept


@dataclass
class Thing(Noun):
    """Somebody or something."""

    thing: ThingConcept | None
    count: Count | None
    activities: set[Activity] = field(default_factory=set)
    positions: set[Position] = field(default_factory=set)
    context: bool = False
    garments: list[Garment] = field(default_factory=list)
    beside: list["Thing"] = field(default_factory=list)
    instead: list["Thing"] = field(default_factory=list)

    @property
    def family(self) -> Family:
        """What it belongs to."""
        return self.thing.family if self.thing is not None else Family.OTHER

    @property
    def is_person(self) -> bool:
        """Whether it is somebody."""
        return self.family is Family.PERSON


@dataclass
class Reading:
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
        """The colours that wait for a noun; none wait afterwards."""
        taken, self.colours = self.colours, []
        return taken


def together(things: Sequence[Thing]) -> list[ThingClaim]:
    """How many people there are in all: a man and a woman are two."""
    people = [
        thing
        for thing in things
        if thing.family is Family.PERSON and not thing.denied and thing.thing is not None
        if thing.thing.countable and thing.thing.at_least == 1
    ]
    if len(people) < 2:
        return []
    number = sum(thing.count.number if thing.count else 1 for thing in people)
    return [ThingClaim("people", THINGS["person"], Count(number, exact=False))]


def finished(thing: Thing) -> ThingClaim:
    """The claim that the words came to."""
    return ThingClaim(
        word=thing.word,
        thing=thing.thing,
        count=thing.count or Count(1, exact=False),
        denied=thing.denied,
        context=thing.context,
        colours=tuple(thing.colours),
        garments=tuple(
            GarmentClaim(worn.word, worn.garment, tuple(worn.colours), worn.denied)
            for worn in thing.garments
        ),
        activities=_sensible(thing.activities, thing.family),
        positions=frozenset(thing.positions),
        beside=tuple(finished(carried) for carried in thing.beside),
        instead=tuple(finished(other) for other in thing.instead),
    )


def _sensible(activities: set[Activity], family: Family) -> frozenset[Activity]:
    """`On the ground` means lying where nothing else is said, and of somebody only."""
    lively = family in (Family.PERSON, Family.ANIMAL)
    if Activity.DOWN in activities and lively and len(activities) == 1:
        return frozenset((Activity.LYING,))
    return frozenset(activities - {Activity.DOWN} - (set() if lively else {Activity.LYING}))
