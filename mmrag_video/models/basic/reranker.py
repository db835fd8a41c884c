"""Reads the facts of recalled frames against the query."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache

from mmrag_video.models.base import Candidate, Facts, Judgement, NamedThing, PointedOut, Query
from mmrag_video.models.basic.claims import Claims, Count, ThingClaim
from mmrag_video.models.basic.concepts import ThingConcept
from mmrag_video.models.basic.embedder import still
from mmrag_video.models.basic.evidence import Evidence
from mmrag_video.models.basic.facts import from_json
from mmrag_video.models.basic.lexicon import languages, read_words
from mmrag_video.models.basic.observer import Observer
from mmrag_video.models.basic.parsing import parse
from mmrag_video.models.basic.pointing import point_out
from mmrag_video.models.basic.reasons import reason
from mmrag_video.models.basic.scoring import score
from mmrag_video.models.basic.traits import ramp
from mmrag_video.video.frames import Image

ALIKE = (0.76, 0.88)
"""Cosines of a query in words and a frame between which they go from unlike to alike."""
PICTURES_ALIKE = (0.9, 1.0)
"""The same for two pictures, both described by the same few words."""
BY_VECTOR = 0.15
"""How much of a score hangs on the cosine, for what the claims leave out."""
NOT_UNDERSTOOD = 0.5
"""The best a frame can score by its cosine alone."""
SHOWN_FROM = 0.5
"""Probability from which a thing is named, or looked for where a query's picture shows it."""


class BasicReranker:
    """Judges frames by their facts alone; their pictures are not looked at again."""

    looks_at_pictures = False

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        languages()  # Read now rather than in somebody's first search.
        self._last_shown: tuple[Image, Claims] | None = None

    def judge(self, query: Query, candidates: Sequence[Candidate]) -> list[Judgement]:
        """One judgement per candidate, in order. A score of 0.6 is probably a match."""
        asked = understand(query.text) if query.text is not None else None
        shown = self._shown(query.image) if query.image is not None else None
        return [_judge(asked, shown, candidate) for candidate in candidates]

    def point_out(self, query: Query | None, facts: Facts) -> list[PointedOut]:
        """The things that the words name, else all that are told of, else what moves."""
        asked = understand(query.text) if query is not None and query.text else Claims()
        return point_out(asked, Evidence(from_json(facts)))

    def things(self, facts: Facts) -> list[NamedThing]:
        """What is likelier there than not, with its main colour."""
        return plain_things(Evidence(from_json(facts)))

    def _shown(self, image: Image) -> Claims:
        """The claims of a query's picture, which a search asks for again and again."""
        last = self._last_shown  # read once: another thread may put its own picture there
        if last is None or last[0] is not image:
            seen = self._observer.observe(still(image))
            last = self._last_shown = (image, claims_of_picture(Evidence(seen)))
        return last[1]


def _judge(asked: Claims | None, shown: Claims | None, candidate: Candidate) -> Judgement:
    evidence = Evidence(from_json(candidate.facts))
    scores = []
    if asked is not None:
        scores.append(_score_of_words(asked, evidence, candidate.similarity))
    if shown is not None:
        alike = ramp(candidate.similarity, *PICTURES_ALIKE)
        scores.append((score(shown, evidence) + alike) / 2 if shown.things else alike)
    together = sum(scores) / max(1, len(scores))
    return Judgement(together, reason(asked or shown or Claims(), evidence))


def _score_of_words(claims: Claims, evidence: Evidence, similarity: float) -> float:
    alike = ramp(similarity, *ALIKE)
    if claims.nothing_understood:
        return max(NOT_UNDERSTOOD * alike**2, score(claims, evidence))
    return score(claims, evidence) * (1 - BY_VECTOR + BY_VECTOR * alike)


@lru_cache(maxsize=256)
def understand(text: str) -> Claims:
    """The claims of a query in words, in any language of the vocabulary."""
    return parse(*read_words(text))


def plain_things(evidence: Evidence) -> list[NamedThing]:
    """What is likelier there than not, each with its main colour."""
    names = [evidence.name(index) for index in range(len(evidence.seen.things))]
    return [
        NamedThing(label, next(iter(thing.colours), ""))
        for (label, likely), thing in zip(names, evidence.seen.things, strict=True)
        if likely >= SHOWN_FROM
    ]


def claims_of_picture(evidence: Evidence) -> Claims:
    """A query's picture, as claims: what is plainly in it, of which colour, how many."""
    return Claims(
        things=tuple(
            ThingClaim(
                word=thing.name,
                thing=ThingConcept({thing.name: 1.0}),
                count=Count(number, exact=False),
                colours=({thing.colour: 1.0},) if thing.colour else (),
            )
            for thing, number in Counter(plain_things(evidence)).items()
        )
    )
