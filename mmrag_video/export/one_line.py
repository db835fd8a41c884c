"""Words for formats in which a line, or a control character, means something."""

import unicodedata

from mmrag_video.export.export_moment import ExportMoment


def one_line(text: str) -> str:
    """The text on one line, without what XML forbids: controls and stray bytes of file names."""
    return " ".join(without_controls(text).split())


def without_controls(text: str) -> str:
    """The same on as many lines as it has."""
    seen = "".join("�" if unicodedata.category(sign) == "Cs" else sign for sign in text)
    return "".join(
        " " if sign != "\n" and unicodedata.category(sign) in ("Cc", "Cn") else sign
        for sign in seen
    )


def title_of(moment: ExportMoment) -> str:
    """What a chapter or a clip of a moment is called."""
    return one_line(moment.query or moment.note or moment.why or moment.camera) or "moment"
