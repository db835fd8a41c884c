"""Whatever a generator writes: no citation of what was not shown, no sentence without one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_video.citations import check

SHOWN = {1, 2, 3}


def kept(text: str) -> list[tuple[str, tuple[int, ...]]]:
    return [(one.text, one.citations) for one in check(text, SHOWN).sentences]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A man waits [1].", [("A man waits.", (1,))]),
        ("A man waits. [1]", [("A man waits.", (1,))]),
        ("A man waits.[1][2]", [("A man waits.", (1, 2))]),
        ("A man waits [2, 1].", [("A man waits.", (1, 2))]),
        ("A man waits [1 and 3]!", [("A man waits!", (1, 3))]),
        ("A man waits [1-3].", [("A man waits.", (1, 2, 3))]),
        ("A man waits [Moment 2].", [("A man waits.", (2,))]),
        ("A man waits [#2].", [("A man waits.", (2,))]),
        ("A man [1] meets a woman [2].", [("A man meets a woman.", (1, 2))]),
        ("[3] A man waits.", [("A man waits.", (3,))]),
        ("[3]: A man waits.", [("A man waits.", (3,))]),
        ("A man waits [1]. He leaves [2].", [("A man waits.", (1,)), ("He leaves.", (2,))]),
        ("A man waits. [1] He leaves. [2]", [("A man waits.", (1,)), ("He leaves.", (2,))]),
        ("A man waits\n[1]", [("A man waits", (1,))]),
        ("A man waits.\n\n[1] [2]\n", [("A man waits.", (1, 2))]),
        ("- A man waits [1]\n- He leaves [2]", [("A man waits", (1,)), ("He leaves", (2,))]),
        ("1. A man waits [1].\n2. He leaves [2].", [("A man waits.", (1,)), ("He leaves.", (2,))]),
        ("At 12.5 s he falls [1].", [("At 12.5 s he falls.", (1,))]),
        ("At 2 p.m. a man waits [1].", [("At 2 p.m. a man waits.", (1,))]),
        ('He holds a sign "Stop!" [1]. So.', [('He holds a sign "Stop!"', (1,))]),
        (
            "一个男人站在门口[1]。他离开了。[2]",
            [("一个男人站在门口。", (1,)), ("他离开了。", (2,))],
        ),
        ("क्या? [1] एक आदमी खड़ा है। [2]", [("क्या?", (1,)), ("एक आदमी खड़ा है।", (2,))]),
        ("Ein Mann wartet【1】.", [("Ein Mann wartet.", (1,))]),
    ],
)
def test_citations_are_read_in_every_usual_form(text: str, expected: list[object]):
    assert kept(text) == expected
    assert check(text, SHOWN).dropped_citations == 0


@pytest.mark.parametrize(
    ("text", "left", "sentences", "citations"),
    [
        ("A man waits [9].", [], 1, 1),
        ("A man waits [1][9].", [("A man waits.", (1,))], 0, 1),
        ("A man waits [0].", [], 1, 1),
        ("A man waits [2-9].", [("A man waits.", (2, 3))], 0, 1),
        ("A man waits. He leaves [1].", [("He leaves.", (1,))], 1, 0),
        ("He has a gun. he leaves [1].", [("he leaves.", (1,))], 1, 0),
        ("A man waits (1).", [], 1, 0),
        ("A man waits [1", [], 1, 0),
        ("A man waits at [00:00:07].", [], 1, 0),
        ("A man waits [picture 9] here [1].", [("A man waits (picture 9) here.", (1,))], 0, 0),
        ("A man waits [-1].", [], 1, 0),
        ("A man waits [99999999999999999999].", [], 1, 0),
    ],
)
def test_what_is_not_citable_is_taken_out_and_counted(
    text: str, left: list[object], sentences: int, citations: int
):
    checked = check(text, SHOWN)
    assert kept(text) == left
    assert (checked.dropped_sentences, checked.dropped_citations) == (sentences, citations)


@pytest.mark.parametrize(
    "text",
    [
        "NOT SEEN",
        "Not seen.",
        "**NOT SEEN**",
        "NOT SEEN [1]",
        "The pictures show no dog [1]. NOT SEEN",
        "Answer: NOT SEEN.",
        "A man waits [1].\nNot seen.",
        "",
        "...",
        "[1] [2]",
        "\n" * 5000,
        "." * 5000,
        "[" * 5000,
    ],
)
def test_not_seen_and_nothing_are_no_sentences(text: str):
    assert kept(text) == []


def test_having_seen_nothing_of_one_thing_is_an_answer():
    assert kept("The man was not seen to leave [1].")


def anything() -> st.SearchStrategy[str]:
    """Text as models write it, and as nobody does."""
    citations = st.sampled_from(["[1]", "[2, 9]", "[7-2]", "[moment 4]", "【3】", "[[1]", "[1]]"])
    words = st.sampled_from(["A man waits", "NOT SEEN", "not seen", "p.m.", "12", "- ", "1. "])
    signs = st.sampled_from([". ", ".", "。", "!", "\n", "[", "]", " "])
    return st.lists(st.one_of(citations, words, signs, st.text(max_size=8)), max_size=30).map(
        "".join
    )


@settings(max_examples=600)
@given(text=anything(), shown=st.sets(st.integers(1, 12), max_size=5))
def test_whatever_is_written_every_sentence_cites_and_only_what_was_shown(
    text: str, shown: set[int]
):
    checked = check(text, shown)
    for sentence in checked.sentences:
        assert sentence.citations, "a sentence without a citation"
        assert set(sentence.citations) <= shown, "a citation of what was not shown"
        assert list(sentence.citations) == sorted(set(sentence.citations))
        assert not set(sentence.text) & set("[]【】"), "what looks like a citation is none"
        assert any(sign.isalnum() for sign in sentence.text)
        assert "NOT SEEN" not in sentence.text
    assert checked.dropped_sentences >= 0 <= checked.dropped_citations


@given(st.lists(st.tuples(st.sampled_from("ABCDE"), st.sets(st.integers(1, 9), min_size=1))))
def test_well_written_answers_come_through_whole(written: list[tuple[str, set[int]]]):
    text = " ".join(
        f"Person {name} waits {''.join(f'[{number}]' for number in sorted(numbers))}."
        for name, numbers in written
    )
    assert [(one.text, set(one.citations)) for one in check(text, range(1, 10)).sentences] == [
        (f"Person {name} waits.", numbers) for name, numbers in written
    ]


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("A thief entered room 5. A car passes [1].", ["A car passes."]),
        (
            "The van stops at gate 12. [1] It leaves [2].",
            ["The van stops at gate 12.", "It leaves."],
        ),
        ("He waits at 3.15. [1]", ["He waits at 3.15."]),
        ("Nobody except Mr. Smith waits [1].", ["Nobody except Mr. Smith waits."]),
        ("A man (No. 5) runs [1].", ["A man (No. 5) runs."]),
        ("2. A man runs [1].", ["A man runs."]),
    ],
)
def test_numbers_and_titles_in_a_sentence_neither_end_nor_shorten_it(written: str, kept: list[str]):
    assert [sentence.text for sentence in check(written, {1, 2}).sentences] == kept
