"""The page over HTTP: what it answers to, what it refuses, and with which words."""

import io
import socket
import struct
import threading
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from fractions import Fraction
from html import escape, unescape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import av
import pytest
from flask import render_template
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from werkzeug.test import TestResponse

from mmrag_video.archive import Archive
from mmrag_video.catalog.records import Camera
from mmrag_video.errors import UsageError
from mmrag_video.models.base import Query
from mmrag_video.moments import Confidence, Moment, Span
from mmrag_video.search import search
from mmrag_video.settings import Settings
from tests.page_archive import HOSTILE_CAMERA, ZONE, PageArchive
from web import query_pictures
from web.app import create_app
from web.byte_ranges import LARGEST_RANGE
from web.clip_cache import ClipCache
from web.search_form import SearchForm
from web.search_views import Results
from web.server import PageServer
from web.words import timecode

LOCAL = "http://127.0.0.1:8642"
UNKNOWN_ID = "0" * 64


@pytest.fixture
def client(collection: PageArchive) -> FlaskClient:
    return create_app(collection.archive).test_client()


def get(client: FlaskClient, path: str, **options: object) -> TestResponse:
    return client.get(path, base_url=LOCAL, **options)


def words_of(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


# Search


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


def test_weak_answers_stand_below_a_line(client: FlaskClient, collection: PageArchive) -> None:
    def moment(confidence: Confidence, score: float) -> Moment:
        span = Span(collection.yard, Fraction(1), Fraction(2))
        return Moment((span,), span, score, confidence, score, "a box")

    strong, weak = moment(Confidence.STRONG, 0.9), moment(Confidence.WEAK, 0.2)
    above = render(client, Results([strong], [weak], 0.1, None))
    assert "1 moment for" in above
    assert above.index("0.90") < above.index("Below this line") < above.index("0.20")
    none = render(client, Results([], [weak], 0.1, None))
    assert none.index("No confident match") < none.index("these come nearest") < none.index("0.20")


def render(client: FlaskClient, results: Results) -> str:
    with client.application.test_request_context(base_url=LOCAL):
        return render_template(
            "search.html",
            form=SearchForm(words="a box"),
            results=results,
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


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
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


# Search by picture


def picture(form: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", size, (200, 30, 30)).save(file, form)
    return file.getvalue()


def send_picture(client: FlaskClient, content: bytes, **fields: str) -> TestResponse:
    upload = (io.BytesIO(content), "picture")
    return client.post("/pictures", data={"upload": upload, **fields}, base_url=LOCAL)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_a_picture_joins_the_search_in_the_address(client: FlaskClient, form: str) -> None:
    answer = send_picture(client, picture(form), q="a box", camera="Yard")
    assert answer.status_code == 303
    fields = parse_qs(urlsplit(answer.location).query)
    assert (fields["q"], fields["camera"]) == (["a box"], ["Yard"])
    assert 'class="card ' in words_of(get(client, answer.location))
    shown = get(client, f"/pictures/{fields['picture'][0]}.jpg")
    assert Pillow.open(io.BytesIO(shown.data)).size == (64, 48)


def test_people_may_search_with_pictures_and_words_at_the_same_time(client: FlaskClient) -> None:
    with_picture = send_picture(client, picture()).location
    app = client.application

    def status(address: str) -> int:
        return get(app.test_client(), address).status_code

    with ThreadPoolExecutor(6) as people:
        assert set(people.map(status, 6 * [with_picture, "/?q=a+box"])) == {200}


def test_a_large_picture_is_kept_small_and_upright(client: FlaskClient) -> None:
    file = io.BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    Pillow.new("RGB", (3000, 1500)).save(file, "JPEG", exif=exif)
    answer = send_picture(client, file.getvalue())
    kept = parse_qs(urlsplit(answer.location).query)["picture"][0]
    shown = Pillow.open(io.BytesIO(get(client, f"/pictures/{kept}.jpg").data))
    assert shown.size == (640, 1280)


def png_that_claims(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", len(header))
    return start + chunk + struct.pack(">I", zlib.crc32(chunk)) + picture()[33:]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "This file is not a picture that can be read"),
        (b"GIF89a" + bytes(100), "This file is not a picture that can be read"),
        (picture("GIF"), "This file is not a picture that can be read"),
        (picture("TIFF"), "This file is not a picture that can be read"),
        (picture("JPEG", (800, 600))[:400], "This file is not a picture that can be read"),
        (picture("PNG")[:60], "This file is not a picture that can be read"),
        (png_that_claims(60_000, 1_000), "60000 x 1000 pixels, more than the 50 million"),
        (png_that_claims(2**31 - 1, 2**31 - 1), "This file is not a picture that can be read"),
    ],
)
def test_what_is_no_fit_picture_gets_one_sentence(
    client: FlaskClient, content: bytes, sentence: str
) -> None:
    answer = send_picture(client, content)
    assert answer.status_code == 400 and sentence in words_of(answer)


def test_an_upload_that_is_too_large_or_missing_is_refused(client: FlaskClient) -> None:
    too_large = bytes(query_pictures.LARGEST_UPLOAD + 100_000)
    assert send_picture(client, too_large).status_code == 413
    assert client.post("/pictures", base_url=LOCAL).status_code == 400


def test_only_the_last_pictures_are_kept() -> None:
    kept = query_pictures.QueryPictures()
    ids = [kept.keep(io.BytesIO(picture(size=(8 + n, 8)))) for n in range(40)]
    assert kept.image(ids[-1]).shape == (8, 47, 3)
    with pytest.raises(UsageError, match="no longer here"):
        kept.image(ids[0])


# Recordings


def test_thumbnails_are_found_by_exact_time_and_may_be_cached_for_ever(
    client: FlaskClient, collection: PageArchive
) -> None:
    best = search(collection.archive, Query("a box")).moments[0].best
    time = f"{best.start.numerator}-{best.start.denominator}"
    answer = get(client, f"/frames/{best.recording.id}/{time}.jpg")
    assert Pillow.open(io.BytesIO(answer.data)).format == "JPEG"
    assert "immutable" in answer.headers["Cache-Control"]
    for other in ("12345-7", "1-0", f"{2**70}-1"):
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


def test_a_recording_that_is_gone_or_changed_is_said_to_be(
    client: FlaskClient, collection: PageArchive
) -> None:
    recording = collection.hostile
    content = recording.path.read_bytes()
    try:
        recording.path.unlink()
        gone = get(client, f"/recordings/{recording.id}/play")
        assert gone.status_code == 410 and "is not there any more" in words_of(gone)
        recording.path.write_bytes(content + b"more")
        changed = get(client, f"/recordings/{recording.id}/video")
        assert changed.status_code == 410 and "has changed since" in words_of(changed)
    finally:
        recording.path.write_bytes(content)


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


# Safe


def test_every_answer_carries_the_security_headers(
    client: FlaskClient, collection: PageArchive
) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    mark = get(client, address).headers["ETag"]
    answers = [
        get(client, "/"),
        get(client, "/?q=x&camera=unknown"),
        get(client, "/nowhere"),
        get(client, "/static/page.css"),
        get(client, address, headers={"If-None-Match": mark}),
        get(client, address, headers={"Range": "bytes=99999999-"}),
        client.delete("/", base_url=LOCAL),
    ]
    assert [a.status_code for a in answers] == [200, 400, 404, 200, 304, 416, 405]
    for answer in answers:
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost", "LOCALHOST:1", "[::1]:8642"])
def test_loopback_names_are_answered(client: FlaskClient, host: str) -> None:
    assert client.get("/", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["attacker.example", "127.0.0.1.attacker.example", "192.168.1.7:8642", "", "a@b", "[::2]"],
)
def test_other_names_for_this_machine_are_refused(client: FlaskClient, host: str) -> None:
    answer = client.get("/?q=a+box", headers={"Host": host})
    assert answer.status_code in (400, 421) and "Yard" not in words_of(answer)


def test_on_another_address_every_name_is_answered(collection: PageArchive) -> None:
    client = create_app(collection.archive, loopback_only=False).test_client()
    assert client.get("/", headers={"Host": "cameras.example"}).status_code == 200


def test_another_web_site_cannot_post_here(client: FlaskClient) -> None:
    upload = {"upload": (io.BytesIO(picture()), "picture")}
    for origin in ("https://attacker.example", "null", "http://127.0.0.1:1"):
        refused = client.post("/pictures", data={}, base_url=LOCAL, headers={"Origin": origin})
        assert refused.status_code == 403
    own = client.post("/pictures", data=upload, base_url=LOCAL, headers={"Origin": LOCAL})
    assert own.status_code == 303


# Served by waitress


@contextmanager
def listening(archive: Archive) -> Iterator[PageServer]:
    server = PageServer(archive, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield server
    finally:
        server.close()
        thread.join(30)
        assert not thread.is_alive()


def connect(server: PageServer) -> socket.socket:
    parts = urlsplit(server.address)
    return socket.create_connection((parts.hostname, parts.port), timeout=30)


def ask(server: PageServer, request: bytes) -> bytes:
    with connect(server) as connection:
        connection.sendall(request)
        return connection.makefile("rb").read()


def test_the_server_says_where_it_listens_and_lets_go_of_the_port(
    collection: PageArchive,
) -> None:
    with listening(collection.archive) as server:
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, request).startswith(b"HTTP/1.1 200 OK")
    with pytest.raises(ConnectionRefusedError):
        connect(server)


def test_a_port_that_is_taken_gets_one_sentence(collection: PageArchive) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"cannot listen on 127.0.0.1 port {port}"):
            PageServer(collection.archive, "127.0.0.1", port)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /\xff\xfe?q=\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: attacker.example\r\nConnection: close\r\n\r\n",
        b"POST /pictures HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
        b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_request_gets_a_clean_refusal(
    collection: PageArchive, request_bytes: bytes
) -> None:
    with listening(collection.archive) as server:
        answer = ask(server, request_bytes)
        assert answer.split(b" ", 2)[1] in (b"400", b"404", b"421", b"431")
        assert b"Traceback" not in answer
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, request).startswith(b"HTTP/1.1 200 OK")


def test_viewers_who_stop_reading_do_not_block_the_page(collection: PageArchive) -> None:
    address = f"/recordings/{collection.yard.id}/video"
    request = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nRange: bytes=0-\r\n\r\n"
    with listening(collection.archive) as server:
        viewers = [connect(server) for _ in range(20)]
        for viewer in viewers:
            viewer.sendall(request.encode())
            assert viewer.recv(12) == b"HTTP/1.1 206"
        page = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        assert ask(server, page).startswith(b"HTTP/1.1 200 OK")
        for viewer in viewers:
            viewer.close()
