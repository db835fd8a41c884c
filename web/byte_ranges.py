"""Large files over HTTP, in ranges, so that no viewer holds a thread."""

import unicodedata
from pathlib import Path
from urllib.parse import quote

from flask import Response, request, send_file
from werkzeug.datastructures import ContentRange, Range
from werkzeug.wsgi import wrap_file

LARGEST_RANGE = 4 * 1024 * 1024
"""Bytes in one partial answer.

A player asks for "everything from here" and then reads as slowly as it plays, or stops reading when
it is paused. A server may answer with less (RFC 9110, 15.3.7), and players then ask for the next
part; 4 MB fit into the server's own buffer, so the thread is free at once.
"""


def send_video(path: Path, mimetype: str, etag: str) -> Response:
    """The whole file, or the start of the range asked for; 304 and 416 where they apply."""
    response = send_file(path, mimetype=mimetype, etag=etag, conditional=False)
    size = path.stat().st_size
    environ = request.environ
    if request.range is not None:
        environ = {**environ, "HTTP_RANGE": _bounded(request.range, size).to_header()}
    response.headers["Cache-Control"] = "private, no-cache"
    response.make_conditional(environ, accept_ranges=True, complete_length=size)
    return response


def send_download(path: Path, mimetype: str, etag: str) -> Response:
    """A file to be saved under its own name; a download that broke off goes on where it was.

    What begins somewhere and goes to the end is handed to the server as the open file, which it
    sends without a thread, however slowly it is read. Other ranges come as `send_video` has them.
    """
    first = _rest_asked(etag)
    size = path.stat().st_size
    if first is None or first >= size:
        response = send_video(path, mimetype, etag)
    else:
        file = path.open("rb")
        file.seek(first)
        response = Response(wrap_file(request.environ, file), 206, mimetype=mimetype)
        response.direct_passthrough = True
        response.content_length = size - first
        response.content_range = ContentRange("bytes", first, size, size)
        response.set_etag(etag)
        response.headers["Accept-Ranges"] = "bytes"
    response.headers.set("Content-Disposition", "attachment", **_names(path.name))
    return response


def _names(name: str) -> dict[str, str]:
    """A file's name as headers take it: what is not ASCII, encoded besides (RFC 8187)."""
    if name.isascii():
        return {"filename": name}
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return {"filename": plain, "filename*": f"UTF-8''{quote(name, safe='')}"}


def _rest_asked(etag: str) -> int | None:
    """From where on all the rest is asked for, of just this file; None where it is not."""
    asked, only_if = request.range, request.if_range
    if asked is None or asked.units != "bytes" or len(asked.ranges) != 1:
        return None
    if only_if is not None and only_if.etag != etag:
        return None
    begin, stop = asked.ranges[0]
    return begin if stop is None and begin >= 0 else None


def _bounded(asked: Range, size: int) -> Range:
    bounded = []
    for begin, stop in asked.ranges:
        # A negative begin counts from the file's end and has no stop.
        first = max(0, size + begin) if begin < 0 else begin
        last = min(size if stop is None else stop, first + LARGEST_RANGE)
        # What begins behind the end stays as it was asked, to be refused.
        bounded.append((first, last) if first < last else (begin, stop))
    return Range(asked.units, bounded)
