"""What is understood of the words of a search, and what stays to be searched for."""

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mmrag_video.asking.chips import Chip, ChipKind
from mmrag_video.asking.understanding import Understood, understand
from mmrag_video.index.frames import FrameFilter, TimesOfDay

LISBON = ZoneInfo("Europe/Lisbon")
NOW = datetime(2026, 3, 18, 15, 0, tzinfo=LISBON)
"""A Wednesday."""
CAMERAS = ["Gate", "front_gate", "Tor", "3"]
NIGHT = (22 * 60, 6 * 60)


def understood(text: str, *taken_off: str, now: datetime = NOW) -> Understood:
    return understand(text, now=now, zone=LISBON, cameras=CAMERAS, taken_off=taken_off)


def at(text: str) -> datetime | None:
    return datetime.fromisoformat(text).replace(tzinfo=LISBON) if text else None


@pytest.mark.parametrize(
    ("text", "words", "start", "end"),
    [
        ("a car yesterday", "a car", "2026-03-17", "2026-03-18"),
        ("today a car", "a car", "2026-03-18", "2026-03-19"),
        ("a car the day before yesterday", "a car", "2026-03-16", "2026-03-17"),
        (
            "a car yesterday between 14:00 and 16:00",
            "a car",
            "2026-03-17T14:00",
            "2026-03-17T16:00",
        ),
        ("between 2 and 4 pm yesterday a car", "a car", "2026-03-17T14:00", "2026-03-17T16:00"),
        ("a car yesterday from 9am to 5 p.m.", "a car", "2026-03-17T09:00", "2026-03-17T17:00"),
        ("a car yesterday 10:00-11:30", "a car", "2026-03-17T10:00", "2026-03-17T11:30"),
        ("a car yesterday at 14:00", "a car", "2026-03-17T13:45", "2026-03-17T14:15"),
        ("a car yesterday about 2 pm", "a car", "2026-03-17T13:30", "2026-03-17T14:30"),
        ("a car yesterday before 9:00", "a car", "2026-03-17", "2026-03-17T09:00"),
        ("a car on 3 March after 18:00", "a car", "2026-03-03T18:00", "2026-03-04"),
        ("a car on March 3rd", "a car", "2026-03-03", "2026-03-04"),
        ("a car on the 3rd of March 2025", "a car", "2025-03-03", "2025-03-04"),
        ("a car on 2026-03-04", "a car", "2026-03-04", "2026-03-05"),
        ("a car on 04.03.2026", "a car", "2026-03-04", "2026-03-05"),
        ("on Monday night a man", "a man", "2026-03-16T22:00", "2026-03-17T06:00"),
        ("a man on Monday evening", "a man", "2026-03-16T18:00", "2026-03-16T22:00"),
        ("a man on Friday", "a man", "2026-03-13", "2026-03-14"),
        ("a man on Wednesday", "a man", "2026-03-18", "2026-03-19"),
        ("a man last Wednesday", "a man", "2026-03-11", "2026-03-12"),
        ("a man last night", "a man", "2026-03-17T22:00", "2026-03-18T06:00"),
        ("a man this morning", "a man", "2026-03-18T06:00", "2026-03-18T12:00"),
        ("a man last week", "a man", "2026-03-09", "2026-03-16"),
        ("a man last month", "a man", "2026-02-01", "2026-03-01"),
        ("a man last weekend", "a man", "2026-03-14", "2026-03-16"),
        ("a man in February", "a man", "2026-02-01", "2026-03-01"),
        ("a man in December 2024", "a man", "2024-12-01", "2025-01-01"),
        ("from Monday to Tuesday a man", "a man", "2026-03-16", "2026-03-18"),
        (
            "a man from yesterday 14:00 to today 10:00",
            "a man",
            "2026-03-17T14:00",
            "2026-03-18T10:00",
        ),
        ("a man since Monday", "a man", "2026-03-16", ""),
        ("a man before Monday", "a man", "", "2026-03-16"),
        ("a man since 18:00", "a man", "2026-03-17T18:00", ""),
        ("a man 3 days ago", "a man", "2026-03-15", "2026-03-16"),
        ("a man an hour ago", "a man", "2026-03-18T13:30", "2026-03-18T14:30"),
        ("gestern Abend ein Mann", "ein Mann", "2026-03-17T18:00", "2026-03-17T22:00"),
        (
            "ein Mann gestern zwischen 14 und 16 Uhr",
            "ein Mann",
            "2026-03-17T14:00",
            "2026-03-17T16:00",
        ),
        ("ein Mann am 3. März nach 18 Uhr", "ein Mann", "2026-03-03T18:00", "2026-03-04"),
        ("ein Mann am Montag", "ein Mann", "2026-03-16", "2026-03-17"),
        ("ein Mann letzte Woche", "ein Mann", "2026-03-09", "2026-03-16"),
        ("ein Mann vor zwei Tagen", "ein Mann", "2026-03-16", "2026-03-17"),
        ("a car, yesterday, red", "a car, red", "2026-03-17", "2026-03-18"),
    ],
)
def test_a_time_in_plain_words_is_a_span(text: str, words: str, start: str, end: str) -> None:
    found = understood(text)
    assert (found.words, found.start, found.end) == (words, at(start), at(end))
    assert found.daily is None


@pytest.mark.parametrize(
    ("text", "hours", "weekdays"),
    [
        ("a fox at night", NIGHT, ()),
        ("in the morning a fox", (6 * 60, 12 * 60), ()),
        ("nachts a fox", NIGHT, ()),
        ("a fox between 22:00 and 6:00", NIGHT, ()),
        ("a fox after 18:00", (18 * 60, 24 * 60), ()),
        ("a fox on Mondays", (0, 24 * 60), (0,)),
        ("a fox every Friday at night", NIGHT, (4,)),
        ("a fox on Mondays and Fridays", (0, 24 * 60), (0, 4)),
        ("a fox at weekends", (0, 24 * 60), (5, 6)),
        ("a fox on weekdays from 9 am to 5 pm", (9 * 60, 17 * 60), (0, 1, 2, 3, 4)),
        ("Monday nights a fox", NIGHT, (0,)),
        ("montags a fox", (0, 24 * 60), (0,)),
    ],
)
def test_a_time_of_day_without_a_day_is_one_of_all_days(
    text: str, hours: tuple[int, int], weekdays: tuple[int, ...]
) -> None:
    found = understood(text)
    assert found.words == "a fox"
    assert found.daily == TimesOfDay("Europe/Lisbon", *hours, frozenset(weekdays))
    assert (found.start, found.end) == (None, None)


def test_a_time_of_day_of_several_days_is_one_of_each() -> None:
    found = understood("a fox last week at night")
    assert (found.start, found.end) == (at("2026-03-09"), at("2026-03-16"))
    assert found.daily == TimesOfDay("Europe/Lisbon", *NIGHT)


@pytest.mark.parametrize(
    "text",
    [
        "a man who sat in the sun",
        "people may march second in line",
        "between 2 and 4 people",
        "two people at a gate",
        "a gate",
        "a white van from behind",
        "grey-blue hatchback turning left",
        "vor dem Haus ein Auto",
        "an evening dress",
        "a night watchman",
        "tomorrow a car",
        "today after 18:00 a car",
        "on 3 March 2027 a car",
        "a car on 31 April",
        "half past 25:00",
        "then a man",
        "a man, then",
        "-",
        "3",
        "at 3",
    ],
)
def test_what_is_not_clearly_one_of_them_stays_in_the_words(text: str) -> None:
    assert understood(text) == Understood(text)


def test_a_night_after_midnight_is_the_one_that_goes_on() -> None:
    early = datetime(2026, 3, 18, 2, 0, tzinfo=LISBON)
    found = understood("tonight a man", now=early)
    assert (found.start, found.end) == (at("2026-03-17T22:00"), at("2026-03-18T06:00"))


def test_a_weekday_whose_hour_is_yet_to_come_is_that_of_last_week() -> None:
    found = understood("a man on Wednesday night")
    assert found.start == at("2026-03-11T22:00")


def test_times_are_read_on_the_zones_clocks_whatever_zone_now_is_in() -> None:
    tokyo = datetime(2026, 3, 18, 4, 0, tzinfo=ZoneInfo("Asia/Tokyo"))  # the 17th in Lisbon
    assert understood("a man today", now=tokyo).start == at("2026-03-17")


def test_a_day_on_which_clocks_are_changed_has_its_true_length() -> None:
    monday = datetime(2026, 3, 30, 12, tzinfo=LISBON)
    found = understood("a man yesterday", now=monday)
    assert found.start is not None and found.end is not None
    assert found.end.astimezone(UTC) - found.start.astimezone(UTC) == timedelta(hours=23)


@pytest.mark.parametrize(
    ("text", "words", "cameras"),
    [
        ("a man at the gate", "a man", ("Gate",)),
        ("a man at the front gate", "a man", ("front_gate",)),
        ("on camera gate a man", "a man", ("Gate",)),
        ("camera 3 a man", "a man", ("3",)),
        ("a man at the gate and at the front gate", "a man and", ("Gate", "front_gate")),
        ("ein Mann am Tor", "ein Mann", ("Tor",)),
        ("a man at the gatehouse", "a man at the gatehouse", ()),
        ("a man opens the gate", "a man opens the gate", ()),
        ("a man at the harbour", "a man at the harbour", ()),
    ],
)
def test_a_camera_is_named_where_it_is_said_as_a_place(
    text: str, words: str, cameras: tuple[str, ...]
) -> None:
    found = understood(text)
    assert (found.words, found.cameras) == (words, cameras)


@pytest.mark.parametrize(
    ("text", "words", "without"),
    [
        ("a car -truck", "a car", "truck"),
        ('a car -"blue truck" -bus', "a car", "blue truck, bus"),
        ("a person without a backpack", "a person", "a backpack"),
        ("a person without a backpack at the gate", "a person", "a backpack"),
        ("a person without a red hat walking", "a person walking", "a red hat"),
        ("ein Mann ohne Rucksack", "ein Mann", "Rucksack"),
        ("a t-shirt", "a t-shirt", ""),
        ("a - b", "a - b", ""),
    ],
)
def test_minus_words_say_what_must_not_be_there(text: str, words: str, without: str) -> None:
    found = understood(text)
    assert (found.words, found.without) == (words, without)


def test_like_this_means_the_picture_where_there_is_one() -> None:
    text = "something like this, but at night"
    found = understand(text, now=NOW, zone=LISBON, cameras=(), with_picture=True)
    assert (found.words, found.daily) == ("", TimesOfDay("Europe/Lisbon", *NIGHT))
    assert understood(text).words == "something like this, but"


def test_then_parts_a_search_in_two() -> None:
    found = understood("a man enters the room, then leaves with a bag within 5 minutes")
    assert found.words == "a man enters the room"
    assert found.then is not None
    assert found.then.understood.words == "leaves with a bag"
    assert found.then.within == timedelta(minutes=5)
    assert [chip.kind for chip in found.chips] == [ChipKind.THEN, ChipKind.WITHIN]


def test_both_parts_of_then_share_time_and_camera_unless_they_name_their_own() -> None:
    found = understood("yesterday a man at the gate, then a car at the front gate")
    assert found.then is not None
    second = found.then.understood
    assert (found.words, second.words) == ("a man", "a car")
    assert (found.cameras, second.cameras) == (("Gate",), ("front_gate",))
    assert found.start == second.start == at("2026-03-17")


def test_minus_words_belong_to_their_part() -> None:
    found = understood("a car, then -truck a man")
    assert found.then is not None
    assert (found.without, found.then.understood.without) == ("", "truck")
    assert found.then.understood.words == "a man"


def test_a_chip_that_is_taken_off_leaves_its_words_to_be_searched_for() -> None:
    text = "a man at night at the gate without a hat, then a dog within 5 minutes"
    keys = [chip.key for chip in understood(text).chips]
    assert len(keys) == 5
    for key in keys:
        left = understood(text, key)
        assert key not in [chip.key for chip in left.chips]
    assert understood(text, *keys) == Understood(text)


def test_a_filter_of_its_own_counts_more_than_the_words() -> None:
    found = understood("a man yesterday at the gate at night")
    own = FrameFilter(cameras=("Tor",), end=at("2026-01-01"))
    where = found.narrowed(own)
    assert (where.cameras, where.start, where.end) == (("Tor",), None, at("2026-01-01"))
    assert found.narrowed(FrameFilter()).cameras == ("Gate",)


PHRASES = """
    a man car at night on Monday Mondays gate the camera - -truck like this but without then
    within , . yesterday 14:00 16:00 between and 3 March 2026 last week 5 minutes ago
    99 999 years months since from to before after heute nachts vor Tagen ohne dann 31 00:60 24:00
"""
phrases = st.sampled_from(PHRASES.split())
texts = st.text(max_size=80) | st.lists(phrases, max_size=14).map(" ".join)
zones = st.sampled_from(
    ["UTC", "Europe/Lisbon", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns"]
).map(ZoneInfo)
nows = st.datetimes(timezones=zones)


@settings(deadline=None, max_examples=300)
@given(
    texts,
    nows,
    zones,
    st.sets(st.sampled_from(["hours:at night", "time:yesterday"])),
    st.booleans(),
)
def test_any_text_is_understood_and_no_word_is_lost(
    text: str, now: datetime, zone: ZoneInfo, taken_off: set[str], with_picture: bool
) -> None:
    found = understand(
        text,
        now=now,
        zone=zone,
        cameras=CAMERAS,
        taken_off=taken_off,
        with_picture=with_picture,
    )
    for chip in found.chips:
        assert text[chip.start : chip.end] == chip.words
        assert chip.key not in taken_off
    left = found.words + " " + (found.then.understood.words if found.then else "")
    assert signs(left) == signs(outside(text, found.chips))
    for part in (found, found.then.understood if found.then else found):
        assert part.start is None or part.start <= now


def outside(text: str, chips: tuple[Chip, ...]) -> str:
    inside = {place for chip in chips for place in range(chip.start, chip.end)}
    return "".join(sign for place, sign in enumerate(text) if place not in inside)


def signs(text: str) -> str:
    """All but white space and the commas that part words."""
    return re.sub(r"[\s,]+", "", text)
