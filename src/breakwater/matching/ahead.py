"""Results of tasks in their order; while one is in use, the next ones are worked out."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

T = TypeVar("T")


def ahead(tasks: Iterable[Callable[[], T]], *, at_once: int = 1) -> Iterator[T]:
    """What each task gives. No more than `at_once` of them are under way or wait to be used, so with one, none goes on beside another."""
    with ThreadPoolExecutor(at_once, "ahead") as pool:
        coming = iter(tasks)
        begun: deque[Future[T]] = deque(pool.submit(task) for task in islice(coming, at_once))
        while begun:
            result = begun.popleft().result()
            begun.extend(pool.submit(task) for task in islice(coming, 1))
            yield result
