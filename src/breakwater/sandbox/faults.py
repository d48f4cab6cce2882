"""Faults on demand: the next calls of a method fail the way Slack or the network fails."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from enum import Enum

EVERY_METHOD = "*"


class FaultKind(Enum):
    """How a call fails. The `…_AFTER` kinds fail after the work was done, so that the caller can't know."""

    SERVER_ERROR = "server_error"  # HTTP 500, nothing done
    RATE_LIMITED = "rate_limited"  # HTTP 429 with Retry-After
    REFUSED = "refused"  # ok: false with `error`
    TIME_OUT = "time_out"  # no answer for `hold_s`, nothing done
    TIME_OUT_AFTER = "time_out_after"
    DROP = "drop"  # connection reset, nothing done
    DROP_AFTER = "drop_after"
    SERVER_ERROR_AFTER = "server_error_after"
    BAD_GATEWAY = "bad_gateway"  # HTTP 502 and a page for people where JSON was expected, nothing done
    BAD_GATEWAY_AFTER = "bad_gateway_after"
    GARBLED_AFTER = "garbled_after"  # HTTP 200 and half of an answer

    @property
    def comes_after(self) -> bool:
        return self.value.endswith("_after")


@dataclass(frozen=True)
class Fault:
    """One call's failure: `retry_after_s` for RATE_LIMITED, `hold_s` for TIME_OUT, `error` for REFUSED."""

    kind: FaultKind
    retry_after_s: int = 1
    hold_s: float = 30.0
    error: str = "internal_error"


class Faults:
    """The failures still to come. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._coming: dict[str, list[Fault]] = {}

    def add(
        self, method: str, kind: FaultKind, *, times: int = 1, retry_after_s: int = 1, hold_s: float = 30.0, error: str = "internal_error"
    ) -> None:
        """Let the next `times` calls of `method` fail: a Web API method, `response_url`, `upload`, or `*` for any of them."""
        fault = Fault(kind=kind, retry_after_s=retry_after_s, hold_s=hold_s, error=error)
        with self._lock:
            self._coming.setdefault(method, []).extend([fault] * times)

    def take(self, method: str) -> Fault | None:
        """The failure this call must show, counted off."""
        with self._lock:
            for name in (method, EVERY_METHOD):
                if self._coming.get(name):
                    return self._coming[name].pop(0)
        return None

    def clear(self) -> None:
        """Call off all failures still to come."""
        with self._lock:
            self._coming.clear()
