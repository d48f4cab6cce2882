"""What `/recon` says beside the figures: why, how the partner stands, and what to click."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from breakwater.model.breaks import BreakKind
from breakwater.model.partner_state import Measure, Reasons, Share, Standing
from breakwater.model.runs import BreakFigure, Run
from breakwater.views.blocks import Block, Message, actions, bold, button, chart_place, code, context, fit, listing, section, word
from breakwater.views.breaks import kind_words
from breakwater.views.causes import SHOW_CARD, cause_line
from breakwater.views.figures import Chart, Panel
from breakwater.views.leg_words import Ends
from breakwater.views.modals import modal
from breakwater.views.recon_runs import run_words
from breakwater.views.words import amounts, day, heading, joined, plain_money, plural

BREAKS, FILES, YESTERDAY, TREND, FIGURES = "recon_breaks", "recon_files", "recon_yesterday", "recon_trend", "recon_figures"
RERUN = "recon_rerun"
FIGURES_FORM = "recon_figures_form"
CAUSES_SHOWN, CURRENCIES_SHOWN, TREND_SHOWN, PANELS_SHOWN = 5, 3, 30, 3
SQL_ROOM = 2_900  # a section holds 3,000 characters
_HUNDREDTHS = 10_000  # of a per cent in a whole

_MAIN = (Measure.CLEARING, Measure.TIMELINESS, Measure.COMPLETENESS)
_LATER = (Measure.EXPLAINED_1, Measure.EXPLAINED_2, Measure.EXPLAINED_4)
_WORDS: Mapping[Measure, str] = {
    Measure.CLEARING: "clearing",
    Measure.TIMELINESS: "timeliness",
    Measure.COMPLETENESS: "completeness",
    Measure.EXPLAINED_1: "after 1 business day",
    Measure.EXPLAINED_2: "after 2 business days",
    Measure.EXPLAINED_4: "after 4 business days",
    Measure.MATCHED_BY_VALUE: "matched by value",
    Measure.MATCHED_BY_COUNT: "matched by count",
}


def measure_words(measure: Measure) -> str:
    """What a measure is called."""
    return f"explained {_WORDS[measure]}" if measure in _LATER else _WORDS[measure]


def per_cent(share: Share) -> str:
    """A share in per cent with two decimals, never rounded up: only everything is '100 %'."""
    if not share.whole:
        return "nothing due"
    if share.part == share.whole:
        return "100 %"
    hundredths = share.part * _HUNDREDTHS // share.whole
    return f"{hundredths // 100}.{hundredths % 100:02} %"


def why(reasons: Reasons, *, partner_name: str) -> list[Block]:
    """The causes of a partner's breaks, the one that explains most first; each with a button for its card."""
    shown = reasons.causes[:CAUSES_SHOWN]
    blocks = [
        section(cause_line(cause, partner_name=partner_name), accessory=button(SHOW_CARD, "Show card", {"cause_id": cause.id}))
        for cause in shown
    ]
    more = len(reasons.causes) - len(shown)
    alone = f"{plural(reasons.alone, 'break')} under no cause" if reasons.alone else ""
    left = joined((plural(more, "more cause") if more else "", alone))
    return [*blocks, context(left)] if shown and left else blocks


def why_in_short(reasons: Reasons, *, partner_name: str) -> list[str]:
    """The first cause in one line, and how many more."""
    if not reasons.causes:
        return []
    more = len(reasons.causes) - 1
    return [cause_line(reasons.causes[0], partner_name=partner_name) + (f" and {plural(more, 'more cause')}" if more else "")]


def standing_lines(reasons: Reasons) -> list[str]:
    """How the partner stands in its largest currencies, with what changed since the business date before."""
    lines = [_standing(s) for s in reasons.standings[:CURRENCIES_SHOWN]]
    more = len(reasons.standings) - CURRENCIES_SHOWN
    return [*lines, f"_… and {plural(more, 'more currency', 'more currencies')}_"] if more > 0 else lines


def buttons(partner_id: str, *, can_compare: bool) -> Block:
    """What to click below a partner."""
    value = {"partner": partner_id}
    later = [button(YESTERDAY, "Compare with yesterday", value), button(TREND, "Trend", value)] if can_compare else []
    again = button(RERUN, "Run again", value, confirm="Everything is matched once more, whether something changed or not.")
    figures = button(FIGURES, "Show SQL / CSV", value)
    return actions(button(BREAKS, "Breaks", value), button(FILES, "Files", value), *later, again, figures)


def compared(
    partner_name: str,
    *,
    partner_id: str,
    now: Run,
    before: Run | None,
    day_before: date,
    standings: Sequence[Standing],
    ends: Ends | None = None,
) -> Message:
    """What changed since the business date before: the kinds of breaks that differ between the runs, and the state. A leg has `ends`."""
    if before is None:
        text = f"{word(partner_name)} was not reconciled as of {day(day_before)}, so there is nothing to compare with."
        value = {"partner": partner_id, "day": day_before.isoformat()}
        question = "That day is matched with what is known now. It lands as a run of its own and changes no break."
        offer = button(RERUN, f"Reconcile {day(day_before)}", value, confirm=question)
        return Message(text=text, blocks=(section(text), actions(offer), context("Then compare again")))
    kinds = [k for k in BreakKind if k in now.breaks or k in before.breaks]
    changed = [k for k in kinds if now.breaks.get(k) != before.breaks.get(k)]
    lines = [_then_and_now(kind_words(k, ends), before.breaks.get(k), now.breaks.get(k)) for k in changed]
    lines += [_as_before([k for k in kinds if k not in changed], now, ends)] if len(kinds) > len(changed) else []
    shares = [_moved(s) for s in standings[:CURRENCIES_SHOWN] if s.before]
    found = f"{plural(_count(now), 'break')} now, {_count(before):,} then"
    head = f"{bold(partner_name)}: {day(now.as_of)} against {day(before.as_of)}\n{found}"
    blocks = [section(head), section(listing(lines or ["No breaks on either day."], most=len(BreakKind) + 1, rest=""))]
    blocks += [section("\n".join(shares))] if shares else []
    runs = joined(f"{day(run.as_of)}: {run_words(run)}" for run in (now, before))
    return fit(
        Message(text=f"{word(partner_name)}: {found}.", blocks=(*blocks, context(f"What runs found, whoever closed it since: {runs}")))
    )


def trend(partner_name: str, standings: Sequence[Standing]) -> Message:
    """The share of value that is not cleared, by business date and currency."""
    longest = max((s.trend[-TREND_SHOWN:] for s in standings[:PANELS_SHOWN]), key=len, default=())
    panels = tuple(_panel(s, length=len(longest)) for s in standings[:PANELS_SHOWN])
    words = "; ".join(f"{panel.name} {panel.note}" for panel in panels)
    chart = Chart(
        title=f"{partner_name}: per cent not cleared",
        alt_text=f"Value of {partner_name} that is not cleared, in per cent of what is due, over {plural(len(longest), 'business date')}. "
        f"Last: {words}.",
        labels=tuple(f"{on.day} {on:%b}" for on, _ in longest),
        panels=panels,
    )
    text = f"{word(partner_name)}: {word(words, 200)}."
    return Message(text=text, blocks=(chart_place(chart), context("Lower is better: what is in unresolved breaks, by value")), chart=chart)


def figures_form(*, partner_id: str, partner_name: str, run: Run, sql: str) -> Block:
    """The query behind the figures of a partner's last run, to take along; the form sends the days as CSV."""
    shown = sql if len(sql) <= SQL_ROOM else sql[:SQL_ROOM].rsplit("\n", 1)[0] + "\n-- cut: it did not fit into this form"
    blocks = [
        section(f"The figures of {bold(partner_name)} as of {day(run.as_of)}. Paste this into DuckDB, or run it in your warehouse."),
        section(f"```{_fenced(shown)}```"),
        context("Clearing also leaves out breaks that people have closed. *Send CSV*: every figure by day, into your direct messages."),
        context(f"{heading(run_words(run))}, {code(run.id, 150)}"),
    ]
    return modal(FIGURES_FORM, title="SQL and CSV", blocks=blocks, submit="Send CSV", metadata={"partner": partner_id}, close="Close")


def csv_sent(rows: int) -> Message:
    """For the one who asked for the file."""
    text = f"{plural(rows, 'row')} as CSV, one for each day and currency: in your direct messages with me."
    return Message(text=text, blocks=(section(text),))


def _standing(s: Standing) -> str:
    main = ", ".join(f"{_WORDS[m]} *{per_cent(s.shares[m])}*{_change(s, m)}" for m in _MAIN)
    later = [f"{_WORDS[m]} {_explained_of(s, m)}" for m in _LATER if s.shares[m].whole]
    explained = f"\nExplained {', '.join(later)}" if later else ""
    return f"{bold(s.currency)} {main}, of {plain_money(s.due_minor, s.currency)} due in 90 days{explained}"


def _explained_of(s: Standing, m: Measure) -> str:
    """A share of what is explained with the amount it is a share of: what was that old on the days of runs, not all that is due."""
    return f"{per_cent(s.shares[m])} of {plain_money(s.shares[m].whole, s.currency)}"


def _change(s: Standing, m: Measure) -> str:
    was, now = s.before.get(m), s.shares[m]
    if was is None or not was.whole or not now.whole:
        return ""
    hundredths = now.part * _HUNDREDTHS // now.whole - was.part * _HUNDREDTHS // was.whole
    if not hundredths:
        return ""
    return f" ({'+' if hundredths > 0 else '−'}{abs(hundredths) // 100}.{abs(hundredths) % 100:02})"


def _moved(s: Standing) -> str:
    return f"{bold(s.currency)} " + ", ".join(f"{_WORDS[m]} {per_cent(s.before[m])} → *{per_cent(s.shares[m])}*" for m in _MAIN)


def _then_and_now(kind: str, was: BreakFigure | None, now: BreakFigure | None) -> str:
    return f"• {heading(kind)}: {_figure(was)} → {_figure(now)}"


def _as_before(kinds: Sequence[BreakKind], run: Run, ends: Ends | None) -> str:
    count = sum(run.breaks[k].count for k in kinds)
    return f"• _As before: {plural(count, 'break')} ({', '.join(kind_words(k, ends) for k in kinds)})_"


def _figure(figure: BreakFigure | None) -> str:
    return f"{figure.count:,} · {amounts(figure.value_minor, strong=False)}" if figure else "none"


def _count(run: Run) -> int:
    return sum(figure.count for figure in run.breaks.values())


def _panel(s: Standing, *, length: int) -> Panel:
    shown = s.trend[-length:]
    # Drawn only: what is said in words is exact.
    seen = tuple(100 * (share.whole - share.part) / share.whole if share.whole else 0.0 for _, share in shown)
    before = (0.0,) * (length - len(seen))
    note = f"{per_cent(shown[-1][1])} cleared" if shown else "nothing known"
    return Panel(name=s.currency, seen=before + seen, expected=(None,) * length, note=note)


def _fenced(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("`", "'")
