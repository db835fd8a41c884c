"""Taking and showing the picture of a query."""

from flask import Blueprint, Response, redirect, request, url_for
from flask.typing import ResponseReturnValue

from mmrag_video.errors import UsageError
from web import access
from web.search_form import SearchForm
from web.services import services

blueprint = Blueprint("query_pictures", __name__)


@blueprint.post("/pictures")
def take() -> ResponseReturnValue:
    """Keep the uploaded picture, and go on to the search with it in the address."""
    upload = request.files.get("upload")
    if upload is None or not upload.filename:
        raise UsageError("No picture was chosen; choose a JPEG, PNG or WebP file.")
    picture = services().pictures.keep(upload.stream, access.user().name)
    form = SearchForm.read(request.form).with_picture(picture)
    return redirect(url_for("search.page", **form.arguments()), code=303)


@blueprint.get("/pictures/<sha256:picture>.jpg")
def show(picture: str) -> ResponseReturnValue:
    """A kept query picture."""
    response = Response(services().pictures.jpeg(picture), mimetype="image/jpeg")
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response
