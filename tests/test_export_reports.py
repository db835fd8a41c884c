"""Reports and contact sheets: all of a moment is told, nothing is loaded, nothing is run."""

import re
from base64 import b64decode
from dataclasses import replace
from fractions import Fraction
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image as Pillow
from pypdf import PdfReader

from mmrag_video.errors import UsageError
from mmrag_video.export.exporting import ExportOrder, prepare
from mmrag_video.export.formats import FORMATS
from mmrag_video.export.sheet import FormatName
from mmrag_video.settings import Settings
from tests.exported import exported, moment_in, recording_at, without_clock
from tests.footage import number_in, steadily, write_numbered


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("reports") / "yard <1> & co.mp4"
    write_numbered(path, steadily(50))
    return path


class Read(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_report_tells_all_of_a_moment_and_shows_its_best_frame(video: Path) -> None:
    recording = recording_at(video, Fraction(2))
    moments = [
        moment_in(recording, Fraction(0), Fraction(1), best=Fraction(20, 25)),
        moment_in(without_clock(recording), Fraction(1), Fraction(2)),
    ]
    [page] = exported(moments, FormatName.REPORT)
    read = Read(page.decode())
    for told in (
        'a "red" car, <fast> & loud -->',
        "=1+1\nsecond line",
        "plate, Tür 3; ost",
        "yard <1> & co.mp4",
        recording.id,
        "00:00:00.000 – 00:00:01.000",
        "2025-03-04 14:03:22.000+00:00",
        "0.71, strong",
        "from: name",
        "unknown",
    ):
        assert told in read.text
    pictures = [b64decode(a["src"].partition(",")[2]) for tag, a in read.tags if tag == "img"]
    numbers = []
    for picture in pictures:
        with Pillow.open(BytesIO(picture)) as opened:
            import numpy as np

            numbers.append(number_in(np.asarray(opened)))
    assert numbers == [20, 25]


def test_the_report_loads_and_runs_nothing(video: Path) -> None:
    recording = recording_at(video, Fraction(2), camera='<script src="//x"></script>')
    [page] = exported([moment_in(recording, Fraction(0), Fraction(1))], FormatName.REPORT)
    read = Read(page.decode())
    assert not {tag for tag, _ in read.tags} & {"script", "link", "iframe", "object"}
    sources = [a.get(name) for _, a in read.tags for name in ("src", "href") if name in a]
    assert sources and all(source and source.startswith("data:image/jpeg") for source in sources)
    assert not re.search(r"url\(|@import", page.decode())


def test_the_pdf_has_the_words_and_the_pictures(video: Path) -> None:
    recording = recording_at(video, Fraction(2))
    moments = [moment_in(recording, Fraction(0), Fraction(1)) for _ in range(9)]
    moments[4] = replace(moments[4], note="门口 \x07 Łódź \ud800", query="")
    [document] = exported(moments, FormatName.PDF)
    pdf = PdfReader(BytesIO(document))
    text = re.sub(r"\s", "", "".join(page.extract_text() for page in pdf.pages))
    for told in ('a"red"car,<fast>&loud-->', recording.id, "plate,Tür3;ost", "Łódź", "9.yard"):
        assert told in text
    assert sum(len(page.images) for page in pdf.pages) >= len(moments)


def test_what_was_left_out_is_in_the_reports(video: Path, tmp_path: Path) -> None:
    recording = recording_at(video, Fraction(2))
    good = moment_in(recording, Fraction(0), Fraction(1))
    gone = moment_in(
        replace(recording, path=tmp_path / "gone.mp4", id="1" * 64), Fraction(0), Fraction(1)
    )
    for name in (FormatName.REPORT, FormatName.PDF):
        made = prepare([good, gone], ExportOrder(FORMATS[name], "x"), Settings())
        [document] = made.documents
        content = document.content()
        if name is FormatName.PDF:
            pages = PdfReader(BytesIO(content)).pages
            told = "".join(page.extract_text() for page in pages)
        else:
            told = Read(content.decode()).text
        assert "notthereanymore" in re.sub(r"\s", "", told)


def test_a_contact_sheet_is_a_picture_of_all_moments(video: Path) -> None:
    recording = recording_at(video, Fraction(2))
    moment = moment_in(recording, Fraction(0), Fraction(1))
    by_eye = replace(moment, score=None, confidence=None)
    heights = []
    for count in (1, 4, 5):
        [document] = exported([by_eye] * count, FormatName.CONTACT_SHEET)
        with Pillow.open(BytesIO(document)) as opened:
            assert opened.format == "PNG"
            heights.append(opened.height)
    assert heights[0] == heights[1] < heights[2]
    [document] = prepare(
        [moment] * 3, ExportOrder(FORMATS[FormatName.CONTACT_SHEET], "x"), Settings()
    ).documents
    with pytest.raises(UsageError, match="at most 200"):
        many = replace(document.sheet, moments=[moment] * 201)
        replace(document, sheet=many).content()
