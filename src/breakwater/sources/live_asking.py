"""Asking all live sources at once: each has its own deadline, and one that is slow or broken is named, never waited for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, TimeoutError, as_completed
from datetime import datetime

from breakwater.errors import WorldError
from breakwater.model.live import Deadline, LiveAnswer, LiveQuestion, LiveSource
from breakwater.sources.live_api import Rest

THREADS = 16
GRACE_S = 0.25  # beyond its own deadline: a name server that hangs has none


class LiveSources:
    """The live sources of all partners."""

    def __init__(self, sources: Sequence[LiveSource], *, now: Callable[[], datetime], clock: Callable[[], float] = time.monotonic) -> None:
        self._sources = [(source, Rest(source.name, now=now)) for source in sources]
        self._now, self._clock = now, clock
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="live")

    def names(self, question: LiveQuestion) -> list[str]:
        """Who would be asked."""
        return [source.name for source, _ in self._of(question)]

    def ask(self, question: LiveQuestion) -> Iterator[LiveAnswer]:
        """The answers as they come. Every source that has something to say, or fails to, gives exactly one."""
        asked_at, started = self._now(), self._clock()
        asked: dict[Future[LiveAnswer | None], LiveSource] = {}
        for source, rest in self._of(question):
            asked[self._threads.submit(self._one, source, rest, question, asked_at, started)] = source
        longest_s = max((source.deadline_s for source in asked.values()), default=0.0)
        open_still = dict(asked)
        try:
            for done in as_completed(asked, timeout=longest_s + GRACE_S):
                del open_still[done]
                if answer := done.result():
                    yield answer
        except TimeoutError:
            for late, source in open_still.items():
                late.cancel()
                yield _silent(source, asked_at, f"{source.name} did not answer within {source.deadline_s:g} s.")

    def _of(self, question: LiveQuestion) -> list[tuple[LiveSource, Rest]]:
        """Where we know whose payment it is, only their sources are asked."""
        return [(s, rest) for s, rest in self._sources if not question.partners or s.partner in question.partners]

    def _one(self, source: LiveSource, rest: Rest, question: LiveQuestion, asked_at: datetime, started_s: float) -> LiveAnswer | None:
        well = False
        try:
            rest.enter()
        except WorldError as resting:
            return _silent(source, asked_at, resting.message)
        try:
            answer = source.ask(question, asked_at=asked_at, deadline=Deadline(started_s + source.deadline_s, self._clock))
            well = True
        except WorldError as wrong:
            return _silent(source, asked_at, wrong.message)
        finally:
            rest.ended(well=well)
        return answer


def _silent(source: LiveSource, asked_at: datetime, problem: str) -> LiveAnswer:
    return LiveAnswer(source=source.name, partner=source.partner, asked_at=asked_at, problem=problem)
