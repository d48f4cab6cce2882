"""A partner's or our own JSON API for one payment, by a mapping that the configuration declares."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from breakwater.errors import CallError, WorldError
from breakwater.model.events import NO_CURRENCY, Event
from breakwater.model.live import Deadline, LiveAnswer, LiveQuestion
from breakwater.model.money import exponent, minor_from_major
from breakwater.model.payments import ProcessingState
from breakwater.sources.json_paths import at_path
from breakwater.sources.live_api import LiveApi

PLACE = "{reference}"
REFERENCES_TRIED = 3


@dataclass(frozen=True, kw_only=True)
class LiveShape:
    """How an API answers about one payment.

    `path` holds `{reference}`; `applies` is a pattern that a reference of theirs fits as a whole. In the answer, `events` is the dotted
    path to the list of what happened (empty: the answer itself is the one event), and in each of them `state`, `at`, `id`, `reason`,
    `amount` and `currency` are paths. `amount_unit` is 'minor' or 'major'. `states` maps their words to ours, as in
    `ProcessingState`; a word that is not there becomes 'unknown'. `references` maps our name of a reference to its path in the answer.
    """

    path: str
    applies: str
    states: Mapping[str, str]
    state: str
    at: str
    events: str = ""
    id: str = ""
    reason: str = ""
    amount: str = ""
    currency: str = ""
    amount_unit: str = "minor"
    references: Mapping[str, str] = field(default_factory=dict)


class JsonSource:
    """An API that tells one payment at a time."""

    def __init__(
        self,
        shape: LiveShape,
        *,
        name: str,
        partner: str,
        url: str,
        headers: Mapping[str, str],
        key_name: str,
        deadline_s: float = 3.0,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        if PLACE not in shape.path:
            raise CallError(f"The path of {name} names no reference.", remedy=f"Put {PLACE} where it belongs, like /payments/{PLACE}.")
        if wrong := sorted(set(shape.states.values()) - set(ProcessingState)):
            raise CallError(f"'{wrong[0]}' is no state of a payment.", remedy=f"Use one of: {', '.join(ProcessingState)}.")
        self.name, self.partner, self.deadline_s, self._shape = name, partner, deadline_s, shape
        self._applies = re.compile(shape.applies)
        self._api = LiveApi(name=name, url=url, headers=headers, key_name=key_name, transport=transport, wait=wait)

    def ask(self, question: LiveQuestion, *, asked_at: datetime, deadline: Deadline) -> LiveAnswer | None:
        """What it knows under the first of the references that it knows at all."""
        theirs = [r for r in question.references if self._applies.fullmatch(r)][:REFERENCES_TRIED]
        for reference in theirs:
            answer = self._api.get(self._shape.path.replace(PLACE, quote(reference, safe="")), deadline=deadline)
            if answer is not None:
                return self._read(answer, reference, asked_at)
        return LiveAnswer(source=self.name, partner=self.partner, asked_at=asked_at) if theirs else None

    def _read(self, answer: Any, reference: str, asked_at: datetime) -> LiveAnswer:
        rows = at_path(answer, self._shape.events)
        if not isinstance(rows, list):
            rows = [answer] if not self._shape.events else None
        if rows is None:
            raise WorldError(f"{self.name} answers without a list at '{self._shape.events}'.")
        values = [(name, at_path(answer, path)) for name, path in self._shape.references.items()]
        return LiveAnswer(
            source=self.name,
            partner=self.partner,
            asked_at=asked_at,
            events=tuple(self._event(row, number, reference) for number, row in enumerate(rows, start=1)),
            references=tuple((name, str(value)) for name, value in values if isinstance(value, str | int) and str(value)),
        )

    def _event(self, row: Any, number: int, reference: str) -> Event:
        shape = self._shape
        word, reason = at_path(row, shape.state), at_path(row, shape.reason) if shape.reason else None
        amount_minor, currency = self._money(row)
        own_id = at_path(row, shape.id) if shape.id else None
        return Event(
            event_id=f"{self.name}:{reference}:{own_id or number}",
            payment_id=reference,
            partner=self.partner,
            occurred_at=self._time(at_path(row, shape.at)),
            state=shape.states.get(str(word), ProcessingState.UNKNOWN),
            amount_minor=amount_minor,
            currency=currency,
            raw_code=str(word)[:80] if word is not None else None,
            reason=str(reason)[:200] if reason is not None else None,
        )

    def _time(self, said: Any) -> datetime:
        try:
            at = datetime.fromisoformat(str(said))
        except ValueError:
            raise WorldError(f"{self.name} gives {str(said)[:40]!r} at '{self._shape.at}', which is no time.") from None
        if at.tzinfo is None:
            raise WorldError(f"{self.name} gives {str(said)[:40]!r} at '{self._shape.at}', a time without an offset.")
        return at.astimezone(UTC)

    def _money(self, row: Any) -> tuple[int, str]:
        """Unsigned, in minor units; nothing where the mapping names no amount or this event has none."""
        shape = self._shape
        said, currency = at_path(row, shape.amount) if shape.amount else None, str(at_path(row, shape.currency)) if shape.currency else ""
        if said is None:
            return 0, NO_CURRENCY
        try:
            if shape.amount_unit == "major" and not isinstance(said, bool | float):
                return abs(minor_from_major(f"{said:f}" if isinstance(said, Decimal) else str(said), exponent(currency))), currency
            if shape.amount_unit == "minor" and isinstance(said, int) and not isinstance(said, bool):
                exponent(currency)
                return abs(said), currency
        except (ValueError, KeyError):
            pass
        raise WorldError(f"{self.name} gives {str(said)[:40]!r} {currency[:10]!r} at '{shape.amount}', which is no amount.")
