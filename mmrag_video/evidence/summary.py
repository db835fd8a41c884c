"""The report of evidence: the moments, with the files made of each and their hashes."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from mmrag_video.evidence.manifest import MANIFEST, Missing, Piece, Provenance
from mmrag_video.export import json_document, pdf, report
from mmrag_video.export.export_moment import ExportMoment
from mmrag_video.export.pictures import smaller
from mmrag_video.export.sheet import ExportSheet, Format

REPORTS: Mapping[str, Format] = {
    "report.html": report.FORMAT,
    "report.pdf": pdf.FORMAT,
    "moments.json": json_document.FORMAT,
}


def summary_sheet(
    provenance: Provenance,
    moments: Mapping[int, ExportMoment],
    pieces: Sequence[Piece],
    missing: Sequence[Missing],
    folder: Path,
) -> ExportSheet:
    """What the report tells of moments by their numbers in the case.

    The pictures are the stills in the folder.
    """
    facts_of: dict[int, list[tuple[str, str]]] = {number: [] for number in moments}
    pictures: dict[int, bytes] = {}
    for piece in pieces:
        number = piece.about["moment"]
        facts_of[number].append((str(piece.about["kind"]).capitalize(), _told(piece)))
        if piece.about["kind"] == "still":
            with suppress(OSError):
                pictures[number] = smaller((folder / piece.path).read_bytes())
    return ExportSheet(
        title=provenance.case.name,
        moments=list(moments.values()),
        pictures=pictures,
        facts=_head(provenance),
        facts_of=facts_of,
        problems=[f"{one.what}: {one.why}" for one in missing],
        numbers=list(moments),
    )


def _told(piece: Piece) -> str:
    told = f"{piece.path}\nSHA-256 {piece.sha256}"
    if piece.about["kind"] == "clip" and piece.about["begins_earlier_s"] > 0:
        told += (
            f"\nbegins {piece.about['begins_earlier_s']:.3f} s earlier, with the keyframe before"
        )
    if piece.about["kind"] == "blurred copy":
        told += f"\naltered: blurred in {'; '.join(piece.about['regions'])}"
    return told


def _head(provenance: Provenance) -> list[tuple[str, str]]:
    case, index = provenance.case, provenance.index
    return [
        ("Case", f"{case.id}, made {case.created:%Y-%m-%d %H:%M %Z} by {case.created_by}"),
        ("Note", case.note),
        ("Exported", f"{provenance.made:%Y-%m-%d %H:%M:%S} UTC"),
        ("By", " / ".join(filter(None, (provenance.user, provenance.account)))),
        ("Made with", f"{provenance.tool['name']} {provenance.tool['version']}"),
        ("Index", index.describe() if index else ""),
        ("Verify", f"mmrag-video verify checks every file by {MANIFEST}"),
    ]
