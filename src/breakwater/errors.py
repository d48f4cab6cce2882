"""What went wrong, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class BreakwaterError(Exception):
    """Something a person can act on: one sentence of what is wrong, one of what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


class CallError(BreakwaterError):
    """The call itself is wrong: a bad option, a missing path, a bad configuration."""

    exit_code = 2


class FileError(BreakwaterError):
    """A partner file that can't be trusted. `code` is one of the codes of `breakwater inspect`, e.g. `truncated`."""

    def __init__(self, code: str, message: str, *, remedy: str) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code


class WorldError(BreakwaterError):
    """The world failed: database, engine, disk or Slack lost in mid-run; nothing is half-written."""

    exit_code = 3


class NotFoundError(BreakwaterError):
    """What was asked for does not exist; the message says what was searched."""


class RefusedError(BreakwaterError):
    """Somebody may not do this, or it can't be done in this state; the message says why and who or what can."""


class ForbiddenError(RefusedError):
    """Somebody may not do this, whatever the state of things: it is kept in the audit trail that they tried."""


def nearest(word: str, known: Iterable[str]) -> str:
    """' Did you mean X?' if something known is close to `word`, else an empty text."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f" Did you mean '{close[0]}'?" if close else ""
