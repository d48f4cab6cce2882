"""Which breaks somebody asks for: `nordbank missing_at_partner 5d >100 EUR mine oldest`, read word by word.

A kind may be written as cards say it, in quotes or not: `"Missing at partner"`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from breakwater.errors import RefusedError, nearest
from breakwater.model.break_kinds import KIND_WORDS, LEG_KIND_WORDS
from breakwater.model.breaks import BreakKind
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.money import exponent
from breakwater.model.partners import Partner

EXAMPLE = "For example `/recon breaks nordbank 5d >100 mine`."
MOST_WORDS = 12
PARTNERS_NAMED = 10
_AGE = re.compile(r">?=?([0-9]{1,3})d\+?")
_NUMBER = re.compile(r"B-[A-Z2-7]{12}")
_AMOUNT = re.compile(r">?=?([0-9]{1,12})")
# A phrase in quotes (phones type other ones than keyboards) or in code type, or a word.
_TOKEN = re.compile(r"""(?<!\S)(?:["“”„«]([^"“”„«»]*)["“”»]|['‘’]([^'‘’]*)['‘’]|`([^`]*)`)(?!\S)|(\S+)""")
_OLD = re.compile(r"(?<=\dd)\s+old(?:er)?\b", re.IGNORECASE)  # "5d old"
_APART = re.compile(r"(?<=[>=])\s+(?=\d)")  # "> 100"

_Change = Mapping[str, Any]  # fields of the filter; what holds several is added to


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
    """The filter that the words ask for; a word nobody knows is refused with the nearest one, and with those there are."""
    if number := next(filter(None, map(break_number, words)), ""):
        raise RefusedError(f"{number} is one break: ask for it by its number alone.", remedy=f"Like `/recon breaks {number}`.")
    changes = list(_changes(_tokens(" ".join(words)), partners=partners, asker_id=asker_id))
    if len(changes) > MOST_WORDS:
        raise RefusedError(f"`/recon breaks` takes {MOST_WORDS} words at most.", remedy=EXAMPLE)
    wanted = BreakFilter()
    for change in changes:
        added = {name: (*getattr(wanted, name), *value) for name, value in change.items() if isinstance(value, tuple)}
        wanted = replace(wanted, **{**change, **added})
    return wanted if wanted.partners else replace(wanted, partners=tuple(partners.values()))


def _tokens(text: str) -> list[str]:
    told = _APART.sub("", _OLD.sub("", text))
    return [token for found in _TOKEN.finditer(told) if (token := next(filter(None, found.groups()), "").strip())]


def _changes(tokens: Sequence[str], *, partners: Mapping[str, Partner], asker_id: str) -> Iterator[_Change]:
    """What the tokens ask for, the longest phrase first: names and kinds may be of several words."""
    own = _own_words(asker_id)
    names = {**own, **{name.casefold(): {"partners": (p,)} for p in partners.values() for name in (p.name, p.id)}}
    kinds = _kinds(partners)
    longest = max(len(known.split()) for known in (*names, *kinds))
    at = 0
    while at < len(tokens):
        phrases = ((end, " ".join(tokens[at:end])) for end in range(min(len(tokens), at + longest), at, -1))
        found = ((end, names.get(phrase.casefold()) or kinds.get(_spaced(phrase))) for end, phrase in phrases)
        end, change = next(((end, change) for end, change in found if change), (at + 1, _measure(tokens[at])))
        if change is None:
            raise RefusedError(
                f"'{tokens[at][:40]}' is no partner, kind, age or amount.{nearest(_spaced(tokens[at]), (*names, *kinds))}",
                remedy=f"{EXAMPLE} {_known(list(partners), own)}",
            )
        yield change
        at = end


def _own_words(asker_id: str) -> dict[str, _Change]:
    return {
        "mine": {"owner_id": asker_id},
        "oldest": {"oldest_first": True},
        "largest": {"oldest_first": False},
        "suppressed": {"suppressed": True},
        "overtaken": {"overtaken": True},
    }


def _kinds(partners: Mapping[str, Partner]) -> dict[str, _Change]:
    """Kinds by their names and as cards say them; as the cards of a leg say them, of that leg."""
    legs = [(p, *p.ends) for p in partners.values() if p.ends]
    of_legs: dict[str, _Change] = {
        _spaced(words.format(source=source, target=target)): {"kinds": (kind,), "partners": (leg,)}
        for leg, source, target in legs
        for kind, words in LEG_KIND_WORDS.items()
    }
    return of_legs | {_spaced(words): {"kinds": (kind,)} for kind, said in KIND_WORDS.items() for words in (said, kind)}


def _spaced(words: str) -> str:
    """'Missing_at-partner' as 'missing at partner'."""
    return " ".join(re.split(r"[-_\s]+", words.casefold().strip("-_ ")))


def _measure(token: str) -> _Change | None:
    """An age, an amount or a currency; None for anything else."""
    if age := _AGE.fullmatch(token.casefold()):
        return {"least_age_days": int(age[1])}
    if amount := _AMOUNT.fullmatch(token):
        return {"least_major": int(amount[1])}
    return {"currency": token.upper()} if len(token) == 3 and _is_currency(token.upper()) else None


def _known(partners: Sequence[str], own: Iterable[str]) -> str:
    """Every word that is accepted."""
    more = len(partners) - PARTNERS_NAMED
    ids = ", ".join(partners[:PARTNERS_NAMED]) + (f" and {more} more" if more > 0 else "")
    kinds = ", ".join(f"`{words}`" for words in KIND_WORDS.values())
    return (
        f"Partners: {ids}. Kinds: {kinds}. Ages are business days (`5d`), amounts whole units (`>100`), currencies like `EUR`. "
        f"Also {', '.join(f'`{word}`' for word in own)}."
    )


def _is_currency(code: str) -> bool:
    try:
        exponent(code)
    except KeyError:
        return False
    return True
