"""A frame in words: the sentence whose vector is what a search recalls."""

from collections import Counter
from collections.abc import Sequence

from mmrag_video.models.basic.facts import Seen, Thing

SAID_FROM = 0.3
"""Confidence from which a thing is put into words."""
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
IRREGULAR = {"person": "people", "bus": "buses", "bench": "benches", "sheep": "sheep"}


def sentence(seen: Seen) -> str:
    """Such as `a photo of two people, one in red; a white car`."""
    said = [thing for thing in seen.things if thing.confidence >= SAID_FROM]
    if not said:
        return "a photo of an empty place with nobody in it"
    counts = Counter(thing.label for thing in said)
    parts = [_counted(label, number) for label, number in counts.items()]
    return "a photo of " + ", ".join([*parts, *_coloured(said)])


def _counted(label: str, number: int) -> str:
    if number == 1:
        return f"one {label}"
    plural = IRREGULAR.get(label, f"{label}s")
    return f"{NUMBERS[number]} {plural}" if number < len(NUMBERS) else f"many {plural}"


def _coloured(said: Sequence[Thing]) -> list[str]:
    words = []
    for thing in said:
        if not thing.colours:
            continue
        colour = next(iter(thing.colours))
        if thing.label == "person":
            words.append(f"a person in {colour}")
        else:
            words.append(f"a {colour} {thing.label}")
    return list(dict.fromkeys(words))[:4]
