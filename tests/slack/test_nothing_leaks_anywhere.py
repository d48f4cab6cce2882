"""Three partners, a leg between two of them, two channels shared with them, strangers in each: nobody reads what is not theirs.

The list of what can be clicked and typed is the app's own, so a new button, form, shortcut or command is driven by itself.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from pathlib import Path
from threading import Barrier
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from desk import ADA, AGREEMENT, BEN, BOT, EVE, EVENTS, OPS, VIC, Desk, a_break, at_the_desk
from listeners import dispatch, request, surfaces

from breakwater.app import ACK_WORKERS, WORKERS
from breakwater.cli import logs
from breakwater.model import incidents as moves
from breakwater.model.access import INTERNAL, Actor, Role
from breakwater.model.breaks import Break, break_id
from breakwater.model.digests import Subscription
from breakwater.model.incidents import Severity
from breakwater.sandbox import App, Channel, Command, Message, Team, User, UserGroup, Workspace
from breakwater.steps import breaks as break_steps
from breakwater.steps import incidents
from breakwater.steps.breaks import Click
from breakwater.steps.digest import post
from breakwater.steps.incidents import Draft
from breakwater.steps.reconcile import enqueue_card
from breakwater.store import outbox, reads
from breakwater.store.outbox import Kind

PARTNERS = {"nordbank": "Nordbank", "meridian": "Meridian", "quayside": "Quayside"}
SHARED = {"nordbank": "C0WITHNORD", "meridian": "C0WITHMERI"}
STRANGERS = {"nordbank": ("U0NILS", "T0NORD"), "meridian": ("U0MEES", "T0MERI")}
INTERNAL_TO = {"nordbank": "C0SEPA", "meridian": "C0CARDS", "quayside": "C0WALLETS"}
LEG = "meridian-nordbank"  # from a partner with a shared channel to another one
ENDS_OF = {LEG: {"from": "Meridian", "to": "Nordbank"}}
AMOUNTS = {"nordbank": 11_111_111, "meridian": 22_222_222, "quayside": 33_333_333, LEG: 12_312_312}
OURS = re.compile(r"\b[BC]-[A-Z2-7]{12}\b|\b(?:EUR|USD) -?[0-9]|PSP-secret|[1-3]{2,3},[1-3]{3}\.[1-3]{2}")
TOLD = "Please send the file again."
SETTINGS = """
data_dir = "var"
[slack]
operations_channel = "C0PAYOPS"
[roles]
viewer = ["U0VIC"]
operator = ["S0OPS"]
approver = ["U0BEN"]
admin = ["U0EVE"]
[ledger]
drop = "inbox/ledger"
[[digests]]
channel = "C0PAYOPS"
cron = "30 8 * * *"
time_zone = "UTC"
"""
PARTNER = """
[[partners]]
id = "{id}"
name = "{name}"
network = "cards"
calendar = "TARGET2"
time_zone = "UTC"
live_from = 2026-11-16
internal_channels = ["{internal}"]
{shared}
agreement = "{id}.toml"
[[partners.files]]
stream = "statement"
format = "camt.053"
drop = "inbox/{id}"
expected = {{ due = "06:00", deadline = "07:00" }}
"""


LEG_SETTINGS = """
[[legs]]
id = "meridian-nordbank"
agreement = "meridian-nordbank.toml"
from = { partner = "meridian" }
to = { partner = "nordbank", where = { ref_end_to_end_id = "MERIDIAN-.*" } }
"""


def settings() -> str:
    shared = {partner: f'shared_channel = "{channel}"' for partner, channel in SHARED.items()}
    return (
        SETTINGS
        + "".join(PARTNER.format(id=p, name=name, internal=INTERNAL_TO[p], shared=shared.get(p, "")) for p, name in PARTNERS.items())
        + LEG_SETTINGS
    )


def workspace() -> Workspace:
    ours = tuple(User(id=user_id, name=user_id.lower(), real_name=user_id.title()) for user_id in (ADA, BEN, EVE, VIC))
    members = (ADA, BEN, EVE, VIC, BOT)
    internal = {OPS: "payops", **{channel: f"int-{n}" for n, channel in enumerate(INTERNAL_TO.values())}}
    return Workspace(
        team=Team(id="T0HOME", name="Harbour"),
        partners=(Team(id="T0NORD", name="Nord"), Team(id="T0MERI", name="Meri")),
        users=(*ours, *(User(id=user, name=user.lower(), team=team) for user, team in STRANGERS.values())),
        channels=(
            *(Channel(id=channel, name=name, members=members) for channel, name in internal.items()),
            *(
                Channel(id=SHARED[p], name=f"with-{n}", members=(*members, STRANGERS[p][0]), connected_team_ids=(STRANGERS[p][1],))
                for n, p in enumerate(SHARED)
            ),
        ),
        user_groups=(UserGroup(id="S0OPS", handle="ops", name="Operators", users=(ADA,)),),
        app=App(commands=tuple(Command(name=f"/{name}") for name in ("recon", "payment", "incident", "anomalies")), events=EVENTS),
    )


def the_break(partner: str) -> Break:
    brk = a_break(f"secret-{partner}", partner=partner, amount_minor=AMOUNTS[partner], references=(f"PSP-secret-{partner}",))
    return replace(brk, id=break_id("by hand", brk.fingerprint), extra=ENDS_OF.get(partner, {}))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("three") / "company"
    for partner in PARTNERS:
        (folder / "inbox" / partner).mkdir(parents=True)
        (folder / f"{partner}.toml").write_text(AGREEMENT.replace('"meridian"', f'"{partner}"'))
    (folder / f"{LEG}.toml").write_text(AGREEMENT)
    logs.to_stderr(quiet=True)  # many requests here are none that a form of ours would send
    with at_the_desk(folder, settings=settings(), workspace=workspace) as opened:
        everything_goes_out(opened, folder)
        yield opened


def everything_goes_out(desk: Desk, folder: Path) -> None:
    """Cards, news in threads, refused and late files, findings, digests, incidents with updates: whatever is sent by itself."""
    broken = folder / "inbox" / "nordbank" / "statement.xml"
    broken.write_text("<Document>")
    desk.lay_out(*map(the_break, (*PARTNERS, LEG)), cards=False)
    with desk.bot.database.transaction() as tx:
        for partner in (*PARTNERS, LEG):
            given = desk.bot.config.partners[partner]
            enqueue_card(tx, the_break(partner), partner=given, channel=given.internal_channels[0], now=desk.clock())
    ada = Actor(ADA, Role.OPERATOR, "Ada")
    for partner in (*PARTNERS, LEG):
        brk = the_break(partner)
        with desk.bot.database.transaction() as tx:
            click = Click(actor=ada, break_id=brk.id, revision=1, partners=desk.bot.config.partners, now=desk.clock())
            break_steps.ask_partner(tx, click, question=f"What is PSP-secret-{partner} at {desk.bot.config.partners[partner].name}?")
    opened = {}
    for partner in PARTNERS:
        draft = Draft(partner=partner, title="File missing", severity=Severity.SEV2, summary=f"B and EUR 12 {partner}", partner_text=TOLD)
        with desk.bot.database.transaction() as tx:
            opened[partner] = incidents.open_incident(
                tx,
                actor=ada,
                draft=draft,
                previewed=draft.preview_id(partner=desk.bot.config.partners[partner], company="Harbour"),
                partner=desk.bot.config.partners[partner],
                company="Harbour",
                channel=OPS,
                now=desk.clock(),
            )
    words = {"resolution": "EUR 22 came at last, see B", "partner_resolution": "Received, thank you."}
    over, meridian = moves.resolve(opened["meridian"], by=ADA, **words, now=desk.clock()), desk.bot.config.partners["meridian"]
    with desk.bot.database.transaction() as tx:
        incidents.resolve(
            tx,
            actor=ada,
            incident_id=over.id,
            **words,
            previewed=incidents.ending_preview_id(over, partner=meridian, company="Harbour"),
            partner=meridian,
            company="Harbour",
            channel=OPS,
            now=desk.clock(),
        )
    desk.bot.work()
    desk.clock.forward += timedelta(minutes=2)  # a file that lay still since then is complete
    desk.bot.work()
    desk.bot.post_digests()
    own = Subscription(id="nordbank's", channel="C0SEPA", cron="30 8 * * *", time_zone=ZoneInfo("UTC"), partners=("nordbank",))
    now = desk.clock()
    post(desk.bot.database, desk.bot.traffic, subscription=own, scheduled_at=now, partners=desk.bot.partners, now=now)
    desk.until(lambda: not waiting(desk))


def waiting(desk: Desk) -> int:
    with desk.bot.database.reading() as tx:
        return outbox.pending_count(tx)


def values_of(desk: Desk, partner: str) -> dict[str, Any]:
    """What a request would carry that asks for everything of a partner."""
    brk = the_break(partner)
    with desk.bot.database.reading() as tx:
        incident = next(i for i in reads.incidents(tx, open_only=False) if i.partner in partner)
        findings = [f.id for f in reads.findings(tx, limit=100) if f.partner == partner]
    return {
        "break_id": brk.id, "revision": 2, "do": "resolve", "words": f"breaks {partner}", "page": 0, "partner": partner, "sha256": "ab",
        "incident_id": incident.id, "finding_id": next(iter(findings), "none"), "reference": f"PSP-secret-{partner}", "channel": "",
        "currency": "EUR", "at_stake_minor": 1, "cause_id": "C-AAAAAAAAAAAA", "rule_id": 1, "subscription_id": "x", "link": "",
        "month": "2026-10", "period": "2026-10", "detector": "volume", "level": "partner", "metric": "volume",
        "preview_id": "x", "about": "", "title": "EUR 12", "partner_text": f"EUR 12 {partner}", "opened_at": 1_795_000_000,
        "draft": {"partner": incident.partner, "title": "EUR 12", "severity": "sev1", "summary": "x", "partner_text": f"EUR 12 {partner}"},
        "ending": {"incident_id": incident.id, "resolution": "x", "partner_resolution": f"EUR 12 {partner}"},
    }  # fmt: skip


def seen_by(desk: Desk, user: str, *channels: str) -> list[str]:
    """Everything in these channels, threads and all, and whatever only this person sees anywhere."""
    state = desk.sandbox.state
    messages: list[Message] = [m for channel in channels for m in state.everything(channel)]
    home = desk.person(user).home()
    own = desk.person(user).direct()
    private = [*desk.person(user).private(), *state.everything(own)]
    return [*(f"{m.text} {json.dumps(m.blocks, ensure_ascii=False)}" for m in (*messages, *private)), home.words if home else ""]


def leaks(text: str, *, reader: str) -> bool:
    """Whether a text holds what this partner's people may not read: ours, or another partner's."""
    others = [p for p in PARTNERS if p != reader]
    names = [*others, *(PARTNERS[p] for p in others), *(SHARED[p] for p in others if p in SHARED), *(INTERNAL_TO[p] for p in others)]
    return bool(OURS.search(text)) or any(name.casefold() in text.casefold() for name in names)


@pytest.mark.parametrize("reader", SHARED)
def test_what_is_sent_by_itself_stays_where_it_belongs(desk: Desk, reader: str) -> None:
    shared = [*(m.words for m in desk.sandbox.state.everything(SHARED[reader]))]

    assert any(TOLD in words for words in shared)
    assert [words for words in shared if leaks(words, reader=reader)] == []
    assert [f for f in desk.sandbox.files if set(SHARED.values()) & set(getattr(f, "channels", ()))] == []


def test_what_was_sent_would_have_been_found(desk: Desk) -> None:
    everywhere = "\n".join(m.words for c in (OPS, *INTERNAL_TO.values(), "C0CARDS") for m in desk.sandbox.state.everything(c))

    for words in (
        "Payout of Meridian arrived at Nordbank with another amount",
        "Nordbank",
        "Meridian",
        "Quayside",
        "PSP-secret-meridian",
        "statement.xml",
        "Digest",
        "EUR 22 came at last",
    ):
        assert words in everywhere
    assert leaks(the_break("meridian").id, reader="nordbank")
    assert leaks("worth EUR 12.50", reader="nordbank")
    assert leaks("quayside", reader="nordbank")
    assert all(leaks("Payout of Meridian arrived at Nordbank with another amount", reader=reader) for reader in SHARED)
    assert not leaks(TOLD, reader="nordbank")


def test_the_digest_of_one_partner_holds_its_legs_and_nothing_of_another_partner(desk: Desk) -> None:
    (digest,) = [m.words for m in desk.sandbox.state.everything("C0SEPA") if m.text.startswith("Digest")]
    without_legs = digest.replace("Meridian → Nordbank", "")

    assert "*Meridian → Nordbank*: 1, *EUR 123,123.12*" in digest
    assert "EUR 111,111.11" in digest
    assert [w for w in ("Meridian", "Quayside", "222,222.22", "333,333.33") if w.casefold() in without_legs.casefold()] == []


@pytest.mark.parametrize("reader", SHARED)
@pytest.mark.parametrize("is_stranger", [False, True], ids=["one of us", "a stranger"])
@pytest.mark.parametrize("place", ["in the shared channel", "in a form or in App Home"])
def test_no_listener_says_anything_to_whom_it_does_not_belong(desk: Desk, reader: str, is_stranger: bool, place: str) -> None:
    user, team = STRANGERS[reader] if is_stranger else (ADA, "T0HOME")
    channel = SHARED[reader] if place == "in the shared channel" else ""
    app = desk.bot.bolt
    assert app
    before = state_of_everything(desk)
    private = len(desk.person(user).private())

    others = [p for p in (*PARTNERS, LEG) if p != reader]
    asked = {other: (values_of(desk, other), f"breaks {other} {the_break(other).id}") for other in others}

    for surface, other in zip(surfaces(app), cycle(others), strict=False):
        values, text = asked[other]
        dispatch(app, request(surface, user=user, team=team, channel=channel, values=values, text=text))
    settle(desk)

    shared = [f"{m.text} {json.dumps(m.blocks, ensure_ascii=False)}" for m in desk.sandbox.state.everything(SHARED[reader])]
    theirs = seen_by(desk, STRANGERS[reader][0])
    in_channel = [m.words for m in desk.person(user).private(SHARED[reader])]
    assert [text for text in (*shared, *theirs, *in_channel) if leaks(text, reader=reader)] == []
    assert not is_stranger or state_of_everything(desk) == before
    assert len(desk.person(user).private()) >= private


def settle(desk: Desk) -> None:
    """Until the doors have answered everything, and what they sent has left."""
    assert desk.bot.bolt
    assert desk.bot.doors
    for pool, threads in ((desk.bot.bolt._listener_runner.listener_executor, ACK_WORKERS), (desk.bot.doors.executor, WORKERS)):
        all_free = Barrier(threads)
        for each in [pool.submit(all_free.wait, 60) for _ in range(threads)]:
            each.result(timeout=90)
    desk.until(lambda: not waiting(desk))


def state_of_everything(desk: Desk) -> list[Any]:
    """What strangers must not be able to change."""
    with desk.bot.database.reading() as tx:
        breaks = [reads.break_by_id(tx, the_break(p).id) for p in (*PARTNERS, LEG)]
        return [
            *breaks,
            *reads.incidents(tx, open_only=False),
            *((f.id, f.state, f.acknowledged_by) for f in reads.findings(tx, limit=100)),
        ]


def test_what_is_ours_does_not_leave_for_a_channel_that_became_shared(desk: Desk) -> None:
    channel = desk.sandbox.state.channel(INTERNAL_TO["quayside"])
    before = [m.words for m in desk.sandbox.state.everything(channel.id)]
    desk.sandbox.state.change_channel(replace(channel, connected_team_ids=("T0NORD",)))
    body = request(("event_type", "channel_shared"), user=EVE, team="T0HOME", channel=channel.id, values={}, text="")
    assert desk.bot.bolt
    dispatch(desk.bot.bolt, body)

    with desk.bot.database.transaction() as tx:
        outbox.enqueue(
            tx,
            key="leak:1",
            kind=Kind.POST,
            audience=INTERNAL,
            channel=channel.id,
            payload={"text": "EUR 12.50", "blocks": []},
            now=desk.clock(),
        )
    desk.until(lambda: not waiting(desk))

    assert [m.words for m in desk.sandbox.state.everything(channel.id)] == before
    desk.sandbox.state.change_channel(channel)
