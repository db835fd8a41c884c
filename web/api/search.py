"""The API's searches: moments, answers in words, and the pictures that are searched with."""

from io import BytesIO
from time import perf_counter
from typing import Annotated, Literal

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import Field
from typing_extensions import TypedDict

from mmrag_video import json_shapes as shapes
from mmrag_video.as_json import written_answer_to_json
from mmrag_video.asking.understanding import Understood
from mmrag_video.catalog.audit import Action
from mmrag_video.catalog.records import LONGEST_CAMERA, MOST_CAMERAS
from mmrag_video.catalog.users import Role
from mmrag_video.errors import UsageError
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.naming import LONGEST_TEMPLATE
from mmrag_video.export.sheet import FormatName
from mmrag_video.facets import facets
from mmrag_video.json_shapes import shape
from mmrag_video.moments import Confidence
from web import access, answer_views, export_views, query_picture_views
from web.api.links import FoundMoment, FoundPair, Links, found_moment, found_pair, links_of
from web.api.operation import Fields, Media, operation
from web.api.problems import PREFIX
from web.form_page import FormPage, open_form_page
from web.found import found_moments, found_pairs
from web.search_form import LONGEST_KEY, MOST_CHARACTERS, MOST_KEYS, MOST_MOMENTS
from web.services import services

blueprint = Blueprint("api_search", __name__, url_prefix=PREFIX)

PICTURES = Media(("image/jpeg", "image/png", "image/webp"))
EXPORTS = Media((*sorted({one.media_type for one in FORMATS.values()}), "application/zip"))
CameraNames = Annotated[
    tuple[Annotated[str, Field(max_length=LONGEST_CAMERA)], ...], Field(max_length=MOST_CAMERAS)
]
_Keys = Annotated[
    tuple[Annotated[str, Field(max_length=LONGEST_KEY)], ...], Field(max_length=MOST_KEYS)
]
HANDLE = r"^[0-9]{1,4}(\.[0-9]{1,9})?$"
_DAY = r"(19[789]|20[0-9]|21[0-9])[0-9]-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]"
TIME = rf"^({_DAY}(T{_CLOCK}(:[0-5][0-9](\.[0-9]{{1,6}})?)?(Z|[+-]{_CLOCK})?)?)?$"
_TIME_OF_DAY = rf"^({_CLOCK}|24:00)?$"
SEARCHING = (404, 409, 410, 422, 503)
"""The frame's recording is not there; another model made the index; the recording's file is gone;
the model cannot be had; the store cannot be reached."""


class SearchQuery(Fields):
    """What to look for, and where."""

    q: str = Field("", max_length=MOST_CHARACTERS)
    """In words; times, cameras, "without ..." and ", then ..." in them are understood."""
    picture: str = Field("", pattern=r"^([0-9a-f]{64})?$")
    """Id of a picture that was sent before."""
    like: str = Field("", pattern=r"^([0-9a-f]{64},[0-9./]{1,41})?$")
    """A frame to search with: a recording's id, a comma, seconds from its first frame."""
    box: str = Field("", pattern=r"^([0-9.]{1,8}(,[0-9.]{1,8}){3})?$")
    """The part of that frame: left, top, right and bottom in per cent, with commas between."""
    camera: CameraNames = ()
    start: str = Field("", alias="from", pattern=TIME)
    """Date, or date and time; without an offset in the zone of the settings."""
    end: str = Field("", alias="to", pattern=TIME)
    """Likewise; a date is meant whole."""
    after: str = Field("", pattern=_TIME_OF_DAY)
    """Time of day such as 22:00, from which."""
    before: str = Field("", pattern=_TIME_OF_DAY)
    """Time of day until which, on the next day if it is not after the first."""
    weekday: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = ()
    """On which those times of day begin."""
    off: _Keys = ()
    """Keys of what was understood and is to be searched for as words."""
    any: Literal["1"] | None = None
    """What follows may be on another camera."""
    has: _Keys = ()
    """Keys of facets that a moment must have."""
    limit: int | None = Field(None, ge=1, le=MOST_MOMENTS)
    """Moments, or pairs, at most."""


class ExportQuery(SearchQuery):
    """What to export, and how."""

    format: FormatName
    weak: Literal["1"] | None = None
    """Also what does not stand out."""
    handle_before: str = Field("0", pattern=HANDLE)
    """Seconds to add before each moment."""
    handle_after: str = Field("0", pattern=HANDLE)
    """Seconds to add after it."""
    all_cameras: Literal["1"] | None = None
    """Also what the other cameras recorded at the time of each moment."""
    name_template: str = Field("", max_length=LONGEST_TEMPLATE)
    """How files are named."""


@shape
class Chip(TypedDict):
    """Words that were understood as something else than what is to be seen."""

    kind: str
    label: str
    key: str
    """By which it is taken off, in `off`."""


@shape
class Facet(TypedDict):
    """Something that is in some of the moments."""

    key: str
    """By which it is asked for, in `has`."""
    label: str
    moments: int
    """In how many."""


@shape
class SearchAnswer(TypedDict):
    """What was found, best first: moments, or pairs where one thing is to follow another."""

    confident: bool
    """Whether anything stands out."""
    understood: list[Chip]
    moments: list[FoundMoment]
    pairs: list[FoundPair]
    facets: list[Facet]


@shape
class SentPicture(TypedDict):
    """A picture to search with."""

    picture: str
    """Its id. Of a user's pictures those that were used last are kept, 64 MiB of them."""


@shape
class CitedMoment(shapes.NumberedMoment):
    """A moment that the machine was shown, with its addresses."""

    links: Links


@shape
class WrittenAnswer(shapes.AnswerInWords):
    """What a machine wrote, and every moment that it was shown, cited or not."""

    moments: list[CitedMoment]


@blueprint.get("/search")
@operation(SearchAnswer, errors=SEARCHING)
def search(query: SearchQuery) -> SearchAnswer:
    """Search for moments."""
    opened = open_form_page("search.html")
    if opened.form.asks_nothing:
        raise UsageError("Say what to look for: words in q, or a picture.")
    question = opened.asked
    access.note(Action.SEARCH, **opened.form.about())
    began = perf_counter()
    answer = _pairs(opened) if question.then is not None else _moments(opened)
    services().metrics.searches.observe(perf_counter() - began)
    return answer


@blueprint.get("/answer")
@operation(WrittenAnswer, errors=SEARCHING)
def answer(query: SearchQuery) -> WrittenAnswer:
    """Have a question answered in words, by the model that the settings name for it."""
    written = answer_views.written_answer(open_form_page("answer.html"))
    plain = written_answer_to_json(written)
    moments: list[CitedMoment] = []
    for told, shown in zip(plain["moments"], written.shown, strict=True):
        # The picture's file is the server's own business; its address is among the links.
        kept = {name: value for name, value in told.items() if name != "thumbnail"}
        moments.append({**kept, "links": links_of(shown.moment)})  # type: ignore[typeddict-item]
    return {**plain, "moments": moments}


@blueprint.get("/export")
@operation(EXPORTS, role=Role.OPERATOR, errors=SEARCHING)
def export(query: ExportQuery) -> ResponseReturnValue:
    """Search, and have what was found as a file for other programs."""
    return export_views.download()


@blueprint.post("/pictures")
@operation(SentPicture, status=201, takes=PICTURES, errors=(503,))
def send_picture() -> SentPicture:
    """Send a picture to search with, of at most 16 MB and 12 million pixels; a JPEG may have 50."""
    picture = services().pictures.keep(BytesIO(request.get_data()), access.user().name)
    return {"picture": picture}


@blueprint.get("/pictures/<sha256:picture>")
@operation(Media(("image/jpeg",)), errors=(400,))
def picture(picture: str) -> ResponseReturnValue:
    """A picture that was sent, as it is searched with."""
    return query_picture_views.show(picture)


def _moments(opened: FormPage) -> SearchAnswer:
    form, archive = opened.form, services().archive
    found = found_moments(form, opened.asked.first)
    shown = found[: form.moments(archive.settings.search.limit)]
    return {
        "confident": any(one.confidence is not Confidence.WEAK for one in shown),
        "understood": _chips(opened.understood),
        "moments": [found_moment(one, form.words) for one in shown],
        "pairs": [],
        "facets": [
            {"key": one.facet.key, "label": one.facet.label, "moments": one.moments}
            for one in facets(archive.model, found)
        ],
    }


def _pairs(opened: FormPage) -> SearchAnswer:
    question = opened.asked
    assert question.then is not None
    pairs = found_pairs(opened.form, question, question.then)
    return {
        "confident": any(one.confidence is not Confidence.WEAK for one in pairs),
        "understood": _chips(opened.understood),
        "moments": [],
        "pairs": [found_pair(one, opened.form.words) for one in pairs],
        "facets": [],
    }


def _chips(understood: Understood) -> list[Chip]:
    return [
        {"kind": chip.kind.value, "label": chip.label, "key": chip.key} for chip in understood.chips
    ]
