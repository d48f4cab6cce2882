"""The figures of a run, currency by currency: what is matched, pending and in breaks, on each side."""

from __future__ import annotations

from collections.abc import Iterable

from breakwater.model.runs import Run, Totals
from breakwater.views.blocks import bold, word
from breakwater.views.leg_words import Ends
from breakwater.views.words import plain_money, plural, share

CURRENCIES_SHOWN = 6
CURRENCIES_NAMED = 20  # of those beyond, in one line


def tables(run: Run, ends: Ends | None) -> str:
    """Every currency with its outcomes, the one with most records first. A leg has `ends`."""
    currencies = by_rows(run, {*run.matched, *run.pending, *run.in_breaks})
    shown = [_currency(run, currency, ends) for currency in currencies[:CURRENCIES_SHOWN]]
    rest = currencies[CURRENCIES_SHOWN:]
    more = f"_… and {plural(len(rest), 'more currency', 'more currencies')}: {', '.join(word(c) for c in rest[:CURRENCIES_NAMED])}_"
    return "\n".join([*shown, more] if rest else shown)


def matched_by_value(run: Run) -> str:
    """What is matched by what the records are worth, currency by currency, since currencies can't be added; empty where nothing is due."""
    shares = [
        f"{word(currency)} {share(matched, matched + broken)}"
        for currency in by_rows(run, {*run.matched, *run.in_breaks})[:CURRENCIES_SHOWN]
        for matched, broken in [(_value(run.matched.get(currency)), _value(run.in_breaks.get(currency)))]
    ]
    return f"by value {', '.join(shares)}" if shares else ""


def by_rows(run: Run | None, currencies: Iterable[str]) -> list[str]:
    """Currencies in the order of how many records they have, so that the usual one comes first."""
    outcomes = (run.matched, run.pending, run.in_breaks) if run else ()
    return sorted(currencies, key=lambda c: (-sum(rows(totals[c]) for totals in outcomes if c in totals), c))


def rows(totals: Totals) -> int:
    """The records of both sides."""
    return totals.ours_rows + totals.theirs_rows


def _currency(run: Run, currency: str, ends: Ends | None) -> str:
    outcomes = (("matched", run.matched), ("pending", run.pending), ("in breaks", run.in_breaks))
    lines = [
        f"{name}: {_both_sides(totals[currency], currency, ends)}"
        for name, totals in outcomes
        if currency in totals and rows(totals[currency])
    ]
    return "\n".join((bold(currency), *lines))


def _both_sides(totals: Totals, currency: str, ends: Ends | None) -> str:
    ours, theirs = (totals.ours_rows, totals.ours_moved_minor), (totals.theirs_rows, totals.theirs_moved_minor)
    if ours == theirs:
        return f"{totals.ours_rows:,} on each side, *{plain_money(totals.ours_moved_minor, currency)}*"
    return " / ".join(
        f"{side} {count:,}" + (f", *{plain_money(minor, currency)}*" if count else "")
        for side, (count, minor) in zip(map(word, ends or ("ours", "theirs")), (ours, theirs), strict=True)
    )


def _value(totals: Totals | None) -> int:
    return totals.ours_moved_minor + totals.theirs_moved_minor if totals else 0
