"""Facets: what the best frames of found moments hold, to narrow them by.

Only of models that write down what they see and can name it (`basic`); the others have none.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mmrag_video.models.base import Facts, Model, NamesThings
from mmrag_video.moments import Moment

MOST_FACETS = 8
"""Of each kind: more than fit beside a search help nobody."""


class FacetKind(StrEnum):
    """What a facet says of a frame."""

    THING = "thing"
    """There is one."""
    COUNT = "count"
    """There are so many."""
    COLOUR = "colour"
    """There is one of this colour."""


@dataclass(frozen=True)
class Facet:
    """Something that is in some of the moments."""

    kind: FacetKind
    thing: str
    detail: str = ""
    """How many, or which colour."""

    @property
    def key(self) -> str:
        """`colour:car:red`: how an address names it."""
        return ":".join(filter(None, (self.kind.value, self.thing, self.detail)))

    @property
    def label(self) -> str:
        """`red car`, `person in red`, `2 × person`, `car`."""
        match self.kind:
            case FacetKind.THING:
                return self.thing
            case FacetKind.COUNT:
                return f"{self.detail} × {self.thing}"
            case FacetKind.COLOUR:
                return of_colour(self.thing, self.detail)


def of_colour(thing: str, colour: str) -> str:
    """`red car`; of a person it is the clothes: `person in red`."""
    return f"{thing} in {colour}" if thing == "person" else f"{colour} {thing}"


@dataclass(frozen=True)
class CountedFacet:
    """A facet, and of how many moments it is one."""

    facet: Facet
    moments: int


def facets(model: Model, moments: Iterable[Moment]) -> list[CountedFacet]:
    """The facets of these moments: things, counts, colours, of each the most frequent first."""
    counts = Counter(facet for moment in moments for facet in facets_of(model, moment.facts))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0].key))
    return [
        CountedFacet(facet, number)
        for kind in FacetKind
        for facet, number in [item for item in ordered if item[0].kind is kind][:MOST_FACETS]
    ]


def narrowed(model: Model, moments: Iterable[Moment], keys: Collection[str]) -> list[Moment]:
    """The moments that have all facets of these keys."""
    wanted = set(keys)
    return [
        moment
        for moment in moments
        if wanted <= {facet.key for facet in facets_of(model, moment.facts)}
    ]


def facets_of(model: Model, facts: Facts) -> Sequence[Facet]:
    """The facets of a frame, each once; none where the model cannot name what it saw."""
    if not isinstance(model.reranker, NamesThings) or not facts:
        return ()
    things = model.reranker.things(facts)
    numbers = Counter(thing.name for thing in things)
    return [
        *(Facet(FacetKind.THING, name) for name in numbers),
        *(
            Facet(FacetKind.COUNT, name, str(number))
            for name, number in numbers.items()
            if number > 1
        ),
        *dict.fromkeys(
            Facet(FacetKind.COLOUR, thing.name, thing.colour) for thing in things if thing.colour
        ),
    ]
