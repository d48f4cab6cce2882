"""Layouts in TOML: ours in `reports/`, or a user's own, checked word by word."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Iterable, Mapping
from importlib import resources
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import CallError, nearest
from breakwater.model.money import exponent
from breakwater.model.payments import ProcessingState
from breakwater.model.records import REFERENCE_COLUMNS, Kind
from breakwater.sources.layouts import (
    DIRECTIONS,
    FEE_SIGNS,
    UNITS,
    WRITTEN_DATES,
    Column,
    Direction,
    FirstLine,
    Layout,
    Money,
    Reference,
    State,
    Text,
    Total,
    Words,
)

_COLUMN = "a column's name, or a list of names"
_COLUMNS = "a list of texts"
_FLAG = "true or false"
_TABLE = "a table"
_TEXT = "a text"
_FITS: Mapping[str, Callable[[Any], bool]] = {
    _COLUMN: lambda value: isinstance(value, str) or _FITS[_COLUMNS](value),
    _COLUMNS: lambda value: isinstance(value, list) and bool(value) and all(isinstance(item, str) for item in value),
    _FLAG: lambda value: isinstance(value, bool),
    _TABLE: lambda value: isinstance(value, dict),
    _TEXT: lambda value: isinstance(value, str) and bool(value),
}
# table: its entries and what stands there; those with a star are required, and so is a table with a star
_ENTRIES: Mapping[str, Mapping[str, str]] = {
    "": {"format*": _TEXT, "report": _TEXT, "header*": _COLUMNS, "filled_in_every_row": _TEXT, "empty_in_some_row": _TEXT},
    "text": {"encoding": _TEXT, "comment": _TEXT, "end": _TEXT},
    "first_line": {"starts*": _TEXT, "account": _TEXT, "count": _TEXT},
    "statement*": {
        "id": _COLUMN, "id_if_one": _COLUMN, "account": _COLUMN, "account_if_one": _COLUMN,
        "currency": _COLUMN, "always_currency": _TEXT, "reference": _COLUMN,
    },
    "money*": {
        "unit": _TEXT, "credit": _COLUMN, "debit": _COLUMN, "net": _COLUMN, "gross": _COLUMN,
        "fees": _COLUMNS, "fees_are": _TEXT, "apart": _FLAG, "negative_debits": _FLAG, "decimal": _TEXT, "thousands": _TEXT,
    },
    "direction": {"column*": _COLUMN, "credit": _COLUMNS, "debit": _COLUMNS, "otherwise": _TEXT},
    "state": {"column*": _COLUMN, "pending": _COLUMNS, "booked": _COLUMNS, "are_events": _FLAG},
    "total": {"column*": _COLUMN, "word*": _TEXT, "count": _TEXT},
    "original": {"currency*": _TEXT, "amount": _TEXT, "credit": _TEXT, "debit": _TEXT},
    "dates*": {"booked*": _COLUMN, "zone": _COLUMNS, "value": _COLUMN, "written": _TEXT},
    "line": {"reference*": _COLUMNS},
    "kind*": {"column": _COLUMN, "otherwise": _TEXT, "otherwise_credit": _TEXT, "otherwise_debit": _TEXT, "words": _TABLE},
    "status": {"column": _COLUMN, "words*": _TABLE},
    "references": {},
}  # fmt: skip
_Complain = Callable[[str], CallError]


def built_in() -> tuple[Layout, ...]:
    """The layouts that come with Breakwater, in the order of their file names."""
    folder = resources.files("breakwater.sources").joinpath("reports")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(layout_of(file.read_text(encoding="utf-8"), name=file.name) for file in files)


def layout_of(text: str, *, name: str) -> Layout:
    """The layout that a TOML text declares. CallError names the wrong entry and the nearest known one."""
    complain = functools.partial(_complaint, name)
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise complain(f"it is not TOML: {wrong}") from None
    _check(tables, complain)
    statement, dates, kind, status = (tables.get(table, {}) for table in ("statement", "dates", "kind", "status"))
    return Layout(
        format=tables["format"],
        report=tables.get("report"),
        header=tuple(tables["header"]),
        filled_in_every_row=tables.get("filled_in_every_row"),
        empty_in_some_row=tables.get("empty_in_some_row"),
        text=Text(**tables.get("text", {})),
        first_line=FirstLine(**tables["first_line"]) if "first_line" in tables else None,
        id=_column(statement.get("id")),
        id_if_one=_column(statement.get("id_if_one")),
        account=_column(statement.get("account")),
        account_if_one=_column(statement.get("account_if_one")),
        reference=_column(statement.get("reference")),
        currency=_column(statement.get("currency")),
        always_currency=_always_currency(statement, complain),
        money=_money(tables["money"], complain),
        direction=_direction(tables.get("direction"), complain),
        state=_state(tables.get("state"), complain),
        total=_total(tables.get("total")),
        original=_original(tables.get("original"), complain),
        booked=_column(dates["booked"]),
        zones=tuple(dates.get("zone", ())),
        value=_column(dates.get("value")),
        written=_one_of(dates.get("written", WRITTEN_DATES[0]), WRITTEN_DATES, "way to write a date", complain),
        line=tuple(tables.get("line", {}).get("reference", ())),
        kind=_kind(kind, complain),
        references={column: _reference(column, given, complain) for column, given in tables.get("references", {}).items()},
        status=Words(
            column=_column(status.get("column")), meanings=_meanings(status.get("words", {}), list(ProcessingState), "status", complain)
        ),
    )


def _check(tables: Mapping[str, Any], complain: _Complain) -> None:
    known_tables = [table.removesuffix("*") for table in _ENTRIES if table]
    for table in (name for name, given in tables.items() if isinstance(given, dict) and name not in known_tables):
        raise complain(f"there is no table [{table}].{nearest(table, known_tables)}")
    for starred, entries in _ENTRIES.items():
        table = starred.removesuffix("*")
        if table and table not in tables:
            if starred != table:
                raise complain(f"the table [{table}] is missing")
            continue
        given = tables[table] if table else {name: value for name, value in tables.items() if not isinstance(value, dict)}
        _check_table(given, entries, where=f"[{table}]" if table else "the top", complain=complain)


def _check_table(given: Any, entries: Mapping[str, str], *, where: str, complain: _Complain) -> None:
    if not isinstance(given, dict):
        raise complain(f"{where} has to be a table")
    known = {entry.removesuffix("*"): what for entry, what in entries.items()}
    for entry, value in given.items() if entries else ():
        if entry not in known:
            raise complain(f"'{entry}' is no entry of {where}.{nearest(entry, known)}")
        if not _FITS[known[entry]](value):
            raise complain(f"'{entry}' in {where} has to be {known[entry]}")
    for entry in entries:
        if entry.endswith("*") and entry.removesuffix("*") not in given:
            raise complain(f"'{entry.removesuffix('*')}' is missing in {where}")


def _always_currency(statement: Mapping[str, Any], complain: _Complain) -> str | None:
    always = statement.get("always_currency")
    if ("currency" in statement) == (always is not None):
        raise complain("[statement] has to name either the column 'currency', or 'always_currency'")
    if always is not None:
        try:
            exponent(always)
        except KeyError:
            raise complain(f"'{always}' is no currency") from None
    return always


def _money(given: Mapping[str, Any], complain: _Complain) -> Money:
    pair = ("credit" in given, "debit" in given)
    one = "net" in given or ("gross" in given and ("fees" in given or given.get("apart", False)))
    if (one and any(pair)) or (not one and not all(pair)):
        raise complain("[money] has to name either 'credit' and 'debit', or 'net', or 'gross' and 'fees'")
    if given.get("apart") and ("net" in given or "gross" not in given):
        raise complain("'apart' in [money] goes with 'gross' and 'fees'")
    columns = {entry: _column(given.get(entry)) for entry in ("credit", "debit", "net", "gross")}
    decimal, thousands = given.get("decimal", "."), given.get("thousands", "")
    if decimal not in (".", ",") or thousands not in ("", ".", ",", " ", "'") or decimal == thousands:
        raise complain("[money] has to have as 'decimal' '.' or ',', and as 'thousands' the other one, a blank or an apostrophe")
    return Money(
        unit=_one_of(given.get("unit", "major"), UNITS, "unit", complain),
        fees=tuple(given.get("fees", ())),
        fees_are=_one_of(given.get("fees_are", "costs"), FEE_SIGNS, "sign of fees", complain),
        apart=given.get("apart", False),
        negative_debits=given.get("negative_debits", False),
        decimal=decimal,
        thousands=thousands,
        **columns,
    )


def _direction(given: Mapping[str, Any] | None, complain: _Complain) -> Direction | None:
    if given is None:
        return None
    return Direction(
        column=_column(given["column"]),
        credit=_lower(given.get("credit", ())),
        debit=_lower(given.get("debit", ())),
        otherwise=_one_of(given.get("otherwise", "sign"), DIRECTIONS, "direction", complain),
    )


def _state(given: Mapping[str, Any] | None, complain: _Complain) -> State | None:
    if given is None:
        return None
    if ("pending" in given) == ("booked" in given):
        raise complain("[state] has to name either the words 'pending', or the words 'booked'")
    return State(
        column=_column(given["column"]),
        pending=_lower(given.get("pending", ())),
        booked=_lower(given.get("booked", ())),
        are_events=given.get("are_events", False),
    )


def _total(given: Mapping[str, Any] | None) -> Total | None:
    return None if given is None else Total(column=_column(given["column"]), word=given["word"].lower(), count=given.get("count"))


def _original(given: Mapping[str, str] | None, complain: _Complain) -> tuple[str, ...]:
    if given is None:
        return ()
    amounts = [given[entry] for entry in ("amount", "credit", "debit") if entry in given]
    if len(amounts) != (1 if "amount" in given else 2):
        raise complain("[original] has to name either 'amount', or 'credit' and 'debit'")
    return (given["currency"], *amounts)


def _kind(given: Mapping[str, Any], complain: _Complain) -> Words:
    either = [given.get("otherwise", given.get(entry)) for entry in ("otherwise_credit", "otherwise_debit")]
    if None in either:
        raise complain("'otherwise' is missing in [kind], or 'otherwise_credit' and 'otherwise_debit'")
    credit, debit = (_one_of(word, list(Kind), "kind", complain) for word in either)
    return Words(
        column=_column(given.get("column")),
        meanings=_meanings(given.get("words", {}), list(Kind), "kind", complain),
        otherwise=(credit, debit),
    )


def _reference(column: str, given: Any, complain: _Complain) -> Reference:
    _one_of(column, REFERENCE_COLUMNS, "reference", complain)
    if _FITS[_COLUMN](given):
        return Reference(column=_column(given))
    known = isinstance(given, dict) and {"column", "kinds"} <= set(given) <= {"column", "kinds", "part"}
    if not known or not _FITS[_COLUMN](given["column"]):
        raise complain(f"'{column}' has to be {_COLUMN}, or {{ column = …, kinds = […] }}, with a 'part' of the text if it is one")
    kinds = tuple(_one_of(kind, list(Kind), "kind", complain) for kind in given["kinds"])
    reference = Reference(column=_column(given["column"]), kinds=kinds, part=str(given.get("part", "")))
    try:
        pc.extract_regex(pa.array([""]), reference.part_pattern)
    except pa.ArrowInvalid:
        raise complain(f"the part '{reference.part}' of '{column}' is no pattern of RE2 without groups of its own") from None
    return reference


def _meanings(words: Mapping[str, Any], known: Iterable[str], what: str, complain: _Complain) -> dict[str, str]:
    return {word.lower(): _one_of(meaning, list(known), what, complain) for word, meaning in words.items()}


def _one_of(word: Any, known: Iterable[str], what: str, complain: _Complain) -> str:
    if word not in list(known):
        raise complain(f"'{word}' is no {what}.{nearest(str(word), known)}")
    return str(word)


def _column(given: str | list[str] | None) -> Column:
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def _lower(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(word.lower() for word in words)


def _complaint(name: str, what: str) -> CallError:
    return CallError(
        f"The layout {name} is wrong: {what}{'' if what.endswith(('.', '?')) else '.'}",
        remedy="See docs/partners.md for everything a layout can say.",
    )
