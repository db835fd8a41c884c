"""Searching by picture: what is taken, what is refused, what is kept."""

import io
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient
from PIL import Image as Pillow
from werkzeug.test import TestResponse

from mmrag_video.catalog.users import Role
from tests.page_archive import PageArchive
from tests.page_client import LOCAL, get, picture, send_picture, words_of
from tests.people import form_token, logged_in, with_users
from web import query_pictures
from web.picture_shelf import PictureShelf
from web.services import services_of

ONE = 64 * 1024
"""Bytes as which a small picture counts."""


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

    with ThreadPoolExecutor(4) as people:
        assert set(people.map(status, 2 * [with_picture, "/?q=a+box"])) == {200}


def test_a_large_picture_is_kept_small_and_upright(client: FlaskClient) -> None:
    file = io.BytesIO()
    exif = Pillow.Exif()
    exif[0x0112] = 6  # the camera was held sideways
    Pillow.effect_noise((3000, 1500), 80).save(file, "JPEG", quality=95, exif=exif)
    assert len(file.getvalue()) > 2_000_000
    answer = send_picture(client, file.getvalue())
    kept = parse_qs(urlsplit(answer.location).query)["picture"][0]
    shown = Pillow.open(io.BytesIO(get(client, f"/pictures/{kept}.jpg").data))
    assert shown.size == (640, 1280)


def test_a_jpeg_may_have_more_pixels_for_it_is_scaled_while_it_is_read(client: FlaskClient) -> None:
    def status(size: tuple[int, int], **options: bool) -> int:
        file = io.BytesIO()
        Pillow.new("L", size).save(file, "JPEG", **options)
        return send_picture(client, file.getvalue()).status_code

    assert [status((10_000, 5_000)), status((10_001, 5_000))] == [303, 400]
    assert [status((4_000, 3_000), progressive=True)] == [303]
    assert [status((4_001, 3_000), progressive=True)] == [400], "it is held whole"


KEEP_AND_MEASURE = """
import io, sys
from pathlib import Path
from web.picture_shelf import PictureShelf
from web.query_pictures import QueryPictures

def most_memory():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) // 1024

upload = io.BytesIO(sys.stdin.buffer.read())
before = most_memory()
QueryPictures(PictureShelf(Path(sys.argv[1]))).keep(upload, "ana")
print(most_memory() - before)
"""


@pytest.mark.parametrize(("form", "mode"), [("WEBP", "RGB"), ("PNG", "RGBA")])
def test_a_picture_that_is_all_one_colour_takes_no_more_memory_than_is_said(
    form: str, mode: str, tmp_path: Path
) -> None:
    file = io.BytesIO()
    Pillow.new(mode, (4_000, 3_000)).save(file, form, lossless=True, method=0, compress_level=1)
    command = [sys.executable, "-c", KEEP_AND_MEASURE, str(tmp_path)]
    told = subprocess.run(command, input=file.getvalue(), capture_output=True, check=True).stdout
    assert 24 < int(told) < 230, "MB, while it is decoded"


def test_few_uploads_wait_for_others_to_be_decoded(client: FlaskClient) -> None:
    app = client.application
    decoding = services_of(app).pictures.decoding

    def send() -> TestResponse:
        return send_picture(app.test_client(), picture())

    with ThreadPoolExecutor(8) as people:
        with decoding.turn():
            sent = as_completed([people.submit(send) for _ in range(8)])
            refused = [next(sent).result() for _ in range(8 - decoding.places + 1)]
        assert {answer.status_code for answer in refused} == {503}
        assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
        assert {answer.result().status_code for answer in sent} == {303}


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
        (png_that_claims(60_000, 1_000), "60000 x 1000 pixels, more than the 12 million"),
        (picture("WEBP", (4001, 3000)), "make it smaller, or a JPEG."),
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


def test_a_search_by_picture_can_be_opened_after_a_restart_and_by_others(
    collection: PageArchive,
) -> None:
    with with_users(collection.archive, vera=(Role.VIEWER, ()), bob=(Role.VIEWER, ())):
        vera = logged_in(collection.archive, "vera")
        answer = send_picture(vera, picture(), form_token=form_token(vera))
        address = urlsplit(answer.location)
        [sent] = parse_qs(address.query)["picture"]
        app_of_the_next_start = logged_in(collection.archive, "bob")
        opened = get(app_of_the_next_start, f"/?{address.query}")
        assert 'class="card ' in words_of(opened)
        assert get(app_of_the_next_start, f"/pictures/{sent}.jpg").mimetype == "image/jpeg"


def test_a_user_pushes_out_their_own_pictures_and_the_longest_unused_first(tmp_path: Path) -> None:
    shelf = PictureShelf(tmp_path, most_bytes=10**9, most_bytes_of_one=3 * ONE)
    bob = shelf.put(b"bob's", "bob")
    first, second, third = (shelf.put(text, "ana") for text in (b"1", b"2", b"3"))
    assert shelf.jpeg(first) == b"1"
    shelf.put(b"4", "ana")
    assert shelf.jpeg(second) is None, "the first was looked at after it"
    assert (shelf.jpeg(first), shelf.jpeg(third), shelf.jpeg(bob)) == (b"1", b"3", b"bob's")
    assert shelf.put(b"3", "ana") == third
    assert shelf.jpeg(first) == b"1", "what is sent again takes no more room"


def test_all_users_together_keep_no_more_than_there_is_room_for(tmp_path: Path) -> None:
    shelf = PictureShelf(tmp_path, most_bytes=3 * ONE, most_bytes_of_one=3 * ONE)
    users = ("ana", "bob", "../cleo", "dan/\0")
    names = [shelf.put(user.encode(), user) for user in users]
    assert [shelf.jpeg(name) for name in names] == [None, b"bob", b"../cleo", b"dan/\0"]
    large = shelf.put(bytes(5 * ONE), "ana")
    assert len(shelf.jpeg(large) or b"") == 5 * ONE, "the newest stays, whatever its size"
    assert shelf.jpeg(names[-1]) is None
    assert {path.parent for path in tmp_path.rglob("*.jpg")} <= set(tmp_path.iterdir())


def test_what_is_not_whole_is_not_there(tmp_path: Path) -> None:
    shelf = PictureShelf(tmp_path)
    name = shelf.put(b"whole", "ana")
    [path] = tmp_path.glob("*/*.jpg")
    path.write_bytes(b"who")
    assert shelf.jpeg(name) is None
    assert shelf.put(b"whole", "bob") == name
    assert shelf.jpeg(name) == b"whole"


@pytest.mark.parametrize("named", ["x", "*", "../../catalog.sqlite", "/etc/passwd", "0" * 63 + "?"])
def test_a_name_from_an_address_opens_nothing_else(client: FlaskClient, named: str) -> None:
    send_picture(client, picture())
    answer = client.get("/", base_url=LOCAL, query_string={"picture": named})
    assert answer.status_code == 400 and "no longer here" in words_of(answer)
