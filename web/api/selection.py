"""What is chosen to be exported: findings, or a part of a recording; and documents of it."""

from fractions import Fraction
from typing import Self

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import Field, model_validator

from mmrag_video.cases import LONGEST_TIME, finding_by_eye
from mmrag_video.catalog.users import Role
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.handles import parse_handle
from mmrag_video.export.sheet import FormatName
from web import export_views
from web.api.operation import Fields, operation
from web.api.problems import PREFIX
from web.api.search import EXPORTS, HANDLE
from web.collect_views import MOST_AT_ONCE, finding_signed, part_of
from web.ordering import moments_of
from web.services import services

blueprint = Blueprint("api_selection", __name__, url_prefix=PREFIX)


class Selection(Fields):
    """Findings of a search, or a part of a recording, with seconds to add."""

    findings: tuple[str, ...] = Field((), max_length=MOST_AT_ONCE)
    """As a search told them."""
    recording: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    start: str | None = Field(None, max_length=LONGEST_TIME)
    """00:01:02.480, or seconds."""
    end: str | None = Field(None, max_length=LONGEST_TIME)
    handle_before: str = Field("0", pattern=HANDLE)
    """Seconds to add before each moment, at most 3600."""
    handle_after: str = Field("0", pattern=HANDLE)
    """Seconds to add after it."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        part = {self.recording is None, self.start is None, self.end is None}
        if len(part) == 2 or (self.findings and self.recording is not None):
            raise ValueError("Give either findings, or recording, start and end")
        return self

    @property
    def is_empty(self) -> bool:
        """Whether nothing is chosen."""
        return not self.findings and self.recording is None

    @property
    def before(self) -> Fraction:
        """Seconds to add before each moment."""
        return parse_handle("handle_before", self.handle_before)

    @property
    def after(self) -> Fraction:
        """Seconds to add after it."""
        return parse_handle("handle_after", self.handle_after)

    def moments(self) -> list[ExportMoment]:
        """What is chosen, of cameras that may be seen. Raises UsageError, NotFound."""
        if self.recording is None:
            return moments_of(map(finding_signed, self.findings))
        part = part_of(self.recording, self.start or "", self.end or "")
        return moments_of([finding_by_eye(services().archive, part)])


class DocumentOrder(Selection):
    """What is chosen, and the form of the file."""

    format: FormatName

    @model_validator(mode="after")
    def _is_of_something(self) -> Self:
        if self.is_empty:
            raise ValueError("Give findings, or recording, start and end")
        return self


@blueprint.post("/export")
@operation(EXPORTS, role=Role.OPERATOR, errors=(404, 422, 503))
def export(body: DocumentOrder) -> ResponseReturnValue:
    """Have findings of a search, or a part of a recording, as a file for other programs."""
    return export_views.documents_of(body.moments(), FORMATS[body.format], body.before, body.after)
