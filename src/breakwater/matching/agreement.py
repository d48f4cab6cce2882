"""The agreement: how two sides are compared, read from TOML and checked once, whole."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType

from breakwater.errors import CallError
from breakwater.matching.entries import Entries
from breakwater.model.calendar import WEEKDAYS, BusinessCalendar, parse_weekend
from breakwater.model.money import CURRENCY_CODE
from breakwater.model.records import CANONICAL_COLUMNS, NOT_A_REFERENCE, Kind

KEY_COLUMNS = ("account", *(name for name in CANONICAL_COLUMNS if name.startswith("ref_")))
KINDS = tuple(kind.value for kind in Kind)
ANY = "*"
_RATE = re.compile(r"[0-9]+(\.[0-9]{1,12})?")
_PAIR = re.compile(r"[A-Z]{3}/[A-Z]{3}")
_SIDES = ("ours", "theirs")
_NET_OF_FEES = ("none", "ours", "theirs", "both")
DEFAULT_LINK_DAYS, DEFAULT_DUPLICATE_DAYS = 20, 2
DEFAULT_MIN_LENGTH, DEFAULT_MAX_ITEMS, MOST_ITEMS = 6, 16, 20
DEFAULT_EXPONENT = 2


@dataclass(frozen=True, kw_only=True)
class PerCurrency:
    """Minor units by currency, with a default for currencies not listed."""

    listed: Mapping[str, int] = field(default_factory=dict)
    default: int = 0

    def of(self, currency: str) -> int:
        """The figure for one currency."""
        return self.listed.get(currency, self.default)


@dataclass(frozen=True, kw_only=True)
class Fee:
    """One line of the fee schedule; '*' fits any kind or currency."""

    kind: str
    currency: str
    basis_points: int
    fixed_minor: int

    def fits(self, kind: str, currency: str) -> bool:
        """True if this line applies to a record of that kind and currency."""
        return self.kind in (ANY, kind) and self.currency in (ANY, currency)


@dataclass(frozen=True, kw_only=True)
class ExactPass:
    """Equal kind and equal keys, paired one to one. Kinds of None mean every kind, in all passes."""

    name: str
    keys: tuple[str, ...]
    kinds_ours: frozenset[str] | None = None
    kinds_theirs: frozenset[str] | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """What it compares, beside kinds and amounts."""
        return self.keys


@dataclass(frozen=True, kw_only=True)
class GroupedPass:
    """Equal keys and currency, compared as sums."""

    name: str
    keys: tuple[str, ...]
    kinds_ours: frozenset[str] | None = None
    kinds_theirs: frozenset[str] | None = None
    net_of_fees: frozenset[str] = frozenset()
    """The sides whose fees are taken off."""
    same_kind: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """What it compares, beside kinds and amounts."""
        return self.keys


@dataclass(frozen=True, kw_only=True)
class SimilarPass:
    """References that are alike, claimed only where nothing else could be meant."""

    name: str
    key: str
    kinds_ours: frozenset[str] | None = None
    kinds_theirs: frozenset[str] | None = None
    min_length: int = DEFAULT_MIN_LENGTH
    difference_breaks: bool = False
    """A reference that differs is a break of its own, not a notice."""

    @property
    def columns(self) -> tuple[str, ...]:
        """What it compares, beside kinds and amounts."""
        return (self.key,)


@dataclass(frozen=True, kw_only=True)
class NettingPass:
    """One target explained by a set of items of the other side, if only one set can."""

    name: str
    bucket: tuple[str, ...]
    kinds_ours: frozenset[str] | None = None
    kinds_theirs: frozenset[str] | None = None
    target: str = "theirs"
    net_of_fees: frozenset[str] = frozenset()
    max_items: int = DEFAULT_MAX_ITEMS

    @property
    def columns(self) -> tuple[str, ...]:
        """What it compares, beside kinds and amounts."""
        return self.bucket


Pass = ExactPass | GroupedPass | SimilarPass | NettingPass


@dataclass(frozen=True, kw_only=True)
class Agreement:
    """How two sides are compared. Windows count business days, amounts minor units, both inclusive."""

    name: str
    passes: tuple[Pass, ...]
    calendar: BusinessCalendar
    before: int
    after: int
    link: int = DEFAULT_LINK_DAYS
    duplicates_within: int = DEFAULT_DUPLICATE_DAYS
    not_keys: frozenset[str] = NOT_A_REFERENCE
    identity: tuple[str, ...] = ()
    amount_tolerance: PerCurrency = PerCurrency()
    fee_tolerance: PerCurrency = PerCurrency()
    materiality: PerCurrency = PerCurrency()
    equivalent: tuple[frozenset[str], ...] = ()
    exponents: PerCurrency = PerCurrency(default=DEFAULT_EXPONENT)
    rate_tolerance_bps: int = 0
    rates: Mapping[tuple[str, str], Decimal] = field(default_factory=lambda: MappingProxyType({}))
    fees: tuple[Fee, ...] = ()

    @property
    def compared_columns(self) -> frozenset[str]:
        """The references (and `account`) that decide what belongs together."""
        return frozenset(self.identity).union(*(each.columns for each in self.passes))


def load(path: Path) -> Agreement:
    """The agreement in the TOML file at `path`. CallError names the wrong entry and the nearest known one."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CallError(f"The agreement {path} is not UTF-8 text.", remedy="Save it as UTF-8.") from None
    except OSError as wrong:
        raise CallError(f"The agreement {path} can't be read: {wrong.strerror}.", remedy="Correct the path.") from None
    return parse(text, name=str(path))


def parse(text: str, name: str) -> Agreement:
    """The agreement in a TOML text; `name` is what error messages call the file."""
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as wrong:
        raise CallError(f"{name} is not TOML: {wrong}.", remedy="Correct that line.") from None
    top = Entries(document, file=name)
    calendar, window, duplicates, tolerance = (top.table(t) for t in ("calendar", "window", "duplicates", "tolerance"))
    status, currency, fx = (top.table(t) for t in ("status", "currency", "fx"))
    agreement = Agreement(
        name=top.text("name"),
        not_keys=_not_keys(top),
        identity=top.words("identity", known=KEY_COLUMNS) or (),
        calendar=_calendar(calendar),
        before=window.whole("before"),
        after=window.whole("after"),
        link=window.whole("link", DEFAULT_LINK_DAYS),
        duplicates_within=duplicates.whole("within", DEFAULT_DUPLICATE_DAYS),
        amount_tolerance=_per_currency(tolerance.table("amount_minor")),
        fee_tolerance=_per_currency(tolerance.table("fee_minor")),
        materiality=_per_currency(top.table("materiality")),
        equivalent=_equivalent(status),
        exponents=PerCurrency(listed=_currencies(currency.table("exponent")), default=DEFAULT_EXPONENT),
        rate_tolerance_bps=fx.whole("rate_tolerance_bps", 0),
        rates=_rates(fx.table("rates")),
        fees=tuple(_fee(entry) for entry in top.tables("fees")),
        passes=_passes(top),
    )
    for table in (window, duplicates, tolerance, currency, fx, top):
        table.finish()
    return agreement


def _not_keys(top: Entries) -> frozenset[str]:
    words = top.words("not_keys", NOT_A_REFERENCE) or ()
    for word in words:
        if any(letter.islower() for letter in word):
            top.refuse("not_keys", f"holds '{word}', which has a lower-case letter", f" Write '{word.upper()}'.")
    return frozenset(words)


def _calendar(table: Entries) -> BusinessCalendar:
    weekend = parse_weekend(table.required_words("weekend", known=WEEKDAYS, least=0))
    if len(weekend) == len(WEEKDAYS):
        table.refuse("weekend", "leaves no business day: it has all seven days")
    holidays = frozenset(table.values("holidays", date, "dates like 2026-04-03, without quotes"))
    table.finish()
    return BusinessCalendar(weekend=weekend, holidays=holidays)


def _currencies(table: Entries, *extra: str) -> dict[str, int]:
    found = table.numbers()
    for name in found:
        if not CURRENCY_CODE.fullmatch(name) and name not in extra:
            table.refuse(name, "is no currency: three letters A-Z" + "".join(f", or '{word}'" for word in extra))
    return found


def _per_currency(table: Entries) -> PerCurrency:
    found = _currencies(table, "default")
    return PerCurrency(default=found.pop("default", 0), listed=found)


def _equivalent(table: Entries) -> tuple[frozenset[str], ...]:
    lists = table.values("equivalent", list, "lists of texts")
    for words in lists:
        if any(type(word) is not str for word in words):
            table.refuse("equivalent", "must hold lists of texts")
    table.finish()
    return tuple(frozenset(words) for words in lists)


def _rates(table: Entries) -> Mapping[tuple[str, str], Decimal]:
    rates = {}
    for pair, rate in table.texts().items():
        if not _PAIR.fullmatch(pair):
            table.refuse(pair, "is no pair of currencies, like 'USD/EUR'")
        if not _RATE.fullmatch(rate) or not Decimal(rate):
            table.refuse(pair, f"can't be '{rate}'; a rate is a decimal above zero with at most 12 decimals, like '0.9200'")
        rates[pair[:3], pair[4:]] = Decimal(rate)
    return MappingProxyType(rates)


def _fee(entry: Entries) -> Fee:
    currency = entry.text("currency")
    if currency != ANY and not CURRENCY_CODE.fullmatch(currency):
        entry.refuse("currency", f"can't be '{currency}'; it is three letters A-Z, or '*'")
    fee = Fee(
        kind=entry.choice("kind", (*KINDS, ANY)),
        currency=currency,
        basis_points=entry.whole("basis_points"),
        fixed_minor=entry.whole("fixed_minor"),
    )
    entry.finish()
    return fee


def _passes(top: Entries) -> tuple[Pass, ...]:
    passes: list[Pass] = []
    for entry in top.tables("passes"):
        found = _pass(entry)
        if found.name in {p.name for p in passes}:
            entry.refuse("name", f"'{found.name}' is the name of an earlier pass too")
        if passes and isinstance(passes[-1], NettingPass) and not isinstance(found, NettingPass):
            entry.refuse("type", f"must stand before the netting pass '{passes[-1].name}': netting passes come last")
        passes.append(found)
    if not passes:
        top.refuse("passes", "is missing: an agreement has at least one [[passes]]")
    return tuple(passes)


def _pass(entry: Entries) -> Pass:
    name, kind = entry.text("name"), entry.choice("type", tuple(_PASSES))
    ours, theirs = (entry.words(f"kinds_{side}", None, known=KINDS) for side in _SIDES)
    found = _PASSES[kind](entry, name, None if ours is None else frozenset(ours), None if theirs is None else frozenset(theirs))
    entry.finish()
    return found


Kinds = frozenset[str] | None


def _exact(entry: Entries, name: str, ours: Kinds, theirs: Kinds) -> Pass:
    return ExactPass(name=name, keys=entry.required_words("keys", known=KEY_COLUMNS), kinds_ours=ours, kinds_theirs=theirs)


def _grouped(entry: Entries, name: str, ours: Kinds, theirs: Kinds) -> Pass:
    return GroupedPass(
        name=name,
        keys=entry.required_words("keys", known=KEY_COLUMNS),
        kinds_ours=ours,
        kinds_theirs=theirs,
        net_of_fees=_net_of_fees(entry),
        same_kind=entry.flag("same_kind"),
    )


def _similar(entry: Entries, name: str, ours: Kinds, theirs: Kinds) -> Pass:
    keys = entry.required_words("keys", known=KEY_COLUMNS)
    if len(keys) > 1:
        entry.refuse("keys", f"must be one column in a similar pass, and has {len(keys)}")
    return SimilarPass(
        name=name,
        key=keys[0],
        kinds_ours=ours,
        kinds_theirs=theirs,
        min_length=entry.whole("min_length", DEFAULT_MIN_LENGTH),
        difference_breaks=entry.choice("reference_difference", ("notice", "break"), "notice") == "break",
    )


def _netting(entry: Entries, name: str, ours: Kinds, theirs: Kinds) -> Pass:
    return NettingPass(
        name=name,
        bucket=entry.required_words("bucket", known=KEY_COLUMNS),
        kinds_ours=ours,
        kinds_theirs=theirs,
        target=entry.choice("target", _SIDES, "theirs"),
        net_of_fees=_net_of_fees(entry),
        max_items=entry.whole("max_items", DEFAULT_MAX_ITEMS, most=MOST_ITEMS),
    )


def _net_of_fees(entry: Entries) -> frozenset[str]:
    word = entry.choice("net_of_fees", _NET_OF_FEES, "none")
    return frozenset(_SIDES if word == "both" else (word,)) & frozenset(_SIDES)


_PASSES = {"exact": _exact, "grouped": _grouped, "similar": _similar, "netting": _netting}
