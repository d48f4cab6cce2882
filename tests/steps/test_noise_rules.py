"""What one rule for known noise describes."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from break_work import NOW, a_break

from breakwater.model.breaks import BreakKind, BreakState
from breakwater.model.noise import NoiseRule


def a_rule(**changes: Any) -> NoiseRule:
    rule = NoiseRule(
        id="N-1",
        partner="meridian",
        currency="EUR",
        most_minor=200,
        limit_minor=10_000,
        reason="Fees of a cent.",
        owner_id="U0BEN",
        made_at=NOW,
        expires_on=date(2026, 12, 31),
        pattern="FEE-*",
    )
    return replace(rule, **changes)


@pytest.mark.parametrize(
    ("rule", "brk", "covers"),
    [
        ({}, {}, True),
        ({}, {"amount_minor": 200}, True),
        ({}, {"amount_minor": 201}, False),
        ({}, {"currency": "USD"}, False),
        ({}, {"partner": "nordbank"}, False),
        ({}, {"references": ("x", "fee-77")}, True),
        ({}, {"references": ("coffee-77",)}, False),
        ({}, {"references": ()}, False),
        ({"pattern": "fee-??"}, {"references": ("FEE-777",)}, False),
        ({"pattern": "", "kind": BreakKind.AMOUNT_MISMATCH}, {"references": ()}, True),
        ({"kind": BreakKind.FEE_VARIANCE}, {}, False),
        ({}, {"state": BreakState.PROPOSED}, False),
        ({}, {"owner_id": "U0ADA"}, False),
    ],
)
def test_a_rule_covers_what_it_describes_and_nothing_else(rule: dict[str, Any], brk: dict[str, Any], covers: bool) -> None:
    fee = a_break("f", amount_minor=100, references=("FEE-1",))

    assert a_rule(**rule).covers(replace(fee, **brk)) is covers
