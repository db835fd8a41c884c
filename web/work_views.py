"""The page of what goes on by itself: sources, and the worker's queue."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.tally import SourceCounts, counts_by_source
from mmrag_video.catalog.users import Role
from mmrag_video.queue_overview import queue_overview
from mmrag_video.sources import SourceError, SourceOrigin, add_source, list_sources, remove_source
from web import access
from web.failure_views import try_again
from web.row_number import row_number
from web.services import services
from web.source_form import SourceForm

blueprint = Blueprint("work", __name__)
# Files are in the queue before anybody knows which camera they are of.
blueprint.before_request(access.check_sees_all_cameras)


@blueprint.get("/work")
def page() -> ResponseReturnValue:
    """The queue as it stands, the sources, and the form for another."""
    return _page(SourceForm(), {})


@blueprint.post("/sources")
@access.needs(Role.ADMIN)
def add() -> ResponseReturnValue:
    """Add a source; the form again, with a sentence beside each field that is wrong."""
    archive = services().archive
    form = SourceForm.read(request.form)
    try:
        add_source(archive.settings, archive.catalog, form.name, form.values())
    except SourceError as error:
        return _page(form, dict(error.problems)), 400
    folder = form.fields.get("folder", "")
    access.note(Action.CHANGE, what="source added", source=form.name, folder=folder)
    return _back()


@blueprint.post("/sources/remove")
@access.needs(Role.ADMIN)
def remove() -> ResponseReturnValue:
    """Take away a source that was added here or by a command."""
    archive = services().archive
    name = request.form.get("name", "")
    remove_source(archive.settings, archive.catalog, name)
    access.note(Action.CHANGE, what="source removed", source=name)
    return _back()


@blueprint.post("/queue/pause")
@access.needs(Role.OPERATOR)
def pause() -> ResponseReturnValue:
    """Let the worker hold still."""
    services().archive.catalog.worker.pause(True)
    access.note(Action.CHANGE, what="worker paused")
    return _back()


@blueprint.post("/queue/resume")
@access.needs(Role.OPERATOR)
def resume() -> ResponseReturnValue:
    """Let the worker go on."""
    services().archive.catalog.worker.pause(False)
    access.note(Action.CHANGE, what="worker resumed")
    return _back()


@blueprint.post("/queue/retry")
@access.needs(Role.OPERATOR)
def retry() -> ResponseReturnValue:
    """Try the job of the field `job` again, or all that failed where there is none."""
    number = request.form.get("job")
    try_again(None if number is None else row_number(number, "a job"))
    return _back()


def _back() -> ResponseReturnValue:
    return redirect(url_for("work.page"), code=303)


def _page(form: SourceForm, problems: dict[str, str]) -> str:
    archive = services().archive
    return render_template(
        "work.html",
        form=form,
        problems=problems,
        overview=queue_overview(archive),
        sources=list_sources(archive.settings, archive.catalog),
        counts=counts_by_source(archive.catalog.database),
        no_files=SourceCounts(0, 0, 0),
        removable=SourceOrigin.PAGE,
        zone=archive.settings.clock.zone,
    )
