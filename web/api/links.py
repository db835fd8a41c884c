"""What API answers say of moments beside their shape: where their picture and clip are."""

from collections.abc import Sequence
from fractions import Fraction

from flask import url_for
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import moment_to_json
from mmrag_video.cases import finding_of
from mmrag_video.json_shapes import shape
from mmrag_video.moments import Moment, Span
from mmrag_video.sequences import Pair
from mmrag_video.video.timecode import address_seconds
from web.play_address import play_address
from web.services import services


@shape
class Links(TypedDict):
    """Addresses on this host."""

    picture: str
    """The picture of the best frame."""
    clips: list[str]
    """One for each part."""
    player: str
    """The page that plays it."""


@shape
class FoundMoment(shapes.Moment):
    """A moment with its addresses."""

    links: Links
    finding: str
    """The moment, signed: what collects it into a case. It holds until the program ends."""


@shape
class FoundPair(TypedDict):
    """Two moments of which the second follows the first."""

    score: float
    confidence: str
    gap_s: float
    first: FoundMoment
    second: FoundMoment


def found_moment(moment: Moment, words: str) -> FoundMoment:
    """A moment that was found by these words."""
    finding = services().findings.sign(finding_of(moment, words))
    return {**moment_to_json(moment), "links": links_of(moment), "finding": finding}


def found_pair(pair: Pair, words: str) -> FoundPair:
    """A pair that was found by these words."""
    return {
        "score": round(pair.score, 4),
        "confidence": pair.confidence.value,
        "gap_s": pair.gap.total_seconds(),
        "first": found_moment(pair.first, words),
        "second": found_moment(pair.second, words),
    }


def links_of(moment: Moment) -> Links:
    """Where a moment is to be seen."""
    return {
        "picture": picture_address(moment.best.recording.id, moment.best.start),
        "clips": clip_addresses(moment.spans),
        "player": play_address(moment.spans[0]),
    }


def clip_addresses(spans: Sequence[Span]) -> list[str]:
    """The API's address of each span's clip."""
    return [
        url_for(
            "api_recordings.clip",
            recording_id=span.recording.id,
            start=address_seconds(span.start),
            end=address_seconds(span.end),
        )
        for span in spans
    ]


def picture_address(recording_id: str, time: Fraction) -> str:
    """The API's address of a kept frame's picture."""
    return url_for(
        "api_recordings.picture",
        recording_id=recording_id,
        numerator=time.numerator,
        denominator=time.denominator,
    )
