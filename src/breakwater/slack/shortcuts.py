"""Doors: the shortcuts of any message: find the payments it names, or add it to a break or an incident."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from slack_bolt import App

from breakwater.model.access import Actor, Permission, require
from breakwater.model.breaks import Break
from breakwater.model.money import format_minor
from breakwater.model.payment_batches import Batch
from breakwater.model.payments import PaymentTrace
from breakwater.model.text_references import references_in
from breakwater.slack import payments
from breakwater.slack.doors import Body, Doors
from breakwater.slack.permalinks import permalink
from breakwater.steps import breaks as break_steps
from breakwater.steps import incidents as incident_steps
from breakwater.steps.breaks import Click
from breakwater.steps.look_up import Answer
from breakwater.store import reads
from breakwater.views import shortcuts as views

_BREAK = re.compile(r"\bB-[A-Z2-7]{12}\b")
BREAKS_OFFERED = 20
# Where the texts of a message stand: in itself, its blocks and their elements, its attachments and their fields.
_SHOWN = ("text", "pretext", "title", "value", "blocks", "elements", "fields", "attachments")
_FOR_CLICKS = ("actions", "button", "overflow")


def register(app: App, doors: Doors) -> None:
    """Connect both shortcuts and the form."""

    @app.shortcut(views.FIND)
    def find(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _find(doors, body, actor))

    @app.shortcut(views.ADD)
    def add(ack: Any, body: dict[str, Any]) -> None:
        ack()
        # In a partner's channel too: the form is seen by this person alone, and what is answered goes to their direct messages.
        doors.work(_elsewhere(body), lambda actor: _add(doors, body, actor))

    @app.view(views.ADD_FORM)
    def added(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        if wrong := views.complaints(view):
            ack(response_action="errors", errors=wrong)
            return
        ack(response_action="clear")
        doors.work(body, lambda actor: _added(doors, body, view, actor))


def _elsewhere(body: Body) -> dict[str, Any]:
    """The request without the place it came from."""
    return {name: value for name, value in body.items() if name not in ("channel", "response_url")}


def _find(doors: Doors, body: Body, actor: Actor) -> None:
    require(actor, Permission.READ)
    tried = references_in(_all_words_of(body))
    known = [(reference, answer) for reference in tried if (answer := _exactly(doors, reference))]
    if not tried:
        doors.tell(body, views.none_named())
    elif not known:
        doors.tell(body, views.none_found(tried))
    elif len(known) == 1:
        payments.show(doors, body, known[0][0], actor)
    else:
        doors.tell(body, views.found([(reference, _what(answer)) for reference, answer in known], unknown=len(tried) - len(known)))


def _exactly(doors: Doors, reference: str) -> Answer | None:
    """The payment or batch of exactly this name: near misses would make a payment of every number in a message."""
    answer = doors.tracing.look_up(reference, now=doors.now())
    if isinstance(answer, PaymentTrace):
        return answer if answer.known else None
    return answer if isinstance(answer, Batch) else None


def _what(answer: Answer) -> str:
    if not isinstance(answer, PaymentTrace):
        return "a batch"
    worth = next((format_minor(e.record.amount_minor, e.record.currency) for e in answer.evidence), "")
    return f"{worth} {answer.processing.replace('_', ' ')}".strip()


def _add(doors: Doors, body: Body, actor: Actor) -> None:
    require(actor, Permission.WORK_BREAK)
    text = _words_of(body)
    with doors.database.reading() as tx:
        named = [brk for break_id in dict.fromkeys(_BREAK.findall(_all_words_of(body))) if (brk := reads.break_by_id(tx, break_id))]
        incidents = reads.incidents(tx, open_only=True)
    form = views.add_form(
        breaks=named[:BREAKS_OFFERED],
        incidents=incidents,
        text=text,
        link=permalink(doors, channel=body["channel"]["id"], ts=body["message"]["ts"]),
    )
    doors.open_form(body, form)


def _added(doors: Doors, body: Body, view: Mapping[str, Any], actor: Actor) -> None:
    """Each place on its own: what can be added to one is added, whatever the other says."""
    given = views.read_added(view)
    where = []
    if given["incident_id"]:
        with doors.database.transaction() as tx:
            incident_steps.note_message(
                tx,
                actor=actor,
                incident_id=given["incident_id"],
                text=given["note"],
                link=given["link"],
                channel=doors.operations_channel,
                now=doors.now(),
            )
        where.append(given["incident_id"])
    if given["break_id"]:
        click = Click(actor=actor, break_id=given["break_id"], revision=None, partners=doors.partners, now=doors.now())
        with doors.database.transaction() as tx:
            _link_to_break(tx, click, note=given["note"], link=given["link"])
        where.append(given["break_id"])
    doors.tell(body, views.added(where))


def _link_to_break(tx: Any, click: Click, *, note: str, link: str) -> Break:
    return break_steps.link(tx, click, to=link, text=note) if link else break_steps.comment(tx, click, text=note)


def _words_of(body: Body) -> str:
    return html.unescape(str(body["message"].get("text") or ""))


def _all_words_of(body: Body) -> str:
    """The message's text and what stands in its blocks and attachments: a card shows its references there alone."""
    return html.unescape("\n".join(_texts(body["message"])))


def _texts(part: Any) -> Iterator[str]:
    if isinstance(part, list):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, Mapping) and part.get("type") not in _FOR_CLICKS:
        for name in _SHOWN:
            if isinstance(shown := part.get(name), str):
                yield shown
            else:
                yield from _texts(shown)
