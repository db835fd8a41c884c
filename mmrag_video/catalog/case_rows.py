"""From the rows of cases to the plain values of case_records.py, and back."""

from collections.abc import Sequence

from sqlalchemy import update
from sqlalchemy.orm import Session

from mmrag_video.catalog.case_records import Case, CaseMoment, CaseSpan, Finding
from mmrag_video.catalog.people_schema import CaseMomentRow, CaseRow
from mmrag_video.catalog.schema import CaseSpanRow
from mmrag_video.moments import Confidence


def case_of(row: CaseRow, moments: int) -> Case:
    """The case of a row, in which there are so many moments."""
    return Case(row.id, row.name, row.note, row.created, row.created_by, moments)


def moment_of(row: CaseMomentRow, spans: Sequence[CaseSpanRow]) -> CaseMoment:
    """The moment of a row and of its spans, in their order."""
    return CaseMoment(
        id=row.id,
        case=row.case,
        position=row.position,
        found=Finding(
            spans=tuple(CaseSpan(one.recording, one.found_start, one.found_end) for one in spans),
            best=_best(spans),
            query=row.query,
            score=row.score,
            confidence=Confidence(row.confidence) if row.confidence else None,
            why=row.why,
        ),
        spans=tuple(map(span_of, spans)),
        note=row.note,
        tags=tuple(row.tags),
        added=row.added,
        added_by=row.added_by,
        exported=row.exported,
    )


def span_of(row: CaseSpanRow) -> CaseSpan:
    """The span of a row, as it was trimmed."""
    return CaseSpan(row.recording, row.start, row.end)


def moment_row(moment: CaseMoment) -> CaseMomentRow:
    """The row of a moment, without its number."""
    found = moment.found
    return CaseMomentRow(
        case=moment.case,
        position=moment.position,
        query=found.query,
        score=found.score,
        confidence=found.confidence.value if found.confidence else None,
        why=found.why,
        note=moment.note,
        tags=list(moment.tags),
        added=moment.added,
        added_by=moment.added_by,
        exported=moment.exported,
    )


def span_rows(number: int, moment: CaseMoment) -> list[CaseSpanRow]:
    """The rows of a moment's spans, under its number."""
    rows = [
        CaseSpanRow(
            moment=number,
            position=position,
            recording=span.recording,
            start=span.start,
            end=span.end,
            found_start=found.start,
            found_end=found.end,
        )
        for position, (span, found) in enumerate(zip(moment.spans, moment.found.spans, strict=True))
    ]
    best = moment.found.best
    shows_best = next((row for row in rows if row.recording == best.recording), rows[0])
    shows_best.best, shows_best.best_end = best.start, best.end
    return rows


def order(session: Session, moments: Sequence[int]) -> None:
    """Let the moments of a case have this order."""
    for position, moment in enumerate(moments):
        session.execute(
            update(CaseMomentRow).where(CaseMomentRow.id == moment).values(position=position)
        )


def _best(spans: Sequence[CaseSpanRow]) -> CaseSpan:
    for span in spans:
        if span.best is not None and span.best_end is not None:
            return CaseSpan(span.recording, span.best, span.best_end)
    return CaseSpan(spans[0].recording, spans[0].found_start, spans[0].found_end)
