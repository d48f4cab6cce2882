"""Which breaks somebody asks for: `nordbank missing_at_partner 5d >100 EUR mine oldest`, read word by word."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from breakwater.errors import RefusedError, nearest
from breakwater.model.breaks import BreakKind
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.money import exponent
from breakwater.model.partners import Partner

EXAMPLE = "For example `/recon breaks nordbank 5d >100 mine`."
MOST_WORDS = 12
_AGE = re.compile(r">?=?([0-9]{1,3})d\+?")
_NUMBER = re.compile(r"B-[A-Z2-7]{12}")
_AMOUNT = re.compile(r">?=?([0-9]{1,12})")


@dataclass(frozen=True, kw_only=True)
class BreakFilter:
    """Active breaks of `partners` (all if empty) that are of these kinds, this old in business days, worth this much, and somebody's.

    `least_major` counts whole major units of each break's own currency. `suppressed` asks for those that a rule calls known noise, which
    are left out otherwise; `overtaken` for those that are over and booked, but explained by a later run, and by nobody answered.
    """

    partners: tuple[Partner, ...] = field(default=())
    kinds: tuple[BreakKind, ...] = ()
    currency: str | None = None
    least_age_days: int = 0
    least_major: int = 0
    owner_id: str | None = None
    oldest_first: bool = False
    suppressed: bool = False
    overtaken: bool = False

    def latest_date(self, partner: Partner, *, today: date) -> date | None:
        """Breaks dated later are too young; None if any age will do."""
        return oldest_needed(partner.calendar, today=today, age_days=self.least_age_days) if self.least_age_days else None


def oldest_needed(calendar: BusinessCalendar, *, today: date, age_days: int) -> date:
    """The latest date that is at least `age_days` business days before `today`."""
    return calendar.shift(today + timedelta(days=1), -age_days) - timedelta(days=1)


def break_number(word: str) -> str:
    """The number of a break that a word is, as it is kept; empty for any other word."""
    number = word.strip("`").upper()
    return number if _NUMBER.fullmatch(number) else ""


def read_filter(words: Sequence[str], *, partners: Mapping[str, Partner], asker_id: str) -> BreakFilter:
    """The filter that the words ask for; a word nobody knows is refused with the nearest one."""
    if len(words) > MOST_WORDS:
        raise RefusedError(f"`/recon breaks` takes {MOST_WORDS} words at most.", remedy=EXAMPLE)
    if number := next(filter(None, map(break_number, words)), ""):
        raise RefusedError(f"{number} is one break: ask for it by its number alone.", remedy=f"Like `/recon breaks {number}`.")
    wanted = BreakFilter()
    for word in words:
        wanted = _with(wanted, word, partners=partners, asker_id=asker_id)
    return wanted if wanted.partners else replace(wanted, partners=tuple(partners.values()))


def _with(wanted: BreakFilter, word: str, *, partners: Mapping[str, Partner], asker_id: str) -> BreakFilter:
    low = word.casefold().replace("-", "_")
    named = [p for p in partners.values() if word.casefold() in (p.id.casefold(), p.name.casefold())]
    if named:
        return replace(wanted, partners=(*wanted.partners, named[0]))
    if low in set(BreakKind):
        return replace(wanted, kinds=(*wanted.kinds, BreakKind(low)))
    if low in ("mine", "oldest", "largest"):
        return replace(wanted, owner_id=asker_id) if low == "mine" else replace(wanted, oldest_first=low == "oldest")
    if low == "suppressed":
        return replace(wanted, suppressed=True)
    if low == "overtaken":
        return replace(wanted, overtaken=True)
    if age := _AGE.fullmatch(low):
        return replace(wanted, least_age_days=int(age[1]))
    if amount := _AMOUNT.fullmatch(low.replace("_", "")):
        return replace(wanted, least_major=int(amount[1]))
    if len(word) == 3 and _is_currency(word.upper()):
        return replace(wanted, currency=word.upper())
    known = [*partners, *BreakKind, "mine", "oldest", "largest", "suppressed", "overtaken"]
    raise RefusedError(
        f"'{word[:40]}' is no partner, kind, age or amount.{nearest(low, known)}",
        remedy=f"{EXAMPLE} Ages are business days (`5d`), amounts whole units (`>100`).",
    )


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except KeyError:
        return False
    return True
