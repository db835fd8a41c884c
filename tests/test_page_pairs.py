"""Results of two things in a row have what results of one have: collecting, export, groups."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence
from mmrag_video.search import search
from mmrag_video.sequences import Pair
from tests.page_client import get, send_local, words_of
from tests.player_archive import PlayerArchive
from web.app import create_app
from web.services import services

PAIRS = "/?q=a+person,+then+a+person"
"""At the door, and a minute later there again."""


@pytest.fixture
def client(player: PlayerArchive) -> FlaskClient:
    return create_app(player.archive).test_client()


def test_every_moment_of_a_pair_can_be_collected(client: FlaskClient) -> None:
    page = words_of(get(client, PAIRS))
    signed = re.findall(r'<button form="collect" name="found" value="([^"]+)"', page)
    assert len(signed) == 2 * page.count('<li class="pair">') > 0
    assert '<form id="collect"' in page and 'action="/collect"' in page
    with client.application.app_context():
        findings = [services().findings.read(text) for text in signed]
    assert [one.query for one in findings] == ["a person, then a person"] * len(findings)


def test_pairs_can_be_exported_but_not_saved_as_a_search(client: FlaskClient) -> None:
    page = words_of(get(client, PAIRS))
    assert "Export these moments" in page
    assert "Save this search" not in page, "a saved search asks for one thing"
    exporting = re.search(r'action="(/export\?q=[^"]+)"', page)
    assert exporting is not None
    told = json.loads(send_local(client, exporting[1], format="json", weak="1").data)
    assert [one["camera"] for one in told["moments"]] == ["Door", "Door"]


@pytest.mark.parametrize(
    ("group", "heading"),
    [
        ("time", "Tue 4 Mar 2025, 14:00 – 15:00 WET"),
        ("camera", "Door"),
        ("score", "Weak: no better than much else in the collection"),
    ],
)
def test_pairs_are_put_together_by_where_they_begin(
    client: FlaskClient, group: str, heading: str
) -> None:
    page = words_of(get(client, f"{PAIRS}&group={group}"))
    assert f'<h2 class="group">{heading} <small>1 pair</small></h2>' in page
    assert page.count('<li class="pair">') == 1
    assert f'&group={group}" aria-current="true"' in page


def test_half_a_pair_does_not_stand_out(
    client: FlaskClient, player: PlayerArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, *_ = search(player.archive, Query(text="a person")).moments
    strong = replace(first, confidence=Confidence.STRONG)
    pair = Pair(strong, second, timedelta(seconds=1))
    monkeypatch.setattr("web.found.find_pairs", lambda *_, **__: (pair,))
    export = PAIRS.replace("/?", "/export?")
    refused = send_local(client, export, format="json")
    assert "Nothing stands out for this question" in words_of(refused)
    told = json.loads(send_local(client, export, format="json", weak="1").data)
    assert len(told["moments"]) == 2
