"""What all doors have in common: acknowledge first, work on our own threads, answer errors in the right place."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from breakwater.errors import BreakwaterError, ForbiddenError, RefusedError, nearest
from breakwater.model.access import Actor
from breakwater.model.backtests import Backtest
from breakwater.model.digests import Subscription
from breakwater.model.findings import Unmonitored
from breakwater.model.live import Live, Nobody
from breakwater.model.partners import Partner
from breakwater.model.periods import Month
from breakwater.model.proposals import Authority
from breakwater.model.signoff import PeriodFigures
from breakwater.slack.guard import Guard
from breakwater.slack.people import People
from breakwater.steps.look_up import Tracing
from breakwater.steps.refusals import note_refusal
from breakwater.steps.run_desk import RunDesk
from breakwater.store.database import Database
from breakwater.views import help as help_views
from breakwater.views.blocks import Message

Body = Mapping[str, Any]
Report = Callable[[str, BaseException], None]


def no_backtest(partner: Partner, days: int) -> Backtest:
    """What doors without a lake answer."""
    raise RefusedError(f"There is no history of {partner.name} to replay for {days} days.", remedy="Ask where the bot has its lake.")


class Turns:
    """One lock for each name."""

    def __init__(self) -> None:
        self._locks: dict[str, threading.Lock] = {}

    def of(self, name: str) -> threading.Lock:
        """The one lock of this name."""
        return self._locks.setdefault(name, threading.Lock())


@dataclass(frozen=True)
class Doors:
    """What a listener needs beside its request.

    `tracing` looks payments up, `now` is the clock, `report` the log, `wake_sender` makes news leave at once, `authority` says who may
    agree to what, `unmonitored` for which payments no alert can be promised, `subscriptions` the digests of the
    configuration, `backtest` what would have been told about a partner in so many days,
    `period_figures` what a partner's months come to now,
    `runs` what was reconciled when, `home_turns` whose App Home is being published.
    """

    client: WebClient
    database: Database
    tracing: Tracing
    partners: Mapping[str, Partner]
    people: People
    guard: Guard
    operations_channel: str
    company: str
    now: Callable[[], datetime]
    executor: ThreadPoolExecutor
    report: Report
    period_figures: Callable[[Partner, Sequence[Month]], Mapping[Month, PeriodFigures]]
    runs: RunDesk
    wake_sender: threading.Event = field(default_factory=threading.Event)
    authority: Authority = field(default_factory=Authority)
    unmonitored: Callable[[], Sequence[Unmonitored]] = tuple
    live: Live = field(default_factory=Nobody)
    subscriptions: Sequence[Subscription] = ()
    backtest: Callable[[Partner, int], Backtest] = no_backtest
    home_turns: Turns = field(default_factory=Turns)

    def partner_named(self, word: str, *, offered: Sequence[Partner] = ()) -> Partner:
        """The partner with this id or name; an unknown word is refused with the nearest of those `offered`, of all if left out."""
        wanted = word.casefold()
        for partner in self.partners.values():
            if wanted in (partner.id.casefold(), partner.name.casefold()):
                return partner
        known = [partner.id for partner in offered] or list(self.partners)
        raise RefusedError(f"There is no partner '{word}'.{nearest(wanted, known)}", remedy=f"Use one of: {', '.join(known)}.")

    @property
    def counterparties(self) -> list[Partner]:
        """The partners one can talk to: a leg is none, nor is one that is configured no longer."""
        return [partner for partner in self.partners.values() if not (partner.leg or partner.is_former)]

    def whom_to_ask(self, partner: Partner) -> Partner:
        """Who an incident about it is with: in a leg, the provider that says it paid out."""
        return self.partners[partner.leg.source.partner] if partner.leg else partner

    def ends_of(self, partner: Partner) -> list[Partner]:
        """The partner itself; for a leg the two that it lies between."""
        return [self.partners[end.partner] for end in (partner.leg.source, partner.leg.target)] if partner.leg else [partner]

    def with_legs(self, partner: Partner) -> list[Partner]:
        """The partner, and the legs that begin or end with it."""
        return [partner, *(p for p in self.partners.values() if p.leg and partner in self.ends_of(p))]

    def open_form(self, body: Body, view: dict[str, Any]) -> str:
        """Open a modal, and return its id; refused in words where Slack's three seconds for it are over."""
        try:
            return str(self.client.views_open(trigger_id=body["trigger_id"], view=view)["view"]["id"])
        except SlackApiError as refused:
            if refused.response.get("error") not in {"expired_trigger_id", "exchanged_trigger_id", "trigger_expired", "trigger_exchanged"}:
                raise
            raise RefusedError("That took too long, so Slack did not open the form. Nothing was changed.", remedy="Click again.") from None

    def work(self, body: Body, job: Callable[[Actor], None]) -> None:
        """Run `job` for the person behind `body` on our own threads; whatever goes wrong is answered where they asked."""
        self.executor.submit(self._run, body, job)

    def _run(self, body: Body, job: Callable[[Actor], None]) -> None:
        try:
            actor = self.guard.admit(user_id=user_of(body), team_id=team_of(body), channel=channel_of(body))
            job(actor)
        except ForbiddenError as refused:
            self.keep_refusal(body, refused)
            self.answer_error(body, refused)
        except Exception as wrong:  # noqa: BLE001  the one place where a listener's errors are answered
            self.answer_error(body, wrong)
        finally:
            self.wake_sender.set()

    def keep_refusal(self, body: Body, refused: ForbiddenError) -> None:
        """Note in the audit trail that somebody was refused what they may not do."""
        try:
            with self.database.transaction() as tx:
                note_refusal(
                    tx,
                    actor_id=user_of(body),
                    attempted=attempted_of(body),
                    channel=channel_of(body) or "",
                    why=refused.message,
                    now=self.now(),
                )
        except BreakwaterError as lost:  # they are refused either way
            self.report("a refusal could not be noted", lost)

    def answer_error(self, body: Body, wrong: BaseException) -> None:
        """Say what went wrong to the person who asked, privately, and log what a person can't use."""
        known = isinstance(wrong, BreakwaterError)
        if not known:
            self.report("a request from Slack failed", wrong)
        message = (
            help_views.problem(wrong.message, wrong.remedy)
            if isinstance(wrong, BreakwaterError)
            else help_views.problem(
                "Something went wrong on our side.", "Look whether it was done before you try again; the operators can see it in the log."
            )
        )
        try:
            self.tell(body, message)
        except (SlackApiError, OSError) as unheard:
            self.report("an error could not be answered", unheard)

    def tell(self, body: Body, message: Message) -> None:
        """Answer privately, where the person asked: by the response URL, else in the channel, else in a direct message."""
        if url := body.get("response_url"):
            answer = WebhookClient(url).send(
                text=message.text, blocks=list(message.blocks), response_type="ephemeral", replace_original=False
            )
            if answer.status_code == 200:
                return
        user, channel = user_of(body), channel_of(body)
        if channel and not channel.startswith("D"):
            self.client.chat_postEphemeral(channel=channel, user=user, text=message.text, blocks=list(message.blocks))
        else:
            self.client.chat_postMessage(channel=user, text=message.text, blocks=list(message.blocks))

    def tell_growing(self, body: Body, message: Message) -> Callable[[Message], None] | None:
        """Answer with a message that more can be written into: what it returns rewrites it.

        None where that can't be: what Slack shows privately in a channel after a command is never changed again. In a direct message with
        us it can.
        """
        channel = channel_of(body) or ""
        if channel.startswith("D"):
            try:
                sent = self.client.chat_postMessage(channel=channel, text=message.text, blocks=list(message.blocks))
            except SlackApiError as refused:
                if refused.response.get("error") != "channel_not_found":  # a direct message between two people
                    raise
            else:
                return lambda m: self._rewrite(str(sent["channel"]), str(sent["ts"]), m)
        self.tell(body, message)
        return None

    def _rewrite(self, channel: str, ts: str, message: Message) -> None:
        self.client.chat_update(channel=channel, ts=ts, text=message.text, blocks=list(message.blocks))

    def replace(self, body: Body, message: Message) -> None:
        """Put an answer in the place of the one whose button was clicked; beside it where Slack no longer allows that."""
        answer = WebhookClient(body["response_url"]).send(text=message.text, blocks=list(message.blocks), replace_original=True)
        if answer.status_code != 200:
            self.tell(body, message)


def user_of(body: Body) -> str:
    """The Slack id of the person behind a command, button, modal or event."""
    user = body.get("user")
    if isinstance(user, Mapping):
        return str(user["id"])
    return str(body.get("user_id") or body["event"]["user"])


def team_of(body: Body) -> str | None:
    """The organisation of that person, where the request says so."""
    user = body.get("user")
    if isinstance(user, Mapping):
        return user.get("team_id")
    return body.get("team_id")


def channel_of(body: Body) -> str | None:
    """The channel the request came from; None for modals and App Home."""
    channel = body.get("channel")
    if isinstance(channel, Mapping):
        return str(channel["id"])
    return body.get("channel_id")


def attempted_of(body: Body) -> str:
    """What a request asks for, by the name under which it was registered: 'command /recon', 'button break_resolve', 'form break_assign'."""
    if command := body.get("command"):
        return f"command {command}"
    if actions := body.get("actions"):
        return f"button {actions[0].get('action_id')}"
    if view := body.get("view"):
        return f"form {view.get('callback_id')}"
    return f"event {body['event'].get('type')}" if "event" in body else f"shortcut {body.get('callback_id')}"
