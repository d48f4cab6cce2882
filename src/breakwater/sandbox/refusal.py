"""How Slack says no."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class RefusalError(Exception):
    """Slack would refuse this call: an error name, with the reasons where Slack gives them."""

    def __init__(self, error: str, reasons: Sequence[str] = (), *, retry_after_s: int = 0) -> None:
        super().__init__(f"{error}: {'; '.join(reasons)}" if reasons else error)
        self.error = error
        self.reasons = list(reasons)
        self.retry_after_s = retry_after_s


@dataclass(frozen=True)
class Refusal:
    """One refusal as the sandbox remembers it: where (a method, or the answer to a submission), the error and the reasons."""

    where: str
    error: str
    reasons: tuple[str, ...] = ()
