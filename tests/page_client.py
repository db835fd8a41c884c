"""Asks the page as a browser on this machine does."""

import io
from html import unescape

from flask.testing import FlaskClient
from PIL import Image as Pillow
from werkzeug.test import TestResponse

LOCAL = "http://127.0.0.1:8642"
UNKNOWN_ID = "0" * 64


def get(client: FlaskClient, path: str, **options: object) -> TestResponse:
    return client.get(path, base_url=LOCAL, **options)


def send_local(client: FlaskClient, path: str, **fields: str | list[str]) -> TestResponse:
    """Send a form of the page, as whoever sits at the machine."""
    return client.post(path, data=fields, base_url=LOCAL, headers={"Origin": LOCAL})


def words_of(response: TestResponse) -> str:
    return unescape(response.get_data(as_text=True))


def picture(form: str = "PNG", size: tuple[int, int] = (64, 48)) -> bytes:
    file = io.BytesIO()
    Pillow.new("RGB", size, (200, 30, 30)).save(file, form)
    return file.getvalue()


def send_picture(client: FlaskClient, content: bytes, **fields: str) -> TestResponse:
    upload = (io.BytesIO(content), "picture")
    return client.post("/pictures", data={"upload": upload, **fields}, base_url=LOCAL)
