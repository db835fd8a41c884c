"""The timeline of all cameras: footage, movement, and where a search finds something."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound

from mmrag_video.catalog.audit import Action
from mmrag_video.clock_window import ClockWindow
from mmrag_video.errors import UsageError
from mmrag_video.moments import Confidence, Moment
from mmrag_video.timeline import Timeline, timeline
from mmrag_video.video.timecode import address_seconds
from web import access
from web.form_page import FormPage, open_form_page
from web.found import all_found
from web.search_form import MOST_MOMENTS, SearchForm
from web.services import services

blueprint = Blueprint("timeline", __name__, url_prefix="/timeline")

_FIRST_SHOWN = timedelta(days=1)
"""The last of what was recorded, where no window is asked for."""


@dataclass(frozen=True)
class Match:
    """A moment that a search found, in shares of the window."""

    moment: Moment
    start: float
    end: float

    @property
    def is_confident(self) -> bool:
        """Whether it stands out from the rest of the collection."""
        return self.moment.confidence is not Confidence.WEAK


@dataclass(frozen=True)
class Marked:
    """What a search marks on the timeline."""

    search: Mapping[str, object]
    """Arguments of the search for these moments alone; empty where nothing is searched for."""
    matches: Mapping[str, Sequence[Match]]
    """By camera."""
    is_full: bool
    """Whether as many are marked as there may be."""
    most: int
    """Moments that may be marked."""
    recall: int
    """Frames that a search recalls."""


@blueprint.get("")
def page() -> ResponseReturnValue:
    """The window `from` to `to`, and what the search asked for finds in it."""
    opened = open_form_page("timeline.html")
    return opened.answer(lambda: _parts(opened))


@blueprint.get("/selection")
def selection() -> str:
    """What can be done with the span that was dragged out, as a part of the page."""
    form = SearchForm.read(request.args)
    window = _window(form, access.camera_names())
    if window is None:
        raise UsageError("Say from when to when: from=2025-03-04T14:00&to=2025-03-04T15:00.")
    return render_template(
        "_timeline_selection.html", form=_form_of(form, window), window=window, zone=_zone().key
    )


@blueprint.get("/at")
def at() -> ResponseReturnValue:
    """On to the player, at what the camera `on` recorded at the moment `time`.

    A search in the address goes along.
    """
    camera, form = request.args.get("on", ""), SearchForm.read(request.args)
    moment = SearchForm(start=request.args.get("time", "")).filter((), _zone()).start
    if camera not in access.camera_names() or moment is None:
        raise NotFound("There is no such camera in the collection.")
    for beside in access.recorded_at(moment):
        if beside.recording.camera == camera:
            time = address_seconds(beside.time)
            search = {} if form.asks_nothing else form.arguments()
            return redirect(
                url_for("recordings.play", recording_id=beside.recording.id, t=time, **search)
            )
    raise NotFound(f"{camera} recorded nothing at that time.")


def _parts(opened: FormPage) -> Mapping[str, object]:
    form = opened.form
    window = window_asked(form, opened.cameras)
    if window is None:
        return {}
    cameras = [name for name in opened.cameras if not form.cameras or name in form.cameras]
    shown = timeline(services().archive, window, cameras)
    return {
        "shown": shown,
        "ticks": window.ticks(_zone()),
        "marked": _marked(opened, shown),
        "without_clock": {one.name: one.without_clock for one in access.cameras()},
        "here": _form_of(form, window),
        "ways": {
            "Earlier": _form_of(form, window.moved(-0.5)),
            "Later": _form_of(form, window.moved(0.5)),
            "Zoom in": _form_of(form, window.zoomed(0.5)),
            "Zoom out": _form_of(form, window.zoomed(2)),
        },
        "all": replace(form, start="", end=""),
    }


def _marked(opened: FormPage, shown: Timeline) -> Marked:
    """What the search of the form finds in the window, whatever its limit."""
    whole = replace(opened, form=opened.form.with_limit(MOST_MOMENTS))
    form = _form_of(whole.form, shown.window)
    recall = services().archive.settings.search.recall
    if form.asks_nothing:
        return Marked({}, {}, is_full=False, most=MOST_MOMENTS, recall=recall)
    is_pair = replace(whole, form=form).asked.then is not None
    most = 2 * MOST_MOMENTS if is_pair else MOST_MOMENTS
    found = found_within(whole, shown.window)
    matches: dict[str, list[Match]] = defaultdict(list)
    for moment in found:
        start, end = moment.wall_start, moment.wall_end
        if start is not None and end is not None:
            share = shown.window.share
            matches[moment.camera].append(Match(moment, share(start), share(end)))
    return Marked(form.arguments(), matches, len(found) >= most, most, recall)


def found_within(opened: FormPage, window: ClockWindow) -> list[Moment]:
    """What the search finds in a window, best first; nothing where nothing is searched for.

    Raises as a search does.
    """
    form = _form_of(opened.form, window)
    if form.asks_nothing:
        return []
    question = replace(opened, form=form).asked
    access.note(Action.SEARCH, **form.about())
    return all_found(form, question)


def window_asked(form: SearchForm, cameras: Sequence[str]) -> ClockWindow | None:
    """What `from` and `to` say, else the last day recorded; None where no clock is known.

    Raises UsageError.
    """
    return _window(form, cameras) or _usual_window()


def _window(form: SearchForm, cameras: Sequence[str]) -> ClockWindow | None:
    """What `from` and `to` say; None where one of them is missing. Raises UsageError."""
    where = form.filter(cameras, _zone())
    if where.start is None or where.end is None:
        return None
    return ClockWindow.between(where.start, where.end)


def _usual_window() -> ClockWindow | None:
    """The last day of what was recorded; None where no clock is known."""
    cameras = access.cameras()
    firsts = [one.first for one in cameras if one.first is not None]
    lasts = [one.last for one in cameras if one.last is not None]
    if not firsts or not lasts:
        return None
    return ClockWindow.between(max(min(firsts), max(lasts) - _FIRST_SHOWN), max(lasts))


def _form_of(form: SearchForm, window: ClockWindow) -> SearchForm:
    """The same search within a window."""
    return replace(form, start=_on_the_clock(window.start), end=_on_the_clock(window.end))


def _on_the_clock(moment: datetime) -> str:
    """As the form's fields are read: with its offset only in an hour that is there twice.

    Without one, that hour is meant whole: see `filter`.
    """
    local = moment.astimezone(_zone())
    if local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset():
        local = local.replace(tzinfo=None)
    return local.isoformat(timespec="seconds" if not local.microsecond else "milliseconds")


def _zone() -> ZoneInfo:
    return ZoneInfo(services().archive.settings.clock.zone)
