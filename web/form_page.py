"""A page with the search form, and under it what the form asks for or why that cannot be had."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import render_template, request
from flask.typing import ResponseReturnValue

from mmrag_video.asked import Asked, asked
from mmrag_video.asking.understanding import Understood, understand
from mmrag_video.errors import IndexMismatchError, MmragError
from mmrag_video.sequences import Step
from mmrag_video.video.frames import Image
from web import access
from web.errors import status_of
from web.frame_queries import FrameQuery
from web.search_form import MOST_CHARACTERS, SearchForm
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
    understood: Understood
    """What its words mean."""

    @property
    def asked(self) -> Asked:
        """What the form asks for, in the cameras that may be seen. Raises UsageError."""
        self.form.checked_words()
        question = asked(
            self.understood,
            self.form.filter(self.cameras, ZoneInfo(self.zone)),
            _picture(self.form),
            any_camera=self.form.any_camera,
        )
        then = question.then
        return replace(question, first=_restricted(question.first), then=then and _restricted(then))

    def render(self, **parts: object) -> str:
        """The page with these parts; those that its template knows and are not here are empty."""
        return render_template(
            self.template,
            form=self.form,
            cameras=self.cameras,
            zone=self.zone,
            understood=self.understood,
            **parts,
        )

    def answer(self, find: Callable[[], Mapping[str, object]]) -> ResponseReturnValue:
        """The page with the parts that `find` gives, or with the sentence of what it raises."""
        try:
            return self.render(**find())
        except MmragError as error:
            is_about_index = isinstance(error, IndexMismatchError)
            parts = {"problem": str(error), "is_about_index": is_about_index}
            return self.render(**parts), status_of(error)


def open_form_page(template: str) -> FormPage:
    """The page for the present request's arguments."""
    form, cameras = SearchForm.read(request.args), access.camera_names()
    zone = services().archive.settings.clock.zone
    return FormPage(
        template=template,
        form=form,
        cameras=cameras,
        zone=zone,
        understood=_understood(form, cameras, ZoneInfo(zone)),
    )


def _understood(form: SearchForm, cameras: Sequence[str], zone: ZoneInfo) -> Understood:
    if len(form.words) > MOST_CHARACTERS:  # refused when it is searched for
        return Understood(form.words)
    return understand(
        form.words,
        now=datetime.now(zone),
        zone=zone,
        cameras=cameras,
        taken_off=form.taken_off,
        with_picture=form.has_picture,
    )


def _picture(form: SearchForm) -> Image | None:
    """What is searched with beside words. Raises UsageError or NotFound if it is not there."""
    if form.like:
        return FrameQuery.parse(form.like, form.box).image()
    return services().pictures.image(form.picture) if form.picture else None


def _restricted(step: Step) -> Step:
    return replace(step, where=access.restricted(step.where))
