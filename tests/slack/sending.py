"""A workspace, an outbox and a sender between them, with a clock that moves when told to."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from slack_sdk import WebClient
from sqlalchemy import select

from breakwater.model.access import INTERNAL, Role, partner_audience
from breakwater.model.calendar import named_calendar
from breakwater.model.partners import Partner
from breakwater.sandbox import App, Channel, Message, Sandbox, Team, User, Workspace
from breakwater.slack.guard import Guard
from breakwater.slack.people import People
from breakwater.slack.sender import Sender
from breakwater.store import outbox
from breakwater.store.database import Database
from breakwater.store.outbox import Kind
from breakwater.store.tables import delivery

OPS, CARDS, NORD, ALIPAY = "C0PAYOPS", "C0CARDS", "C0NORD", "C0ALIPAY"
BOT = "U0BREAKWATER"
HOME, NORDBANK = Team(id="T0HOME", name="Harbour"), Team(id="T0NORD", name="Nordbank")
TIME_OUT_S, HOLD_S = 0.5, 0.7  # how long a client waits, and how long a sandbox with a time-out keeps it waiting
LEASE_S = 60.0


def a_workspace(*, more_channels: int = 0, app: App | None = None) -> Workspace:
    """Two channels of our own, one shared with a partner, one that the bot is not in, and as many more as wanted."""
    more = tuple(Channel(id=f"C0MORE{n}", name=f"more-{n}", members=("U0ADA", BOT)) for n in range(more_channels))
    return Workspace(
        team=HOME,
        partners=(NORDBANK,),
        users=(User(id="U0ADA", name="ada", real_name="Ada Byron"), User(id="U0NILS", name="nils", team=NORDBANK.id)),
        channels=(
            Channel(id=OPS, name="payops", members=("U0ADA", BOT)),
            Channel(id=CARDS, name="cards", members=("U0ADA", BOT)),
            Channel(id=NORD, name="nordbank", members=("U0ADA", "U0NILS", BOT), connected_team_ids=(NORDBANK.id,)),
            Channel(id="C0LUNCH", name="lunch", members=("U0ADA",)),
            *more,
        ),
        app=app or App(),
    )


def a_partner(id: str, *, shared_channel: str) -> Partner:
    return Partner(
        id=id,
        name=id.title(),
        network="sepa",
        calendar=named_calendar("TARGET2"),
        calendar_name="TARGET2",
        time_zone=ZoneInfo("Europe/Berlin"),
        cut_off=time(17),
        live_from=date(2026, 1, 1),
        agreement="",
        shared_channel=shared_channel,
    )


PARTNERS = {"nordbank": a_partner("nordbank", shared_channel=NORD), "alipay": a_partner("alipay", shared_channel=ALIPAY)}


class Clock:
    """Time that moves when told to, from a start that never changes."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def seconds(self) -> float:
        return self.now.timestamp()

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


def a_client(api_url: str, *, token: str = "xoxb-sandbox", timeout_s: float = TIME_OUT_S, kind: type[WebClient] = WebClient) -> WebClient:
    """A client that does not repeat a call by itself."""
    return kind(token=token, base_url=api_url, timeout=timeout_s, retry_handlers=[])


def a_guard(client: WebClient, *, clock: Any) -> Guard:
    people = People(client, home_team_id=HOME.id, bot_user_id=BOT, roles={Role.VIEWER: ["*"]})
    return Guard(people, partners=PARTNERS, clock=clock)


@dataclass
class Post:
    """A sender that is driven by hand, the workspace it sends to, and everything it reported."""

    database: Database
    sandbox: Sandbox
    clock: Clock
    reported: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sender = self.another_sender()

    def another_sender(self, *, client: WebClient | None = None) -> Sender:
        return Sender(
            self.database,
            client or a_client(self.sandbox.api_url),
            guard=a_guard(a_client(self.sandbox.api_url), clock=self.clock.seconds),
            now=self.clock,
            wake=threading.Event(),
            report=lambda what, _: self.reported.append(what),
            lease_s=LEASE_S,
        )

    def put(self, key: str, **changes: Any) -> None:
        given: dict[str, Any] = {"kind": Kind.POST, "audience": INTERNAL, "channel": OPS, "payload": a_payload(key), "now": self.clock()}
        with self.database.transaction() as tx:
            assert outbox.enqueue(tx, key=key, **(given | changes))

    def put_card(self, revision: int, *, about: str = "B-1", channel: str = OPS, **changes: Any) -> None:
        payload = changes.pop("payload", a_payload(f"{about} revision {revision}"))
        self.put(
            f"break:{about}:{channel}:{revision}",
            kind=Kind.CARD,
            about=about,
            channel=channel,
            revision=revision,
            payload=payload,
            **changes,
        )

    def put_reply(self, key: str, *, about: str = "B-1", **changes: Any) -> None:
        self.put(key, kind=Kind.REPLY, thread_about=about, **changes)

    def put_for_partner(self, key: str, *, partner: str, **changes: Any) -> None:
        self.put(key, audience=partner_audience(partner), preview_id="p1", **changes)

    def send_all(self, *, within_s: int = 600) -> None:
        """Send, second after second, until nothing waits any more."""
        for _ in range(within_s):
            while self.sender.send_due():
                pass
            if self.pending() == 0:
                return
            self.clock.forward(1)
        raise AssertionError(f"still waiting after {within_s} s: {self.states()}")

    def pending(self) -> int:
        with self.database.transaction() as tx:
            return outbox.pending_count(tx)

    def states(self) -> dict[str, str]:
        """Every message by its key, and what became of it."""
        with self.database.transaction() as tx:
            rows = tx.execute(select(delivery.outbox.c.key, delivery.outbox.c.state).order_by(delivery.outbox.c.id))
            return {row.key: row.state for row in rows}

    def errors(self) -> dict[str, str]:
        with self.database.transaction() as tx:
            rows = tx.execute(select(delivery.outbox.c.key, delivery.outbox.c.error).where(delivery.outbox.c.error.is_not(None)))
            return {row.key: row.error for row in rows}

    def texts(self, channel: str = OPS) -> list[str]:
        return [m.text for m in self.sandbox.messages(channel)]

    def replies(self, message: Message) -> list[str]:
        return [m.text for m in self.sandbox.thread(message.channel, message.ts)]

    def refused(self) -> list[str]:
        return [r.error for r in self.sandbox.refusals]


def a_payload(text: str) -> dict[str, Any]:
    return {"text": text, "blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": text}}]}
