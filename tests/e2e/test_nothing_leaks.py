"""Every listener the bot has registered, driven inside both shared channels: nothing of ours or of another partner arrives there.

The list is the app's own, so a new button, form or command is driven without anybody thinking of it.
"""

from __future__ import annotations

import inspect
import json
import re
from typing import Any

import pytest
from slack_bolt import BoltRequest

from breakwater.cli.demo import Demo
from breakwater.sandbox import Message, Person
from breakwater.store import reads

OTHER = {"nordbank": "meridian", "meridian": "nordbank"}
GUEST = {"nordbank": "U0NILS", "meridian": "U0MEES"}
INTERNAL = re.compile(r"\bB-[A-Z2-7]{12}\b|\b(?:EUR|USD) -?[0-9]")


def surfaces(demo: Demo) -> list[tuple[str, str]]:
    """Every registered listener: what kind it is and its name, such as ('constraints', 'break_acknowledge') for a button."""
    assert demo.bot.bolt
    found = [inspect.getclosurevars(listener.matchers[0].func).nonlocals for listener in demo.bot.bolt._listeners]
    return sorted({next(iter(names.items())) for names in found})


def bodies(kind: str, name: str, *, person: Person, team: str, channel: str, brk: Any) -> dict[str, Any]:
    """The request as Slack would send it from a channel; its values name what is most worth hiding: another partner's break."""
    value = {"break_id": brk.id, "revision": brk.revision, "do": "resolve", "words": brk.partner, "page": 0, "partner": brk.partner}
    packed = json.dumps(value | {"incident_id": "INC-0001", "sha256": "ab", "channel": channel, "currency": "EUR", "at_stake_minor": 1})
    who = {"user": {"id": person.id, "team_id": team}, "team": {"id": team}, "trigger_id": "1.2.3", "api_app_id": "A0BREAKWATER"}
    action = {"action_id": name, "block_id": "b", "type": "button", "value": packed, "selected_option": {"value": packed}}
    texts = {block: {"value": {"value": "x"}} for block in ("text", "link", "title", "summary", "partner_text", "resolution")}
    view = {"callback_id": name, "type": "modal", "private_metadata": packed, "state": {"values": texts}}
    event = {"type": name, "user": person.id, "channel": channel, "ts": "1.1", "thread_ts": "1.0", "text": brk.id, "team": team}
    command = {"command": name, "text": f"breaks {brk.partner}", "user_id": person.id, "team_id": team, "channel_id": channel}
    shapes: dict[str, dict[str, Any]] = {
        "constraints": {"type": "block_actions", "actions": [action], "channel": {"id": channel}, **who},
        "callback_id": {"type": "view_submission", "view": view, **who},
        "command": {**command, "trigger_id": "1.2.3"},
        "event_type": {"type": "event_callback", "event": event, "team_id": team, "event_id": f"Ev{name}{person.id}"},
    }
    return shapes[kind]


@pytest.mark.parametrize("partner", OTHER)
@pytest.mark.parametrize("as_guest", [False, True], ids=["one of us", "a stranger"])
def test_no_listener_says_anything_of_ours_in_a_shared_channel(demo: Demo, partner: str, as_guest: bool) -> None:
    channel = demo.bot.config.partners[partner].shared_channel
    assert channel
    person = demo.sandbox.person([home_member(demo, channel), GUEST[partner]][as_guest])
    team = [demo.bot.bolt.client.auth_test()["team_id"], f"T0{partner.upper()}"][as_guest]  # type: ignore[union-attr]
    with demo.bot.database.reading() as tx:
        (brk, *_) = reads.active_breaks(tx, partner=OTHER[partner], limit=1)
    driven = surfaces(demo)
    answered = [s for s in driven if s[0] in ("constraints", "command")]
    before = len(person.private(channel))

    for kind, name in driven:
        dispatch(demo, bodies(kind, name, person=person, team=team, channel=channel, brk=brk))

    demo.sandbox.wait_for(lambda: len(person.private(channel)) >= before + len(answered), timeout_s=30)
    delivered = [*demo.sandbox.messages(channel), *person.private(channel)]
    assert [text for text in map(everything_of, delivered) if leaks(demo, text, of=OTHER[partner])] == []
    with demo.bot.database.reading() as tx:
        assert reads.break_by_id(tx, brk.id) == brk


def test_what_a_scan_would_find(demo: Demo) -> None:
    assert leaks(demo, "the card of B-4K7QZC2MHX5A", of="meridian")
    assert leaks(demo, "worth EUR 12.50", of="meridian")
    assert leaks(demo, "Ask Meridian", of="meridian")
    assert not leaks(demo, "Ask in <#C0SEPA>.", of="meridian")


def leaks(demo: Demo, text: str, *, of: str) -> bool:
    other = demo.bot.config.partners[of]
    names = [other.name.casefold(), *(c.casefold() for c in other.internal_channels), str(other.shared_channel).casefold()]
    return bool(INTERNAL.search(text)) or any(name in text.casefold() for name in names)


def everything_of(message: Message) -> str:
    return f"{message.text} {json.dumps(message.blocks, ensure_ascii=False)}"


def home_member(demo: Demo, channel: str) -> str:
    return {"C0NORDBANK": "U0BRUNO"}.get(channel, "U0CHIARA")


def dispatch(demo: Demo, body: dict[str, Any]) -> None:
    assert demo.bot.bolt
    demo.bot.bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))
