"""A desk in Slack: the real bot beside a small workspace, a partner, people of every role, and breaks put on the table by hand."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from threading import Event
from time import monotonic
from types import MappingProxyType
from typing import Any

from breakwater import config
from breakwater.app import Breakwater
from breakwater.model.access import SYSTEM
from breakwater.model.breaks import Break, BreakKind, break_id
from breakwater.sandbox import App, Channel, Command, Message, Person, Rates, Sandbox, Team, User, UserGroup, Workspace
from breakwater.sandbox.modals import View
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import writes

NOW = datetime(2026, 11, 20, 8, 30, tzinfo=UTC)  # a Friday
FASTER = 5  # a lease of the sender is still long enough
OPS, CARDS, SHARED, BOT = "C0PAYOPS", "C0CARDS", "C0MERIDIAN", "U0BREAKWATER"
EVENTS = frozenset({"message", "app_home_opened", "user_change", "subteam_members_changed"})
ADA, BEN, EVE, VIC, NOB, NILS = "U0ADA", "U0BEN", "U0EVE", "U0VIC", "U0NOB", "U0NILS"
SETTINGS = """
data_dir = "var"
[slack]
operations_channel = "C0PAYOPS"
[roles]
viewer = ["U0VIC"]
operator = ["S0OPS"]
approver = ["U0BEN"]
admin = ["U0EVE"]
limits = [
  { role = "approver", currency = "EUR", write_off_minor = 10_000 },
  { role = "admin", currency = "EUR", write_off_minor = 1_000_000 },
]
[ledger]
drop = "inbox/ledger"
[[partners]]
id = "meridian"
name = "Meridian"
network = "cards"
calendar = "TARGET2"
time_zone = "Europe/Berlin"
live_from = 2026-01-01
internal_channels = ["C0CARDS"]
shared_channel = "C0MERIDIAN"
agreement = "meridian.toml"
"""
AGREEMENT = """
name = "meridian"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 1
after = 2
[[passes]]
name = "by-psp-reference"
type = "exact"
keys = ["ref_partner_id"]
"""


def a_break(name: str = "f1", **changes: Any) -> Break:
    """A break that no run knows of, so that none closes it."""
    brk = Break(
        id=break_id("by hand", name),
        agreement="by hand",
        fingerprint=name,
        partner="meridian",
        kind=BreakKind.AMOUNT_MISMATCH,
        ours=(f"o-{name}",),
        theirs=(f"t-{name}",),
        amount_minor=1_250,
        currency="EUR",
        material=True,
        dated=date(2026, 11, 18),
        opened_at=NOW,
        references=(f"PSP-{name}",),
    )
    return replace(brk, **changes)


@dataclass
class Clock:
    """Time that runs on from NOW, and can be put forward."""

    started_s: float = field(default_factory=monotonic)
    forward: timedelta = timedelta()

    def __call__(self) -> datetime:
        return NOW + timedelta(seconds=FASTER * (monotonic() - self.started_s)) + self.forward


@dataclass
class Desk:
    """The bot, its workspace, and a clock that runs faster than ours, so that nobody waits for Slack's one message a second."""

    bot: Breakwater
    sandbox: Sandbox
    clock: Clock

    def person(self, user_id: str) -> Person:
        return self.sandbox.person(user_id)

    def lay_out(self, *breaks: Break, cards: bool = True) -> None:
        """Put breaks on the table, each with its card in the channel."""
        with self.bot.database.transaction() as tx:
            writes.insert_breaks(tx, breaks, actor=SYSTEM, now=self.clock())
            for brk in breaks if cards else ():
                enqueue_card(tx, brk, partner=self.bot.config.partners[brk.partner], channel=CARDS, now=self.clock())

    def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for what shows in the database alone, not in the workspace."""
        deadline_s = monotonic() + 60
        while not is_so():
            assert monotonic() < deadline_s, "it does not become so"
            Event().wait(0.05)

    def card(self, brk: Break, words: str = "") -> Message:
        """The card of a break once it shows these words."""
        found: Message = self.sandbox.wait_for(
            lambda: next((m for m in self.sandbox.messages(CARDS) if brk.id in m.words and words in m.words and not m.thread_ts), None)
        )
        return found

    def form(self, user_id: str, title: str) -> View:
        """The form that is open for a person."""
        person = self.person(user_id)
        found: View = self.sandbox.wait_for(lambda: view if (view := person.view()) and view.title == title else None)
        return found

    def home(self, user_id: str, words: str) -> View:
        """Somebody's App Home once it shows these words."""
        person = self.person(user_id)
        found: View = self.sandbox.wait_for(lambda: view if (view := person.home()) and words in view.words else None)
        return found

    def told(self, user_id: str, channel: str, deed: Callable[[], object]) -> str:
        """What a person is told privately in the channel after the deed, in words."""
        person = self.person(user_id)
        before = len(person.private(channel))
        deed()
        answers: tuple[Message, ...] = self.sandbox.wait_for(lambda: person.private(channel)[before:])
        return answers[0].words

    def told_directly(self, user_id: str, deed: Callable[[], object]) -> str:
        """What a person is told in their direct messages after the deed."""
        direct = self.person(user_id).direct()
        before = len(self.sandbox.messages(direct))
        deed()
        answers: tuple[Message, ...] = self.sandbox.wait_for(lambda: self.sandbox.messages(direct)[before:])
        return answers[0].words

    def thread(self, card: Message, words: str) -> str:
        """The reply to a card that says these words."""
        found: Message = self.sandbox.wait_for(
            lambda: next((m for m in self.sandbox.thread(CARDS, card.ts) if words in m.words and m.ts != card.ts), None)
        )
        return found.words


def a_workspace() -> Workspace:
    people = {ADA: "Ada", BEN: "Ben", EVE: "Eve", VIC: "Vic", NOB: "Nob"}
    ours = tuple(User(id=user_id, name=name.lower(), real_name=name) for user_id, name in people.items())
    return Workspace(
        team=Team(id="T0HOME", name="Harbour"),
        partners=(Team(id="T0MERI", name="Meridian"),),
        users=(*ours, User(id=NILS, name="nils", real_name="Nils", team="T0MERI")),
        channels=(
            Channel(id=OPS, name="payops", members=(*people, BOT)),
            Channel(id=CARDS, name="cards", members=(*people, BOT)),
            Channel(id=SHARED, name="meridian", members=(*people, NILS, BOT), connected_team_ids=("T0MERI",)),
        ),
        user_groups=(UserGroup(id="S0OPS", handle="ops", name="Operators", users=(ADA,)),),
        app=App(commands=tuple(Command(name=name) for name in ("/recon", "/payment", "/incident", "/anomalies")), events=EVENTS),
    )


@contextmanager
def at_the_desk(
    folder: Path,
    *,
    settings: str = SETTINGS,
    secrets: Mapping[str, str] = MappingProxyType({}),
    workspace: Callable[[], Workspace] = a_workspace,
) -> Iterator[Desk]:
    """The bot at work in `folder`, on SQLite; `secrets` stand in its environment."""
    (folder / "inbox" / "ledger").mkdir(parents=True)
    (folder / "breakwater.toml").write_text(settings)
    (folder / "meridian.toml").write_text(AGREEMENT)
    with Sandbox(workspace(), rates=Rates.off()) as sandbox:
        app = sandbox.workspace.app
        environment = {"SLACK_API_URL": sandbox.api_url, "SLACK_BOT_TOKEN": app.bot_token, "SLACK_APP_TOKEN": app.app_token, **secrets}
        clock = Clock()
        bot = Breakwater(config.load(folder / "breakwater.toml", environment=environment), now=clock)
        try:
            bot.start()
            yield Desk(bot, sandbox, clock)
        finally:
            bot.stop()
