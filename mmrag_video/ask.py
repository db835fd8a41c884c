"""From a question to an answer in words: search, show a generator what was found, check it.

What it writes is not trusted. Every sentence must cite moments that the search has found and that
it was shown; others are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from mmrag_video.archive import Archive
from mmrag_video.citations import Sentence, check
from mmrag_video.counting import counted
from mmrag_video.generators.registry import check_generator
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.moment_pictures import pictures_of
from mmrag_video.moments import Confidence, Moment
from mmrag_video.question_prompt import ShownMoment, write_prompt
from mmrag_video.search import search

NOT_SEEN = "Not seen in the recordings that were searched."
"""The whole answer where there is none."""


class AnswerState(StrEnum):
    """How a question came out."""

    ANSWERED = "answered"
    NOT_SEEN = "not-seen"


@dataclass(frozen=True)
class NumberedMoment:
    """A moment that the generator was shown."""

    number: int
    moment: Moment
    thumbnail: Path
    """The picture of its best frame."""


@dataclass(frozen=True)
class WrittenAnswer:
    """What a machine wrote, as far as it cites what was found. It may be wrong all the same."""

    state: AnswerState
    sentences: tuple[Sentence, ...]
    """Empty where it was not seen."""
    shown: tuple[NumberedMoment, ...]
    """Empty where nothing was found with confidence: then no generator was asked."""
    dropped_sentences: int = 0
    """Sentences left out because they cited nothing that was shown."""
    dropped_citations: int = 0
    """Citations left out because nothing of that number was shown."""

    @property
    def text(self) -> str:
        """The sentences, each with its citations: `A man waits. [1][3]`."""
        if self.state is AnswerState.NOT_SEEN:
            return NOT_SEEN
        return " ".join(
            f"{one.text} {''.join(f'[{number}]' for number in one.citations)}"
            for one in self.sentences
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader must know beside the words, as sentences."""
        if not self.shown:
            return ("No confident match, so nobody was asked.",)
        count = counted(len(self.shown), "moment")
        seen = self.state is AnswerState.ANSWERED
        remarks = [
            f"Written by a machine from pictures of {count}. It may be wrong: look at the moments."
            if seen
            else f"A machine looked at pictures of {count}. It may have overlooked something."
        ]
        if self.dropped_sentences:
            left_out = counted(self.dropped_sentences, "sentence")
            remarks.append(f"{left_out} left out: no moment was cited.")
        if self.dropped_citations:
            left_out = counted(self.dropped_citations, "citation")
            remarks.append(f"{left_out} left out: nothing of that number was shown.")
        return tuple(remarks)

    @property
    def cited(self) -> tuple[NumberedMoment, ...]:
        """The moments that the sentences rely on, by number."""
        numbers = {number for one in self.sentences for number in one.citations}
        return tuple(one for one in self.shown if one.number in numbers)


def ask(archive: Archive, question: str, where: FrameFilter | None = None) -> WrittenAnswer:
    """Answer a question in a few sentences from the moments that a search finds for it.

    Raises UsageError if no generator is set or the question is empty, ModelError if the generator
    fails, RecordingError if no picture of what was found can be read, and what `search` raises.
    """
    check_generator(archive.settings)
    found = search(archive, Query(text=question), where, archive.settings.generator.moments)
    moments = [one for one in found.moments if one.confidence is not Confidence.WEAK]
    shown = _show(archive, moments)
    if not shown:
        return WrittenAnswer(AnswerState.NOT_SEEN, (), ())
    checked = check(
        archive.generator.write(write_prompt(question, shown)), {one.number for one in shown}
    )
    return WrittenAnswer(
        AnswerState.ANSWERED if checked.sentences else AnswerState.NOT_SEEN,
        checked.sentences,
        tuple(_numbered(archive, one) for one in shown),
        checked.dropped_sentences,
        checked.dropped_citations,
    )


def _show(archive: Archive, moments: Sequence[Moment]) -> list[ShownMoment]:
    """The moments of which there is a picture, numbered from 1."""
    pairs = zip(moments, pictures_of(archive, moments), strict=True)
    with_pictures = ((moment, pictures) for moment, pictures in pairs if pictures)
    return [
        ShownMoment(number, moment, pictures)
        for number, (moment, pictures) in enumerate(with_pictures, 1)
    ]


def _numbered(archive: Archive, shown: ShownMoment) -> NumberedMoment:
    best = shown.moment.best
    thumbnail = archive.thumbnail(best.recording.id, best.start)
    return NumberedMoment(shown.number, shown.moment, thumbnail)
