"""Stripe's API while somebody waits: the payment intent, its charge, refunds, disputes and payout. Source: docs.stripe.com/api."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import httpx

from breakwater.errors import WorldError
from breakwater.model.live import Deadline, LiveAnswer, LiveQuestion
from breakwater.sources.live_api import LiveApi
from breakwater.sources.stripe_objects import Reading, read

URL = "https://api.stripe.com"
VERSION = "2024-11-20.acacia"  # the first with a payout's trace id
PAGES = 5
PAGE_SIZE = "100"
# What an id is, by how it begins, and where it is asked for.
_PLACES: Mapping[str, str] = {
    "pi": "payment_intents",
    "ch": "charges",
    "py": "charges",
    "re": "refunds",
    "pyr": "refunds",
    "dp": "disputes",
    "du": "disputes",
    "po": "payouts",
    "txn": "balance_transactions",
}
_WITH: Mapping[str, list[str]] = {
    "payment_intents": ["latest_charge.balance_transaction"],
    "charges": ["balance_transaction"],
    "refunds": ["charge.balance_transaction"],
    "disputes": ["charge.balance_transaction"],
}


class StripeSource:
    """Stripe's API for one partner. It is asked for references that are Stripe's own: pi_…, ch_…, re_…, dp_…, po_…, txn_…."""

    def __init__(
        self,
        *,
        name: str,
        partner: str,
        key: str,
        key_name: str,
        url: str = URL,
        deadline_s: float = 3.0,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name, self.partner, self.deadline_s = name, partner, deadline_s
        headers = {"Authorization": f"Bearer {key}", "Stripe-Version": VERSION}
        self._api = LiveApi(name=name, url=url, headers=headers, key_name=key_name, transport=transport, wait=wait)

    def ask(self, question: LiveQuestion, *, asked_at: datetime, deadline: Deadline) -> LiveAnswer | None:
        """What Stripe knows. A part that can't be read is named; the rest stands."""
        ours = [reference for reference in question.references if _place(reference)]
        if not ours:
            return None
        reading = Reading(partner=self.partner, asked_at=asked_at)
        for reference in _narrowest(ours):
            self._read(reference, reading, deadline)
        for about in sorted(reading.payments):
            self._read_list("refunds", about, reading, deadline)
            self._read_list("disputes", about, reading, deadline)
        return reading.answer(source=self.name)

    def _read(self, reference: str, reading: Reading, deadline: Deadline) -> None:
        place = _place(reference)
        thing = self._api.get(f"/v1/{place}/{reference}", {"expand[]": _WITH.get(place, [])}, deadline=deadline)
        if thing is not None:
            read(thing, reading)

    def _read_list(self, place: str, payment: str, reading: Reading, deadline: Deadline) -> None:
        try:
            for thing in self._pages(place, payment, deadline):
                read(thing, reading)
        except WorldError as silent:
            reading.problems.append(f"The {place} of {payment} could not be read: {silent.message}")

    def _pages(self, place: str, payment: str, deadline: Deadline) -> Iterator[Any]:
        about = "payment_intent" if payment.startswith("pi_") else "charge"
        after: dict[str, str | list[str]] = {}
        for _ in range(PAGES):
            page = self._api.get(f"/v1/{place}", {about: payment, "limit": PAGE_SIZE, **after}, deadline=deadline) or {}
            things = page.get("data") or []
            yield from things
            if not page.get("has_more") or not things:
                return
            after = {"starting_after": str(things[-1]["id"])}
        raise WorldError(f"there are more than {PAGES * int(PAGE_SIZE)}.")


def _place(reference: str) -> str:
    kind, parted, _ = reference.partition("_")
    return _PLACES.get(kind, "") if parted else ""


def _narrowest(references: list[str]) -> list[str]:
    """The intent tells its charge: of a payment's references those are asked for that the others don't tell."""
    intents = [r for r in references if r.startswith("pi_")]
    told_by_intent = ("ch_", "py_", "re_", "pyr_", "dp_", "du_", "txn_")
    return [r for r in dict.fromkeys(references) if not (intents and r.startswith(told_by_intent))][:5]
