"""Thumbnails, videos in ranges, the player and re-encoded clips, over HTTP."""

import io
import os
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import av
import pytest
from flask.testing import FlaskClient
from PIL import Image as Pillow

from mmrag_video.archive import Archive
from mmrag_video.errors import RecordingError
from mmrag_video.models.base import Query
from mmrag_video.moments import Span
from mmrag_video.search import search
from mmrag_video.video.clips import UNFINISHED
from tests.conftest import ingest_all
from tests.footage import Encoding
from tests.page_archive import PageArchive, write_scene
from tests.page_client import UNKNOWN_ID, get, words_of
from web.app import create_app
from web.byte_ranges import LARGEST_RANGE
from web.clip_cache import ClipCache
from web.services import install_services, services_of


def test_thumbnails_are_found_by_exact_time_and_may_be_cached_for_ever(
    client: FlaskClient, collection: PageArchive
) -> None:
    best = search(collection.archive, Query("a box")).moments[0].best
    time = f"{best.start.numerator}-{best.start.denominator}"
    answer = get(client, f"/frames/{best.recording.id}/{time}.jpg")
    assert Pillow.open(io.BytesIO(answer.data)).format == "JPEG"
    assert "immutable" in answer.headers["Cache-Control"]
    for other in (
        "12345-7",
        "1-0",
        f"{2**64 - 1}-1",
        f"{2**70}-1",
        "7" * 300 + "-1",
        "1-" + "7" * 5000,
    ):
        missing = get(client, f"/frames/{best.recording.id}/{other}.jpg")
        assert missing.status_code == 404 and "immutable" not in missing.headers["Cache-Control"]


def test_a_recording_is_served_byte_for_byte_and_in_ranges(
    client: FlaskClient, collection: PageArchive
) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    content = collection.yard.path.read_bytes()
    whole = get(client, address)
    assert (whole.status_code, whole.mimetype, whole.data) == (200, "video/mp4", content)
    assert whole.headers["Accept-Ranges"] == "bytes"
    for asked, expected in {
        "bytes=100-199": content[100:200],
        "bytes=-50": content[-50:],
        f"bytes={len(content) - 1}-": content[-1:],
        f"bytes={len(content) - 5}-{10**15}": content[-5:],
    }.items():
        part = get(client, address, headers={"Range": asked})
        assert (part.status_code, part.data) == (206, expected), asked
    part = get(client, address, headers={"Range": "bytes=100-199"})
    assert part.headers["Content-Range"] == f"bytes 100-199/{len(content)}"


def test_one_answer_holds_at_most_a_few_megabytes(
    client: FlaskClient, collection: PageArchive
) -> None:
    address, size = f"/recordings/{collection.yard.id}/video", collection.yard.size
    assert size > 2 * LARGEST_RANGE
    for asked, first in {"0-": 0, "10-": 10, f"10-{size - 1}": 10, f"-{10**15}": 0}.items():
        part = get(client, address, headers={"Range": f"bytes={asked}"})
        last = first + LARGEST_RANGE - 1
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{size}"


@pytest.mark.parametrize(
    "asked", ["bytes=99999999999-", "bytes=9-3", "bytes=a-b", "bytes=0-1,5-6", "lines=1-2", "\x7f"]
)
def test_ranges_that_cannot_be_served_are_refused(
    client: FlaskClient, collection: PageArchive, asked: str
) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    answer = get(client, address, headers={"Range": asked})
    assert answer.status_code in (200, 416)


def test_a_browser_that_has_the_file_is_told_so(
    client: FlaskClient, collection: PageArchive
) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    mark = get(client, address).headers["ETag"]
    assert get(client, address, headers={"If-None-Match": mark}).status_code == 304
    changed = {"Range": "bytes=0-9", "If-Range": '"another"'}
    assert get(client, address, headers=changed).status_code == 200


def test_the_player_shows_what_browsers_play_itself_and_the_rest_as_a_copy(
    client: FlaskClient, collection: PageArchive
) -> None:
    page = words_of(get(client, f"/recordings/{collection.yard.id}/play?t=3.25,6"))
    assert f'src="/recordings/{collection.yard.id}/video#t=3.250"' in page
    assert "00:00:03.250 – 00:00:06.000" in page and "14:03:25 – 14:03:28 WET" in page
    page = words_of(get(client, f"/recordings/{collection.gate.id}/play?t=4.5,5"))
    clip = f"/recordings/{collection.gate.id}/clip?start=1.500&end="
    assert f'src="{clip}' in page and '#t=3.000"' in page
    assert "re-encoded to H.264" in page and "Clock time unknown" in page


def test_a_clip_is_the_span_asked_for_in_h264(client: FlaskClient, collection: PageArchive) -> None:
    answer = get(client, f"/recordings/{collection.gate.id}/clip?start=2&end=4.5")
    assert (answer.status_code, answer.mimetype) == (200, "video/mp4")
    with av.open(io.BytesIO(answer.data)) as clip:
        stream = clip.streams.video[0]
        times = [frame.time for frame in clip.decode(stream)]
    assert stream.codec_context.name == "h264"
    assert times[0] == pytest.approx(0, abs=0.05) and len(times) in (25, 26)
    part = get(
        client,
        f"/recordings/{collection.gate.id}/clip?start=2&end=4.5",
        headers={"Range": "bytes=0-99"},
    )
    assert (part.status_code, part.data) == (206, answer.data[:100])


@pytest.mark.parametrize(
    ("times", "sentence"),
    [
        ("start=5&end=2", "The time 5.000 s lies not before the end, 2.000 s."),
        ("start=100&end=200", "lies not before the end"),
        ("start=-1&end=2", "start: '-1' is not a number of seconds"),
        ("start=nan&end=2", "start: 'nan' is not a number of seconds"),
        ("start=1e3&end=2", "start: '1e3' is not a number of seconds"),
        ("start=1", "end: '' is not a number of seconds"),
    ],
)
def test_impossible_spans_get_one_sentence(
    client: FlaskClient, collection: PageArchive, times: str, sentence: str
) -> None:
    answer = get(client, f"/recordings/{collection.gate.id}/clip?{times}")
    assert answer.status_code == 400 and sentence in words_of(answer)


def test_the_player_opens_at_the_end_for_times_behind_it(
    client: FlaskClient, collection: PageArchive
) -> None:
    for recording in (collection.yard, collection.gate):
        page = get(client, f"/recordings/{recording.id}/play?t=99999,99999.5")
        assert page.status_code == 200
        source = re.search('<video [^>]*src="([^"#]*)', words_of(page))
        assert source and get(client, source[1]).status_code == 200
    wrong = get(client, f"/recordings/{collection.yard.id}/play?t=soon")
    assert wrong.status_code == 400 and "t: 'soon' is not a number of seconds" in words_of(wrong)


@pytest.mark.toy_model
def test_a_recording_that_took_anothers_place_is_looked_into_anew(
    archive: Archive, tmp_path: Path
) -> None:
    client, path = create_app(archive).test_client(), tmp_path / "yard" / "clip.mp4"
    for pixel_format, source in (("yuv420p", "video"), ("yuv444p", "clip")):
        write_scene(path, 1, (200, 30, 30), Encoding(pixel_format=pixel_format))
        [ingested] = ingest_all(archive, path)
        assert ingested.recording is not None
        page = words_of(get(client, f"/recordings/{ingested.recording.id}/play"))
        assert f'src="/recordings/{ingested.recording.id}/{source}' in page


def test_two_viewers_of_one_clip_get_one_encoding(collection: PageArchive, tmp_path: Path) -> None:
    cache = ClipCache(tmp_path)
    span = Span(collection.gate, Fraction(1), Fraction(4))

    def view(_: int) -> int:
        return cache.clip(span, collection.gate.path).stat().st_ino

    with ThreadPoolExecutor(4) as viewers:
        assert len(set(viewers.map(view, range(4)))) == 1
    assert len(list(tmp_path.iterdir())) == 1


def test_the_clips_that_were_not_watched_for_longest_go_first(
    collection: PageArchive, tmp_path: Path
) -> None:
    cache = ClipCache(tmp_path, most_bytes=1)
    first = cache.clip(Span(collection.gate, Fraction(0), Fraction(1)), collection.gate.path)
    second = cache.clip(Span(collection.gate, Fraction(1), Fraction(2)), collection.gate.path)
    assert second.exists() and not first.exists()


def test_a_folder_of_clips_is_rid_of_what_killed_processes_left(
    collection: PageArchive, tmp_path: Path
) -> None:
    folder = tmp_path / "clips"
    cache = ClipCache(folder, most_bytes=1)
    cache.clip(Span(collection.gate, Fraction(0), Fraction(1)), collection.gate.path)
    shutil.rmtree(folder)
    folder.mkdir()
    abandoned, at_work = folder / f".a{UNFINISHED}", folder / f".b{UNFINISHED}"
    for unfinished in (abandoned, at_work):
        unfinished.touch()
    os.utime(abandoned, (0, 0))
    (folder / "deleted-since.mp4").symlink_to("nowhere")  # listed, but not there
    clip = cache.clip(Span(collection.gate, Fraction(0), Fraction(1)), collection.gate.path)
    assert clip.exists() and at_work.exists() and not abandoned.exists()


def test_viewers_wait_for_a_clip_for_a_while_and_not_all_of_them(
    collection: PageArchive, tmp_path: Path
) -> None:
    app = create_app(collection.archive)
    cache = ClipCache(tmp_path / "clips", longest_wait=0.5)
    install_services(app, replace(services_of(app), clips=cache))
    address = f"/recordings/{collection.gate.id}/clip?start=1&end=4"
    pipe = tmp_path / "pipe.avi"
    os.mkfifo(pipe)  # a recording that does not answer
    span = Span(collection.gate, Fraction(1), Fraction(4))
    with ThreadPoolExecutor(8) as viewers:
        first = viewers.submit(cache.clip, span, pipe)
        with pipe.open("wb"):  # waits for its reader, which then waits for content
            others = viewers.map(lambda _: get(app.test_client(), address), range(7))
            for answer in others:
                assert answer.status_code == 503 and int(answer.headers["Retry-After"]) > 0
                assert "this one will be a little later" in words_of(answer)
        with pytest.raises(RecordingError, match="is empty"):
            first.result()
    assert get(app.test_client(), address).status_code == 200


def test_a_recording_that_is_gone_or_changed_is_said_to_be(
    client: FlaskClient, collection: PageArchive
) -> None:
    recording = collection.hostile
    content = recording.path.read_bytes()
    try:
        recording.path.unlink()
        gone = get(client, f"/recordings/{recording.id}/play")
        cards = words_of(get(client, "/?q=a+box")).split("<li ")[1:]
        marked = {recording.path.name in card: "Cannot be played" in card for card in cards}
        assert marked == {True: True, False: False}, "results say so before it is played"
        assert gone.status_code == 410 and "is not there any more" in words_of(gone)
        recording.path.write_bytes(content + b"more")
        changed = get(client, f"/recordings/{recording.id}/video")
        assert changed.status_code == 410 and "has changed since" in words_of(changed)
        recording.path.write_bytes(bytes(len(content)))
        for address in ("video", "play", "clip?start=0&end=1", "times?start=0&end=1"):
            answer = get(client, f"/recordings/{recording.id}/{address}")
            assert answer.status_code == 410, "another recording of the same size"
        cards = words_of(get(client, "/?q=a+box")).split("<li ")[1:]
        assert any("Cannot be played" in card for card in cards)
    finally:
        recording.path.write_bytes(content)
    assert get(client, f"/recordings/{recording.id}/video").data == content, "as a copy of it"


@pytest.mark.parametrize(
    "identifier",
    [
        UNKNOWN_ID,
        UNKNOWN_ID[:-1],
        "F" * 64,
        "..",
        "../../../../etc/passwd",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%00",
        "' OR 1=1 --",
        "é" * 32,
    ],
)
def test_no_id_from_outside_reaches_the_file_system(client: FlaskClient, identifier: str) -> None:
    for path in ("play", "video", "clip?start=0&end=1"):
        assert get(client, f"/recordings/{identifier}/{path}").status_code == 404
    assert get(client, f"/frames/{identifier}/0-1.jpg").status_code == 404
    assert get(client, f"/static/{identifier}").status_code == 404
