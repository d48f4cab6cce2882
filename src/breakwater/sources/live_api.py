"""Asking a JSON API while somebody waits: one deadline for everything, retries only where safe, and rest for what keeps failing."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx

from breakwater.errors import WorldError
from breakwater.model.live import Deadline

TRIES = 2
PAUSE_S = 0.2
LONGEST_PAUSE_S = 1.5  # a server that asks for more is not waited for: somebody is waiting for us
MOST_BYTES = 5_000_000
FAILURES_BEFORE_REST = 3
REST_S = 60.0
_TRY_AGAIN = frozenset({500, 502, 503, 504})
_KEY_REFUSED = frozenset({401, 403})


class Rest:
    """Lets a source alone for a minute after it failed three times in a row; then one question may try again."""

    def __init__(self, name: str, *, now: Callable[[], datetime]) -> None:
        self._name, self._now = name, now
        self._lock = threading.Lock()
        self._failures = 0
        self._until: datetime | None = None
        self._trying = False

    def enter(self) -> None:
        """WorldError while the source rests. Whoever enters must tell how it went, with `ended`."""
        with self._lock:
            if self._until is None:
                return
            if self._trying or self._now() < self._until:
                raise WorldError(
                    f"{self._name} was not asked: it failed {self._failures} times in a row, and is asked again after "
                    f"{self._until:%H:%M} UTC."
                )
            self._trying = True

    def ended(self, *, well: bool) -> None:
        """How a question ended."""
        with self._lock:
            self._trying = False
            self._failures = 0 if well else self._failures + 1
            self._until = self._now() + timedelta(seconds=REST_S) if self._failures >= FAILURES_BEFORE_REST else None


class LiveApi:
    """One server. Its connections are kept; a question that asks for nothing but an answer is asked twice at most."""

    def __init__(
        self,
        *,
        name: str,
        url: str,
        headers: Mapping[str, str],
        key_name: str,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name, self._key_name, self._wait = name, key_name, wait
        self._client = httpx.Client(
            base_url=url, headers={"Accept": "application/json", **headers}, transport=transport, follow_redirects=False
        )

    def get(self, path: str, parameters: Mapping[str, str | list[str]] | None = None, *, deadline: Deadline) -> Any:
        """The answer, its numbers exact; None where nothing is known under that address. WorldError says why there is no answer."""
        for number in range(1, TRIES + 1):
            pause_s = PAUSE_S
            try:
                status, headers, body = self._fetch(path, parameters or {}, deadline)
            except httpx.TimeoutException:
                raise WorldError(f"{self._name} did not answer in time.") from None
            except httpx.TransportError as lost:
                said = f"could not be reached ({type(lost).__name__})"
            else:
                if status == httpx.codes.OK:
                    return self._parsed(body)
                if status == httpx.codes.NOT_FOUND:
                    return None
                said = self._refusal(status, headers)
                asked = headers.get("Retry-After", "")
                pause_s = float(asked) if asked.isdecimal() else PAUSE_S
                if status not in _TRY_AGAIN and status != httpx.codes.TOO_MANY_REQUESTS:
                    break
            if number == TRIES or pause_s > min(LONGEST_PAUSE_S, deadline.left_s):
                break
            self._wait(pause_s)
        raise WorldError(f"{self._name} {said}.")

    def _fetch(self, path: str, parameters: Mapping[str, str | list[str]], deadline: Deadline) -> tuple[int, httpx.Headers, bytes]:
        """Status, headers and body. The deadline holds for the whole: a server that drips its answer byte by byte ends with it."""
        if deadline.left_s <= 0:
            raise httpx.TimeoutException("over")
        with self._client.stream("GET", path, params=dict(parameters), timeout=deadline.left_s) as answer:
            body = bytearray()
            for chunk in answer.iter_bytes():
                body += chunk
                if deadline.left_s <= 0:
                    raise httpx.TimeoutException("over")
                if len(body) > MOST_BYTES:
                    raise WorldError(f"{self._name} gives more than {MOST_BYTES // 1_000_000} MB for one payment.")
            return answer.status_code, answer.headers, bytes(body)

    def _refusal(self, status: int, headers: httpx.Headers) -> str:
        """Why there is no answer. The server's own words stay out of it: they may hold our key."""
        if status in _KEY_REFUSED:
            return f"refuses our key (it answers {status}); set a valid {self._key_name}"
        if status == httpx.codes.TOO_MANY_REQUESTS:
            asked = headers.get("Retry-After", "")
            return f"is asked too often (it answers 429{', and wants ' + asked + ' s of rest' if asked.isdecimal() else ''})"
        return f"answers {status}"

    def _parsed(self, body: bytes) -> Any:
        try:
            return json.loads(body, parse_float=Decimal)  # a number with a point stays exact
        except ValueError:
            raise WorldError(f"{self._name} did not answer in JSON.") from None
