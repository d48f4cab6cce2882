"""Runs as people read them: their history, how two of them differ, and opening items."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from breakwater.model.money import exponent, major_text
from breakwater.model.run_differences import RunDifference
from breakwater.model.runs import BreakFigure, OpeningItems, Run, total_of
from breakwater.views.blocks import Message, bold, code, context, fit, listing, section, word
from breakwater.views.break_csv import harmless
from breakwater.views.breaks import kind_words
from breakwater.views.leg_words import Ends
from breakwater.views.words import amounts, day, heading, joined, moment, person, plural

RUNS_SHOWN = 10
ITEMS_SHOWN = 10
OPENING_CSV = "opening_csv"
"""The button that sends all opening items."""
_NONE = BreakFigure(count=0, value_minor={})
_COLUMNS = ("kind", "amount", "currency", "amount_minor", "dated", "references", "ours", "theirs")


def history(runs: Sequence[Run], *, partner_name: str) -> Message:
    """The last runs of a partner."""
    name = bold(partner_name)
    if not runs:
        text = f"{name}: no run yet. The first one starts by itself once files of both sides are in."
        return Message(text=f"{word(partner_name)}: no run yet.", blocks=(section(text),))
    lines = listing([_line(run) for run in runs], most=RUNS_SHOWN, rest=code("breakwater runs PARTNER"))
    twin = f"{word(partner_name)}: {plural(len(runs), 'run')}, the last as of {day(runs[0].as_of)}."
    again = f"A day once more, with what is known now: {code('/recon rerun PARTNER 2026-11-20')}"
    foot = context(f"{again}. The hash is of the agreement's file: another one means that it was changed.")
    return fit(Message(text=twin, blocks=(section(f"{name}: the last runs\n{lines}"), foot)), rest=code("breakwater runs PARTNER"))


def running(partner_name: str, *, as_of: date) -> Message:
    """A run that somebody asked for has begun."""
    text = f"⏳ Matching everything of {word(partner_name)} as of {day(as_of)} once more. What differs comes here."
    return Message(text=text, blocks=(section(text),))


def run_difference(diff: RunDifference, *, partner_name: str, ends: Ends | None = None) -> Message:
    """What a run that somebody asked for says, beside the one before it. A leg has `ends`."""
    run = diff.after
    what = "seen again with what is known now; no break was moved" if run.is_restatement else "everything matched again"
    title = f"{bold(partner_name)} as of {day(run.as_of)}: {what}"
    lines = difference_lines(diff, ends=ends)
    twin = f"{word(partner_name)} as of {day(run.as_of)}: {what}. {' '.join(lines[:1])}"
    blocks = (section(title), section("\n".join(f"• {line}" for line in lines)), context(f"Run {code(run.id, 150)}"))
    return fit(Message(text=twin, blocks=blocks), rest=code("/recon breaks"))


def difference_lines(diff: RunDifference, *, ends: Ends | None = None) -> list[str]:
    """How a run differs from the one before it, line by line, without blocks."""
    if diff.before is None:
        return [f"There was no run of that day before; now there is, with {_breaks(_total(diff.after))}."]
    if diff.is_none:
        return [f"Nothing differs from the run before: {_breaks(_total(diff.after))}."]
    changes = diff.after.changes
    was, now = (sum(t.ours_rows + t.theirs_rows for t in run.matched.values()) for run in (diff.before, diff.after))
    lines = [
        f"Matched records: {was:,} → {now:,}" if was != now else "",
        f"{plural(changes.matches, 'earlier match', 'earlier matches')} no longer as before, {_worth(changes.matches_value_minor)}"
        if changes.matches
        else "",
        f"New: {_breaks(diff.new)}" if diff.new.count else "",
        f"Gone: {_breaks(diff.gone)}" if diff.gone.count else "",
    ]
    return [line for line in (*lines, *_kinds(diff, ends)) if line]


def opening_list(rows: Sequence[Mapping[str, Any]], *, run: Run, partner_id: str, partner_name: str, ends: Ends | None = None) -> Message:
    """The opening items of a partner or of a leg between `ends`: how many, worth how much, the largest."""
    total = total_of(run.opening.breaks.values())
    if not total.count:
        text = f"{bold(partner_name)}: no opening items. Nothing of the time before it went live is unmatched."
        return Message(text=f"{word(partner_name)}: no opening items.", blocks=(section(text),))
    head = f"{bold(partner_name)}: {plural(total.count, 'opening item')} worth {amounts(total.value_minor)}"
    kinds = joined(f"{kind_words(kind, ends)} {figure.count:,}" for kind, figure in run.opening.breaks.items())
    items = listing([_item(row, ends) for row in rows], most=ITEMS_SHOWN, rest="all of them: *All as CSV*")
    twin = f"{word(partner_name)}: {plural(total.count, 'opening item')} worth {amounts(total.value_minor, strong=False)}."
    button = {
        "type": "actions",
        "elements": [
            {"type": "button", "action_id": OPENING_CSV, "text": {"type": "plain_text", "text": "All as CSV"}, "value": partner_id}
        ],
    }
    foot = context("Unmatched, and all from before the partner went live: nobody has to work on them, later records may still match them.")
    return fit(Message(text=twin, blocks=(section(f"{head}\n{heading(kinds)}"), section(items), button, foot)), rest="All as CSV")


def opening_csv(rows: Iterable[Mapping[str, Any]]) -> str:
    """Opening items for a spreadsheet; amounts in major units with a point, and in minor units."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(_COLUMNS)
    writer.writerows([harmless(str(cell)) for cell in _cells(row)] for row in rows)
    return text.getvalue()


def opening_sent(count: int) -> Message:
    """The list went out as a file."""
    text = f"All {plural(count, 'opening item')} are in a file in your direct messages with me."
    return Message(text=text, blocks=(section(text),))


def _line(run: Run) -> str:
    changes = run.changes
    by = "" if run.asked_by is None else f"asked for by {person(run.asked_by)}"
    came = f"{plural(changes.files_in, 'file')} in" if changes.files_in else ""
    files = joined((came, f"{changes.files_out:,} replaced" if changes.files_out else ""), ", ")
    moved = [
        f"{count:,} {what}"
        for count, what in ((changes.opened, "opened"), (changes.closed, "closed"), (changes.reopened, "opened again"))
        if count
    ]
    fell = f"{plural(changes.matches, 'match', 'matches')} changed, {_worth(changes.matches_value_minor)}" if changes.matches else ""
    looked = f"{run.looked_at:,} of {run.ours_rows + run.theirs_rows:,} records looked at" if run.looked_at is not None else ""
    head = joined((f"as of *{day(run.as_of)}*", moment(run.finished_at), "seen again" if run.is_restatement else "", by))
    facts = joined(
        (
            _breaks(_total(run)),
            ", ".join(moved),
            files,
            fell,
            looked,
            f"agreement as of hash {code(run.agreement_sha256[:8])}" if run.agreement_sha256 else "",
        )
    )
    return f"• {head}\n   {facts}"


def _total(run: Run) -> BreakFigure:
    return total_of(run.breaks.values())


def _breaks(figure: BreakFigure) -> str:
    return f"{plural(figure.count, 'break')}, {_worth(figure.value_minor)}" if figure.count else "no breaks"


def _worth(value_minor: Mapping[str, int]) -> str:
    return f"worth {amounts(value_minor, strong=False)}"


def _kinds(diff: RunDifference, ends: Ends | None) -> list[str]:
    assert diff.before
    lines = [_kind(kind_words(kind, ends), diff.before.breaks.get(kind, _NONE), diff.after.breaks.get(kind, _NONE)) for kind in diff.kinds]
    was, now = _opening(diff.before.opening), _opening(diff.after.opening)
    return [*lines, f"opening items: {was} → {now}" if was != now else ""]


def _kind(kind: str, was: BreakFigure, now: BreakFigure) -> str:
    return "" if was == now else f"{kind}: {_figure(was)} → {_figure(now)}"


def _figure(figure: BreakFigure) -> str:
    return f"{figure.count:,} ({amounts(figure.value_minor, strong=False)})" if figure.count else "0"


def _opening(items: OpeningItems) -> str:
    return _figure(total_of(items.breaks.values()))


def _item(row: Mapping[str, Any], ends: Ends | None) -> str:
    references = " ".join(code(r, 60) for r in (row["references"] or ())[:2])
    what = f"{amounts({row['currency']: row['amount_minor']})} {kind_words(row['kind'], ends)} of {day(row['dated'])}"
    return f"• {joined((what, references), ' ')}"


def _cells(row: Mapping[str, Any]) -> tuple[object, ...]:
    try:
        major = major_text(row["amount_minor"], exponent(row["currency"]))
    except KeyError:
        major = ""
    lists = tuple(" ".join(row[name] or ()) for name in ("references", "ours", "theirs"))
    return (row["kind"], major, row["currency"], row["amount_minor"], row["dated"], *lists)
