"""The page and its own endpoints."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from starlette.routing import BaseRoute

from breakwater.sandbox.deeds import Deeds
from breakwater.sandbox.state import State


class PageApi:
    def __init__(self, state: State, *, deeds: Deeds, connections: Callable[[], int]) -> None:
        self._state = state

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        pass

    def routes(self) -> list[BaseRoute]:
        return []
