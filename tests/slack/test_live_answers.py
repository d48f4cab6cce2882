"""`/payment` beside Stripe: what we know at once, then what Stripe says, in the same message where Slack lets it be changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from desk import ADA, CARDS, SETTINGS, Desk, at_the_desk

from breakwater.sandbox import Message
from stripe_peer import KEY, Fault, Peer, published, stripe_peer

PI = "pi_1PgafyB7WZ01zgkWSjxsAJo3"
LIVE = """
[[partners.live]]
kind = "stripe"
url = "{url}"
deadline_s = 1.5
"""


@pytest.fixture(scope="module")
def peer() -> Iterator[Peer]:
    with stripe_peer() as serving:
        entry = published("balance_transaction", status="pending", available_on=1764547200, net=1040)
        charge = published("charge", payment_intent=PI, captured=True, balance_transaction=entry)
        serving.know(published("payment_intent", status="succeeded", latest_charge=charge))
        yield serving


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory, peer: Peer) -> Iterator[Desk]:
    settings = SETTINGS + LIVE.format(url=peer.url)
    with at_the_desk(tmp_path_factory.mktemp("live") / "company", settings=settings, secrets={"MERIDIAN_API_KEY": KEY}) as opened:
        yield opened


def private(desk: Desk, *, count: int, text: str) -> list[str]:
    """What Ada is told in the channel after her command, once there is that much of it."""
    ada = desk.person(ADA)
    before = len(ada.private(CARDS))
    ada.command("/payment", text, channel=CARDS)
    told: tuple[Message, ...] = desk.sandbox.wait_for(lambda: new if len(new := ada.private(CARDS)[before:]) >= count else None)
    return [message.words for message in told]


def test_in_a_channel_news_comes_in_a_second_message(desk: Desk) -> None:
    first, second = private(desk, count=2, text=PI)

    assert "No payment found" in first
    assert "Asking *Stripe* … news follows here." in first
    assert "*Stripe*, asked" in second
    assert "USD 10.40 net of fees will be in our Stripe balance on 1 Dec 2025." in second


def test_in_a_direct_message_the_same_message_is_rewritten(desk: Desk) -> None:
    ada = desk.person(ADA)
    here = ada.direct()

    ada.command("/payment", PI, channel=here)

    answer: Message = desk.sandbox.wait_for(lambda: next((m for m in desk.sandbox.messages(here) if "net of fees" in m.words), None))
    assert answer.edited_ts
    assert [m.ts for m in desk.sandbox.messages(here)] == [answer.ts]


def test_a_source_that_is_silent_is_named(desk: Desk, peer: Peer) -> None:
    peer.faults["/v1/charges/ch_silent"] = [Fault(silent=True)]

    _, second = private(desk, count=2, text="ch_silent")

    assert "⚠️ Stripe did not answer in time. What is shown here is as of our files." in second


def test_references_that_no_source_knows_are_answered_at_once_and_once(desk: Desk) -> None:
    assert len(private(desk, count=1, text="pay_nobody")) == 1
