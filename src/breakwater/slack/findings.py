"""Doors: /anomalies and its words. A word's handler belongs to the subject's own file and is listed here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt import App

from breakwater.errors import RefusedError
from breakwater.model.access import Actor, Permission, require
from breakwater.model.findings import SEVERAL, Finding
from breakwater.slack import backtests, finding_answers, subscriptions
from breakwater.slack.doors import Body, Doors
from breakwater.slack.permalinks import permalink
from breakwater.steps.feedback import show_card, what_was_learnt
from breakwater.store import outbox, reads
from breakwater.views import findings as views
from breakwater.views import help as help_views
from breakwater.views import learning as learning_views

FINDINGS_LISTED = 200


def register(app: App, doors: Doors) -> None:
    """Connect the command, and the buttons of findings."""
    finding_answers.register(app, doors)
    subscriptions.register(app, doors)

    @app.command("/anomalies")
    def anomalies(ack: Any, body: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _answer(doors, body, actor))

    @app.action(views.SHOW_CARD)
    def card(ack: Any, body: dict[str, Any], action: dict[str, Any]) -> None:
        ack()
        doors.work(body, lambda actor: _show_card(doors, body, json.loads(action["value"])["finding_id"], actor))


def _answer(doors: Doors, body: dict[str, Any], actor: Actor) -> None:
    require(actor, Permission.READ)
    words = (body.get("text") or "").split()
    handler = WORDS.get(words[0].casefold()) if words else None
    if [word.casefold() for word in words] == ["help"]:
        doors.tell(body, help_views.command_help("/anomalies"))
    elif handler:
        handler(doors, body, words[1:], actor)
    else:
        _list(doors, body, words)


def _list(doors: Doors, body: Body, words: list[str]) -> None:
    """What is open, at all partners or at one; of several partners is everybody's."""
    if len(words) > 1:
        raise RefusedError("`/anomalies` takes one partner.", remedy="For example `/anomalies nordbank`.")
    partner = doors.partner_named(words[0]) if words else None
    with doors.database.reading() as tx:
        found = reads.findings(tx, partner=partner.id if partner else None, limit=FINDINGS_LISTED)
        found += reads.findings(tx, partner=SEVERAL, limit=FINDINGS_LISTED) if partner else []
    blind = [u.text for u in doors.unmonitored() if partner is None or u.partner in (None, partner.id)]
    answer = views.findings(found, at=doors.now(), cards=_cards(doors, found), partner=partner.name if partner else None, unmonitored=blind)
    doors.tell(body, answer)


def _cards(doors: Doors, found: Sequence[Finding]) -> dict[str, str]:
    """The findings that have a card, each with the link to it where that is shown and the card is out."""
    names = {f"finding:{f.id}": f.id for f in found}
    with doors.database.reading() as tx:
        channels = outbox.channels_of(tx, abouts=names)
        cards = [reads.card(tx, about=f"finding:{f.id}", channel=channels[f"finding:{f.id}"][0]) for f in found[: views.IN_FULL]
                 if f"finding:{f.id}" in channels]  # fmt: skip
    links = {names[card.about]: permalink(doors, channel=card.channel, ts=card.ts) for card in cards if card}
    return {names[about]: links.get(names[about], "") for about in channels}


def _show_card(doors: Doors, body: Body, finding_id: str, actor: Actor) -> None:
    channel = doors.operations_channel
    with doors.database.transaction() as tx:
        shown = show_card(tx, actor=actor, finding_id=finding_id, partners=doors.partners, channel=channel, now=doors.now())
    doors.tell(body, views.card_shown(shown, channel=channel))


def _feedback(doors: Doors, body: Body, words: list[str], actor: Actor) -> None:
    """`/anomalies feedback`: what was learnt."""
    require(actor, Permission.READ)
    if words:
        raise RefusedError("`/anomalies feedback` takes no further word.", remedy="Its buttons take back what was learnt.")
    with doors.database.reading() as tx:
        cells = what_was_learnt(tx)
    doors.tell(body, learning_views.learnt(cells))


# What may follow `/anomalies`: each is given the words after its own. Beside them stand `help` and the name of a partner.
WORDS: Mapping[str, Callable[[Doors, Body, list[str], Actor], None]] = {
    "feedback": _feedback,
    "backtest": backtests.replay,
    "subscribe": subscriptions.open_form,
    "subscriptions": subscriptions.show_list,
}
