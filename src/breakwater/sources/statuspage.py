"""A partner's public status page, in the form most of them have (summary.json of Atlassian's Statuspage): is something known to be down?"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from breakwater.errors import WorldError
from breakwater.model.live import Deadline, LiveAnswer, LiveQuestion
from breakwater.sources.json_paths import at_path
from breakwater.sources.live_api import LiveApi

MOST_TOLD = 3


class StatuspageSource:
    """A status page. It says nothing while all is well; `components` narrows it to those we depend on."""

    def __init__(
        self,
        *,
        name: str,
        partner: str,
        url: str,
        components: tuple[str, ...] = (),
        deadline_s: float = 3.0,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name, self.partner, self.deadline_s = name, partner, deadline_s
        self._components = {component.casefold() for component in components}
        self._api = LiveApi(name=name, url=url, headers={}, key_name="url", transport=transport, wait=wait)

    def ask(self, question: LiveQuestion, *, asked_at: datetime, deadline: Deadline) -> LiveAnswer | None:
        """What the partner itself says is wrong now, whichever payment is asked for."""
        page = self._api.get("/api/v2/summary.json", deadline=deadline)
        if not isinstance(at_path(page, "components"), list):
            raise WorldError(f"{self.name} has no summary.json of the known form.")
        troubles = [*self._incidents(page), *self._down(page)]
        told = troubles[:MOST_TOLD]
        if len(troubles) > MOST_TOLD:
            told.append(f"{self.name} names {len(troubles) - MOST_TOLD} more.")
        return LiveAnswer(source=self.name, partner=self.partner, asked_at=asked_at, facts=tuple(told)) if told else None

    def _incidents(self, page: Any) -> list[str]:
        found = []
        for incident in at_path(page, "incidents") or []:
            touched = {str(at_path(c, "name")).casefold() for c in at_path(incident, "components") or []}
            if not self._components or not touched or touched & self._components:
                since = _since(at_path(incident, "started_at") or at_path(incident, "created_at"))
                found.append(f"{self.name}: {at_path(incident, 'name')} ({at_path(incident, 'status')}{since}).")
        return found

    def _down(self, page: Any) -> list[str]:
        parts = [c for c in page["components"] if isinstance(c, Mapping) and c.get("status") not in ("operational", None)]
        return [
            f"{self.name}: {c.get('name')} has {str(c['status']).replace('_', ' ')}."
            for c in parts
            if not self._components or str(c.get("name")).casefold() in self._components
        ]


def _since(said: Any) -> str:
    """', since 24 Nov 10:20 UTC' for a time with an offset; nothing for what is none."""
    try:
        at = datetime.fromisoformat(str(said))
    except ValueError:
        return ""
    return f", since {at.astimezone(UTC):%-d %b %H:%M} UTC" if at.tzinfo else ""
