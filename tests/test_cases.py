"""Cases in the catalog: moments in an order, each once, with ends inside of their recordings."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as bounded
from hypothesis import strategies as st

from mmrag_video.catalog.case_records import Case, CaseMoment, CaseSpan, Finding
from mmrag_video.catalog.cases import Cases
from mmrag_video.catalog.catalog import Catalog
from mmrag_video.errors import UsageError
from mmrag_video.moments import Confidence
from tests.test_catalog import IDENTITY, INDEX, recording

LONG, SHORT = "a" * 64, "b" * 64
DURATION = {LONG: Fraction(60), SHORT: Fraction(1001, 30)}
NOW = datetime(2026, 3, 31, tzinfo=UTC)


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    """Two recordings of one camera that follow each other."""
    with filled(tmp_path_factory.mktemp("cases") / "catalog.sqlite") as catalog:
        yield catalog


def filled(file: Path) -> Catalog:
    catalog = Catalog(file)
    catalog.activate_index(IDENTITY)
    for content, duration in DURATION.items():
        run = catalog.begin_run(Path(f"/videos/{content[:4]}.mp4"), content, INDEX, "sampler")
        catalog.complete_run(run, recording(content, duration=duration), 9)
    return catalog


@pytest.fixture
def cases(catalog: Catalog) -> Iterator[Cases]:
    yield catalog.cases
    empty(catalog.cases)


@pytest.fixture
def theft(cases: Cases) -> Case:
    return cases.make("theft", "ana")


def empty(cases: Cases) -> None:
    for case in cases.all():
        cases.remove(case.id)


def part(start: object, end: object, content: str = LONG) -> CaseSpan:
    return CaseSpan(content, Fraction(start), Fraction(end))


def finding(*spans: CaseSpan) -> Finding:
    return Finding(spans, CaseSpan(spans[0].recording, spans[0].start, spans[0].end))


RUNS_ON = finding(part("59.25", 60), part(0, "4/3", SHORT))


def added(cases: Cases, case: Case, *findings: Finding) -> list[CaseMoment]:
    return [one.moment for one in cases.add(case.id, findings, "ana")]


def names_in_order(cases: Cases, case: Case) -> list[int]:
    moments = cases.moments(case.id)
    assert [one.position for one in moments] == list(range(len(moments)))
    return [one.id for one in moments]


# Cases


def test_a_case_is_made_renamed_noted_and_removed(cases: Cases) -> None:
    theft = cases.make("theft", "ana")
    assert (theft.name, theft.note, theft.created_by, theft.moments) == ("theft", "", "ana", 0)
    cases.rename(theft.id, "theft at the gate")
    cases.note(theft.id, "asked for by the police")
    known = cases.named("theft at the gate")
    assert (known.id, known.note) == (theft.id, "asked for by the police")
    added(cases, theft, finding(part(1, 2)))
    later = cases.make("fire", "bob")
    assert [(one.name, one.moments) for one in cases.all()] == [
        ("fire", 0),
        ("theft at the gate", 1),
    ]
    cases.remove(theft.id)
    assert cases.all() == [later]
    assert cases.moments(theft.id) == [] and cases.marks_for([LONG]) == []


def test_no_two_cases_have_one_name(cases: Cases, theft: Case) -> None:
    fire = cases.make("fire", "ana")
    with pytest.raises(UsageError, match="There is a case named 'theft' already"):
        cases.make("theft", "ana")
    with pytest.raises(UsageError, match="'theft' already"):
        cases.rename(fire.id, "theft")
    cases.rename(fire.id, "fire")
    with pytest.raises(UsageError, match="no case named 'flood'"):
        cases.named("flood")


def test_what_is_gone_is_said_to_be(cases: Cases, theft: Case) -> None:
    [moment] = added(cases, theft, finding(part(1, 2)))
    cases.remove(theft.id)
    for change in (
        lambda: cases.rename(theft.id, "x"),
        lambda: cases.note(theft.id, "x"),
        lambda: cases.remove(theft.id),
        lambda: cases.add(theft.id, [], "ana"),
        lambda: cases.put_back(moment),
    ):
        with pytest.raises(UsageError, match="case is not there"):
            change()
    for change in (
        lambda: cases.move(moment.id, 0),
        lambda: cases.trim(moment.id, Fraction(0), Fraction(1)),
        lambda: cases.describe(moment.id, "", []),
        lambda: cases.remove_moment(moment.id),
    ):
        with pytest.raises(UsageError, match="in the case no more"):
            change()
    assert cases.case(theft.id) is None and cases.moment(moment.id) is None


# Moments


def test_a_moment_comes_back_exactly_as_it_was_found(cases: Cases, theft: Case) -> None:
    found = Finding(
        spans=RUNS_ON.spans,
        best=CaseSpan(SHORT, Fraction(1, 3), Fraction(2, 3)),
        query="a man with a bag",
        score=0.1 + 0.2,
        confidence=Confidence.POSSIBLE,
        why="person (in black)",
    )
    [moment] = added(cases, theft, found)
    assert cases.moments(theft.id) == [moment] == [cases.moment(moment.id)]
    assert (moment.found, moment.spans, moment.best) == (found, found.spans, found.best)
    assert (moment.added_by, moment.note, moment.tags, moment.exported) == ("ana", "", (), None)
    assert not moment.is_trimmed


def test_the_same_moment_is_in_a_case_once(cases: Cases, theft: Case) -> None:
    [first, again, other] = cases.add(
        theft.id, [RUNS_ON, RUNS_ON, finding(part("59.25", 60))], "ana"
    )
    assert (first.is_new, again.is_new, other.is_new) == (True, False, True)
    assert again.moment == first.moment
    cases.trim(first.moment.id, Fraction(59, 1) + Fraction(1, 2), Fraction(1))
    trimmed = finding(part("59.5", 60), part(0, 1, SHORT))
    for same in (RUNS_ON, trimmed):
        [known] = cases.add(theft.id, [same], "bob")
        assert not known.is_new, "as it was found, and as it is now"
    assert cases.case(theft.id) is not None and len(cases.moments(theft.id)) == 2
    fire = cases.make("fire", "ana")
    assert cases.add(fire.id, [RUNS_ON], "ana")[0].is_new


@pytest.mark.parametrize(
    ("span", "sentence"),
    [
        (part(1, 2, "c" * 64), "The recording cccccccccc is not in the collection"),
        (part(-1, 2), "-00:00:01.000 is before the start"),
        (part(1, "60.001"), "00:01:00.001 is past the end of its recording, which lasts 00:01:00"),
        (part(2, 2), "cannot end at 00:00:02.000 that begins at 00:00:02.000"),
        (part(3, 2), "cannot end at 00:00:02.000 that begins at 00:00:03.000"),
    ],
)
def test_a_span_has_to_lie_in_a_recording_that_is_known(
    cases: Cases, theft: Case, span: CaseSpan, sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        cases.add(theft.id, [finding(part(1, 2)), finding(span)], "ana")
    assert cases.moments(theft.id) == [], "all or none"


def test_a_recording_that_is_being_let_go_of_is_not_collected(tmp_path: Path) -> None:
    with Catalog(tmp_path / "catalog.sqlite") as catalog:
        catalog.activate_index(IDENTITY)
        run = catalog.begin_run(Path("/videos/a.mp4"), LONG, INDEX, "sampler")
        catalog.complete_run(run, recording(LONG, duration=Fraction(60)), 9)
        case = catalog.cases.make("theft", "ana")
        assert catalog.holdings.hide([LONG]) == [LONG]
        with pytest.raises(UsageError, match="not in the collection"):
            catalog.cases.add(case.id, [finding(part(1, 2))], "ana")


def test_what_was_seen_first_and_found_later_tells_how_it_was_found(
    cases: Cases, theft: Case
) -> None:
    [seen] = added(cases, theft, finding(part(1, 2)))
    assert seen.found.score is None
    by_search = replace(finding(part(1, 2)), query="a box", score=0.5, why="box")
    [again] = cases.add(theft.id, [by_search], "bob")
    assert not again.is_new and again.moment.found == by_search
    [kept] = cases.moments(theft.id)
    assert (kept.id, kept.found, kept.added_by) == (seen.id, by_search, "ana")
    cases.add(theft.id, [replace(by_search, query="else", score=0.9)], "bob")
    assert cases.moments(theft.id) == [kept], "only once"


def test_a_note_tags_and_an_export_are_written_down(cases: Cases, theft: Case) -> None:
    first, second = added(cases, theft, finding(part(1, 2)), finding(part(3, 4)))
    cases.describe(first.id, "leaves with a bag", ["bag", "grey coat"])
    cases.mark_exported([first.id], NOW)
    moments = cases.moments(theft.id)
    assert (moments[0].note, moments[0].tags) == ("leaves with a bag", ("bag", "grey coat"))
    assert [one.exported for one in moments] == [NOW, None]
    assert moments[1] == second


def test_a_removed_moment_is_put_back_where_and_as_it_was(cases: Cases, theft: Case) -> None:
    first, second, third = added(cases, theft, *(finding(part(at, at + 1)) for at in range(3)))
    cases.describe(second.id, "look here", ["x"])
    cases.trim(second.id, Fraction("1.25"), Fraction("1.5"))
    before = cases.moments(theft.id)
    removed = cases.remove_moment(second.id)
    assert names_in_order(cases, theft) == [first.id, third.id]
    cases.put_back(removed)
    assert cases.moments(theft.id) == before
    cases.put_back(removed)
    assert cases.moments(theft.id) == before, "twice is once"


def test_marks_tell_which_part_is_in_which_case(cases: Cases, theft: Case) -> None:
    fire = cases.make("fire", "ana")
    [one] = added(cases, theft, RUNS_ON)
    added(cases, fire, finding(part(1, 2)))
    cases.mark_exported([one.id], NOW)
    told = {(mark.name, mark.span, mark.exported) for mark in cases.marks_for([LONG])}
    assert told == {("fire", part(1, 2), None), ("theft", part("59.25", 60), NOW)}
    assert [mark.case for mark in cases.marks_for([SHORT])] == [theft.id]
    assert cases.marks_for([]) == []


def test_what_was_exported_is_known_of_its_recording_also_without_a_case(tmp_path: Path) -> None:
    with filled(tmp_path / "catalog.sqlite") as catalog:
        theft = catalog.cases.make("theft", "ana")
        [one] = added(catalog.cases, theft, RUNS_ON)
        catalog.cases.mark_exported([one.id], NOW)
        unknown = part(0, 1, content="0" * 64)
        catalog.exported.note([part(3, 4), part(3, 4), unknown], NOW)
        catalog.exported.note([part(3, 4)], NOW)
        catalog.cases.remove(theft.id)
        assert set(catalog.exported.spans_in([LONG])) == {part(3, 4), part("59.25", 60)}
        assert len(catalog.exported.spans_in([LONG, SHORT, "0" * 64])) == 3, "each once"
        catalog.holdings.drop([LONG])
        assert catalog.exported.spans_in([LONG]) == [], "it goes with its recording"


def test_the_shown_frame_stays_inside_of_what_is_left(cases: Cases, theft: Case) -> None:
    found = Finding((part(10, 20),), best=part(12, 14))
    [moment] = added(cases, theft, found)
    assert cases.trim(moment.id, Fraction(11), Fraction(13)).best == part(12, 13)
    assert cases.trim(moment.id, Fraction(15), Fraction(16)).best == part(15, 16)
    assert cases.trim(moment.id, Fraction(10), Fraction(20)).best == part(12, 14)


def test_many_who_collect_and_move_at_once_leave_no_gap_and_no_moment_twice(
    cases: Cases, theft: Case
) -> None:
    def work(worker: int) -> None:
        for at in range(6):
            [one] = cases.add(theft.id, [finding(part(at, at + 1))], f"user {worker}")
            cases.move(one.moment.id, worker)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert len(names_in_order(cases, theft)) == 6


# Whatever is done to it


@bounded(max_examples=40, deadline=None)
@given(
    count=st.integers(1, 6),
    changes=st.lists(
        st.tuples(st.sampled_from(["move", "remove"]), st.integers(0, 9), st.integers(-3, 12)),
        max_size=12,
    ),
)
def test_moments_are_in_the_order_of_a_list_that_is_changed_alike(
    catalog: Catalog, count: int, changes: list[tuple[str, int, int]]
) -> None:
    cases = catalog.cases
    case = cases.make("order", "ana")
    try:
        expected = [
            one.id for one in added(cases, case, *(finding(part(n, 9)) for n in range(count)))
        ]
        for what, which, position in changes:
            if not expected:
                break
            moment = expected[which % len(expected)]
            expected.remove(moment)
            if what == "move":
                cases.move(moment, position)
                expected.insert(max(0, position), moment)
            else:
                cases.remove_moment(moment)
            assert names_in_order(cases, case) == expected
    finally:
        empty(cases)


times = st.fractions(-2, 62, max_denominator=90_000)


@bounded(max_examples=60, deadline=None)
@given(runs_on=st.booleans(), ends=st.lists(st.tuples(times, times), min_size=1, max_size=4))
def test_whatever_is_trimmed_its_spans_stay_inside_of_their_recordings(
    catalog: Catalog, runs_on: bool, ends: list[tuple[Fraction, Fraction]]
) -> None:
    cases = catalog.cases
    case = cases.make("trim", "ana")
    try:
        [moment] = added(cases, case, RUNS_ON if runs_on else finding(part(10, 20)))
        for start, end in ends:
            before = cases.moment(moment.id)
            assert before is not None
            first, last = before.spans[0], before.spans[-1]
            fits = (
                0 <= start < (first.end if runs_on else end)
                and (last.start if runs_on else start) < end <= DURATION[last.recording]
            )
            try:
                after = cases.trim(moment.id, start, end)
            except UsageError:
                assert not fits
                assert cases.moment(moment.id) == before, "nothing of it was written"
                continue
            assert fits
            assert after == cases.moment(moment.id)
            assert (after.spans[0].start, after.spans[-1].end) == (start, end), "exactly"
            assert after.found == before.found
            assert all(0 <= s.start < s.end <= DURATION[s.recording] for s in after.spans)
            assert any(
                s.start <= after.best.start < after.best.end <= s.end
                for s in after.spans
                if s.recording == after.best.recording
            )
    finally:
        empty(cases)
