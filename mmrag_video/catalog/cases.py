"""Cases: moments that somebody collected for one purpose, in their order.

What has to hold in one transaction is seen to here: no two cases of one name, no moment twice in a
case, positions without gaps, spans inside of recordings that can be found.
"""

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from fractions import Fraction

from sqlalchemy import Select, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from mmrag_video.catalog.case_records import Added, Case, CaseMark, CaseMoment, CaseSpan, Finding
from mmrag_video.catalog.case_rows import (
    case_of,
    moment_of,
    moment_row,
    order,
    span_of,
    span_rows,
)
from mmrag_video.catalog.database import Database
from mmrag_video.catalog.exported import note_exported
from mmrag_video.catalog.people_schema import CaseMomentRow, CaseRow
from mmrag_video.catalog.records import RunState
from mmrag_video.catalog.schema import CaseSpanRow, ExportedSpanRow, RecordingRow, RunRow
from mmrag_video.errors import UsageError
from mmrag_video.video.timecode import Timecode


class Cases:
    """Those of one catalog. Every method raises CatalogError if the file cannot be used, and
    UsageError if the case or the moment is not there any more.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    # Cases

    def make(self, name: str, user: str) -> Case:
        """Make an empty one. Raises UsageError if there is one of that name."""
        with self._database.writing() as session:
            _check_free(session, name)
            row = CaseRow(name=name, note="", created=datetime.now(UTC), created_by=user)
            session.add(row)
            session.flush()
            return case_of(row, 0)

    def all(self) -> list[Case]:
        """The newest first."""
        with self._database.reading() as session:
            query = _with_counts().order_by(CaseRow.id.desc())
            return [case_of(row, count) for row, count in session.execute(query)]

    def case(self, case: int) -> Case | None:
        """One by its number."""
        with self._database.reading() as session:
            found = session.execute(_with_counts().where(CaseRow.id == case)).first()
            return None if found is None else case_of(*found)

    def named(self, name: str) -> Case:
        """The one of a name. Raises UsageError if there is none."""
        with self._database.reading() as session:
            found = session.execute(_with_counts().where(CaseRow.name == name)).first()
        if found is None:
            raise UsageError(f"There is no case named {name!r}; `mmrag-video cases list` has them.")
        return case_of(*found)

    def rename(self, case: int, name: str) -> None:
        """Raises UsageError if there is another of that name."""
        with self._database.writing() as session:
            row = _existing_case(session, case)
            if row.name != name:
                _check_free(session, name)
            row.name = name

    def note(self, case: int, note: str) -> None:
        """Write down something about a case, in place of what was there."""
        with self._database.writing() as session:
            _existing_case(session, case).note = note

    def remove(self, case: int) -> None:
        """Take a case away with its moments; its recordings may go again."""
        with self._database.writing() as session:
            session.delete(_existing_case(session, case))

    # Moments

    def moments(self, case: int) -> list[CaseMoment]:
        """Those of a case, in their order."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(CaseMomentRow)
                .where(CaseMomentRow.case == case)
                .order_by(CaseMomentRow.position)
            ).all()
            return _moments(session, rows)

    def moment(self, moment: int) -> CaseMoment | None:
        """One by its number."""
        with self._database.reading() as session:
            row = session.get(CaseMomentRow, moment)
            return None if row is None else _moments(session, [row])[0]

    def add(self, case: int, findings: Sequence[Finding], user: str) -> list[Added]:
        """Put findings at a case's end, all or none; those that are in it already stay as they are.

        Raises UsageError if a recording is not known, or a span not inside of its recording.
        """
        with self._database.writing() as session:
            _existing_case(session, case)
            return [_add(session, case, finding, user) for finding in findings]

    def put_back(self, moment: CaseMoment) -> None:
        """Undo the removal of a moment. Nothing happens if it is there.

        Raises UsageError if a recording is not known any more.
        """
        with self._database.writing() as session:
            _existing_case(session, moment.case)
            if session.get(CaseMomentRow, moment.id) is not None:
                return
            _check_spans(session, moment.spans)
            _insert(session, moment, moment.id)
            ids = _ids(session, moment.case)
            ids.remove(moment.id)
            ids.insert(moment.position, moment.id)
            order(session, ids)

    def remove_moment(self, moment: int) -> CaseMoment:
        """Take one out of its case; gives it as it was."""
        with self._database.writing() as session:
            row = _existing_moment(session, moment)
            removed = _moments(session, [row])[0]
            session.delete(row)
            session.flush()
            order(session, _ids(session, removed.case))
            return removed

    def move(self, moment: int, position: int) -> None:
        """Give it another place in its case; one before the first or after the last is that."""
        with self._database.writing() as session:
            ids = _ids(session, _existing_moment(session, moment).case)
            ids.remove(moment)
            ids.insert(max(0, position), moment)
            order(session, ids)

    def trim(self, moment: int, start: Fraction, end: Fraction) -> CaseMoment:
        """Let it begin and end elsewhere: at a time of its first and one of its last recording.

        Raises UsageError if that is not inside of the recordings, or nothing would be left.
        """
        with self._database.writing() as session:
            row = _existing_moment(session, moment)
            spans = _span_rows(session, [moment])
            first, last = spans[0], spans[-1]
            first.start, last.end = start, end
            _check_spans(session, list(map(span_of, spans)))
            return moment_of(row, spans)

    def describe(self, moment: int, note: str, tags: Sequence[str]) -> None:
        """Write down something about a moment, in place of what was there."""
        with self._database.writing() as session:
            row = _existing_moment(session, moment)
            row.note, row.tags = note, list(tags)

    def mark_exported(self, moments: Collection[int], at: datetime) -> None:
        """Note that these were part of an export; `at` is aware."""
        with self._database.writing() as session:
            session.execute(
                update(CaseMomentRow).where(CaseMomentRow.id.in_(moments)).values(exported=at)
            )
            note_exported(session, map(span_of, _span_rows(session, moments)), at)

    def marks_for(self, recordings: Collection[str]) -> list[CaseMark]:
        """Which parts of these recordings are in which case, by its name."""
        query = (
            select(CaseSpanRow, CaseRow.id, CaseRow.name, CaseMomentRow.exported)
            .join(CaseMomentRow, CaseMomentRow.id == CaseSpanRow.moment)
            .join(CaseRow, CaseRow.id == CaseMomentRow.case)
            .where(CaseSpanRow.recording.in_(recordings))
            .order_by(CaseRow.name, CaseMomentRow.position)
        )
        with self._database.reading() as session:
            return [
                CaseMark(case, name, span_of(span), exported)
                for span, case, name, exported in session.execute(query)
            ]


def follow_recording(session: Session, former: str, row: RecordingRow) -> None:
    """Let a recording take a live one's place: in cases, in what was exported, and as one that is
    kept or is not.
    """
    live = session.get(RecordingRow, former)
    if live is not None:
        row.kept = row.kept or live.kept
    for spans in (CaseSpanRow, ExportedSpanRow):
        session.execute(update(spans).where(spans.recording == former).values(recording=row.id))


def _with_counts() -> Select[CaseRow, int]:
    return select(CaseRow, _count(CaseRow.id).scalar_subquery())


def _count(case: int | InstrumentedAttribute[int]) -> Select[int]:
    """How many moments there are in a case."""
    return select(func.count()).where(CaseMomentRow.case == case)


def _check_free(session: Session, name: str) -> None:
    if session.scalar(select(exists().where(CaseRow.name == name))):
        raise UsageError(f"There is a case named {name!r} already.")


def _existing_case(session: Session, case: int) -> CaseRow:
    row = session.get(CaseRow, case)
    if row is None:
        raise UsageError("This case is not there any more.")
    return row


def _existing_moment(session: Session, moment: int) -> CaseMomentRow:
    row = session.get(CaseMomentRow, moment)
    if row is None:
        raise UsageError("This moment is in the case no more.")
    return row


def _ids(session: Session, case: int) -> list[int]:
    """The moments of a case in their order."""
    query = select(CaseMomentRow.id).where(CaseMomentRow.case == case)
    return list(session.scalars(query.order_by(CaseMomentRow.position, CaseMomentRow.id)))


def _span_rows(session: Session, moments: Collection[int]) -> list[CaseSpanRow]:
    query = select(CaseSpanRow).where(CaseSpanRow.moment.in_(moments))
    return list(session.scalars(query.order_by(CaseSpanRow.moment, CaseSpanRow.position)))


def _moments(session: Session, rows: Sequence[CaseMomentRow]) -> list[CaseMoment]:
    spans: dict[int, list[CaseSpanRow]] = {row.id: [] for row in rows}
    for span in _span_rows(session, spans):
        spans[span.moment].append(span)
    return [moment_of(row, spans[row.id]) for row in rows]


def _add(session: Session, case: int, finding: Finding, user: str) -> Added:
    _check_findable(session, finding.spans)
    _check_spans(session, finding.spans)
    for known in _moments_with(session, case, finding.spans[0].recording):
        if finding.spans in (known.spans, known.found.spans):
            return Added(_found_after_all(session, known, finding), is_new=False)
    moment = CaseMoment(
        id=0,
        case=case,
        position=session.scalar(_count(case)) or 0,
        found=finding,
        spans=finding.spans,
        note="",
        tags=(),
        added=datetime.now(UTC),
        added_by=user,
        exported=None,
    )
    return Added(_insert(session, moment, None), is_new=True)


def _found_after_all(session: Session, known: CaseMoment, finding: Finding) -> CaseMoment:
    """A moment that somebody saw without a search tells how it was found, once it is."""
    if known.found.score is not None or finding.score is None:
        return known
    row = _existing_moment(session, known.id)
    row.query, row.score, row.why = finding.query, finding.score, finding.why
    row.confidence = finding.confidence.value if finding.confidence else None
    return moment_of(row, _span_rows(session, [known.id]))


def _insert(session: Session, moment: CaseMoment, number: int | None) -> CaseMoment:
    """Under this number, or a new one."""
    row = moment_row(moment)
    row.id = number  # type: ignore[assignment]
    session.add(row)
    session.flush()
    spans = span_rows(row.id, moment)
    session.add_all(spans)
    session.flush()
    return moment_of(row, spans)


def _moments_with(session: Session, case: int, recording: str) -> list[CaseMoment]:
    """Those of a case that show a part of a recording."""
    shows = exists().where(
        CaseSpanRow.moment == CaseMomentRow.id, CaseSpanRow.recording == recording
    )
    rows = session.scalars(select(CaseMomentRow).where(CaseMomentRow.case == case, shows))
    return _moments(session, rows.all())


def _check_findable(session: Session, spans: Sequence[CaseSpan]) -> None:
    """Raise UsageError if one of them is being let go of: its row is there a little longer."""
    for span in spans:
        is_findable = exists().where(
            RunRow.recording == span.recording,
            RunRow.state == RunState.COMPLETE.value,
            ~RunRow.superseded,
        )
        if not session.scalar(select(is_findable)):
            raise _not_known(span)


def _check_spans(session: Session, spans: Sequence[CaseSpan]) -> None:
    for span in spans:
        recording = session.get(RecordingRow, span.recording)
        if recording is None:
            raise _not_known(span)
        if span.start < 0:
            raise UsageError(f"{Timecode(span.start)} is before the start of its recording.")
        if max(span.start, span.end) > recording.duration:
            raise UsageError(
                f"{Timecode(max(span.start, span.end))} is past the end of its recording, which "
                f"lasts {Timecode(recording.duration)}."
            )
        if span.start >= span.end:
            raise UsageError(
                f"A moment cannot end at {Timecode(span.end)} that begins at "
                f"{Timecode(span.start)} of the same recording."
            )


def _not_known(span: CaseSpan) -> UsageError:
    return UsageError(
        f"The recording {span.recording[:10]} is not in the collection, or not any more; "
        "`mmrag-video recordings` lists what is."
    )
