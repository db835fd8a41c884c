"""The pages of cases: collected, ordered, trimmed and described by plain forms; who may do what."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction

import pytest
from flask import g
from flask.testing import FlaskClient
from sqlalchemy import delete
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from mmrag_video.cases import finding_by_eye, picture_times
from mmrag_video.catalog.case_records import Case, CaseMoment
from mmrag_video.catalog.schema import ExportedSpanRow
from mmrag_video.catalog.users import Role, User
from mmrag_video.models.base import Query
from mmrag_video.moments import Span
from mmrag_video.search import search
from mmrag_video.video.timecode import Timecode
from tests.page_archive import HOSTILE_CAMERA, PageArchive, page_archive
from tests.page_client import LOCAL, UNKNOWN_ID, get, words_of
from web.app import create_app

RESULTS = "/?q=a+red+box"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PageArchive]:
    """An archive of this file's own, to be written."""
    with page_archive(tmp_path_factory.mktemp("cases")) as opened:
        yield opened


@dataclass
class Visitor:
    """Somebody at the page; what a login does is done here by hand."""

    archive: Archive
    user: User = field(default_factory=lambda: User("ana", Role.OPERATOR))

    def __post_init__(self) -> None:
        app = create_app(self.archive)
        app.before_request(lambda: setattr(g, "user", self.user))
        self.client: FlaskClient = app.test_client()

    def get(self, path: str) -> TestResponse:
        return get(self.client, path)

    def post(self, path: str, accept: str = "text/html", **fields: object) -> TestResponse:
        headers = {"Origin": LOCAL, "Accept": accept}
        return self.client.post(path, data=fields, base_url=LOCAL, headers=headers)

    def found(self, path: str = RESULTS) -> list[str]:
        """What the cards of a search offer to be collected."""
        page = self.get(path).get_data(as_text=True)
        return re.findall(r'name="selected" value="([^"]+)"', page)


@pytest.fixture
def ana(own: PageArchive) -> Iterator[Visitor]:
    yield Visitor(own.archive)
    for case in own.archive.catalog.cases.all():
        own.archive.catalog.cases.remove(case.id)
    with own.archive.catalog.database.writing() as session:
        session.execute(delete(ExportedSpanRow))


@pytest.fixture
def theft(own: PageArchive, ana: Visitor) -> Case:
    """A case with three seconds of the yard's recording, one by one."""
    case = own.archive.catalog.cases.make("theft", "ana")
    spans = [Span(own.yard, Fraction(at), Fraction(at + 1)) for at in range(3)]
    findings = [finding_by_eye(own.archive, span) for span in spans]
    own.archive.catalog.cases.add(case.id, findings, "ana")
    return case


def moments(own: PageArchive, case: Case) -> list[CaseMoment]:
    return own.archive.catalog.cases.moments(case.id)


def noted(own: PageArchive) -> dict[str, object]:
    [entry] = own.archive.catalog.audit.entries(limit=1)
    return {"user": entry.user, **entry.about}


# Collecting


def test_a_result_is_collected_exactly_as_the_search_found_it(
    ana: Visitor, own: PageArchive
) -> None:
    answer = ana.post("/collect", found=ana.found()[0], new="theft", back=RESULTS)
    assert (answer.status_code, answer.headers["Location"]) == (303, RESULTS)
    [case] = own.archive.catalog.cases.all()
    assert (case.name, case.created_by) == ("theft", "ana")
    [moment] = moments(own, case)
    best = search(own.archive, Query(text="a red box")).moments[0]
    assert [(one.recording, one.start, one.end) for one in moment.spans] == [
        (one.recording.id, one.start, one.end) for one in best.spans
    ]
    assert moment.found.best.start == best.best.start
    assert moment.found.query == "a red box"
    assert (moment.found.score, moment.found.confidence) == (best.score, best.confidence)
    assert moment.found.why == best.why
    assert noted(own) == {
        "user": "ana",
        "case": "theft",
        "case_id": case.id,
        "what": "collected",
        "moments": [moment.id],
        "findings": 1,
    }


def test_what_is_in_a_case_or_exported_is_marked_on_its_card_and_in_the_player(
    ana: Visitor, own: PageArchive
) -> None:
    assert 'class="mark"' not in words_of(ana.get(RESULTS))
    ana.post("/collect", found=ana.found()[0], new="<b>theft</b>")
    results = ana.get(RESULTS).get_data(as_text=True)
    assert results.count("in &lt;b&gt;theft&lt;/b&gt;</a>") == 1
    [case] = own.archive.catalog.cases.all()
    [moment] = moments(own, case)
    player = f"/recordings/{moment.spans[0].recording}/play?t=0,1"
    assert "in <b>theft</b></a>" in words_of(ana.get(player))
    saved = ana.post(f"/cases/{case.id}/export", format="csv")
    assert noted(own)["case_id"] == case.id
    assert saved.headers["Content-Disposition"].endswith(".csv")
    assert words_of(ana.get(RESULTS)).count('class="mark">exported') == 1
    [span] = moment.spans
    times = f"{Timecode(span.start)} – {Timecode(span.end)}"
    for suffix in (" in <b>theft</b></a>", " exported</span>"):
        assert times + suffix in words_of(ana.get(player))
    own.archive.catalog.cases.remove(case.id)
    assert 'class="mark">exported' in words_of(ana.get(RESULTS)), "it was, all the same"


def test_what_was_exported_from_a_search_is_marked_without_a_case(
    ana: Visitor, own: PageArchive
) -> None:
    ana.post("/export/selected", selected=ana.found()[0], format="json")
    assert words_of(ana.get(RESULTS)).count('class="mark">exported') == 1


def test_several_are_collected_at_once_and_the_case_is_offered_again(
    ana: Visitor, own: PageArchive
) -> None:
    own.archive.catalog.cases.make("fire", "ana")
    newest = own.archive.catalog.cases.make("flood", "ana")
    assert f'value="{newest.id}" selected' in words_of(ana.get(RESULTS))
    fire = own.archive.catalog.cases.named("fire")
    found = ana.found()
    assert ana.post("/collect", selected=found, case=fire.id).status_code == 303
    assert len(moments(own, fire)) == len(found) > 1
    assert f'value="{fire.id}" selected' in words_of(ana.get(RESULTS))
    told = ana.post("/collect", accept="application/json", selected=found, case=fire.id).get_json()
    assert told["sentence"] == (f"0 moments collected into “fire”, {len(found)} there already.")
    assert len(moments(own, fire)) == len(found)


def test_one_button_collects_its_own_result_and_not_those_that_are_ticked(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    first, *others = ana.found("/?q=a+blue+box&camera=Gate") + ana.found()
    ana.post("/collect", found=first, selected=others, case=theft.id)
    assert len(moments(own, theft)) == 4


def test_a_part_is_collected_from_the_player(ana: Visitor, own: PageArchive, theft: Case) -> None:
    fields = {"recording": own.gate.id, "start": "1.234", "end": "00:00:03.5"}
    assert ana.post("/collect", **fields, case=theft.id).status_code == 303
    added = moments(own, theft)[-1]
    assert [(one.start, one.end) for one in added.spans] == [(Fraction("1.234"), Fraction("3.5"))]
    assert (added.found.query, added.found.score, added.found.confidence) == ("", None, None)
    assert added.best.start >= Fraction("1.234")


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({}, 400, "Nothing is selected"),
        ({"found": "made up"}, 400, "load the page again"),
        ({"recording": UNKNOWN_ID, "start": "1", "end": "2"}, 404, "no such recording"),
        ({"recording": "YARD", "start": "2", "end": "1"}, 400, "cannot end at 00:00:01.000"),
        ({"recording": "YARD", "start": "1", "end": "999"}, 400, "past the end"),
        ({"recording": "YARD", "start": "-1", "end": "2"}, 400, "'-1' is not a time"),
        ({"recording": "YARD", "start": "1/0", "end": "2"}, 400, "'1/0' is not a time"),
        ({"recording": "YARD", "start": "9" * 5000, "end": "2"}, 400, "is not a time"),
        ({"recording": "YARD", "start": "1", "end": "2", "case": ""}, 400, "Choose a case"),
        ({"recording": "YARD", "start": "1", "end": "2", "case": "99"}, 404, "no such case"),
        ({"recording": "YARD", "start": "1", "end": "2", "case": "", "new": "x" * 101}, 400, "100"),
        (
            {"recording": "YARD", "start": "1", "end": "2", "case": "", "new": "theft"},
            400,
            "already",
        ),
    ],
)
def test_what_cannot_be_collected_is_said(
    ana: Visitor, own: PageArchive, theft: Case, fields: dict[str, str], status: int, sentence: str
) -> None:
    fields = {"case": str(theft.id), **fields}
    if fields.get("recording") == "YARD":
        fields["recording"] = own.yard.id
    answer = ana.post("/collect", **fields)
    assert (answer.status_code, sentence in words_of(answer)) == (status, True), words_of(answer)
    assert len(moments(own, theft)) == 3


def test_no_browser_makes_up_a_score(ana: Visitor, own: PageArchive, theft: Case) -> None:
    signed = ana.found()[0]
    content, _, signature = signed.rpartition(".")
    others = Visitor(own.archive).found()[0]  # of a page that was started by itself
    for forged in (content, f"{content}.", f"{content[:-4]}AAAA.{signature}", others):
        answer = ana.post("/collect", found=forged, case=theft.id)
        assert answer.status_code == 400
        assert "before the page’s program was started anew" in words_of(answer)
    assert len(moments(own, theft)) == 3


@pytest.mark.parametrize(
    "back",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:1",
        "",
        "//[x",
        "/a\nb",
        "/\r\nX: y",
    ],
)
def test_nobody_is_led_to_another_site(
    ana: Visitor, own: PageArchive, theft: Case, back: str
) -> None:
    answer = ana.post("/collect", found=ana.found()[0], case=theft.id, back=back)
    assert answer.headers["Location"] == f"/cases/{theft.id}"


# One case


def test_a_case_shows_its_moments_in_order_with_all_that_is_known(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    first = moments(own, theft)[0]
    ana.post(
        f"/cases/{theft.id}/moments/{first.id}/describe",
        note="<script>alert(1)</script>\nsecond line",
        tags="bag, grey coat,, bag",
    )
    page = ana.get(f"/cases/{theft.id}")
    shown = words_of(page)
    assert "<script>alert" not in page.get_data(as_text=True)
    assert re.findall(r'id="moment-(\d+)"', shown) == [str(one.id) for one in moments(own, theft)]
    assert "Tue 4 Mar 2025 14:03:22 – 14:03:23 WET" in shown
    assert "Clock time from the file's name (Reolink FTP name)" in shown
    assert "00:00:00.000 – 00:00:01.000" in shown
    assert '<span class="tag">bag</span> <span class="tag">grey coat</span>' in shown
    assert "second line" in shown
    listed = shown.partition('<ol class="collected">')[2]
    pictures = re.findall(r'<img src="(/frames/[^"]+)"', listed)
    assert len(pictures) == 3
    assert all(ana.get(address).status_code == 200 for address in pictures)


def test_a_picture_that_is_not_of_the_moment_says_of_when_it_is(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    first, *others = moments(own, theft)
    for one in others:
        ana.post(f"/cases/{theft.id}/moments/{one.id}/remove")
    assert "picture of" not in words_of(ana.get(f"/cases/{theft.id}"))
    last = picture_times(own.archive, own.yard.id)[-1]
    own.archive.catalog.cases.trim(first.id, last + Fraction(1, 10), last + Fraction(2, 10))
    assert f"picture of {Timecode(last)}" in words_of(ana.get(f"/cases/{theft.id}"))


def test_moments_are_moved_by_buttons(ana: Visitor, own: PageArchive, theft: Case) -> None:
    first, second, third = (one.id for one in moments(own, theft))
    moved = ana.post(f"/cases/{theft.id}/moments/{third}/move", to=second)
    assert moved.headers["Location"] == f"/cases/{theft.id}#moment-{third}"
    assert [one.id for one in moments(own, theft)] == [first, third, second]
    ana.post(f"/cases/{theft.id}/moments/{first}/move", to=second)
    assert [one.id for one in moments(own, theft)] == [third, second, first]
    assert noted(own)["what"] == "moved a moment"


def test_ends_are_trimmed_and_what_is_not_typed_anew_stays_exact(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    moment = moments(own, theft)[0]
    path = f"/cases/{theft.id}/moments/{moment.id}/trim"
    own.archive.catalog.cases.trim(moment.id, Fraction(1, 3), Fraction(1))
    assert ana.post(path, start="00:00:00.333", end="2.5").status_code == 303
    [span] = moments(own, theft)[0].spans
    assert (span.start, span.end) == (Fraction(1, 3), Fraction("2.5"))
    assert "Trimmed; found at 00:00:00.000 – 00:00:01.000" in words_of(
        ana.get(f"/cases/{theft.id}")
    )
    for start, end, sentence in (
        ("0", "99", "is past the end"),
        ("2", "1", "cannot end at"),
        ("x", "1", "'x' is not a time"),
        ("", "1", "is not a time"),
    ):
        answer = ana.post(path, start=start, end=end)
        assert (answer.status_code, sentence in words_of(answer)) == (400, True)
    assert moments(own, theft)[0].spans == (span,)
    assert ana.post(path, as_found="1").status_code == 303
    assert not moments(own, theft)[0].is_trimmed


def test_the_player_of_a_moment_in_a_case_trims_it(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    moment = moments(own, theft)[1]
    player = words_of(ana.get(f"/recordings/{own.yard.id}/play?t=1,2&collected={moment.id}"))
    assert f'action="/cases/{theft.id}/moments/{moment.id}/trim"' in player
    assert 'name="start" value="00:00:01.000"' in player
    for other in (
        f"/recordings/{own.gate.id}/play?t=1,2&collected={moment.id}",
        f"/recordings/{own.yard.id}/play?t=1,2&collected=99999",
        f"/recordings/{own.yard.id}/play?t=1,2&collected=%C2%B2",
    ):
        page = ana.get(other)
        assert page.status_code == 200
        assert "/trim" not in words_of(page) and 'action="/collect"' in words_of(page)


def test_a_note_and_tags_are_noted_as_they_are_kept(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    path = f"/cases/{theft.id}/moments/{moments(own, theft)[0].id}/describe"
    assert ana.post(path, note=" " * 10_000, tags="," * 10_000 + " van ").status_code == 303
    assert (noted(own)["note"], noted(own)["tags"]) == ("", ["van"])
    refused = ana.post(path, note="x" * 4001)
    assert refused.status_code == 400 and "at most 4000" in words_of(refused)


def test_a_removed_moment_is_put_back_by_a_button_on_the_answer(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    before = moments(own, theft)
    answer = words_of(ana.post(f"/cases/{theft.id}/moments/{before[1].id}/remove"))
    assert "The moment was taken out of the case." in answer
    assert moments(own, theft) != before
    signed = re.search(r'name="moment" value="([^"]+)"', answer)
    assert signed is not None
    put_back = f"/cases/{theft.id}/moments/put-back"
    assert ana.post(put_back, moment=signed[1] + "x").status_code == 400
    other = own.archive.catalog.cases.make("fire", "ana")
    elsewhere = f"/cases/{other.id}/moments/put-back"
    assert ana.post(elsewhere, moment=signed[1]).status_code == 404
    assert ana.post(put_back, moment=signed[1]).status_code == 303
    assert moments(own, theft) == before
    assert ana.post(put_back, moment=ana.found()[0]).status_code == 400, "signed for another use"


def test_a_case_is_made_renamed_noted_and_removed(ana: Visitor, own: PageArchive) -> None:
    made = ana.post("/cases", name="  theft \n at the gate ")
    assert made.status_code == 303
    [case] = own.archive.catalog.cases.all()
    assert case.name == "theft at the gate"
    path = made.headers["Location"]
    assert ana.post(path, name="fire", note="asked for\r\nby the police").status_code == 303
    listed = words_of(ana.get("/cases"))
    assert ">fire</a>" in listed and "asked for\nby the police" in listed
    assert noted(own)["what"] == "changed the case"
    for name, sentence in (("", "needs a name"), ("x" * 101, "at most 100"), ("fire", "already")):
        answer = ana.post("/cases", name=name)
        assert (answer.status_code, sentence in words_of(answer)) == (400, True)
    assert ana.post(path, name="", note="lost").status_code == 400
    assert own.archive.catalog.cases.named("fire").note == "asked for\nby the police"
    assert ana.post(f"{path}/remove").status_code == 303
    assert own.archive.catalog.cases.all() == []
    done = {"user": "ana", "case": "fire", "case_id": case.id}
    assert noted(own) == {**done, "what": "removed the case", "moments": 0}


def form_of(page: TestResponse, action: str) -> dict[str, str]:
    """The fields of a form as a browser sends them."""
    form = words_of(page).split(f'action="{action}"', 1)[1].split("</form>", 1)[0]
    fields = dict(re.findall(r'name="(\w+)"[^>]* value="([^"]*)"', form))
    fields |= dict(re.findall(r'<textarea[^>]* name="(\w+)"[^>]*>([^<]*)<', form))
    del fields["form_token"]
    return {name: text.replace("\n", "\r\n") for name, text in fields.items()}


def test_a_note_is_not_written_over_what_somebody_else_wrote_meanwhile(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    moment = moments(own, theft)[0]
    page, action = f"/cases/{theft.id}", f"/cases/{theft.id}/moments/{moment.id}/describe"
    ana.post(action, note="he waits\nat the gate", tags="bag")
    of_ana = form_of(ana.get(page), action)
    ben = Visitor(own.archive, User("ben", Role.OPERATOR))
    assert ben.post(action, **{**of_ana, "tags": "bag, coat"}).status_code == 303
    assert ben.post(action, **{**of_ana, "note": "he runs"}).status_code == 303
    described = moments(own, theft)[0]
    assert (described.note, described.tags) == ("he runs", ("bag", "coat")), "each had one field"
    refused = ana.post(action, **{**of_ana, "note": "he waits\r\nfor long"})
    assert refused.status_code == 400
    assert "Somebody else has changed the note meanwhile" in words_of(refused)
    assert '<p class="case-note">he runs</p>' in words_of(refused)
    assert moments(own, theft)[0].note == "he runs"
    again = form_of(refused, action)
    assert (again["note"], again["tags"]) == ("he waits\r\nfor long", "bag, coat")
    assert f'id="edit-{moment.id}" open' in words_of(refused)
    assert ana.post(action, **again).status_code == 303
    assert moments(own, theft)[0].note == "he waits\nfor long"


def test_name_and_note_of_a_case_are_not_written_over_either(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    page = f"/cases/{theft.id}"
    of_ana = form_of(ana.get(page), page)
    ana.post(page, **{**of_ana, "name": "theft of a bicycle"})
    refused = ana.post(page, **{**of_ana, "name": "bicycle", "note": "for the police"})
    assert refused.status_code == 400 and "changed the name meanwhile" in words_of(refused)
    assert own.archive.catalog.cases.named("theft of a bicycle").note == ""
    again = form_of(refused, page)
    assert (again["name"], again["note"]) == ("bicycle", "for the police")
    assert ana.post(page, **again).status_code == 303


def test_what_cannot_be_saved_stands_in_its_field_as_it_was_typed(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    moment = moments(own, theft)[0]
    one = f"/cases/{theft.id}/moments/{moment.id}"
    shown = form_of(ana.get(f"/cases/{theft.id}"), f"{one}/describe")
    refused = ana.post(f"{one}/trim", start="0:07", end="99")
    assert form_of(refused, f"{one}/trim") == {"start": "0:07", "end": "99"}
    ana.post(f"{one}/describe", note="of ben", tags="")
    too_long = ana.post(f"{one}/describe", **{**shown, "note": "n" * 4001})
    again = form_of(too_long, f"{one}/describe")
    assert again["note"] == "n" * 4001
    still_other = ana.post(f"{one}/describe", **{**again, "note": "n"})
    assert "Somebody else has changed the note" in words_of(still_other)


def test_a_recording_that_is_gone_is_told_of_and_its_moment_can_be_taken_out(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    moment = moments(own, theft)[0]
    away = own.yard.path.with_suffix(".away")
    own.yard.path.rename(away)
    try:
        assert "is not there any more; put it back" in words_of(ana.get(f"/cases/{theft.id}"))
    finally:
        away.rename(own.yard.path)
    assert ana.post(f"/cases/{theft.id}/moments/{moment.id}/remove").status_code == 200


@pytest.mark.parametrize(
    "path", ["/cases/99", "/cases/0", "/cases/99999999999999999999", "/cases/x"]
)
def test_there_are_no_other_cases(ana: Visitor, path: str) -> None:
    assert ana.get(path).status_code == 404


# Who may do what


def changes(case: Case, moment: CaseMoment) -> dict[str, dict[str, object]]:
    one = f"/cases/{case.id}/moments/{moment.id}"
    return {
        "/cases": {"name": "another"},
        f"/cases/{case.id}": {"name": "renamed", "note": ""},
        f"/cases/{case.id}/remove": {},
        "/collect": {"case": case.id, "recording": moment.spans[0].recording, "start": 5, "end": 6},
        f"{one}/move": {"to": moment.id},
        f"{one}/trim": {"start": "0", "end": "0.5"},
        f"{one}/describe": {"note": "x", "tags": ""},
        f"{one}/remove": {},
        f"/cases/{case.id}/moments/put-back": {"moment": "x"},
    }


def test_a_viewer_looks_and_changes_nothing(ana: Visitor, own: PageArchive, theft: Case) -> None:
    viewer = Visitor(own.archive, User("vic", Role.VIEWER))
    before = own.archive.catalog.cases.all(), moments(own, theft)
    for path, fields in changes(theft, before[1][0]).items():
        assert viewer.post(path, **fields).status_code == 403, path
    assert (own.archive.catalog.cases.all(), moments(own, theft)) == before
    for path in (f"/cases/{theft.id}", "/cases", RESULTS, f"/recordings/{own.yard.id}/play?t=1"):
        page = words_of(viewer.get(path))
        assert '<form method="post"' not in page and 'method="post" action="/c' not in page, path
    assert "in theft" in words_of(viewer.get(RESULTS))


def test_moments_of_other_cameras_are_counted_and_neither_shown_nor_changed(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    gate = finding_by_eye(own.archive, Span(own.gate, Fraction(1), Fraction(2)))
    [hidden] = own.archive.catalog.cases.add(theft.id, [gate], "ana")
    own.archive.catalog.cases.move(hidden.moment.id, 1)
    signed = ana.found("/?q=box&camera=Gate")[0]
    before = moments(own, theft)
    ana.user = User("ben", Role.OPERATOR, ("Yard",))
    page = words_of(ana.get(f"/cases/{theft.id}"))
    assert "1 moment of cameras that are not yours is not shown." in page
    assert "Gate" not in page and own.gate.id not in page
    of_hidden = {
        path: fields
        for path, fields in changes(theft, hidden.moment).items()
        if path.startswith(f"/cases/{theft.id}/moments/{hidden.moment.id}/")
    }
    assert len(of_hidden) == 4
    visible = f"/cases/{theft.id}/moments/{before[0].id}/move"
    collect = {"case": theft.id, "recording": own.gate.id, "start": 1, "end": 2}
    for path, fields in (
        *of_hidden.items(),
        (visible, {"to": hidden.moment.id}),
        ("/collect", collect),
        ("/collect", {"case": theft.id, "found": signed}),
    ):
        assert ana.post(path, **fields).status_code == 404, path
    for path in (f"/cases/{theft.id}/remove", f"/cases/{theft.id}"):
        refused = ana.post(path, name="mine", note="wiped")
        assert refused.status_code == 403 and "cameras that are not yours" in words_of(refused)
    kept = own.archive.catalog.cases.named("theft")
    assert (kept.note, "Rename" in page) == ("", False)
    assert moments(own, theft) == before
    assert ana.post(visible, to=before[-1].id).status_code == 303
    ids = [one.id for one in before]
    assert [one.id for one in moments(own, theft)] == [*ids[1:], ids[0]]


def test_another_site_changes_nothing(ana: Visitor, own: PageArchive, theft: Case) -> None:
    before = moments(own, theft)
    for path, fields in changes(theft, before[0]).items():
        answer = ana.client.post(
            path, data=fields, base_url=LOCAL, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403, path
        assert path in {"/cases", f"/cases/{theft.id}"} or ana.get(path).status_code in {404, 405}
    assert moments(own, theft) == before


def test_markup_in_the_name_of_a_camera_stays_text(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    ana.post("/collect", case=theft.id, recording=own.hostile.id, start="0", end="1")
    page = ana.get(f"/cases/{theft.id}")
    assert HOSTILE_CAMERA in words_of(page)
    assert HOSTILE_CAMERA not in page.get_data(as_text=True)


def test_a_case_is_exported_with_the_other_cameras_that_may_be_seen_and_named_as_is_asked(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    catalog, hostile = own.archive.catalog, own.hostile
    catalog.set_clock(hostile.id, own.yard.clock)  # it begins with the yard's
    address = f"/cases/{theft.id}/export"

    def exported_cameras(**fields: str) -> set[str]:
        told = ana.post(address, format="json", name_template="all-{camera}", **fields)
        assert "all-" in told.headers["Content-Disposition"]
        return {one["camera"] for one in json.loads(told.data)["moments"]}

    assert HOSTILE_CAMERA not in exported_cameras()
    assert exported_cameras(all_cameras="1") == {own.yard.camera, HOSTILE_CAMERA}
    ana.user = User("ana", Role.OPERATOR, (own.yard.camera,))
    assert exported_cameras(all_cameras="1") == {own.yard.camera}
    for wrong in ("{nothing}", "x" * 201):
        assert ana.post(address, format="json", name_template=wrong).status_code == 400
    catalog.set_clock(hostile.id, hostile.clock)


def test_a_recording_that_is_not_known_any_more_is_told_and_the_rest_is_exported(
    ana: Visitor, own: PageArchive, theft: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = own.archive.catalog
    gate = next(one for one in catalog.recordings() if one.camera != own.yard.camera)
    finding = finding_by_eye(own.archive, Span(gate, Fraction(0), Fraction(1)))
    catalog.cases.add(theft.id, [finding], "ana")
    known = catalog.recording
    # As where an older catalog is put back.
    monkeypatch.setattr(catalog, "recording", lambda id: None if id == gate.id else known(id))
    told = ana.post(f"/cases/{theft.id}/export", format="json")
    assert (told.status_code, told.mimetype) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(told.data)) as packed:
        problems = packed.read("problems.txt").decode()
        [document] = [name for name in packed.namelist() if name.endswith(".json")]
        cameras = {one["camera"] for one in json.loads(packed.read(document))["moments"]}
    assert problems == f"The recording {gate.id[:10]} is no longer in the collection."
    assert cameras == {own.yard.camera}
    *others, last = moments(own, theft)
    assert all(one.exported for one in others) and last.exported is None


def test_a_case_is_exported_as_far_as_it_may_be_seen(
    ana: Visitor, own: PageArchive, theft: Case
) -> None:
    gate = next(one for one in own.archive.catalog.recordings() if one.camera != own.yard.camera)
    finding = finding_by_eye(own.archive, Span(gate, Fraction(0), Fraction(1)))
    own.archive.catalog.cases.add(theft.id, [finding], "ana")
    address = f"/cases/{theft.id}/export"
    told = ana.post(address, format="json", handle_before="0.5")
    assert told.status_code == 200
    exported_moments = json.loads(told.data)["moments"]
    assert [one["spans"][0]["start_s"] for one in exported_moments] == [0, 0.5, 1.5, 0]
    assert all(one.exported for one in moments(own, theft))
    assert noted(own)["title"] == "theft" and noted(own)["format"] == "json"
    ana.user = User("ana", Role.OPERATOR, (own.yard.camera,))
    seen = json.loads(ana.post(address, format="json").data)["moments"]
    assert {one["camera"] for one in seen} == {own.yard.camera} and len(seen) == 3
    report = ana.post(address, format="report")
    assert report.mimetype == "text/html" and report.data.count(b"data:image/jpeg") == 3
    assert report.headers["Content-Disposition"].startswith("attachment")
    ana.user = User("ana", Role.VIEWER)
    assert ana.post(address, format="json").status_code == 403
    assert "Export these moments" not in words_of(ana.get(f"/cases/{theft.id}"))
