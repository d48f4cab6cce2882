"""What grew older over night: one message a day and partner."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from breakwater.model.ageing import Crossing
from breakwater.views.blocks import Message, bold, code, context, fit, section, word
from breakwater.views.breaks import break_line, show_card_button
from breakwater.views.severity import severity_words
from breakwater.views.words import amounts, day, joined, mentions, plural


def crossed(crossings: Sequence[Crossing], *, partner_name: str, since: date, named: Sequence[str]) -> Message:
    """Which breaks grew into an older band since a day: how many and worth how much, and the largest of them with their cards."""
    count = sum(c.count for c in crossings)
    head = f"⌛ {bold(partner_name)}: {plural(count, 'break')} grew older since {day(since)}"
    lines = [f"• {c.band}: {c.count:,}, {amounts(c.value_minor)}" for c in crossings]
    call = f"{mentions(named)} please look." if named else ""
    rows = [
        section(
            f"{break_line(a.brk, {}, with_partner=False, asleep_until=a.asleep_until)} · {severity_words(a)}",
            accessory=show_card_button(a.brk),
        )
        for c in crossings
        for a in c.largest
    ]
    more = count - len(rows)
    rest = f"{plural(more, 'more break')} not shown: these are the largest." if more > 0 else ""
    foot = context(joined((rest, f"Those of an age: {code('/recon breaks 6d')}"), " "))
    twin = f"{word(partner_name)}: {plural(count, 'break')} grew older since {day(since)}."
    return fit(Message(text=twin, blocks=(section("\n".join(line for line in (head, *lines, call) if line)), *rows, foot)))
