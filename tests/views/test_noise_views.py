"""Known noise on the screen: the rules, the form, what is suppressed and what is back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from slack_limits import accept, accept_modal
from test_break_views import worked
from view_examples import LONG, NASTY, NOW, a_digest, a_partner, a_state

from breakwater.errors import RefusedError
from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.noise import NoiseRule
from breakwater.model.runs import NO_BREAKS, BreakFigure
from breakwater.views import noise, noise_forms
from breakwater.views.breaks import break_card
from breakwater.views.digests import digest
from breakwater.views.recon import reconciliation

TODAY = date(2026, 11, 24)
LIMITS = {"EUR": 10_000, "JPY": 5_000}
SOME = BreakFigure(count=12, value_minor={"EUR": 2_400, "JPY": 90, "KWD": 12_500})
NAMES = {"nordbank": "Nordbank"}


def a_rule(word: str = "Fees of a cent.", **changes: Any) -> NoiseRule:
    rule = NoiseRule(
        id="N-4K7QZC2M",
        partner="nordbank",
        currency="EUR",
        most_minor=200,
        limit_minor=10_000,
        reason=word,
        owner_id="U0BEN",
        made_at=NOW,
        expires_on=date(2026, 12, 31),
        kind=BreakKind.FEE_VARIANCE,
        pattern=word[:80],
    )
    return replace(rule, **changes)


ENDED = {"ended_by": "U0EVE", "ended_at": NOW}
MESSAGES: Mapping[str, Callable[[str], Any]] = {
    "none": lambda word: noise.noise_rules([], partner_names=NAMES),
    "rules": lambda word: noise.noise_rules(
        [
            (a_rule(word), SOME, True),
            (a_rule(word, id="N-OVER", kind=None, **ENDED), NO_BREAKS, False),
            (a_rule(word, id="N-PAST", expires_on=TODAY), NO_BREAKS, False),
        ],
        partner_names=NAMES,
        partner="nordbank",
    ),
    "added": lambda word: noise.added(a_rule(word), SOME, partner_name=word),
    "back_ended": lambda word: noise.back(a_rule(word, **ENDED), [worked(BreakState.OPEN, word)] * 3, partner_name=word),
    "back_expired": lambda word: noise.back(a_rule(word), [worked(BreakState.OPEN, word)], partner_name=word),
    "ended": lambda word: noise.ended(a_rule(word, **ENDED)),
    "in_digest": lambda word: digest(a_digest(partners=(a_state(suppressed=SOME), a_state(partner_id="m", partner_name=word, active={})))),
    "in_recon": lambda word: reconciliation([a_state(suppressed=SOME)]),
    "on_card": lambda word: break_card(worked(BreakState.OPEN, suppressed_by="N-4K7QZC2M"), partner_name="Nordbank"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message(name: str, golden: Callable[[str, Any], None]) -> None:
    message = MESSAGES[name]("Fees of a cent.")

    accept(message)
    golden(f"noise_{name}", message.payload())


@pytest.mark.parametrize("word", [NASTY, LONG], ids=["nasty", "long"])
@pytest.mark.parametrize("name", MESSAGES)
def test_hostile_words_stay_harmless(name: str, word: str) -> None:
    accept(MESSAGES[name](word))


def test_a_quiet_digest_still_counts_what_is_suppressed() -> None:
    quiet = digest(a_digest(partners=(a_state(active={}, suppressed=SOME),), findings=(), incidents=(), volumes=()))

    assert "besides 12 breaks of known noise worth *EUR 24.00*" in quiet.blocks[0]["text"]["text"]


def test_many_rules_are_cut_and_said_so() -> None:
    message = noise.noise_rules([(a_rule(id=f"N-{n}"), SOME, True) for n in range(60)], partner_names=NAMES)

    accept(message)
    assert "40 more rules not shown." in message.blocks[-1]["elements"][0]["text"]


def test_the_form(golden: Callable[[str, Any], None]) -> None:
    view = noise_forms.form(partner=a_partner(), limits=LIMITS, channel="C0SEPA", today=TODAY)

    accept_modal(view)
    accept_modal(noise_forms.form(partner=a_partner(name=LONG), limits=LIMITS, channel="C0SEPA", today=TODAY))
    golden("noise_form", view)


def test_who_may_write_nothing_off_gets_no_form() -> None:
    with pytest.raises(RefusedError, match="no limit for write-offs in any currency"):
        noise_forms.form(partner=a_partner(), limits={}, channel="", today=TODAY)


def filled(**fields: str) -> dict[str, Any]:
    given = {"kind": "any", "pattern": "FEE-*", "currency": "EUR", "amount": "2,00", "reason": "Fees.", "expires": "2026-12-31"} | fields
    values: dict[str, Any] = {name: {"value": {"value": given[name]}} for name in ("pattern", "amount", "reason")}
    values |= {name: {"value": {"selected_option": {"value": given[name]}}} for name in ("kind", "currency")}
    values["expires"] = {"value": {"selected_date": given["expires"]}}
    return noise_forms.form(partner=a_partner(), limits=LIMITS, channel="C0SEPA", today=TODAY) | {"state": {"values": values}}


@pytest.mark.parametrize(
    ("fields", "complaints"),
    [
        ({}, {}),
        ({"currency": "JPY", "amount": "5000"}, {}),
        ({"amount": "1e9"}, {"amount": "'1e9' is not an amount in EUR. Write it like 1000.50."}),
        ({"amount": "1.000,50"}, {"amount": "More than zero, and at most your limit of EUR 100.00."}),
        ({"amount": "1,000.50"}, {"amount": "More than zero, and at most your limit of EUR 100.00."}),
        ({"amount": "0"}, {"amount": "More than zero, and at most your limit of EUR 100.00."}),
        ({"pattern": "*"}, {"pattern": "Choose a kind, or write what the reference looks like."}),
        ({"pattern": "", "kind": "fee_variance"}, {}),
        ({"expires": "2026-11-24"}, {"expires": "A day after today, and at most 366 days from now."}),
        ({"expires": "2028-01-01"}, {"expires": "A day after today, and at most 366 days from now."}),
    ],
)
def test_what_is_wrong_is_said_beside_the_field(fields: dict[str, str], complaints: dict[str, str]) -> None:
    assert noise_forms.complaints(filled(**fields), today=TODAY) == complaints


def test_what_was_filled_in_is_read_exactly() -> None:
    read = noise_forms.read(filled(kind="fee_variance"))

    assert (read["kind"], read["pattern"], read["most_minor"], read["expires_on"]) == (
        BreakKind.FEE_VARIANCE,
        "FEE-*",
        200,
        date(2026, 12, 31),
    )
