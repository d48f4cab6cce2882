"""Severity from materiality and age."""

from __future__ import annotations

import pytest

from breakwater.model.ageing import BreakSeverity, severity


@pytest.mark.parametrize(
    ("age_days", "small", "large"),
    [
        (-3, "low", "medium"),
        (0, "low", "medium"),
        (2, "low", "medium"),
        (3, "low", "medium"),
        (5, "low", "medium"),
        (6, "medium", "high"),
        (30, "medium", "high"),
        (31, "medium", "high"),
        (60, "medium", "high"),
        (61, "high", "critical"),
        (900, "high", "critical"),
    ],
)
def test_it_grows_with_age_and_material_ones_weigh_more(age_days: int, small: str, large: str) -> None:
    assert severity(is_material=False, age_days=age_days) is BreakSeverity(small)
    assert severity(is_material=True, age_days=age_days) is BreakSeverity(large)
