"""The formats that moments can be exported as. A new one is a file, and a line here."""

from collections.abc import Mapping

from mmrag_video.export import (
    contact_sheet,
    csv_table,
    edl,
    fcp_xml,
    ffmetadata,
    json_document,
    otio_timeline,
    pdf,
    report,
    srt,
    webvtt,
)
from mmrag_video.export.sheet import Format, FormatName

FORMATS: Mapping[FormatName, Format] = {
    module.FORMAT.name: module.FORMAT
    for module in (
        csv_table,
        json_document,
        edl,
        otio_timeline,
        fcp_xml,
        webvtt,
        srt,
        ffmetadata,
        report,
        pdf,
        contact_sheet,
    )
}
"""In the order in which they are offered."""
