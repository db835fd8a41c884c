"""Searches to begin with, from what is in the collection."""

from collections import Counter
from collections.abc import Collection

from mmrag_video.archive import Archive
from mmrag_video.facets import Facet, FacetKind, facets_of

USUAL = (
    "a person",
    "two people",
    "a red car",
    "a person with a backpack",
    "someone on a bicycle",
    "an empty room",
)
"""Where the model cannot say what is in its frames."""
_OF_EACH_KIND = 3
_PLURALS = {"person": "people", "bus": "buses", "mouse": "mice", "bench": "benches"}
_NUMBERS = {"2": "two", "3": "three", "4": "four", "5": "five"}


def example_searches(archive: Archive, cameras: Collection[str]) -> tuple[str, ...]:
    """What a sample of these cameras' frames shows most often, as somebody would ask for it.

    Raises as a search does.
    """
    identity = archive.active_identity
    if identity is None:
        return USUAL
    frames = [one for one in archive.sample(identity).frames if one.camera in cameras]
    counts = Counter(facet for one in frames for facet in facets_of(archive.model, one.facts))
    ordered = sorted(counts, key=lambda facet: (-counts[facet], facet.key))
    examples = [
        _in_words(facet)
        for kind in FacetKind
        for facet in [one for one in ordered if one.kind is kind][:_OF_EACH_KIND]
    ]
    return tuple(examples) or USUAL


def _in_words(facet: Facet) -> str:
    if facet.kind is FacetKind.COUNT:
        plural = _PLURALS.get(facet.thing, f"{facet.thing}s")
        return f"{_NUMBERS.get(facet.detail, facet.detail)} {plural}"
    named = facet.label
    return f"{'an' if named[0] in 'aeiou' else 'a'} {named}"
