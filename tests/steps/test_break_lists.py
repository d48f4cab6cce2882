"""Lists of breaks: the words that filter them, their pages, and the file for a spreadsheet."""

from __future__ import annotations

import contextlib
import csv
import html
import io
import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
from break_work import NOW, PARTNERS, a_break
from hypothesis import given
from hypothesis import strategies as st

from breakwater.errors import RefusedError
from breakwater.model.access import SYSTEM
from breakwater.model.break_filters import oldest_needed, read_filter
from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.calendar import named_calendar
from breakwater.store import break_lists, writes
from breakwater.store.database import Database
from breakwater.views.break_csv import breaks_csv, harmless
from breakwater.views.breaks import break_list, kind_words
from breakwater.views.words import heading

TODAY = {"meridian": date(2026, 11, 20), "nordbank": date(2026, 11, 20)}
TWO = {**PARTNERS, "nordbank": replace(PARTNERS["meridian"], id="nordbank", name="Nordbank AG")}
KEPT = [
    a_break("a", amount_minor=10_000),
    a_break("b", amount_minor=9_999, dated=date(2026, 11, 6), owner_id="U0ADA", state=BreakState.ACKNOWLEDGED),
    a_break("c", amount_minor=150, currency="JPY", kind=BreakKind.MISSING_AT_PARTNER),
    a_break("d", amount_minor=90_000, currency="KWD", partner="nordbank"),
    a_break("e", amount_minor=99_999, state=BreakState.RESOLVED),
]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", "dabc"),
        ("oldest", "bdac"),
        ("meridian", "abc"),
        ("nordbank", "d"),
        ("Meridian missing-at-partner", "c"),
        ("missing_at_partner amount_mismatch jpy", "c"),
        (">100", "ac"),
        (">=90", "dabc"),
        ("5d", "b"),
        ("mine", "b"),
        ("mine EUR >100", ""),
        ('"Missing at partner"', "c"),
        ("“Missing at partner” JPY", "c"),
        ("missing at partner", "c"),
        ("Missing-At-Partner amounts differ jpy", "c"),
        ("`missing at partner`", "c"),
        ("5d old", "b"),
        ("5D Older mine", "b"),
        (">= 90", "dabc"),
        ("'nordbank ag'", "d"),
        ("Nordbank AG", "d"),
    ],
)
def test_every_word_narrows_the_list(database: Database, words: str, found: str) -> None:
    with database.transaction() as tx:
        writes.insert_breaks(tx, KEPT, actor=SYSTEM, now=NOW)

    with database.reading() as tx:
        wanted = read_filter(words.split(), partners=TWO, asker_id="U0ADA")
        listed, total = break_lists.filtered(tx, wanted, today=TODAY, limit=50)

    assert ("".join(b.fingerprint for b in listed), total) == (found, len(found))


def test_pages_hold_everything_once(database: Database) -> None:
    many = [a_break(f"f{n}", amount_minor=n // 3 + 1) for n in range(37)]
    with database.transaction() as tx:
        writes.insert_breaks(tx, many, actor=SYSTEM, now=NOW)

    with database.reading() as tx:
        wanted = read_filter([], partners=PARTNERS, asker_id="U0ADA")
        pages = [break_lists.filtered(tx, wanted, today=TODAY, limit=10, offset=10 * n) for n in range(5)]

    assert [len(listed) for listed, _ in pages] == [10, 10, 10, 7, 0]
    assert {total for _, total in pages} == {37}
    assert {b.id for listed, _ in pages for b in listed} == {b.id for b in many}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("nordbnk", "Did you mean 'nordbank'?"),
        ("mising_at_partner", "Did you mean 'missing at partner'?"),
        ("1e9", "'1e9' is no partner, kind, age or amount."),
        ("=1+1", "'=1+1' is no partner, kind, age or amount."),
        ("5d " * 13, "takes 12 words at most"),
    ],
)
def test_a_word_nobody_knows_is_refused_with_an_example(words: str, said: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_filter(words.split(), partners=TWO, asker_id="U0ADA")

    assert said in refused.value.message
    assert "/recon breaks nordbank 5d >100 mine" in refused.value.remedy


def test_a_refusal_names_every_word_that_is_accepted() -> None:
    with pytest.raises(RefusedError) as refused:
        read_filter(["nonsense"], partners=TWO, asker_id="U0ADA")

    named = [*re.findall("`([^`]+)`", refused.value.remedy)[1:], "meridian", "nordbank"]
    assert {read_filter([word], partners=TWO, asker_id="U0ADA").kinds for word in named} == {(), *((kind,) for kind in BreakKind)}


@pytest.mark.parametrize("kind", BreakKind)
def test_a_kind_is_accepted_as_its_card_says_it(kind: BreakKind) -> None:
    said = heading(kind_words(kind))

    wanted = read_filter(f'"{said}"'.split(), partners=TWO, asker_id="U0ADA")

    assert (wanted.kinds, wanted.partners) == ((kind,), tuple(TWO.values()))


def test_a_kind_of_a_leg_is_accepted_as_its_card_says_it() -> None:
    leg = replace(PARTNERS["meridian"], id="meridian-nordbank", name="Meridian to Nordbank", was_between=("Meridian", "Nordbank"))
    said = kind_words(BreakKind.MISSING_AT_PARTNER, leg.ends)

    wanted = read_filter(["oldest", *said.split(), "5d"], partners={**TWO, leg.id: leg}, asker_id="U0ADA")

    assert (wanted.kinds, wanted.partners, wanted.least_age_days) == ((BreakKind.MISSING_AT_PARTNER,), (leg,), 5)


def test_every_filter_that_a_list_shows_is_accepted() -> None:
    (shown,) = break_list([a_break()], total=1, partner_names={}).blocks[-1]["elements"]
    words = [html.unescape(code) for code in re.findall("`([^`]+)`", shown["text"])]

    assert words[0] == "/recon breaks"
    assert [bool(read_filter(word.split(), partners=TWO, asker_id="U0ADA").partners) for word in words[1:]] == [True] * 6


@given(st.text(max_size=60))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(RefusedError):
        read_filter(text.split(), partners=TWO, asker_id="U0ADA")


@given(today=st.dates(date(2026, 1, 1), date(2026, 12, 31)), age_days=st.integers(1, 80))
def test_an_age_is_counted_in_business_days(today: date, age_days: int) -> None:
    calendar = named_calendar("TARGET2")

    latest = oldest_needed(calendar, today=today, age_days=age_days)

    assert calendar.between(latest, today) == age_days
    assert calendar.between(latest + timedelta(days=1), today) == age_days - 1


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", " =1", "\t=1", "\r=1", "\u00a0=1", "|x", "%x"])
def test_no_cell_is_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_a_break_in_a_spreadsheet() -> None:
    brk = a_break(amount_minor=12_500, currency="KWD", references=('=HYPERLINK("x")', "b"), links=("INC-0001",))

    header, row = csv.reader(io.StringIO(breaks_csv([brk])))

    told = dict(zip(header, row, strict=True))
    assert (told["break"], told["amount"], told["currency"], told["amount_minor"]) == (brk.id, "12.500", "KWD", "12500")
    assert told["references"] == '\'=HYPERLINK("x") b'


@pytest.mark.parametrize(
    ("total", "page", "buttons"), [(1, 0, ["All as CSV"]), (40, 0, ["More ▶", "All as CSV"]), (40, 1, ["◀ Back", "More ▶", "All as CSV"])]
)
def test_the_list_turns_where_there_is_more(total: int, page: int, buttons: list[str]) -> None:
    shown = [a_break(f"f{n}") for n in range(min(total, 15))]

    message = break_list(shown, total=total, partner_names={}, asked="mine", page=page)

    assert [e["text"]["text"] for e in message.blocks[-2]["elements"]] == buttons
