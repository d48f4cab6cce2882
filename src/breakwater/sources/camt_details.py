"""The transaction details of one entry: kept until the entry is complete, however many there are."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from typing import IO, NamedTuple

_IN_MEMORY = 5_000  # details; a batch entry may have millions, and the rest of them waits in a temporary file


class Detail(NamedTuple):
    """What one `TxDtls` says: its amount (None where it states none), direction, references, codes, and whether and why it came back."""

    amount_minor: int | None = None
    currency: str | None = None
    direction: str | None = None
    end_to_end_id: str | None = None
    tx_id: str | None = None
    instruction_id: str | None = None
    uetr: str | None = None
    servicer_reference: str | None = None
    batch_id: str | None = None
    code: str | None = None
    sub_family: str | None = None
    returned: bool = False
    return_reason: str | None = None


class Details:
    """The details of one entry, in order, and what they have in common."""

    def __init__(self) -> None:
        self._held: list[Detail] = []
        self._file: IO[str] | None = None
        self._directions: Counter[str | None] = Counter()
        self._money: Counter[str | None] = Counter()
        self._batches: set[str | None] = set()
        self.count = 0
        self.all_returned = True

    def add(self, detail: Detail) -> None:
        """One more detail."""
        if len(self._held) >= _IN_MEMORY:
            self._put_aside()
        self._held.append(detail)
        self.count += 1
        self._directions[detail.direction] += 1
        self._money[detail.currency] += detail.amount_minor or 0
        if len(self._batches) < 2:
            self._batches.add(detail.batch_id)
        self.all_returned = self.all_returned and detail.returned

    def __iter__(self) -> Iterator[Detail]:
        if self._file:
            self._file.seek(0)
            for line in self._file:
                yield from map(Detail._make, json.loads(line))
        yield from self._held

    def add_up_to(self, amount_minor: int, currency: str) -> bool:
        """True if there are details, all of them in `currency`, and their sum is exactly this."""
        return bool(self.count) and dict(self._money) == {currency: amount_minor}

    def against(self, direction: str) -> int:
        """How many say another direction than `direction`."""
        return sum(n for said, n in self._directions.items() if said not in (None, direction))

    @property
    def shared_batch_id(self) -> str | None:
        """The batch that all details name; None where they do not agree on one."""
        return next(iter(self._batches)) if len(self._batches) == 1 else None

    def close(self) -> None:
        """Give back the temporary file, if there is one."""
        if self._file:
            self._file.close()

    def _put_aside(self) -> None:
        if self._file is None:
            self._file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 (it lives as long as this object, see close)
        self._file.write(json.dumps(self._held) + "\n")
        self._held = []
