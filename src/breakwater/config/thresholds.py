"""Settings of the least that a partner's state may be."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from breakwater.config.files import Table
from breakwater.model.money import minor_from_major

_DECIMALS = 4  # of a per cent, so that the figure is in millionths
_WHOLE_PPM = 1_000_000


def _per_cent(text: str) -> str:
    try:
        ppm = minor_from_major(text, _DECIMALS)
    except ValueError:
        ppm = -1
    if not 0 <= ppm <= _WHOLE_PPM:
        raise ValueError(f"'{text}' is no share; write per cent with at most {_DECIMALS} decimals, like '99.5'")
    return text


PerCent = Annotated[str, AfterValidator(_per_cent)]


class ThresholdSettings(Table):
    """[partners.thresholds]: the least of each measure of a partner's state, in per cent as decimal texts. Less is a finding."""

    clearing: PerCent | None = None
    timeliness: PerCent | None = None
    completeness: PerCent | None = None
    explained_1: PerCent | None = None
    explained_2: PerCent | None = None
    explained_4: PerCent | None = None
    matched_by_value: PerCent | None = None
    matched_by_count: PerCent | None = None

    def in_millionths(self) -> tuple[tuple[str, int], ...]:
        """Those that are given, by name."""
        return tuple((name, minor_from_major(text, _DECIMALS)) for name, text in self.model_dump(exclude_none=True).items())
