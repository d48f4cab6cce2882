"""Whose figures `/recon` shows: the run that is behind them, and what is counted since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from slack_limits import accept, named
from view_examples import NOW, a_run, a_state

from breakwater.model.breaks import BreakKind
from breakwater.model.partner_state import Measure, Reasons, Share, Standing
from breakwater.model.runs import BreakFigure
from breakwater.views.blocks import Message
from breakwater.views.recon import reconciliation
from breakwater.views.recon_reasons import compared, figures_form, standing_lines

FRIDAY = date(2026, 11, 20)
RERUN = a_run(as_of=FRIDAY, asked_by="U0ADA", is_restatement=True)


def shown(message: Message) -> str:
    """All the text a person sees."""
    return "\n".join(text for text in named(list(message.blocks), "text") if isinstance(text, str))


def test_a_day_that_was_rerun_is_not_called_as_it_was() -> None:
    text = shown(reconciliation([a_state(run=RERUN, active={})], as_of=FRIDAY))

    assert "As it was" not in text
    assert "As of business day 20 Nov 2026, rerun " in text
    assert "by <@U0ADA>, with what was known by then" in text


def test_a_day_of_several_partners_names_which_of_them_were_rerun() -> None:
    later = a_state(partner_name="Meridian", run=RERUN, active={})

    text = shown(reconciliation([a_state(run=a_run(as_of=FRIDAY)), later], as_of=FRIDAY))

    assert "As of business day 20 Nov 2026 · newest run " in text
    assert "Meridian rerun " in text
    assert "Nordbank rerun " not in text


def test_of_a_past_day_nobody_says_what_was_acknowledged() -> None:
    past = a_state(run=a_run(as_of=FRIDAY), ageing=(), acknowledged=0)

    assert "cknowledged" not in shown(reconciliation([past], as_of=FRIDAY))
    assert "acknowledged 4 of 12" in shown(reconciliation([a_state()]))


def test_the_notification_of_a_past_day_names_the_day() -> None:
    assert reconciliation([a_state()], as_of=FRIDAY).text.startswith("As of 20 Nov 2026: Nordbank: ")


def test_the_table_says_of_which_run_it_is_and_that_closed_breaks_are_in_it() -> None:
    text = shown(reconciliation([a_state(active={})]))

    assert "no breaks" in text
    assert f"As of the run of <!date^{int(a_run().finished_at.timestamp())}^" in text
    assert "breaks that people have closed are still counted here:" in text


def test_a_comparison_says_which_of_its_days_was_rerun(golden: Callable[[str, Any], None]) -> None:
    same, was, now = (BreakFigure(count=n, value_minor={"EUR": 1_000 * n}) for n in (2, 5, 4))
    before = a_run(
        as_of=FRIDAY,
        asked_by="U0ADA",
        is_restatement=True,
        finished_at=NOW,
        breaks={BreakKind.LATE_SETTLEMENT: same, BreakKind.DUPLICATE_AT_PARTNER: same, BreakKind.AMOUNT_MISMATCH: was},
    )
    after = a_run(breaks={**before.breaks, BreakKind.AMOUNT_MISMATCH: now})

    message = compared("Nordbank", partner_id="nordbank", now=after, before=before, day_before=FRIDAY, standings=[])

    accept(message)
    golden("recon_compared_with_rerun", message.payload())
    assert "23 Nov 2026: run " in shown(message)
    assert "20 Nov 2026: rerun " in shown(message)


def test_a_comparison_lists_what_changed_and_counts_the_rest() -> None:
    same, was, now = (BreakFigure(count=n, value_minor={"EUR": 1_000 * n}) for n in (2, 5, 4))
    before = a_run(as_of=FRIDAY, breaks={BreakKind.LATE_SETTLEMENT: same, BreakKind.AMOUNT_MISMATCH: was})
    after = a_run(breaks={BreakKind.LATE_SETTLEMENT: same, BreakKind.AMOUNT_MISMATCH: now})

    text = shown(compared("Nordbank", partner_id="nordbank", now=after, before=before, day_before=FRIDAY, standings=[]))

    assert "Amounts differ: 5 · EUR 50.00 → 4 · EUR 40.00" in text
    assert "2 · EUR 20.00 → 2 · EUR 20.00" not in text
    assert "As before: 2 breaks" in text


def test_the_query_behind_the_figures_names_the_day_first_and_the_run_in_small_print() -> None:
    first, *_, small = figures_form(partner_id="nordbank", partner_name="Nordbank", run=a_run(), sql="SELECT 1")["blocks"]

    assert "as of 23 Nov 2026" in first["text"]["text"]
    assert "run-1" not in first["text"]["text"]
    assert "`run-1`" in small["elements"][0]["text"]


def test_what_is_explained_is_a_share_of_the_amount_beside_it() -> None:
    shares = {m: Share(99, 100) for m in Measure} | {Measure.EXPLAINED_2: Share(300, 400), Measure.EXPLAINED_4: Share(0, 0)}
    standing = Standing(currency="EUR", business_date=FRIDAY, due_minor=100_000, shares=shares, before={})

    (line,) = standing_lines(Reasons(standings=(standing,)))

    assert "completeness *99.00 %*, of EUR 1,000.00 due in 90 days\n" in line
    assert "Explained after 1 business day 99.00 % of EUR 1.00, after 2 business days 75.00 % of EUR 4.00" in line
    assert "after 4" not in line
