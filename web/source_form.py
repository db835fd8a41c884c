"""The form with which a source is added: the fields as they were filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import MultiDict

from mmrag_video.settings import SourceSettings

_CHOICES = ("recursive", "watch", "live")
_PATTERNS = ("include", "ignore")


def _default(name: str) -> str:
    value = SourceSettings.model_fields[name].default
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None or value == () else str(value)


@dataclass(frozen=True)
class SourceForm:
    """What somebody typed; nothing is checked yet."""

    name: str = ""
    fields: Mapping[str, str] = field(
        default_factory=lambda: {
            name: _default(name)
            for name, setting in SourceSettings.model_fields.items()
            if name not in _CHOICES and not setting.is_required()
        }
    )
    """Of SourceSettings, by name; patterns one a line; empty: as if it were not there."""
    ticked: tuple[str, ...] = ("recursive", "watch")

    @classmethod
    def read(cls, posted: MultiDict[str, str]) -> "SourceForm":
        """The form as it was sent."""
        texts = [name for name in SourceSettings.model_fields if name not in _CHOICES]
        return cls(
            name=posted.get("name", "").strip(),
            fields={name: posted.get(name, "").strip() for name in texts},
            ticked=tuple(name for name in _CHOICES if name in posted),
        )

    def values(self) -> dict[str, Any]:
        """What `add_source` takes."""
        typed: dict[str, Any] = {name: text for name, text in self.fields.items() if text}
        for name in _PATTERNS:
            lines = self.fields.get(name, "").splitlines()
            typed[name] = tuple(line.strip() for line in lines if line.strip())
        return {**typed, **{name: name in self.ticked for name in _CHOICES}}
