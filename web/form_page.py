"""A page with the search form, and under it what the form asks for or why that cannot be had."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mmrag_video.errors import MmragError
from mmrag_video.index.frames import FrameFilter
from web import access
from web.errors import status_of
from web.search_form import SearchForm
from web.services import services


@dataclass(frozen=True)
class FormPage:
    """One visit to a page with the form."""

    template: str
    form: SearchForm
    cameras: Sequence[str]
    """Names of those that can be searched."""
    zone: str
    """In which the form's times are read."""

    @property
    def where(self) -> FrameFilter:
        """Where the form asks to look. Raises UsageError."""
        return access.restricted(self.form.filter(self.cameras, ZoneInfo(self.zone)))

    def render(self, **parts: object) -> str:
        """The page with these parts; those that its template knows and are not here are empty."""
        return render_template(
            self.template, form=self.form, cameras=self.cameras, zone=self.zone, **parts
        )

    def answer(self, find: Callable[[], Mapping[str, object]]) -> ResponseReturnValue:
        """The page with the parts that `find` gives, or with the sentence of what it raises."""
        try:
            return self.render(**find())
        except MmragError as error:
            return self.render(problem=str(error)), status_of(error)


def open_form_page(template: str) -> FormPage:
    """The page for the present request's arguments."""
    archive = services().archive
    return FormPage(
        template=template,
        form=SearchForm.read(request.args),
        cameras=access.camera_names(),
        zone=archive.settings.clock.zone,
    )
