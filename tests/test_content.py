"""What a recording is known by."""

import hashlib
import threading
from pathlib import Path

import pytest

from mmrag_video.errors import RecordingError
from mmrag_video.video.content import content_of


def test_a_recording_is_known_by_its_content(tmp_path: Path):
    path = tmp_path / "a.mp4"
    path.write_bytes(b"content" * 1000)
    content = content_of(path)
    assert content.sha256 == hashlib.sha256(b"content" * 1000).hexdigest()
    assert content.size == 7000


def test_a_file_that_grows_meanwhile_is_refused(tmp_path: Path):
    path = tmp_path / "a.ts"
    path.write_bytes(b"begin")
    stop = threading.Event()

    def write_on() -> None:
        with path.open("ab", buffering=0) as file:
            while not stop.wait(0.1):
                file.write(b"more")

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        with pytest.raises(RecordingError, match="still being written"):
            content_of(path)
    finally:
        stop.set()
        writer.join()


def test_a_file_that_is_gone_is_named(tmp_path: Path):
    with pytest.raises(RecordingError, match=r"gone\.mp4 cannot be read: No such file"):
        content_of(tmp_path / "gone.mp4")
