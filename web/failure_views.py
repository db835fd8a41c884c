"""The page of all that failed: by kind and source, to be tried again one by one or together."""

from collections.abc import Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.jobs import ALL_FAILURES, Failures
from mmrag_video.catalog.tally import SourceCounts, counts_by_source
from mmrag_video.catalog.users import Role
from mmrag_video.errors import ErrorKind, UsageError
from web import access
from web.row_number import row_number
from web.services import services

blueprint = Blueprint("failures", __name__)
# Files are in the queue before anybody knows which camera they are of.
blueprint.before_request(access.check_sees_all_cameras)
_ON_A_PAGE = 50
_MOST_PAGES = 10**9
KINDS: Mapping[ErrorKind, str] = {
    ErrorKind.RECORDING: "the file",
    ErrorKind.DECODER: "decoding it",
    ErrorKind.MODEL: "the model",
    ErrorKind.STORE: "the frame store",
    ErrorKind.CATALOG: "the catalog",
    ErrorKind.FILES: "reading or writing",
    ErrorKind.OTHER: "something unforeseen",
}


@blueprint.get("/queue/failed")
def page() -> ResponseReturnValue:
    """Some of the failures, the newest first."""
    archive = services().archive
    shown, number = _shown(request.args), _page_number()
    jobs = archive.catalog.jobs
    count = jobs.count_failed(shown)
    return render_template(
        "failures.html",
        shown=shown,
        kinds=KINDS,
        sources=sources_with_failures(),
        jobs=jobs.failed(_ON_A_PAGE, shown, skip=(number - 1) * _ON_A_PAGE),
        count=count,
        again=row_number(request.args.get("again", "0"), "a number of files"),
        page=number,
        more=count > number * _ON_A_PAGE,
        zone=archive.settings.clock.zone,
    )


@blueprint.post("/queue/failed/retry")
@access.needs(Role.OPERATOR)
def retry() -> ResponseReturnValue:
    """Try the job of the field `job` again, or without one all of a kind and a source."""
    shown, number = _shown(request.form), request.form.get("job")
    again = try_again(None if number is None else row_number(number, "a job"), shown)
    return redirect(
        url_for("failures.page", kind=shown.kind, source=shown.source, again=again), code=303
    )


def try_again(job: int | None, which: Failures = ALL_FAILURES) -> int:
    """Have one of these tried again, or all of them; how many.

    One that has meanwhile been tried, or was removed, is none: who looks sees it. Raises UsageError
    for a source of which no file is known.
    """
    if which.source is not None and which.source not in _counts():
        raise UsageError(f"{which.source[:40]!r} is no source of a file in the queue.")
    again = services().archive.catalog.jobs.ask_again(None if job is None else [job], which)
    access.note(
        Action.CHANGE,
        what="tried again",
        job=job or "all",
        kind=which.kind or "all",
        source=which.source or "all",
    )
    return again


def sources_with_failures() -> list[str]:
    """Names of the sources of which a file failed."""
    return sorted(name for name, files in _counts().items() if files.failed)


def _shown(fields: MultiDict[str, str]) -> Failures:
    """Raises UsageError."""
    kind, source = fields.get("kind", ""), fields.get("source", "")
    if kind and kind not in list(ErrorKind):
        raise UsageError(f"{kind[:40]!r} is no kind of failure.")
    return Failures(ErrorKind(kind) if kind else None, source or None)


def _counts() -> Mapping[str, SourceCounts]:
    return counts_by_source(services().archive.catalog.database)


def _page_number() -> int:
    """At most some: what is skipped is counted in 64 bits."""
    number = row_number(request.args.get("page", "1"), "a page")
    if not 0 < number <= _MOST_PAGES:
        raise UsageError(f"There are pages from 1 to {_MOST_PAGES}.")
    return number
