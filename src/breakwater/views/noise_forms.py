"""The form for a rule of known noise, and how it is read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, TypedDict

from breakwater.errors import RefusedError
from breakwater.model.amounts import typed_amount
from breakwater.model.break_kinds import KIND_WORDS
from breakwater.model.breaks import BreakKind
from breakwater.model.money import format_minor
from breakwater.model.noise import MOST_DAYS, PATTERN_MOST, REASON_MOST
from breakwater.model.partners import Partner
from breakwater.views.blocks import Block, context, section, word
from breakwater.views.modals import choice, chosen, chosen_day, day_choice, metadata, modal, text_input, typed
from breakwater.views.words import heading

FORM = "noise_form"
KIND, PATTERN, CURRENCY, AMOUNT, REASON, EXPIRES = "kind", "pattern", "currency", "amount", "reason", "expires"
ANY = "any"
USUAL_DAYS = 90


class FilledIn(TypedDict):
    """A rule as it was filled in."""

    partner: str
    kind: BreakKind | None
    pattern: str
    currency: str
    most_minor: int
    reason: str
    expires_on: date


def form(*, partner: Partner, limits: Mapping[str, int], channel: str, today: date) -> Block:
    """The form; `limits` are what the one who fills it in may write off, by currency. Refused for whom there is none."""
    if not limits:
        raise RefusedError(
            "You have no limit for write-offs in any currency, so you can't have anything suppressed.",
            remedy="An administrator can give your role one in breakwater.toml, [roles] limits.",
        )
    kinds = [(ANY, "Any kind"), *((str(kind), heading(words)) for kind, words in KIND_WORDS.items())]
    currencies = [(code, f"{code}, up to {format_minor(most, code)}") for code, most in limits.items()]
    blocks = [
        section(
            f"Breaks of *{word(partner.name)}* that are known to mean nothing. They are counted apart and are back when the rule ends."
        ),
        choice(KIND, "Kind", kinds, chosen=ANY),
        text_input(
            PATTERN,
            "Reference like",
            most=PATTERN_MOST,
            optional=True,
            placeholder="FEE-*",
            hint="* stands for anything, ? for one letter.",
        ),
        choice(CURRENCY, "Currency", currencies, chosen=currencies[0][0]),
        text_input(AMOUNT, "Each up to", most=40, placeholder="2.00"),
        day_choice(EXPIRES, "Through", initial=today + timedelta(days=USUAL_DAYS), hint=f"At most {MOST_DAYS} days from now."),
        text_input(REASON, "Why it is noise", most=REASON_MOST, multiline=True, hint="Anybody reads this in the list and the audit trail."),
        context("One rule never hides more, in one break or all together, than you may write off at once."),
    ]
    asked = {"partner": partner.id, "channel": channel, "limits": dict(limits)}
    return modal(FORM, title="Known noise", blocks=blocks, submit="Suppress", metadata=asked)


def channel_of(view: Mapping[str, Any]) -> str:
    """Where the form was asked for."""
    return str(metadata(view)["channel"])


def complaints(view: Mapping[str, Any], *, today: date) -> dict[str, str]:
    """What is wrong with what was filled in, field by field; empty if nothing is."""
    found: dict[str, str] = {}
    currency = chosen(view, CURRENCY)
    limit = int(metadata(view)["limits"].get(currency, 0))
    try:
        most = typed_amount(typed(view, AMOUNT), currency)
    except RefusedError as refused:
        found[AMOUNT] = f"{refused.message} {refused.remedy}"
    else:
        found[AMOUNT] = "" if 0 < most <= limit else f"More than zero, and at most your limit of {format_minor(limit, currency)}."
    until = chosen_day(view, EXPIRES)
    if not today < until <= today + timedelta(days=MOST_DAYS):
        found[EXPIRES] = f"A day after today, and at most {MOST_DAYS} days from now."
    if chosen(view, KIND) == ANY and not typed(view, PATTERN).strip("*? "):
        found[PATTERN] = "Choose a kind, or write what the reference looks like."
    return {field: complaint for field, complaint in found.items() if complaint}


def read(view: Mapping[str, Any]) -> FilledIn:
    """The rule that was filled in."""
    kind, currency = chosen(view, KIND), chosen(view, CURRENCY)
    return FilledIn(
        partner=str(metadata(view)["partner"]),
        kind=None if kind == ANY else BreakKind(kind),
        pattern=" ".join(typed(view, PATTERN).split()),
        currency=currency,
        most_minor=typed_amount(typed(view, AMOUNT), currency),
        reason=typed(view, REASON),
        expires_on=chosen_day(view, EXPIRES),
    )
