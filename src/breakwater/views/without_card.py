"""What a run found and gave no card of its own: how many, worth how much, and where they are."""

from __future__ import annotations

from collections.abc import Sequence

from breakwater.model.breaks import Break
from breakwater.model.causes import Cause
from breakwater.model.runs import BreakFigure, total_of
from breakwater.views.blocks import Message, actions, bold, button, code, fit, listing, section, word
from breakwater.views.causes import cause_line
from breakwater.views.home import SHOW_LIST
from breakwater.views.words import amounts, joined, plural

CAUSES_SHOWN = 8


def more_breaks(rest: Sequence[Break], *, cards: int, partner_name: str, partner_id: str, again: int = 0) -> Message:
    """For the channel: the `cards` largest breaks have one each, these do not. `again` of them were over and are open again."""
    total = total_of(BreakFigure(count=1, value_minor={b.currency: b.amount_minor}) for b in rest)
    new = plural(total.count - again, "more new break") if total.count > again else ""
    back = plural(again, "more break open again", "more breaks open again") if again else ""
    many = f"and {joined((new, back), ' and ')}"
    small = sum(not b.material for b in rest)
    below = f" {small:,} of them below what the agreement calls material." if small else ""
    largest = "the largest has its card above" if cards == 1 else f"the {cards:,} largest have their cards above"
    where = code(f"/recon breaks {partner_id}", 120)
    text = f"➕ {bold(partner_name)}: {many} worth {amounts(total.value_minor)}; {largest}.{below}\nThey are in {where}."
    twin = f"{word(partner_name)}: {many} worth {amounts(total.value_minor, strong=False)}."
    return Message(text=twin, blocks=(section(text), _show_them(partner_id)))


def more_causes(rest: Sequence[Cause], *, partner_name: str, partner_id: str) -> Message:
    """For the channel: causes that explain less than those that have a card."""
    head = f"➕ {bold(partner_name)}: and {plural(len(rest), 'more new cause')}, which explain less than those above"
    lines = [f"• {cause_line(cause, partner_name=partner_name)}" for cause in rest]
    shown = listing(lines, most=CAUSES_SHOWN, rest=code(f"/recon {partner_id}", 120))
    count = sum(cause.count for cause in rest)
    twin = f"{word(partner_name)}: and {plural(len(rest), 'more new cause')} of {plural(count, 'break')}."
    return fit(Message(text=twin, blocks=(section(head), section(shown), _show_them(partner_id))))


def _show_them(partner_id: str) -> dict[str, object]:
    return actions(button(SHOW_LIST, "Show the breaks", {"words": partner_id}))
