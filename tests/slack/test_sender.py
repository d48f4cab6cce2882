"""Delivery against a Slack that fails in every way it knows: once, in order, only where the audience is, at Slack's own pace."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sending import CARDS, HOLD_S, NORD, OPS, PARTNERS, Clock, Post, a_client, a_guard, a_payload, a_workspace
from slack_sdk import WebClient

from breakwater.errors import RefusedError
from breakwater.model.access import partner_audience, person_audience
from breakwater.sandbox import FaultKind, Rates, Sandbox
from breakwater.slack import own_messages
from breakwater.slack.guard import CHECKED_FOR_S
from breakwater.slack.sender import LEASE_S, Sender
from breakwater.store import sending
from breakwater.store.database import Database
from breakwater.store.outbox import Kind, Priority
from breakwater.store.sending import OutboxRow
from breakwater.views.blocks import chart_place
from breakwater.views.figures import Chart, Panel


@pytest.fixture
def post(database: Database) -> Iterator[Post]:
    clock = Clock()
    with Sandbox(a_workspace(), rates=Rates.off(), clock=clock.seconds) as sandbox:
        yield Post(database, sandbox, clock)


BEFORE = [FaultKind.RATE_LIMITED, FaultKind.SERVER_ERROR, FaultKind.BAD_GATEWAY, FaultKind.TIME_OUT, FaultKind.DROP]
AFTER = [
    FaultKind.SERVER_ERROR_AFTER,
    FaultKind.BAD_GATEWAY_AFTER,
    FaultKind.GARBLED_AFTER,
    FaultKind.TIME_OUT_AFTER,
    FaultKind.DROP_AFTER,
]
ANY_FAULT = pytest.mark.parametrize("fault", [*BEFORE, *AFTER], ids=lambda fault: fault.value)


# --- exactly once, in order ---


@ANY_FAULT
def test_a_message_arrives_once_whatever_goes_wrong_on_the_way(post: Post, fault: FaultKind) -> None:
    post.sandbox.faults.add("chat.postMessage", fault, times=2, hold_s=HOLD_S)
    post.put("first")
    post.put("second", channel=CARDS)

    post.send_all()

    assert (post.texts(OPS), post.texts(CARDS)) == (["first"], ["second"])
    assert post.states() == {"first": "sent", "second": "sent"}


@ANY_FAULT
def test_a_card_and_its_thread_keep_their_order_whatever_goes_wrong(post: Post, fault: FaultKind) -> None:
    post.put_card(1)
    post.put_reply("first reply")
    post.put_reply("second reply")
    post.sandbox.faults.add("chat.postMessage", fault, hold_s=HOLD_S)
    post.send_all()

    post.put_card(2)
    post.put_reply("third reply")
    post.sandbox.faults.add("chat.update", fault, hold_s=HOLD_S)
    post.sandbox.faults.add("chat.postMessage", fault, hold_s=HOLD_S)
    post.send_all()

    (card,) = post.sandbox.messages(OPS)
    assert card.text == "B-1 revision 2"
    assert post.replies(card) == ["first reply", "second reply", "third reply"]


@pytest.mark.parametrize("error", ["internal_error", "fatal_error", "service_unavailable"])
def test_an_error_after_which_slack_itself_is_in_doubt_is_looked_into(post: Post, error: str) -> None:
    client = a_client(post.sandbox.api_url)
    post.put("first")
    with post.database.transaction() as tx:
        (row,) = sending.claim(tx, now=post.clock(), lease_s=1, limit=1)
    client.chat_postMessage(channel=OPS, **row.payload, metadata=own_messages.metadata(row.key))
    with post.database.transaction() as tx:
        sending.retry(tx, row_id=row.id, not_before=post.clock(), error="", ambiguous=False)
    post.sandbox.faults.add("chat.postMessage", FaultKind.REFUSED, error=error)

    post.send_all()

    assert post.texts() == ["first"]


def test_a_message_that_arrived_is_found_behind_hundreds_of_newer_ones(post: Post) -> None:
    post.sandbox.faults.add("chat.postMessage", FaultKind.DROP_AFTER)
    post.put("ours")
    post.sender.send_due()
    ada = post.sandbox.person("U0ADA")
    for n in range(own_messages.PAGE_MESSAGES + 30):
        ada.say(OPS, f"chatter {n}")

    post.send_all()

    assert post.texts().count("ours") == 1


def test_a_reply_that_arrived_is_found_in_a_long_thread(post: Post) -> None:
    post.put_card(1)
    post.send_all()
    (card,) = post.sandbox.messages(OPS)
    ada = post.sandbox.person("U0ADA")
    for n in range(own_messages.PAGE_MESSAGES + 30):
        ada.say(OPS, f"chatter {n}", thread_ts=card.ts)
    post.sandbox.faults.add("chat.postMessage", FaultKind.TIME_OUT_AFTER, hold_s=HOLD_S)
    post.put_reply("ours")

    post.send_all()

    assert post.replies(card).count("ours") == 1


def test_a_message_whose_sender_was_lost_is_taken_up_by_another_and_not_sent_twice(post: Post) -> None:
    post.put("arrived")
    with post.database.transaction() as tx:
        (row,) = sending.claim(tx, now=post.clock(), lease_s=LEASE_S, limit=1)
    client = a_client(post.sandbox.api_url)
    client.chat_postMessage(channel=OPS, **row.payload, metadata=own_messages.metadata(row.key))  # and then its sender died
    post.put("not yet", channel=CARDS)
    with post.database.transaction() as tx:
        sending.claim(tx, now=post.clock(), lease_s=LEASE_S, limit=1)

    assert post.sender.send_due() == 0
    post.clock.forward(LEASE_S)
    post.send_all()

    assert (post.texts(OPS), post.texts(CARDS)) == (["arrived"], ["not yet"])


def test_what_a_slow_sender_can_not_begin_in_its_lease_is_given_back_unsent(post: Post) -> None:
    """The rest of a batch must not be sent when another process may already be sending it."""
    post.put("a1")
    post.put("b1", channel=CARDS)
    post.put("a2")

    class Slow(WebClient):
        """Slack, when each call takes two thirds of a lease."""

        def chat_postMessage(self, **given: Any) -> Any:
            post.clock.forward(LEASE_S * 0.7)
            return super().chat_postMessage(**given)

    post.another_sender(client=a_client(post.sandbox.api_url, kind=Slow)).send_due()

    assert (post.texts(OPS), post.texts(CARDS)) == (["a1"], [])
    assert post.states() == {"a1": "sent", "b1": "waiting", "a2": "waiting"}
    post.send_all()
    assert (post.texts(OPS), post.texts(CARDS)) == (["a1", "a2"], ["b1"])


# --- what can't be sent ---


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"channel": "C0NOWHERE"}, "channel_not_found"),
        ({"channel": "C0LUNCH"}, "not_in_channel"),
        ({"payload": {"text": "x", "blocks": [{"type": "nonsense"}]}}, "invalid_blocks"),
    ],
)
def test_a_hopeless_message_is_given_up_and_reported_and_holds_nobody_up(post: Post, changes: dict[str, Any], error: str) -> None:
    post.put_card(1, about="B-HOPELESS", **changes)
    post.put_reply("reply", about="B-HOPELESS", channel=changes.get("channel", OPS))
    post.put_card(1, about="B-2")
    post.put("digest", priority=Priority.DIGEST)

    post.send_all()

    assert post.texts() == ["B-2 revision 1", "digest"]
    assert list(post.states().values()) == ["failed", "failed", "sent", "sent"]
    assert [r for r in post.reported if error in r]


def test_a_newer_state_of_a_card_that_failed_is_posted(post: Post) -> None:
    post.put_card(1, payload={"text": "x", "blocks": [{"type": "nonsense"}]})
    post.send_all()

    post.put_card(2)
    post.put_reply("reply")
    post.send_all()

    (card,) = post.sandbox.messages(OPS)
    assert (card.text, post.replies(card)) == ("B-1 revision 2", ["reply"])


def test_a_token_that_was_revoked_loses_nothing(post: Post) -> None:
    post.put("alert", priority=Priority.ALERT)
    revoked = post.another_sender(client=a_client(post.sandbox.api_url, token="xoxb-revoked"))

    for _ in range(60):
        revoked.send_due()
        post.clock.forward(300)
    post.send_all()

    assert post.texts() == ["alert"]
    assert [r for r in post.reported if "invalid_auth" in r]


def test_an_outage_of_a_day_loses_nothing(post: Post) -> None:
    post.put("alert")
    post.sandbox.faults.add("*", FaultKind.BAD_GATEWAY, times=10_000)
    for _ in range(24 * 12):
        post.sender.send_due()
        post.clock.forward(300)
    post.sandbox.faults.clear()

    post.send_all()

    assert post.texts() == ["alert"]


def test_a_message_that_can_not_be_made_is_given_up_and_the_others_go_on(post: Post) -> None:
    post.put("broken", payload={"blocks": []})
    post.put("whole")

    post.send_all()

    assert post.texts() == ["whole"]
    assert "KeyError" in post.errors()["broken"]


@pytest.mark.parametrize(("fault", "shown"), [(FaultKind.RATE_LIMITED, 1), (FaultKind.TIME_OUT_AFTER, 1), (FaultKind.DROP, 0)])
def test_a_private_message_is_sent_at_most_once(post: Post, fault: FaultKind, shown: int) -> None:
    post.sandbox.faults.add("chat.postEphemeral", fault, hold_s=HOLD_S)
    post.put("for ada", kind=Kind.PRIVATE, payload={"user": "U0ADA", **a_payload("for ada")})

    post.send_all()

    assert [m.text for m in post.sandbox.person("U0ADA").private(OPS)] == ["for ada"] * shown


def test_a_private_message_that_was_not_begun_is_tried_again(post: Post) -> None:
    post.sandbox.faults.add("conversations.info", FaultKind.DROP, times=2)
    post.put("for ada", kind=Kind.PRIVATE, payload={"user": "U0ADA", **a_payload("for ada")})

    post.send_all()

    assert [m.text for m in post.sandbox.person("U0ADA").private(OPS)] == ["for ada"]


# --- charts ---

CHART = Chart(
    title="Payments per day", alt_text="Payments fell by half.", labels=("Mon",), panels=(Panel(name="X", seen=(1,), expected=(2,)),)
)


def a_digest() -> dict[str, Any]:
    words = a_payload("Digest")
    return {"text": "Digest", "blocks": [*words["blocks"], chart_place(CHART)], "chart": CHART.to_json()}


def image_of(post: Post) -> list[dict[str, Any]]:
    (message,) = post.sandbox.messages(OPS)
    return [b for b in message.blocks if b["type"] == "image"]


def test_a_chart_is_uploaded_unshared_and_shown_by_its_message(post: Post) -> None:
    post.put("digest", payload=a_digest())

    post.send_all()

    (file,) = post.sandbox.files
    (image,) = image_of(post)
    assert (image["slack_file"]["id"], image["alt_text"]) == (file.id, "Payments fell by half.")
    assert file.content.startswith(b"\x89PNG")
    assert file.channels == ()


UPLOAD_STEPS = ["files.getUploadURLExternal", "upload", "files.completeUploadExternal"]


@pytest.mark.parametrize("step", UPLOAD_STEPS)
@pytest.mark.parametrize("fault", [FaultKind.RATE_LIMITED, FaultKind.SERVER_ERROR, FaultKind.DROP, FaultKind.DROP_AFTER])
def test_an_upload_that_fails_for_a_while_costs_the_digest_nothing(post: Post, step: str, fault: FaultKind) -> None:
    post.sandbox.faults.add(step, fault, times=2)
    post.put("digest", payload=a_digest())

    post.send_all()

    assert len(image_of(post)) == 1


@pytest.mark.parametrize("step", UPLOAD_STEPS)
def test_a_digest_whose_chart_can_not_be_uploaded_says_it_in_words(post: Post, step: str) -> None:
    post.sandbox.faults.add(step, FaultKind.SERVER_ERROR, times=100)
    post.put("digest", payload=a_digest())

    post.send_all()

    (message,) = post.sandbox.messages(OPS)
    assert image_of(post) == []
    assert "Payments fell by half." in message.words
    assert [r for r in post.reported if "the chart was not uploaded" in r]


def test_a_file_that_slack_can_not_show_yet_is_shown_a_moment_later_and_uploaded_once(post: Post) -> None:
    post.sandbox.faults.add("chat.postMessage", FaultKind.REFUSED, error="invalid_blocks")
    post.put("digest", payload=a_digest())

    post.send_all()

    assert len(image_of(post)) == 1
    assert len(post.sandbox.files) == 1


def test_a_digest_whose_chart_slack_refuses_for_good_goes_without_it(post: Post) -> None:
    post.sandbox.faults.add("chat.postMessage", FaultKind.REFUSED, error="invalid_blocks", times=3)
    post.put("digest", payload=a_digest())

    post.send_all()

    assert image_of(post) == []
    assert post.texts() == ["Digest"]


# --- the audience ---


def test_an_internal_message_is_refused_once_its_channel_is_shared(post: Post) -> None:
    post.put("before")
    post.send_all()
    post.sandbox.state.change_channel(replace(post.sandbox.state.channel(OPS), connected_team_ids=("T0NORD",)))
    post.clock.forward(CHECKED_FOR_S)

    post.put("after")
    post.put("elsewhere", channel=CARDS)
    post.send_all()

    assert (post.texts(OPS), post.texts(CARDS)) == (["before"], ["elsewhere"])
    assert "another organisation can read" in post.errors()["after"]
    assert [r for r in post.reported if "after" in r]


def test_a_card_is_not_even_edited_where_strangers_read_along_now(post: Post) -> None:
    post.put_card(1)
    post.send_all()
    post.sandbox.state.change_channel(replace(post.sandbox.state.channel(OPS), connected_team_ids=("T0NORD",)))
    post.clock.forward(CHECKED_FOR_S)

    post.put_card(2)
    post.send_all()

    assert post.texts() == ["B-1 revision 1"]


def test_an_internal_message_never_goes_into_a_partners_channel(post: Post) -> None:
    post.put("ours", channel=NORD)
    post.put("private", channel=NORD, kind=Kind.PRIVATE, payload={"user": "U0NILS", **a_payload("private")})

    post.send_all()

    assert post.texts(NORD) == []
    assert post.sandbox.person("U0NILS").private(NORD) == ()
    assert set(post.states().values()) == {"failed"}


def test_a_partners_message_goes_into_that_partners_channel_only(post: Post) -> None:
    post.put_for_partner("to nordbank", partner="nordbank", channel=NORD)
    post.put_for_partner("to alipay by mistake", partner="alipay", channel=NORD)
    post.put_for_partner("to nordbank by mistake", partner="nordbank", channel=OPS)
    post.put_for_partner("to nobody", partner="gone", channel=NORD)

    post.send_all()

    assert (post.texts(NORD), post.texts(OPS)) == (["to nordbank"], [])
    assert list(post.states().values()) == ["sent", "failed", "failed", "failed"]


def test_a_partners_message_without_a_preview_is_refused(post: Post) -> None:
    guard = a_guard(a_client(post.sandbox.api_url), clock=post.clock.seconds)
    row = a_row(audience=partner_audience("nordbank"), channel=PARTNERS["nordbank"].shared_channel)

    with pytest.raises(RefusedError, match="no approved preview"):
        guard.check_delivery(row)
    guard.check_delivery(replace(row, preview_id="p1"))


def a_row(**changes: Any) -> OutboxRow:
    given: dict[str, Any] = {
        "id": 1, "key": "a", "kind": Kind.POST, "channel": OPS, "payload": {}, "about": None, "thread_about": None, "revision": 0,
        "priority": Priority.CARD, "preview_id": None, "attempts": 1, "ambiguous": False, "created_at": Clock().now, "card_ts": None,
    }  # fmt: skip
    return OutboxRow(**(given | changes))


# --- the pace ---


def test_a_channel_gets_one_new_message_a_second_and_slack_never_has_to_say_so(post: Post) -> None:
    post.sandbox.set_rates(Rates(post_burst=1))
    for n in range(5):
        post.put(f"m{n}")
        post.put(f"n{n}", channel=CARDS)

    seen = []
    for _ in range(5):
        while post.sender.send_due():
            pass
        seen.append((len(post.texts(OPS)), len(post.texts(CARDS))))
        post.clock.forward(1)

    assert seen == [(n, n) for n in range(1, 6)]
    assert post.texts(OPS) == [f"m{n}" for n in range(5)]
    assert post.refused() == []


def test_edits_do_not_wait_behind_posts(post: Post) -> None:
    post.put_card(1)
    post.send_all()
    for n in range(30):
        post.put(f"m{n}", priority=Priority.ALERT)
    post.put_card(2)

    post.sender.send_due()

    assert "B-1 revision 2" in post.texts()


def test_a_digest_goes_after_alerts_and_cards(post: Post) -> None:
    post.put("digest", priority=Priority.DIGEST)
    post.put_card(1)
    for n in range(3):
        post.put(f"alert {n}", priority=Priority.ALERT)

    post.send_all()

    assert post.texts() == ["alert 0", "alert 1", "alert 2", "B-1 revision 1", "digest"]


def test_a_channel_told_to_wait_is_left_alone_for_as_long_as_slack_asks(post: Post) -> None:
    post.sandbox.faults.add("chat.postMessage", FaultKind.RATE_LIMITED, retry_after_s=30)
    post.put("held")
    post.put("behind it")
    post.sender.send_due()
    post.put("elsewhere", channel=CARDS)

    post.clock.forward(29)
    while post.sender.send_due():
        pass
    assert (post.texts(OPS), post.texts(CARDS)) == ([], ["elsewhere"])

    post.clock.forward(1)
    post.send_all()
    assert post.texts(OPS) == ["held", "behind it"]
    assert post.refused() == ["ratelimited"]


def test_edits_told_to_wait_are_not_tried_one_after_the_other(post: Post) -> None:
    for n in range(10):
        post.put_card(1, about=f"B-{n}")
    post.send_all()
    post.sandbox.faults.add("chat.update", FaultKind.RATE_LIMITED, retry_after_s=20, times=10)
    for n in range(10):
        post.put_card(2, about=f"B-{n}")

    post.sender.send_due()
    assert post.refused() == ["ratelimited"]

    post.sandbox.faults.clear()
    post.send_all()
    assert post.texts() == [f"B-{n} revision 2" for n in range(10)]


def test_hundreds_of_messages_within_slacks_own_limits_are_not_refused_once(post: Post) -> None:
    """Posts by channel, edits and look-ups by minute: what one sender asks of Slack stays within what Slack allows."""
    post.sandbox.set_rates(Rates(post_burst=1))
    for n in range(60):
        post.put_card(1, about=f"B-{n}", channel=(OPS, CARDS)[n % 2])
    post.send_all()
    for n in range(40):
        post.put_card(2, about=f"B-{n}", channel=(OPS, CARDS)[n % 2])

    post.send_all()

    assert len(post.texts(OPS)) + len(post.texts(CARDS)) == 60
    assert post.refused() == []


# --- the thread of its own ---


def test_a_sender_outlives_a_database_that_is_away_for_a_moment(database: Database) -> None:
    clock = Clock()
    with Sandbox(a_workspace(), rates=Rates.off(), clock=clock.seconds) as sandbox:
        post, wake = Post(database, sandbox, clock), threading.Event()
        post.put("first")
        away = iter([True])

        class Away(Database):
            """The database, lost at the first call."""

            def __init__(self) -> None:
                self._engine = database._engine

            def transaction(self) -> Any:
                return {}["lost"] if next(away, False) else database.transaction()

        client: WebClient = a_client(sandbox.api_url)
        sender = Sender(
            Away(),
            client,
            guard=a_guard(client, clock=clock.seconds),
            now=clock,
            wake=wake,
            report=lambda what, _: post.reported.append(what),
            lost_s=0.01,
        )
        sender.start()
        wake.set()

        sandbox.wait_for(lambda: sandbox.messages(OPS))
        sender.stop()

    assert post.reported == ["the outbox could not be emptied"]
    assert post.states() == {"first": "sent"}


# --- digests ---


def test_a_digest_for_a_channel_the_bot_was_removed_from_fails_alone(post: Post) -> None:
    post.put("digest:lunch:2026-11-20", channel="C0LUNCH", priority=Priority.DIGEST)
    post.put("digest:ops:2026-11-20", priority=Priority.DIGEST)

    post.send_all()

    assert post.states() == {"digest:lunch:2026-11-20": "failed", "digest:ops:2026-11-20": "sent"}
    assert post.texts(OPS) == ["digest:ops:2026-11-20"]


def test_a_digest_that_found_the_bot_removed_is_not_brought_later_and_the_next_one_comes(post: Post) -> None:
    post.sandbox.faults.add("chat.postMessage", FaultKind.REFUSED, error="not_in_channel")
    post.put("digest:ops:2026-11-20", payload=a_digest(), priority=Priority.DIGEST)
    post.send_all()
    post.put("digest:ops:2026-11-21", priority=Priority.DIGEST)  # the bot was invited again

    post.send_all()

    assert post.states() == {"digest:ops:2026-11-20": "failed", "digest:ops:2026-11-21": "sent"}
    assert post.texts(OPS) == ["digest:ops:2026-11-21"]


@pytest.mark.parametrize("has_arrived", [True, False])
def test_a_digest_whose_sender_was_lost_in_mid_post_is_in_the_channel_once(post: Post, has_arrived: bool) -> None:
    post.put("digest", payload=a_digest(), priority=Priority.DIGEST)
    with post.database.transaction() as tx:
        (row,) = sending.claim(tx, now=post.clock(), lease_s=LEASE_S, limit=1)
    client = a_client(post.sandbox.api_url)
    for _ in range(has_arrived):
        client.chat_postMessage(channel=OPS, text="Digest", blocks=a_payload("Digest")["blocks"], metadata=own_messages.metadata(row.key))

    assert post.sender.send_due() == 0
    post.clock.forward(LEASE_S)
    post.send_all()

    assert post.texts(OPS) == ["Digest"]
    assert post.states() == {"digest": "sent"}


def test_what_is_for_one_person_goes_to_nobody_else(post: Post) -> None:
    post.put("digest:ada:2026-11-20", audience=person_audience("U0ADA"), channel=OPS)
    post.put("digest:nils:2026-11-20", audience=person_audience("U0NILS"), channel="D0NILS")

    post.send_all()

    assert set(post.states().values()) == {"failed"}
    assert post.texts(OPS) == []
