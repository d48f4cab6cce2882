"""A watched payment moved: what a person is told in a direct message."""

from __future__ import annotations

from collections.abc import Mapping

from breakwater.model.expectations import Expected
from breakwater.model.payments import PaymentTrace, ProcessingState
from breakwater.views.blocks import Message, actions, button, code, context, section, word
from breakwater.views.payment_words import PROCESSING_WORDS, RECONCILIATION_WORDS, money_words, next_words
from breakwater.views.payments import SHOW, UNWATCH, amount_of
from breakwater.views.words import joined


def moved(trace: PaymentTrace, *, was: ProcessingState, partner_names: Mapping[str, str], expected: Expected | None) -> Message:
    """Where it was and where it is now; the whole answer is a button away."""
    emoji, reconciled = RECONCILIATION_WORDS[trace.reconciliation]
    now = PROCESSING_WORDS[trace.processing]
    step = f"{PROCESSING_WORDS[was]} → *{now}*" if was is not trace.processing else f"still *{now}*"
    partner = word(partner_names.get(trace.partner, trace.partner))
    lines = (
        f"👀 {code(trace.payment_id)} moved: {step}",
        joined((amount_of(trace), partner, f"money {money_words(trace)}", f"{emoji} {reconciled}")),
        f"Next: {next_words(expected, trace.processing)}",
    )
    asked = {"reference": trace.payment_id}
    return Message(
        text=f"{word(trace.payment_id)} moved: {PROCESSING_WORDS[was]} → {now}; {reconciled}.",
        blocks=(
            section("\n".join(lines)),
            actions(button(SHOW, "Show", asked), button(UNWATCH, "Stop watching", asked)),
            context("You watch this payment."),
        ),
    )
