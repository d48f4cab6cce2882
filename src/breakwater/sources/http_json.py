"""Our own side from a JSON API: declared columns, pages one after the other, and only questions that are safe to ask again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx

from breakwater.errors import CallError, FileError, WorldError
from breakwater.model.pulls import Pulled
from breakwater.sources.json_paths import at_path
from breakwater.sources.pulled_rows import COLUMNS, RowFile

TIMEOUT_S = 30.0
TRIES = 4
LONGEST_WAIT_S = 30.0
PAGES_PER_PULL = 10_000  # an API that has more never ends
_TRY_AGAIN = frozenset({429, 500, 502, 503, 504})
_FIX = "Correct [ledger.http], or ask the owner of the API."


@dataclass(frozen=True, kw_only=True)
class Shape:
    """How an API answers: where the rows are, which path of a row is which column, and how one page leads to the next.

    `rows`, `next_cursor`, `next_link` and the values of `columns` are dotted paths. At most one of `next_cursor`, `next_link` and `page`
    (a parameter that counts from 1) is given. `since` is the parameter for the time of the oldest change wanted, `booked_from` and
    `booked_to` those for the first and the last day wanted, where all rows of some days can be asked for.
    """

    url: str
    columns: Mapping[str, str]
    rows: str = ""
    updated_at: str = "updated_at"
    since: str = "updated_since"
    booked_from: str | None = None
    booked_to: str | None = None
    next_cursor: str | None = None
    cursor: str = "cursor"
    next_link: str | None = None
    page: str | None = None
    parameters: Mapping[str, str] = field(default_factory=dict)


class HttpSource:
    """A JSON API of ours. Each pull asks from `overlap_s` seconds before the latest change seen; it counts only when its last page came."""

    def __init__(
        self,
        shape: Shape,
        *,
        token: str | None,
        overlap_s: float,
        transport: httpx.BaseTransport | None = None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        if unknown := [name for name in shape.columns if name not in COLUMNS]:
            raise CallError(f"A record has no column '{unknown[0]}'.", remedy=f"Use one of: {', '.join(COLUMNS)}.")
        self._shape, self._transport, self._overlap_s, self._wait = shape, transport, overlap_s, wait
        self._headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        self._home = httpx.URL(shape.url)
        self.name = str(self._home.copy_with(query=None, username=None, password=None))

    def pull(self, *, after: Mapping[str, Any] | None, to: Path) -> Pulled | None:
        """Write the rows changed since a position. Nothing counts if a page is missing."""
        latest = datetime.fromisoformat(after["at"]) if after else None
        with RowFile(to) as file, httpx.Client(transport=self._transport) as client:
            for row in self._rows(client, self._changed_since(latest)):
                file.add({name: at_path(row, path) for name, path in self._shape.columns.items()})
                changed_at = self._changed_at(row)
                latest = changed_at if latest is None else max(latest, changed_at)
        return Pulled(rows=file.rows, position={"at": latest.isoformat()}) if file.rows and latest else None

    def all_booked(self, *, first: date, last: date, to: Path) -> int:
        """Write every row booked from one day through another. CallError where the API can't be asked for days."""
        if not (self._shape.booked_from and self._shape.booked_to):
            raise CallError("[ledger.http] does not say how days are asked for.", remedy="Set booked_from and booked_to there.")
        asked = {self._shape.booked_from: first.isoformat(), self._shape.booked_to: last.isoformat()}
        with RowFile(to) as file, httpx.Client(transport=self._transport) as client:
            for row in self._rows(client, asked):
                file.add({name: at_path(row, path) for name, path in self._shape.columns.items()})
        return file.rows

    def _changed_since(self, latest: datetime | None) -> dict[str, str]:
        return {self._shape.since: (latest - timedelta(seconds=self._overlap_s)).isoformat()} if latest else {}

    def _changed_at(self, row: Any) -> datetime:
        said = at_path(row, self._shape.updated_at)
        try:
            at = datetime.fromisoformat(str(said))
        except ValueError:
            raise FileError("bad-date", f"'{self._shape.updated_at}' is {said!r}, which is no time.", remedy=_FIX) from None
        if at.tzinfo is None:
            raise FileError("bad-date", f"'{self._shape.updated_at}' is {said!r}, without an offset.", remedy=_FIX)
        return at

    def _rows(self, client: httpx.Client, asked: Mapping[str, str]) -> Iterator[Any]:
        shape = self._shape
        url: httpx.URL | None = self._home.copy_merge_params({**shape.parameters, **asked})
        for number in range(1, PAGES_PER_PULL + 1):
            assert url is not None
            answer = self._ask(client, url.copy_set_param(shape.page, number) if shape.page else url)
            rows = at_path(answer, shape.rows)
            if not isinstance(rows, list):
                raise FileError("malformed", f"The API's answer has no list at '{shape.rows}'.", remedy=_FIX)
            yield from rows
            url = self._next(url, answer, is_empty=not rows)
            if url is None:
                return
        raise WorldError(f"{self.name} gave more than {PAGES_PER_PULL:,} pages.", remedy="Ask for more rows on each page.")

    def _next(self, url: httpx.URL, answer: Any, *, is_empty: bool) -> httpx.URL | None:
        shape = self._shape
        if shape.page:
            return None if is_empty else url
        if shape.next_cursor:
            cursor = at_path(answer, shape.next_cursor)
            return url.copy_set_param(shape.cursor, str(cursor)) if cursor else None
        link = at_path(answer, shape.next_link) if shape.next_link else None
        if not link:
            return None
        following = self._home.join(str(link))
        if (following.scheme, following.host, following.port) != (self._home.scheme, self._home.host, self._home.port):
            # Our token would go along.
            raise FileError("malformed", f"The API names a next page on another server, {following.host}.", remedy=_FIX)
        return following

    def _ask(self, client: httpx.Client, url: httpx.URL) -> Any:
        """One page. A question changes nothing, so it is asked again after a time-out, a full queue or a server's own error."""
        for number in range(1, TRIES + 1):
            wait_s = 2.0**number
            try:
                answer = client.get(url, headers=self._headers, timeout=TIMEOUT_S, follow_redirects=False)
            except httpx.TransportError as wrong:
                said = type(wrong).__name__
            else:
                if answer.status_code == httpx.codes.OK:
                    return self._parsed(answer)
                said = f"it answers {answer.status_code}"
                if answer.status_code not in _TRY_AGAIN:
                    break
                asked = answer.headers.get("Retry-After", "")
                wait_s = float(asked) if asked.isdecimal() else wait_s
            if number < TRIES:
                self._wait(min(wait_s, LONGEST_WAIT_S))
        raise WorldError(f"The ledger's API {self.name} failed: {said}.", remedy="Check its address, LEDGER_HTTP_TOKEN and the API.")

    def _parsed(self, answer: httpx.Response) -> Any:
        try:
            return answer.json(parse_float=Decimal)  # a number with a point stays exact
        except ValueError:
            raise FileError("malformed", f"{self.name} did not answer in JSON.", remedy=_FIX) from None
