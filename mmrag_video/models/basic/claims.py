"""What a query claims of a frame, once its words are understood."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from mmrag_video.models.basic.appearance import GarmentConcept
from mmrag_video.models.basic.concepts import ThingConcept
from mmrag_video.models.basic.scenes import Place

Colour = Mapping[str, float]
"""The twelve names, and how much each of them is what was meant."""


class Activity(Enum):
    """What somebody or something does, as far as one frame can show it."""

    MOVING = auto()
    STANDING = auto()
    SITTING = auto()
    LYING = auto()
    DOWN = auto()
    """On the ground: lying, unless something else is said."""
    RIDING = auto()
    AT_EDGE = auto()
    """Coming into the picture or leaving it."""


class Position(Enum):
    """Where in the picture, or how large there."""

    LEFT = auto()
    RIGHT = auto()
    TOP = auto()
    BOTTOM = auto()
    CENTRE = auto()
    NEAR = auto()
    FAR = auto()


@dataclass(frozen=True)
class Count:
    """How many: exactly so many, or at least."""

    number: int
    exact: bool


@dataclass(frozen=True)
class GarmentClaim:
    """Somebody wears this, perhaps in a colour."""

    word: str
    garment: GarmentConcept
    colours: tuple[Colour, ...]
    denied: bool


@dataclass(frozen=True)
class ThingClaim:
    """Things are there (or not), so many, looking and doing so."""

    word: str
    thing: ThingConcept | None
    """None: the facts cannot show it."""
    count: Count
    denied: bool = False
    context: bool = False
    """It only says where something else is: near it, behind it."""
    colours: tuple[Colour, ...] = ()
    garments: tuple[GarmentClaim, ...] = ()
    activities: frozenset[Activity] = frozenset()
    positions: frozenset[Position] = frozenset()
    beside: tuple["ThingClaim", ...] = ()
    """What it has with it, or not."""
    instead: tuple["ThingClaim", ...] = ()
    """Any of these will do as well."""

    @property
    def described(self) -> bool:
        """More is said of it than that it is there."""
        return bool(
            self.colours or self.garments or self.activities or self.positions or self.beside
        )


@dataclass(frozen=True)
class Claims:
    """A query, understood."""

    things: tuple[ThingClaim, ...] = ()
    places: tuple[Place, ...] = ()
    empty: bool = False
    """Nobody and nothing that comes and goes is there, but what is claimed."""
    still: bool = False
    """Nothing moves."""
    dark: bool | None = None
    """Night (True) or day (False)."""
    unknown: tuple[str, ...] = ()
    """Words that the vocabulary does not know."""

    @property
    def nothing_understood(self) -> bool:
        """No word of it says anything that the facts could show."""
        return not (self.things or self.places or self.empty or self.still or self.dark is not None)
