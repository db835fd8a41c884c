"""Video files over HTTP, in ranges small enough that no viewer holds a thread."""

from pathlib import Path

from flask import Response, request, send_file
from werkzeug.datastructures import Range

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


def _bounded(asked: Range, size: int) -> Range:
    bounded = []
    for begin, stop in asked.ranges:
        # A negative begin counts from the file's end and has no stop.
        first = max(0, size + begin) if begin < 0 else begin
        last = min(size if stop is None else stop, first + LARGEST_RANGE)
        # What begins behind the end stays as it was asked, to be refused.
        bounded.append((first, last) if first < last else (begin, stop))
    return Range(asked.units, bounded)
