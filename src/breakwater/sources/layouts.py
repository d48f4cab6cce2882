"""Declared layouts: a delimited report as a table of column names in TOML, ours in `reports/`, or a user's own."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from breakwater.errors import CallError, nearest
from breakwater.model.payments import ProcessingState
from breakwater.model.records import REFERENCE_COLUMNS, Kind

_UNITS = ("major", "minor")
# table: its entries, as (name, what stands there, required)
_ENTRIES: Mapping[str, tuple[tuple[str, type, bool], ...]] = {
    "": (("format", str, True), ("header", list, True)),
    "statement": (("id", str, False), ("account", str, False), ("currency", str, True), ("reference", str, False)),
    "money": (("unit", str, True), ("credit", str, False), ("debit", str, False), ("net", str, False), ("fees", list, False)),
    "original": (("currency", str, True), ("credit", str, True), ("debit", str, True)),
    "dates": (("booked", list, True), ("zone", list, False), ("value", str, False)),
    "line": (("reference", list, True),),
    "kind": (("column", str, True), ("otherwise", str, True), ("words", dict, True)),
    "references": (),
    "status": (),
}
_REQUIRED_TABLES = ("statement", "money", "dates", "kind")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where a reference stands; only on records of `kinds` if any are named."""

    column: str
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A report's columns by name, and what they mean. None and () where the report has no such column.

    Money is either a pair of unsigned columns, `credit` and `debit`, or one signed column `net`, after `fees`, in `unit`s of `currency`.
    """

    format: str
    header: tuple[str, ...]
    currency: str
    unit: str
    booked: tuple[str, ...]
    kind: str
    kind_words: Mapping[str, str]
    kind_otherwise: str
    id: str | None = None
    account: str | None = None
    reference: str | None = None
    credit: str | None = None
    debit: str | None = None
    net: str | None = None
    fees: tuple[str, ...] = ()
    original: tuple[str, str, str] | None = None
    zones: tuple[str, ...] = ()
    value: str | None = None
    line: tuple[str, ...] = ()
    references: Mapping[str, Reference]
    status_words: Mapping[str, str]

    @property
    def needed(self) -> tuple[str, ...]:
        """The columns without which a row's money can't be counted: no row may end before the last of them."""
        return tuple(name for name in (self.id, self.account, self.currency, self.credit, self.debit, self.net) if name)

    @property
    def mentioned(self) -> tuple[str, ...]:
        """Every column the layout speaks of."""
        names = [
            *self.needed, *self.fees, *self.booked, *self.zones, *self.line, *(self.original or ()), self.kind, self.reference, self.value,
            *(r.column for r in self.references.values()),
        ]  # fmt: skip
        return tuple(dict.fromkeys(name for name in names if name))


def built_in() -> tuple[Layout, ...]:
    """The layouts that come with Breakwater."""
    folder = resources.files("breakwater.sources").joinpath("reports")
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda file: file.name)
    return tuple(layout_of(file.read_text(encoding="utf-8"), name=file.name) for file in files)


def layout_of(text: str, *, name: str) -> Layout:
    """The layout that a TOML text declares. CallError names the wrong entry and the nearest known one."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise CallError(f"The layout {name} is not TOML: {wrong}.", remedy="Correct that line.") from None
    complain = functools.partial(_complaint, name)
    _check(tables, complain)
    statement, money, dates, kind = (tables[table] for table in _REQUIRED_TABLES)
    original = tables.get("original")
    references = {column: _reference(column, given, complain) for column, given in tables.get("references", {}).items()}
    _check_money(money, complain)
    for word in (kind["otherwise"], *kind["words"].values()):
        _one_of(word, list(Kind), "kind", complain)
    for word in tables.get("status", {}).values():
        _one_of(word, list(ProcessingState), "status", complain)
    return Layout(
        format=tables["format"],
        header=tuple(tables["header"]),
        **statement,
        unit=money["unit"],
        credit=money.get("credit"),
        debit=money.get("debit"),
        net=money.get("net"),
        fees=tuple(money.get("fees", ())),
        original=(original["currency"], original["credit"], original["debit"]) if original else None,
        booked=tuple(dates["booked"]),
        zones=tuple(dates.get("zone", ())),
        value=dates.get("value"),
        line=tuple(tables.get("line", {}).get("reference", ())),
        kind=kind["column"],
        kind_words=_lower(kind["words"]),
        kind_otherwise=kind["otherwise"],
        references=references,
        status_words=_lower(tables.get("status", {})),
    )


def _check(tables: Mapping[str, Any], complain: functools.partial[CallError]) -> None:
    for table in (t for t in _REQUIRED_TABLES if t not in tables):
        raise complain(f"the table [{table}] is missing")
    for table, entries in _ENTRIES.items():
        given = tables.get(table, {}) if table else {k: v for k, v in tables.items() if not isinstance(v, dict)}
        where = f"[{table}]" if table else "the top"
        known = {entry: what for entry, what, _ in entries}
        for entry, value in given.items() if entries else ():
            if entry not in known:
                raise complain(f"'{entry}' is no entry of {where}.{nearest(entry, known)}")
            if not isinstance(value, known[entry]) or (isinstance(value, list) and not all(isinstance(v, str) for v in value)):
                raise complain(f"'{entry}' in {where} has to be a {'list of texts' if known[entry] is list else known[entry].__name__}")
        for entry, _, required in entries:
            if required and table in (*tables, "") and entry not in given:
                raise complain(f"'{entry}' is missing in {where}")
    for table in tables:
        if isinstance(tables[table], dict) and table not in _ENTRIES:
            raise complain(f"there is no table [{table}].{nearest(table, _ENTRIES)}")


def _check_money(money: Mapping[str, Any], complain: functools.partial[CallError]) -> None:
    _one_of(money["unit"], _UNITS, "unit", complain)
    pair = ("credit" in money, "debit" in money)
    if ("net" in money and any(pair)) or ("net" not in money and not all(pair)):
        raise complain("[money] has to name either 'credit' and 'debit', or 'net'")


def _reference(column: str, given: Any, complain: functools.partial[CallError]) -> Reference:
    _one_of(column, REFERENCE_COLUMNS, "reference", complain)
    if isinstance(given, str):
        return Reference(column=given)
    if not isinstance(given, dict) or set(given) != {"column", "kinds"}:
        raise complain(f"'{column}' has to be a column's name, or {{ column = …, kinds = […] }}")
    for kind in given["kinds"]:
        _one_of(kind, list(Kind), "kind", complain)
    return Reference(column=given["column"], kinds=tuple(given["kinds"]))


def _one_of(word: Any, known: Any, what: str, complain: functools.partial[CallError]) -> None:
    if word not in list(known):
        raise complain(f"'{word}' is no {what}.{nearest(str(word), known)}")


def _lower(words: Mapping[str, str]) -> dict[str, str]:
    return {word.lower(): meaning for word, meaning in words.items()}


def _complaint(name: str, what: str) -> CallError:
    return CallError(f"The layout {name} is wrong: {what.rstrip('.')}.", remedy="Compare it with the layouts that come with Breakwater.")
