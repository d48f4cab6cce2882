"""Profiles: print-style reports described by their words and columns, for reports whose manuals are not public.

A profile names the words that stand before the report's id, account, currency and day; the columns of figures by their places; and the
lines that are read, each with the line it adds up to. Nothing of the report is taken on trust: every net is its credits less its debits,
and every line that others add up to is their sum.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from breakwater.errors import CallError, nearest
from breakwater.model.records import Kind

FIGURES = ("count", "credit", "debit", "net")
# The last day of 2026 as a report may print it, and how it is read.
WRITTEN_DAYS: Mapping[str, str] = {
    "2026-12-31": "%Y-%m-%d", "31DEC26": "%d%b%y", "31DEC2026": "%d%b%Y", "31.12.2026": "%d.%m.%Y", "31/12/2026": "%d/%m/%Y",
    "12/31/2026": "%m/%d/%Y",
}  # fmt: skip
_ANCHORS = ("id", "account", "currency", "day")
_REPORT = ("starts", "end", "written", "decimal", "thousands", "credit_words", "debit_words")
_LINE = ("label", "section", "name", "under", "kind")


@dataclass(frozen=True, kw_only=True)
class ProfileLine:
    """One line of a report: known by its label, below the heading `section` if one is named.

    A line with a `kind` is money of that kind; one without adds up others. `under` is the name of the line it adds up to.
    """

    name: str
    label: str
    section: str | None = None
    under: str | None = None
    kind: Kind | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A print-style report. `columns` are the places of the label and of the figures, counted from 0, the second one excluded."""

    format: str
    starts: str
    end: str
    written: str
    anchors: Mapping[str, str]
    columns: Mapping[str, tuple[int, int]]
    lines: tuple[ProfileLine, ...]
    credit_words: tuple[str, ...]
    debit_words: tuple[str, ...]
    decimal: str
    thousands: str


def profile_of(text: str, *, name: str) -> Profile:
    """The profile that a TOML text declares. CallError names the wrong entry and the nearest known one."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        raise CallError(f"The profile {name} is not TOML: {wrong}.", remedy="Correct that line.") from None

    def complain(what: str) -> CallError:
        return CallError(f"The profile {name} is wrong: {what}", remedy="See docs/partners.md for everything a profile can say.")

    _known(tables, ("format", "report", "anchors", "columns", "lines"), "the top", complain)
    report, anchors, columns, lines = (_table(tables, each, complain) for each in ("report", "anchors", "columns", "lines"))
    _known(report, _REPORT, "[report]", complain)
    _known(anchors, _ANCHORS, "[anchors]", complain)
    _known(columns, ("label", *FIGURES), "[columns]", complain)
    for required, given, where in ((("starts", "end"), report, "[report]"), (("currency", "day"), anchors, "[anchors]")):
        for entry in required:
            if not isinstance(given.get(entry), str):
                raise complain(f"'{entry}' is missing in {where}.")
    if "label" not in columns or not {"net"} & set(columns):
        raise complain("[columns] has to name 'label' and 'net', and may name 'count', 'credit' and 'debit'.")
    written = report.get("written", "2026-12-31")
    if written not in WRITTEN_DAYS:
        raise complain(f"'{written}' is no way to write a date; use one of {', '.join(WRITTEN_DAYS)}.")
    return Profile(
        format=_text(tables, "format", complain),
        starts=report["starts"],
        end=report["end"],
        written=written,
        anchors=dict(anchors),
        columns={column: _place(column, given, complain) for column, given in columns.items()},
        lines=_lines(lines, complain),
        credit_words=tuple(report.get("credit_words", ("CR",))),
        debit_words=tuple(report.get("debit_words", ("DB", "DR", "-"))),
        decimal=report.get("decimal", "."),
        thousands=report.get("thousands", ","),
    )


def _table(tables: Mapping[str, Any], name: str, complain: Callable[[str], CallError]) -> Any:
    if name not in tables:
        raise complain(f"the table [{name}] is missing.")
    return tables[name]


def _known(given: Mapping[str, Any], known: tuple[str, ...], where: str, complain: Callable[[str], CallError]) -> None:
    for entry in given:
        if entry not in known:
            raise complain(f"'{entry}' is no entry of {where}.{nearest(entry, known)}")


def _text(given: Mapping[str, Any], name: str, complain: Callable[[str], CallError]) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise complain(f"'{name}' is missing, or no text.")
    return value


def _place(column: str, given: Any, complain: Callable[[str], CallError]) -> tuple[int, int]:
    if not isinstance(given, list) or len(given) != 2 or not all(isinstance(n, int) for n in given) or not 0 < given[0] <= given[1]:
        raise complain(f"the column '{column}' has to be its first and last place, like [41, 58].")
    return given[0] - 1, given[1]


def _lines(given: Any, complain: Callable[[str], CallError]) -> tuple[ProfileLine, ...]:
    lines = []
    for each in given if isinstance(given, list) else ():
        _known(each, _LINE, "[[lines]]", complain)
        label = _text(each, "label", complain)
        if "kind" in each and each["kind"] not in list(Kind):
            raise complain(f"'{each['kind']}' is no kind.{nearest(str(each['kind']), list(Kind))}")
        kind = Kind(each["kind"]) if "kind" in each else None
        lines.append(
            ProfileLine(name=each.get("name", label), label=label, section=each.get("section"), under=each.get("under"), kind=kind)
        )
    names = [line.name for line in lines]
    if not lines or len(set(names)) != len(names):
        raise complain("[[lines]] has to name at least one line, each by a name of its own.")
    for line in lines:
        if line.under is not None and line.under not in names:
            raise complain(f"'{line.under}' is no line.{nearest(line.under, names)}")
        if line.under is not None and next(other for other in lines if other.name == line.under).kind is not None:
            raise complain(f"'{line.under}' is money of its own, so nothing adds up to it.")
        if line.kind is None and not any(other.under == line.name for other in lines):
            raise complain(f"'{line.name}' is neither money of a kind, nor do others add up to it.")
    return tuple(lines)
