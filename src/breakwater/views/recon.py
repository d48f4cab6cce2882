"""The state of reconciliation: how much is matched, what is not, worth how much, since when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from breakwater.model.breaks import OVERTAKEN, BreakKind
from breakwater.model.partner_state import Reasons
from breakwater.model.runs import BreakFigure, PartnerReconciliation, Run, Totals
from breakwater.views.blocks import Block, Message, bold, code, context, fit, listing, section, word
from breakwater.views.breaks import kind_words
from breakwater.views.causes import in_plain
from breakwater.views.late_files import late_count, late_line
from breakwater.views.recon_reasons import buttons, standing_lines, why, why_in_short
from breakwater.views.recon_runs import behind
from breakwater.views.recon_tables import by_rows, matched_by_value, rows, tables
from breakwater.views.signoff import changed_line
from breakwater.views.words import amounts, day, heading, joined, moment, plural, share

IN_FULL = 3  # partners shown with both sides; more of them get a summary each
SUMMARIES_SHOWN = 20
KINDS_SHOWN = 8
KINDS_IN_SUMMARY = 2
FILES_SHOWN = 5
PERIODS_SHOWN = 3
NOTHING_CLOSES_IT = "It is reconciled no longer, so nothing closes them but people."


def reconciliation(
    states: Sequence[PartnerReconciliation], *, as_of: date | None = None, reasons: Mapping[str, Reasons] | None = None
) -> Message:
    """What `/recon` answers. `as_of` is the day that was asked for; None is now. `reasons` by partner id say why, and how it stands."""
    why_of = reasons or {}
    if not states:
        text = "No partners are configured yet. Add one to breakwater.toml, [[partners]]."
        return Message(text=text, blocks=(section(text),))
    in_full = len(states) <= IN_FULL
    ordered = states if in_full else sorted(states, key=_urgency)
    blocks = [
        block for state in ordered[:SUMMARIES_SHOWN] for block in _shown(state, why_of.get(state.partner_id), in_full=in_full, as_of=as_of)
    ]
    if not in_full:
        blocks.insert(0, section(f"*{_overview(states)}*"))
    hidden = len(ordered) - SUMMARIES_SHOWN
    foot = joined(
        (
            behind(states, as_of=as_of),
            f"{plural(hidden, 'more partner')} not shown, those above need you most" if hidden > 0 else "",
            "" if in_full else f"Both sides in full: {code('/recon PARTNER')}",
            f"The breaks{' that are open now' if as_of else ''}: {code('/recon breaks')}" if _break_count(states) else "",
        )
    )
    then = f"As of {day(as_of)}: " if as_of and any(s.run for s in states) else ""
    twin = (
        then
        + ("" if len(states) == 1 else f"{_overview(states)}. ")
        + " ".join(f"{word(s.partner_name)}: {_twin(s, why_of.get(s.partner_id), as_of)}." for s in ordered[:3])
    )
    return fit(Message(text=twin, blocks=(*blocks, context(foot))), rest="Ask for one partner: `/recon PARTNER`.")


def active_count(state: PartnerReconciliation) -> int:
    """How many active breaks a partner has."""
    return sum(figure.count for figure in state.active.values())


def active_value(state: PartnerReconciliation) -> dict[str, int]:
    """What its active breaks are worth, per currency in minor units, currencies with most rows first."""
    total: dict[str, int] = {}
    for figure in state.active.values():
        for currency, value in figure.value_minor.items():
            total[currency] = total.get(currency, 0) + value
    return {currency: total[currency] for currency in by_rows(state.run, total)}


def total_value(states: Sequence[PartnerReconciliation]) -> dict[str, int]:
    """What the active breaks of several partners are worth, per currency in minor units."""
    total: dict[str, int] = {}
    for state in states:
        for currency, value in active_value(state).items():
            total[currency] = total.get(currency, 0) + value
    return total


def worth(states: Sequence[PartnerReconciliation]) -> str:
    """What the active breaks of partners and legs are worth: told apart, since a payout in a break of its leg may be in one of its
    partner as well, and money is not to be counted twice.
    """
    own, legs = (total_value([s for s in states if bool(s.ends) is is_leg]) for is_leg in (False, True))
    if not legs:
        return amounts(own, strong=False)
    in_legs = f"{amounts(legs, strong=False)} in legs"
    return f"{amounts(own, strong=False)}, and {in_legs}, where it may be the same money" if own else in_legs


def places(states: Sequence[PartnerReconciliation]) -> str:
    """How many partners and legs they are: '4 partners (1 no longer configured) and 1 leg'."""
    partners, legs = ([s for s in states if bool(s.ends) is is_leg] for is_leg in (False, True))
    return joined((_counted(partners, "partner"), _counted(legs, "leg")), " and ")


def _counted(states: Sequence[PartnerReconciliation], called: str) -> str:
    former = sum(1 for state in states if state.is_former)
    return plural(len(states), called) + (f" ({former:,} no longer configured)" if former else "") if states else ""


def matched_by_count(runs: Sequence[Run], *, strong: bool = False) -> str:
    """Matched records of both sides as a share of those that are due: what is still inside its window does not count."""
    matched, broken = (sum(rows(t) for run in runs for t in outcome(run).values()) for outcome in (_matched, _in_breaks))
    said = share(matched, matched + broken)
    known = f"matched *{said}* by count" if strong else f"{said} matched by count"
    return known if matched + broken else "nothing is due yet"


def ageing_line(state: PartnerReconciliation) -> str:
    """'T+0–2: 9 · T+3–5: 3', only the bands that hold something."""
    return " · ".join(f"{band.band}: {band.count:,}" for band in state.ageing if band.count)


def _shown(state: PartnerReconciliation, reasons: Reasons | None, *, in_full: bool, as_of: date | None) -> list[Block]:
    """One partner: why first, then how it stands, the figures, and what to click; a past day has no reasons."""
    if state.is_former:
        return _left_open(state, reasons, in_full=in_full)
    if state.run is None:
        return [section("\n".join((_headline(state, as_of), *_late(state), *_no_run(state, as_of))))]
    if reasons is None:
        return _in_full(state, state.run, as_of=as_of) if in_full else [section(_summary(state, state.run))]
    if not in_full:
        return [section("\n".join((_summary(state, state.run), *why_in_short(reasons, partner_name=state.partner_name))))]
    head, *figures = _in_full(state, state.run, as_of=as_of)
    standing = [section("\n".join(lines))] if (lines := standing_lines(reasons)) else []
    click = buttons(state.partner_id, can_compare=bool(reasons.standings))
    return [head, *why(reasons, partner_name=state.partner_name), *standing, *figures, click]


def _left_open(state: PartnerReconciliation, reasons: Reasons | None, *, in_full: bool) -> list[Block]:
    """One that is configured no longer: what it left open, which nothing but people closes."""
    most = KINDS_SHOWN if in_full else KINDS_IN_SUMMARY
    breaks = [f"_{NOTHING_CLOSES_IT}_", _breaks(state, most=most)] if state.active else []
    head = section("\n".join((_headline(state), *breaks, *_besides(state), *_changed_periods(state))))
    return [head, *(why(reasons, partner_name=state.partner_name) if reasons and in_full else [])]


def _in_full(state: PartnerReconciliation, run: Run, *, as_of: date | None) -> list[Block]:
    closed = "" if as_of else "; breaks that people have closed are still counted here"
    found = f"As of the run of {moment(run.finished_at)}{closed}:"
    figures = tables(run, state.ends)
    blocks = [
        section("\n".join((_headline(state), _shares(run), *_late(state), *_besides(state), *_changed_periods(state)))),
        section(f"{found}\n{figures}" if figures else "No records yet."),
    ]
    return [*blocks, section(_breaks(state, most=KINDS_SHOWN))] if state.active else blocks


def _summary(state: PartnerReconciliation, run: Run) -> str:
    breaks = [_breaks(state, most=KINDS_IN_SUMMARY)] if state.active else []
    return "\n".join((_headline(state), _shares(run), *_late(state), *breaks, *_besides(state), *_changed_periods(state)))


def _headline(state: PartnerReconciliation, as_of: date | None = None) -> str:
    count = active_count(state)
    if count:
        worth = amounts(active_value(state))
        return f"{'🔴' if state.late_files else '🟠'} {bold(state.partner_name)}: {plural(count, 'break')} worth {worth}"
    if state.late_files:
        return f"🔴 {bold(state.partner_name)}: {late_count(state.late_files)}"
    if state.run or state.is_former:
        return f"🟢 {bold(state.partner_name)}: no breaks"
    return f"⚪ {bold(state.partner_name)}: {_not_reconciled(as_of)}"


def _not_reconciled(as_of: date | None) -> str:
    return f"no run as of {day(as_of)}" if as_of else "not reconciled yet"


def _no_run(state: PartnerReconciliation, as_of: date | None) -> list[str]:
    if as_of and state.is_ahead:
        return [f"That day has not come yet. The days there are: {code(f'/recon runs {state.partner_id}', 120)}."]
    if as_of:
        again, history = (code(f"/recon {asked}", 120) for asked in (f"rerun {state.partner_id} {as_of}", f"runs {state.partner_id}"))
        return [f"Look at that day with what is known now: {again}. The days there are: {history}."]
    return [
        f"No reconciliation has run yet. The first one starts by itself once files of both sides are in: "
        f"put them into the partner's folder, then ask {code(f'/recon {state.partner_id}', 120)} again."
    ]


def _shares(run: Run) -> str:
    pending = sum(rows(totals) for totals in run.pending.values())
    return joined(
        (
            heading(matched_by_count([run], strong=True)),
            matched_by_value(run),
            f"{pending:,} pending, still in time" if pending else "",
            f"{plural(run.opening.count, 'opening item')} apart ({code('/recon opening PARTNER')})" if run.opening.count else "",
        ),
        "; ",
    )


def _breaks(state: PartnerReconciliation, *, most: int) -> str:
    order = list(active_value(state))
    figures = sorted(state.active.items(), key=lambda item: ([-item[1].value_minor.get(c, 0) for c in order], -item[1].count, item[0]))
    kinds = listing([_kind(kind, figure, state) for kind, figure in figures], most=most, rest=f"`/recon breaks {word(state.partner_id)}`")
    ages = ageing_line(state)
    if not ages:
        return kinds  # a past day, of which nobody knows who had acknowledged what
    return f"{kinds}\nAge in business days {ages} · acknowledged {state.acknowledged:,} of {active_count(state):,}"


def _kind(kind: BreakKind, figure: BreakFigure, state: PartnerReconciliation) -> str:
    return f"• {heading(kind_words(kind, state.ends))}: {figure.count:,} · {amounts(figure.value_minor)}"


def _late(state: PartnerReconciliation) -> list[str]:
    if not state.late_files:
        return []
    return [listing([f"⏰ {heading(late_line(file))}" for file in state.late_files], most=FILES_SHOWN, rest="", limit=1000)]


def _changed_periods(state: PartnerReconciliation) -> list[str]:
    if not state.changed_periods:
        return []
    asked = code(f"/recon signoff {state.partner_id}", 120)
    return [listing([changed_line(s) for s in state.changed_periods], most=PERIODS_SHOWN, rest=asked, limit=1_000)]


def _besides(state: PartnerReconciliation) -> list[str]:
    """What is not among the active breaks and must not be forgotten."""
    said = {"suppressed": "🔇 Besides, known noise", OVERTAKEN: "💶 Booked, but explained since"}
    figures = {"suppressed": state.suppressed, OVERTAKEN: state.overtaken}
    return [
        f"{said[name]}: {plural(f.count, 'break')} worth {amounts(f.value_minor)}, {code(f'/recon breaks {state.partner_id} {name}', 120)}"
        for name, f in figures.items()
        if f.count
    ]


def overtaken_lines(states: Sequence[PartnerReconciliation]) -> list[str]:
    """For the digest: what waits for somebody to say whether it is reversed, partner by partner."""
    return [
        f"• {bold(s.partner_name)}: {plural(s.overtaken.count, 'break')} worth {amounts(s.overtaken.value_minor)}, to be reversed or not"
        for s in states
        if s.overtaken.count
    ]


def _overview(states: Sequence[PartnerReconciliation]) -> str:
    with_breaks = sum(1 for state in states if state.active)
    late = late_count([file for state in states for file in state.late_files])
    breaks = f"{plural(_break_count(states), 'break')} at {with_breaks} of {places(states)}, worth {worth(states)}"
    return joined((breaks if with_breaks else f"No breaks at {places(states)}", late))


def _twin(state: PartnerReconciliation, reasons: Reasons | None, as_of: date | None) -> str:
    first = reasons.causes[0] if reasons and reasons.causes else None
    because = f". {in_plain(first, partner_name=state.partner_name)}" if first else ""
    count = active_count(state)
    breaks = f"{plural(count, 'break')} worth {amounts(active_value(state), strong=False)}" if count else "no breaks"
    matched = matched_by_count([state.run]) if state.run else ""
    known = (breaks, matched) if state.run or state.is_former else (_not_reconciled(as_of),)
    return joined((*known, late_count(state.late_files)), ", ") + because


def _urgency(state: PartnerReconciliation) -> tuple[bool, bool, int, str]:
    return (not state.late_files, state.run is not None or state.is_former, -active_count(state), state.partner_name)


def _break_count(states: Sequence[PartnerReconciliation]) -> int:
    return sum(active_count(state) for state in states)


def _matched(run: Run) -> Mapping[str, Totals]:
    return run.matched


def _in_breaks(run: Run) -> Mapping[str, Totals]:
    return run.in_breaks
