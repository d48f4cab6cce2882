"""Codes of partners that nobody here knows: payments whose state is unknown for want of a line in a table."""

from __future__ import annotations

from dataclasses import dataclass

from breakwater.model.payment_states import TRADE_CLOSED, ProcessingState, meaning, rail_of


@dataclass(frozen=True, kw_only=True)
class UnknownCode:
    """A code, on which network of which partner it came, and in how many events. `code` is empty where events named none."""

    partner: str
    network: str | None
    code: str
    count: int

    @property
    def is_known_by_now(self) -> bool:
        """True if its rail's table has it since, or if its history tells what it means."""
        is_told_by_history = self.code.casefold() == TRADE_CLOSED.casefold()
        return is_told_by_history or meaning(rail_of(self.network), self.code) is not ProcessingState.UNKNOWN
