"""What happens to payments later, and costs money: refunds and chargebacks."""

from __future__ import annotations

from enum import StrEnum


class Occurrence(StrEnum):
    """What is counted beside attempts, approvals and declines."""

    REFUND = "refund"
    CHARGEBACK = "chargeback"
