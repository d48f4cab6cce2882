"""What a live source, a partner's API or status page, says about a payment at the moment somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from breakwater.model.events import Event


@dataclass(frozen=True, kw_only=True)
class LiveQuestion:
    """What a person asks for, with every reference we know of it: the typed one first."""

    references: tuple[str, ...]
    partners: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class LiveAnswer:
    """The answer of one source. `problem` says in a sentence what it could not tell; beside it stands whatever it could.

    `facts` are sentences that are no event: a refund that is pending, a trace id that is not given yet. `references` are (name, value).
    """

    source: str
    partner: str
    asked_at: datetime
    events: tuple[Event, ...] = ()
    references: tuple[tuple[str, str], ...] = ()
    facts: tuple[str, ...] = ()
    problem: str = ""

    @property
    def knows_nothing(self) -> bool:
        """True if the source answered, and has nothing under any of the references."""
        return not (self.events or self.references or self.facts or self.problem)


@dataclass(frozen=True)
class Deadline:
    """Until when an answer is worth having, on a monotonic clock in seconds."""

    until_s: float
    clock: Callable[[], float]

    @property
    def left_s(self) -> float:
        """How much of it is left; 0 or less when it is over."""
        return self.until_s - self.clock()


class LiveSource(Protocol):
    """A source that can be asked while somebody waits."""

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def partner(self) -> str:
        """Whose it is: a partner's id."""

    @property
    def deadline_s(self) -> float:
        """How long it may take."""

    def ask(self, question: LiveQuestion, *, asked_at: datetime, deadline: Deadline) -> LiveAnswer | None:
        """What it knows; None if nothing in the question is its own. WorldError if it gives no answer."""


class Live(Protocol):
    """All live sources together."""

    def names(self, question: LiveQuestion) -> Sequence[str]:
        """Who would be asked."""

    def ask(self, question: LiveQuestion) -> Iterator[LiveAnswer]:
        """Their answers, as they come."""


class Nobody:
    """Where no live source is set up."""

    def names(self, question: LiveQuestion) -> Sequence[str]:
        """Nobody."""
        return ()

    def ask(self, question: LiveQuestion) -> Iterator[LiveAnswer]:
        """Nothing."""
        return iter(())


def still_silent(asked: Iterable[str], answers: Iterable[LiveAnswer]) -> tuple[str, ...]:
    """Of those who were asked, who has not answered yet."""
    heard = {answer.source for answer in answers}
    return tuple(name for name in asked if name not in heard)
