"""Searching over HTTP: what the page answers, what it refuses, and with which words."""

from fractions import Fraction
from html import escape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import render_template
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Camera
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence, Moment, Span
from mmrag_video.search import search
from mmrag_video.settings import Settings
from tests.page_archive import HOSTILE_CAMERA, ZONE, PageArchive
from tests.page_client import LOCAL, UNKNOWN_ID, get, words_of
from web.app import create_app
from web.grouping import NAMES, Grouping
from web.search_form import SearchForm
from web.search_views import Results
from web.words import timecode


def test_an_empty_collection_says_how_to_fill_it(tmp_path: Path) -> None:
    with Archive(Settings(data_dir=tmp_path)) as archive:
        answer = get(create_app(archive).test_client(), "/?q=a+person")
    assert answer.status_code == 200
    assert "mmrag-video ingest /path/to/recordings" in words_of(answer)


def test_an_empty_question_offers_examples_and_shows_what_is_there(client: FlaskClient) -> None:
    page = words_of(get(client, "/"))
    assert '<a href="/?q=two+people">two people</a>' in page
    assert "Yard" in page and "Tue 4 Mar 2025 14:03:22 WET" in page


def test_the_page_shows_the_moments_that_the_library_finds(
    client: FlaskClient, collection: PageArchive
) -> None:
    moments = search(collection.archive, Query("a red box")).moments
    page = words_of(get(client, "/?q=a+red+box"))
    assert moments
    for moment in moments:
        assert f"{timecode(moment.spans[0].start)} – {timecode(moment.spans[0].end)}" in page
        assert f"{moment.confidence} <b>{moment.score:.2f}</b>" in page
    assert page.count('class="card ') == len(moments)


def test_a_known_clock_is_shown_with_its_origin_and_an_unknown_one_is_not_made_up(
    client: FlaskClient,
) -> None:
    yard = words_of(get(client, "/?q=a+box&camera=Yard"))
    assert "Tue 4 Mar 2025 14:03:" in yard and "from the file's name" in yard
    gate = words_of(get(client, "/?q=a+box&camera=Gate"))
    assert "Clock time unknown" in gate and "neither the file's name nor its contents" in gate


def test_only_the_chosen_cameras_answer(client: FlaskClient) -> None:
    page = words_of(get(client, "/?q=a+box&camera=Yard&camera=Gate"))
    assert 'title="Yard">Yard</h3>' in page and 'title="Gate">Gate</h3>' in page
    page = words_of(get(client, "/?q=a+box&camera=Gate"))
    assert 'title="Yard">Yard</h3>' not in page and 'title="Gate">Gate</h3>' in page


def test_times_are_read_in_the_zone_that_the_page_names(client: FlaskClient) -> None:
    before = words_of(get(client, "/?q=a+box&to=2025-03-04T14:03:22"))
    assert "Nothing was found" in before and "Search everywhere" in before
    within = words_of(get(client, "/?q=a+box&from=2025-03-04T14:03&to=2025-03-04T14:04"))
    assert 'title="Yard">Yard</h3>' in within and ZONE in within
    whole_day = words_of(get(client, "/?q=a+box&from=2025-03-04&to=2025-03-04"))
    assert 'title="Yard">Yard</h3>' in whole_day


def test_weak_answers_stand_below_a_line(client: FlaskClient, collection: PageArchive) -> None:
    def moment(confidence: Confidence, score: float) -> Moment:
        span = Span(collection.yard, Fraction(1), Fraction(2))
        return Moment((span,), span, score, confidence, score, "a box")

    strong, weak = moment(Confidence.STRONG, 0.9), moment(Confidence.WEAK, 0.2)
    above = render(client, answered([strong], [weak]))
    assert "1 moment for" in above
    assert above.index("0.90") < above.index("Below this line") < above.index("0.20")
    none = render(client, answered([], [weak]))
    assert none.index("No confident match") < none.index("these come nearest") < none.index("0.20")


def answered(confident: list[Moment], weak: list[Moment]) -> Results:
    return Results(
        confident, weak, 0.1, Grouping.NONE, ZoneInfo(ZONE), more=None, awaits_look=False
    )


def render(client: FlaskClient, results: Results) -> str:
    with client.application.test_request_context(base_url=LOCAL):
        client.application.preprocess_request()
        return render_template(
            "search.html",
            form=SearchForm(words="a box"),
            results=results,
            groupings=NAMES,
            problem="",
            cameras=[Camera("Yard", 1, Fraction(12), None, None)],
            zone=ZONE,
        )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("camera=Nowhere", "There is no camera named 'Nowhere' in this collection."),
        ("from=2025-03-05T10:00&to=2025-03-04T10:00", "The time range ends before it begins"),
        ("from=yesterday", "From: 'yesterday' is not a date and time such as"),
        ("to=9999-12-31T23:59", "To: '9999-12-31T23:59' is not a date and time such as"),
        ("limit=-1", "The limit '-1' is not a whole number."),
        (f"picture={UNKNOWN_ID}", "The query picture is no longer here"),
        ("q=" + 501 * "x", "please ask in at most 500"),
    ],
)
def test_what_cannot_be_asked_gets_one_sentence(
    client: FlaskClient, arguments: str, sentence: str
) -> None:
    answer = get(client, f"/?{arguments}&q=a+box")
    assert answer.status_code == 400
    assert sentence in words_of(answer)


def test_markup_in_questions_and_camera_names_stays_text(client: FlaskClient) -> None:
    page = get(client, "/?q=%3Cscript%3Ealert(1)%3C/script%3E").get_data(as_text=True)
    assert "<script>alert" not in page and escape("<script>alert(1)</script>") in page
    assert "<img src=x" not in page and "&lt;img src=x onerror=alert(1)&gt;" in page


def test_a_camera_of_any_name_can_be_chosen(client: FlaskClient) -> None:
    answer = get(client, "/", query_string={"q": "a box", "camera": HOSTILE_CAMERA})
    assert answer.status_code == 200 and 'class="card ' in words_of(answer)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    fields=st.dictionaries(
        st.sampled_from(["q", "camera", "from", "to", "picture", "limit"]),
        st.one_of(
            st.text(max_size=40),
            st.sampled_from(
                ["2025-03-30T01:30", "0001-01-01", "1970-01-01T00:00+23:59", "²", "1e9"]
            ),
        ),
    )
)
def test_no_filled_in_form_makes_the_program_fail(
    client: FlaskClient, fields: dict[str, str]
) -> None:
    assert get(client, "/", query_string=fields).status_code in (200, 400)
