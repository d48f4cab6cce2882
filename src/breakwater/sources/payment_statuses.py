"""What became of payments, in ISO 20022 XML: pain.002 and pacs.002 (their status) and camt.056 (a wish to have them back).

None of them moves money: each transaction is an event of the payment it names. A status of a whole group names none, and is a notice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from breakwater.model.files import Notice, Reading, Statement
from breakwater.model.payment_states import ISO20022, ProcessingState
from breakwater.model.records import Side, clean_reference
from breakwater.sources import iso20022, markup
from breakwater.sources.documents import Document, Head
from breakwater.sources.pain import ordered_amount
from breakwater.sources.payment_events import Names, PaymentEvents
from breakwater.sources.payment_messages import Message, MessageReader

FORMATS = ("pain.002", "pacs.002", "camt.056")
_NAMED_GROUPS = 5
# Groups of transactions: the id they had in the original message, and the status of all of them.
_GROUPS = {
    "OrgnlGrpInfAndSts": ("OrgnlMsgId", "GrpSts"),
    "OrgnlPmtInfAndSts": ("OrgnlPmtInfId", "PmtInfSts"),
    "OrgnlGrpInfAndCxl": ("OrgnlMsgId", ""),
}
_IDS = ("OrgnlEndToEndId", "OrgnlTxId", "OrgnlUETR", "OrgnlInstrId", "AcctSvcrRef", "ClrSysRef")
_REASONS = ("StsRsnInf", "CxlRsnInf")


class PaymentStatuses:
    """The language of status reports and cancellation requests."""

    side = Side.THEIRS
    formats: tuple[str, ...] = FORMATS
    event_formats: tuple[str, ...] = FORMATS

    def recognise(self, head: Head) -> str | None:
        """By its message element, or where that has been cut off, by its namespace."""
        found = iso20022.recognise(head)
        return found if found in self.formats else None

    def read(self, document: Document, reading: Reading) -> Iterator[pa.RecordBatch]:
        """The events of one document; each message is a statement without money."""
        return _Statuses(document, reading).batches()


@dataclass(frozen=True)
class _Status:
    """A status code and its reason, each as the partner wrote it."""

    code: str | None
    reason: str | None


class _Statuses(MessageReader):
    formats = FORMATS
    names = ("TxInfAndSts", "TxInf", *_GROUPS, "Undrlyg")

    def __init__(self, document: Document, reading: Reading) -> None:
        super().__init__(document, reading)
        self._events = PaymentEvents(document, reading)
        self._whole: dict[str | None, _Status] = {}  # the original messages of this one, and their status
        self._alone: list[str] = []  # groups with a status and no transactions

    def element(self, name: str, element: Any, message: Message) -> Iterator[pa.RecordBatch]:
        """A transaction, or a group of them."""
        if name in ("TxInfAndSts", "TxInf"):
            self.transactions += 1
            message.tally.entries += 1
            self._transaction(element, message)
            yield from self._events.full()
        elif name in ("OrgnlGrpInfAndSts", "OrgnlGrpInfAndCxl"):
            group, status = self._group(name, element)
            self._whole[group] = _Status("camt.056", status.reason) if name == "OrgnlGrpInfAndCxl" else status
        elif name == "OrgnlPmtInfAndSts" and "TxInfAndSts" not in self.read.children(element):
            batch, status = self._group(name, element)
            self._alone += [_in_words(batch, status)] if status.code else []
        markup.forget(element)

    def _group(self, name: str, element: Any) -> tuple[str | None, _Status]:
        id, status = _GROUPS[name]
        parts = self.read.children(element)
        return self.read.text(parts.get(id)), self._status(parts, status)

    def _status(self, parts: dict[str, Any], code: str) -> _Status:
        reasons = (self.read.reason(parts.get(name)) for name in _REASONS)
        return _Status(self.read.text(parts.get(code)), next((reason for reason in reasons if reason), None))

    def _transaction(self, element: Any, message: Message) -> None:
        parts = self.read.children(element)
        own = self._status(parts, "TxSts")
        of_group = self._status_of_group(element, parts)
        original = self.read.children(parts.get("OrgnlTxRef"))
        amounts = (ordered_amount(self.read, original), original.get("IntrBkSttlmAmt"), parts.get("OrgnlIntrBkSttlmAmt"))
        ids = {name: clean_reference(self.read.text(parts.get(name))) for name in _IDS}
        wish = message.format == "camt.056"
        code = "camt.056" if wish else own.code or of_group.code
        self._events.add(
            Names(
                end_to_end_id=ids["OrgnlEndToEndId"],
                tx_id=ids["OrgnlTxId"],
                uetr=ids["OrgnlUETR"],
                instruction_id=ids["OrgnlInstrId"],
                partner_id=ids["AcctSvcrRef"] or ids["ClrSysRef"] or ids["OrgnlTxId"],
                batch_id=self._batch_of(element),
            ),
            ProcessingState.RETURN_REQUESTED if wish else ISO20022.get(code or "", ProcessingState.UNKNOWN),
            key=message.logical_key,
            at=message.created_at,
            money=self.read.given_amount(amounts, of=f"transaction {self.transactions}"),
            raw_code=code,
            reason=own.reason or of_group.reason,
            line=self.transactions,
        )

    def _status_of_group(self, element: Any, parts: dict[str, Any]) -> _Status:
        """The status of the group a transaction is in, which counts where it has none of its own."""
        above = element.getparent()
        if self.read.local[above.tag] == "OrgnlPmtInfAndSts":
            _, status = self._group("OrgnlPmtInfAndSts", above)
            if status.code:
                return status
        named = self.read.text(parts.get("OrgnlGrpInf"), "OrgnlMsgId")
        only = next(iter(self._whole.values())) if len(self._whole) == 1 else _Status(None, None)
        return self._whole.get(named, only) if named else only

    def _batch_of(self, element: Any) -> str | None:
        above = element.getparent()
        return self._group("OrgnlPmtInfAndSts", above)[0] if self.read.local[above.tag] == "OrgnlPmtInfAndSts" else None

    def close(self, message: Message) -> None:
        """The message becomes a statement without money."""
        if not message.tally.entries:
            self._alone += [_in_words(group, status) for group, status in self._whole.items() if status.code]
        self._whole = {}
        self.reading.statements.append(Statement(id=message.id, account=None, currency=None, entries=message.tally.entries))
        self.notice_day(message.created_at.date() if message.created_at else None)

    def rest(self) -> Iterator[pa.RecordBatch]:
        """The last events, and what was said of whole groups."""
        if self._alone:
            more = len(self._alone) - _NAMED_GROUPS
            said = "; ".join(self._alone[:_NAMED_GROUPS]) + (f"; and {more:,} more" if more > 0 else "")
            self.reading.notices.append(Notice("group-status", f"Said of whole groups, without naming their payments: {said}."))
        yield from self._events.rest()


def _in_words(group: str | None, status: _Status) -> str:
    return " ".join(filter(None, (group or "a group without id", status.code, f"({status.reason})" if status.reason else "")))
