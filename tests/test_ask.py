"""Answers in words: search, show, have it written, check. With a stand-in for the server alone."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as example_settings

from mmrag_video.archive import Archive, load_picture
from mmrag_video.ask import NOT_SEEN, AnswerState, ask
from mmrag_video.errors import ModelError, RecordingError, UsageError
from mmrag_video.index.frames import FrameFilter
from mmrag_video.models.base import Query
from mmrag_video.moment_pictures import MOST_PIXELS
from mmrag_video.moments import Confidence
from mmrag_video.question_prompt import write_prompt
from mmrag_video.search import search
from mmrag_video.settings import GeneratorSettings, Settings
from mmrag_video.video.timecode import Timecode
from tests.chat_server import ChatServer
from tests.conftest import ingest_all, passing_block
from tests.footage import write_pictures
from tests.page_archive import HOSTILE_CAMERA, PageArchive
from tests.shared_servers import shared_store
from tests.test_citations import anything
from web.words import timecode

QUESTION = "nobody to be seen"
"""All three recordings answer it, with confidence."""
IN_PART = "an empty scene"
"""Parts of the recordings answer it, others do so weakly."""
ABSENT = "a horse jumping over a fence"


@pytest.fixture
def chat(writing_server: ChatServer) -> ChatServer:
    writing_server.asked.clear()
    writing_server.says("NOT SEEN")
    return writing_server


def with_generator(settings: Settings, **generator: object) -> Archive:
    return Archive(settings.model_copy(update={"generator": GeneratorSettings(**generator)}))


@pytest.fixture(scope="module")
def asking(collection: PageArchive, writing_server: ChatServer) -> Iterator[Archive]:
    """The page's recordings, with a generator."""
    with with_generator(collection.archive.settings, url=writing_server.url) as archive:
        yield archive


def test_each_sentence_cites_moments_that_the_search_found(asking: Archive, chat: ChatServer):
    chat.says("A red box goes to the right [1]. Nobody is there [1][3]. \n")
    answer = ask(asking, QUESTION)
    assert answer.state is AnswerState.ANSWERED
    assert answer.text == "A red box goes to the right. [1] Nobody is there. [1][3]"
    assert [one.number for one in answer.shown] == [1, 2, 3]
    assert [one.number for one in answer.cited] == [1, 3]
    found = search(asking, Query(QUESTION)).moments
    assert [one.moment for one in answer.shown] == list(found)
    for one in answer.shown:
        assert load_picture(one.thumbnail).size


def test_what_was_not_found_is_never_cited(asking: Archive, chat: ChatServer):
    chat.says("A horse jumps [4]. A box goes by [2][9]. It was a nice day.")
    answer = ask(asking, QUESTION)
    assert answer.text == "A box goes by. [2]"
    assert (answer.dropped_sentences, answer.dropped_citations) == (2, 2)
    assert "2 sentences left out" in " ".join(answer.remarks)


@pytest.mark.parametrize("written", ["NOT SEEN", "Nothing of that kind.", "A horse jumps [7]."])
def test_nothing_that_may_be_cited_is_not_seen(asking: Archive, chat: ChatServer, written: str):
    chat.says(written)
    answer = ask(asking, QUESTION)
    assert (answer.state, answer.text) == (AnswerState.NOT_SEEN, NOT_SEEN)
    assert answer.sentences == answer.cited == ()
    assert len(answer.shown) == 3


def test_without_a_confident_match_nobody_is_asked(asking: Archive, chat: ChatServer):
    chat.says("A horse jumps over a fence [1].")
    answer = ask(asking, ABSENT)
    assert (answer.state, answer.text) == (AnswerState.NOT_SEEN, NOT_SEEN)
    assert answer.shown == ()
    assert chat.asked == []


def test_an_empty_archive_has_seen_nothing(settings: Settings, chat: ChatServer):
    with with_generator(settings, url=chat.url) as archive:
        assert ask(archive, QUESTION).state is AnswerState.NOT_SEEN
    assert chat.asked == []


@example_settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(written=anything())
def test_whatever_comes_back_only_what_was_found_is_cited(
    asking: Archive, chat: ChatServer, written: str
):
    chat.says(f"x{written}")
    answer = ask(asking, QUESTION)
    assert {number for one in answer.sentences for number in one.citations} <= {1, 2, 3}
    assert all(one.citations for one in answer.sentences)
    assert bool(answer.sentences) == (answer.state is AnswerState.ANSWERED)


# What the generator gets


def test_it_is_told_of_every_moment_under_its_number(asking: Archive, chat: ChatServer):
    shown = ask(asking, QUESTION).shown
    words = chat.words()
    sections = words.split("Moment [")[1:]
    assert [section[0] for section in sections] == ["1", "2", "3"]
    by_camera = {one.moment.camera: section for one, section in zip(shown, sections, strict=True)}
    assert "00:00:00.000 to 00:00:11." in by_camera["Yard"]
    assert "2025-03-04 14:03:22+00:00 to 2025-03-04 14:03:3" in by_camera["Yard"]
    assert "By the clock: unknown" in by_camera["Gate"]
    assert f"Camera: {HOSTILE_CAMERA}\n" in by_camera[HOSTILE_CAMERA]
    assert words.endswith(f"Question: {QUESTION}")


def test_it_is_told_to_answer_from_the_pictures_alone(asking: Archive, chat: ChatServer):
    ask(asking, QUESTION)
    [system, user] = chat.asked[0]["messages"]
    assert (system["role"], user["role"]) == ("system", "user")
    assert "only from what the pictures show" in system["content"]
    assert "write only: NOT SEEN" in system["content"]


def test_it_sees_the_best_frame_and_start_and_end_of_a_long_moment(
    asking: Archive, chat: ChatServer
):
    [shown] = ask(asking, QUESTION, FrameFilter(cameras=(HOSTILE_CAMERA,))).shown
    content = chat.asked[0]["messages"][1]["content"]
    assert [part["type"] for part in content] == ["text", *3 * ["image_url"], "text"]
    [line] = [one for one in chat.words().splitlines() if one.startswith("Pictures at: ")]
    times = line.removeprefix("Pictures at: ").split(", ")
    assert times == sorted(set(times))
    assert times[0] == timecode(shown.moment.start)
    assert timecode(shown.moment.best.start) in times
    for time, picture in zip(times, chat.pictures(), strict=True):
        kept = asking.thumbnail(shown.moment.best.recording.id, Timecode.parse(time).seconds)
        assert np.abs(picture.astype(int) - load_picture(kept)).mean() < 4
    first, *_, last = chat.pictures()
    assert np.abs(first.astype(int) - last).mean() > 4, "the box has moved"


def test_it_does_not_see_weak_moments(asking: Archive, chat: ChatServer):
    found = search(asking, Query(IN_PART)).moments
    confident = [one for one in found if one.confidence is not Confidence.WEAK]
    assert 0 < len(confident) < len(found)
    assert [one.moment for one in ask(asking, IN_PART).shown] == confident


def test_it_sees_as_many_moments_as_the_setting_allows(collection: PageArchive, chat: ChatServer):
    settings = collection.archive.settings
    with with_generator(settings, url=chat.url, moments=2) as archive:
        assert len(ask(archive, QUESTION).shown) == 2
    assert chat.words().count("Moment [") == 2


def test_it_sees_only_where_the_question_is_about(asking: Archive, chat: ChatServer):
    shown = ask(asking, QUESTION, FrameFilter(cameras=("Gate",))).shown
    assert [one.moment.camera for one in shown] == ["Gate"]
    assert "Camera: Yard" not in chat.words()


@pytest.fixture(scope="module")
def large(
    writing_server: ChatServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Archive]:
    """A recording with pictures larger than a generator gets."""
    folder = tmp_path_factory.mktemp("large")
    write_pictures(folder / "roof.mp4", passing_block(1.5, size=(1280, 720)))
    settings = Settings(data_dir=folder / "data", store=shared_store())
    with with_generator(settings, url=writing_server.url) as archive:
        [outcome] = ingest_all(archive, folder / "roof.mp4")
        assert outcome.recording is not None
        yield archive


def test_large_pictures_are_scaled_down_and_a_short_moment_has_one(
    large: Archive, chat: ChatServer
):
    [shown] = ask(large, QUESTION).shown
    assert shown.moment.duration < 2
    [picture] = chat.pictures()
    height, width, _ = picture.shape
    assert 0.95 * MOST_PIXELS < height * width <= MOST_PIXELS
    assert width / height == pytest.approx(16 / 9, rel=0.01)


def test_a_recording_that_is_gone_is_shown_by_its_thumbnail(large: Archive, chat: ChatServer):
    chat.says("A quiet yard [1].")
    [recording] = large.catalog.recordings()
    with away(recording.path):
        [shown] = ask(large, QUESTION).cited
        [picture] = chat.pictures()
        assert picture.shape == load_picture(shown.thumbnail).shape
        with (
            away(shown.thumbnail),
            pytest.raises(RecordingError, match="No picture of what was found can be read"),
        ):
            ask(large, QUESTION)


@contextmanager
def away(path: Path) -> Iterator[None]:
    """Meanwhile the file is elsewhere."""
    elsewhere = path.rename(path.with_suffix(".away"))
    yield
    elsewhere.rename(path)


# Which generator


def test_without_a_generator_the_settings_are_named(collection: PageArchive):
    with pytest.raises(UsageError, match=r"generator\.url .* generator\.path"):
        ask(collection.archive, QUESTION)


def test_a_server_is_asked_for_the_likeliest_answer_of_its_first_model(
    asking: Archive, chat: ChatServer
):
    ask(asking, QUESTION)
    [asked] = chat.asked
    assert asked["model"] == "tiny-instruct"
    assert (asked["temperature"], asked["max_tokens"]) == (0, 400)
    assert chat.keys[-1] is None


def test_a_server_is_asked_as_the_settings_say(collection: PageArchive, chat: ChatServer):
    settings = collection.archive.settings
    own = {"url": chat.url, "model": "other", "key": "secret", "most_tokens": 50}
    with with_generator(settings, **own) as archive:
        ask(archive, QUESTION)
    assert chat.asked[0]["model"] == "other"
    assert chat.asked[0]["max_tokens"] == 50
    assert chat.keys[-1] == "Bearer secret"


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (200, {"choices": [{"message": {"content": ""}}]}, "sent an empty answer"),
        (200, {"choices": [{"message": {"content": None}}]}, "sent an empty answer"),
        (200, {"choices": [{"message": {"content": "<think>Hm [1]."}}]}, "sent an empty answer"),
        (200, {"choices": [{"message": {"content": [1]}}]}, "holds no completion"),
        (200, {"choices": []}, "holds no completion"),
        (200, ["nothing"], "holds no completion"),
        (200, None, "holds no completion"),
        (500, {"error": "out of memory"}, "failed with status 500"),
        (400, {"error": "At most 1 image may be given"}, "At most 1 image may be given"),
        (404, {"error": "no such model"}, "correct generator.url"),
    ],
)
def test_what_goes_wrong_at_the_server_is_one_sentence(
    asking: Archive, chat: ChatServer, status: int, body: object, sentence: str
):
    chat.sends(status, body)
    with pytest.raises(ModelError) as caught:
        ask(asking, QUESTION)
    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("listed", [{"data": []}, {}, [], None, {"data": [{}]}])
def test_a_server_that_lists_no_model_needs_its_name(
    asking: Archive, chat: ChatServer, monkeypatch: pytest.MonkeyPatch, listed: object
):
    monkeypatch.setattr(chat, "models", listed)
    with pytest.raises(ModelError, match=r"lists no model; set generator\.model"):
        ask(asking, QUESTION)


@pytest.mark.parametrize(
    "thoughts", ["<think>A horse [1]?\nNo.</think>\n", "A horse [1]? </think>"]
)
def test_what_a_model_thinks_aloud_is_no_answer(asking: Archive, chat: ChatServer, thoughts: str):
    chat.says(f"{thoughts}A box goes by [2].")
    assert ask(asking, QUESTION).text == "A box goes by. [2]"


def test_a_question_in_any_script_and_shape_comes_through(asking: Archive, chat: ChatServer):
    asking.generator.write(write_prompt("nobody?\n门口 \ud800", []))
    assert chat.words() == "\nQuestion: nobody? 门口 \\ud800"
    with pytest.raises(UsageError, match="not valid text"):
        ask(asking, "\ud800")
