"""What was typed into a case's fields, against what its form was shown with and what is there now.

A form that was open for long does not write over what somebody else has written meanwhile.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flask import request

from mmrag_video.cases import checked_tags
from mmrag_video.errors import UsageError


class ChangedMeanwhileError(UsageError):
    """Somebody else has written something else since the form was shown."""


@dataclass(frozen=True)
class Unsaved:
    """What was typed and could not be saved: it is shown again as it was typed."""

    part: str = ""
    """Id of the part of the page that the fields are in."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """By the ids of the fields."""


@dataclass(frozen=True)
class CaseField:
    """A text field of the form that was sent; `shown_NAME` is what that was shown with."""

    name: str
    id: str
    """On the page."""
    stored: str
    """What is there now."""
    plain: Callable[[str], str]
    """As a text is stored. Raises UsageError for one that cannot be."""

    def settled(self) -> str:
        """What is to be stored: where nothing was typed anew, what is there.

        A form without `shown_NAME` is taken as it is. Raises ChangedMeanwhileError, UsageError.
        """
        typed = self.plain(self._typed)
        shown = None if self._shown is None else self.plain(self._shown)
        if shown is None or self.stored in (shown, typed):
            return typed
        if typed != shown:
            raise ChangedMeanwhileError(
                f"Somebody else has changed the {self.name} meanwhile, to what is shown now; what "
                "you typed is still in its field, and saving again puts it in that place."
            )
        return self.stored

    def again(self, error: UsageError) -> Iterable[tuple[str, str]]:
        """What its elements hold after an error, by their ids."""
        if self._typed != self._shown:
            yield self.id, self._typed
        if self._shown is not None and not isinstance(error, ChangedMeanwhileError):
            yield f"shown-{self.id}", self._shown

    @property
    def _typed(self) -> str:
        return _plain_lines(request.form.get(self.name, ""))

    @property
    def _shown(self) -> str | None:
        shown = request.form.get(f"shown_{self.name}")
        return None if shown is None else _plain_lines(shown)


def unsaved(part: str, fields: Iterable[CaseField], error: UsageError) -> Unsaved:
    """What the fields of a form hold after an error."""
    return Unsaved(part, dict(pair for one in fields for pair in one.again(error)))


def plain_tags(text: str) -> str:
    """Tags with commas between, as they are stored. Raises UsageError."""
    return ", ".join(checked_tags(text.split(",")))


def _plain_lines(text: str) -> str:
    """A form is sent with other line ends than it was shown with."""
    return text.replace("\r\n", "\n")
