from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from store_builders import NOW, enqueue, enqueue_card, enqueue_reply, later

from breakwater.model.access import partner_audience
from breakwater.store import outbox, reads, sending
from breakwater.store.database import Connection, Database
from breakwater.store.outbox import Kind, Priority
from breakwater.store.sending import OutboxRow


def claim(tx: Connection, **changes: Any) -> list[OutboxRow]:
    return sending.claim(tx, **{"now": NOW, "lease_s": 30, "limit": 100, **changes})


def keys(rows: list[OutboxRow]) -> list[str]:
    return [row.key for row in rows]


def send_all(tx: Connection, rows: list[OutboxRow]) -> list[str]:
    for row in rows:
        sending.sent(tx, row_id=row.id, ts=row.card_ts or f"1700.{row.id}", now=NOW)
    return keys(rows)


def drain(tx: Connection) -> list[str]:
    """Send until nothing is left to send now; the keys in the order of sending."""
    order: list[str] = []
    while rows := claim(tx):
        order += send_all(tx, rows)
    return order


def test_a_key_is_enqueued_once_even_after_it_was_sent(database: Database) -> None:
    with database.transaction() as tx:
        assert enqueue(tx, "a")
        assert not enqueue(tx, "a")
        assert drain(tx) == ["a"]
        assert not enqueue(tx, "a")
        assert outbox.pending_count(tx) == 0


def test_a_row_comes_back_as_it_was_enqueued(database: Database) -> None:
    payload = {"text": "ü 支付", "blocks": [{"type": "section"}], "chart": {"values": [1, 2.5, None]}}
    with database.transaction() as tx:
        enqueue(tx, "a", payload=payload, audience=partner_audience("nordbank"), preview_id="p1", priority=Priority.ALERT)
        (row,) = claim(tx)

    assert (row.payload, row.audience, row.preview_id, row.priority) == (payload, partner_audience("nordbank"), "p1", Priority.ALERT)
    assert (row.attempts, row.ambiguous, row.created_at, row.card_ts) == (1, False, NOW, None)


def test_nothing_is_said_to_a_partner_without_a_preview(database: Database) -> None:
    with pytest.raises(ValueError, match="preview"), database.transaction() as tx:
        enqueue(tx, "a", audience=partner_audience("nordbank"))


def test_a_claimed_row_is_nobody_elses_until_it_is_settled(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "a")
        assert keys(claim(tx)) == ["a"]
        assert keys(claim(tx)) == []
        assert outbox.pending_count(tx) == 1


def test_senders_at_once_never_share_a_row(database: Database) -> None:
    with database.transaction() as tx:
        for n in range(40):
            enqueue(tx, f"k{n}", channel=f"C{n % 20}")
    together = threading.Barrier(4)

    def send(_: int) -> list[str]:
        together.wait()
        mine: list[str] = []
        for _round in range(12):
            with database.transaction() as tx:
                rows = claim(tx, limit=3)
            with database.transaction() as tx:
                mine += send_all(tx, rows)
        return mine

    with ThreadPoolExecutor(4) as pool:
        sent = [key for keys in pool.map(send, range(4)) for key in keys]

    assert sorted(sent) == sorted(f"k{n}" for n in range(40))


def test_one_new_message_per_channel_leaves_at_a_time_the_most_urgent_first(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "digest", priority=Priority.DIGEST)
        enqueue(tx, "card")
        enqueue(tx, "alert", priority=Priority.ALERT)
        enqueue(tx, "elsewhere", channel="C0OTHER")

        assert keys(claim(tx)) == ["alert", "elsewhere"]
        assert keys(claim(tx, busy_channels=["C0PAYOPS"])) == []
        assert keys(claim(tx)) == ["card"]
        assert keys(claim(tx)) == ["digest"]


def test_a_full_channel_does_not_keep_others_waiting(database: Database) -> None:
    with database.transaction() as tx:
        for n in range(20):
            enqueue(tx, f"full{n}", channel="C0FULL")
        enqueue(tx, "other", channel="C0OTHER")

        assert keys(claim(tx, limit=2)) == ["full0", "other"]


def test_a_card_is_posted_then_edited_in_the_order_of_its_revisions(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        (post,) = claim(tx)
        enqueue_card(tx, 2)
        assert claim(tx) == []  # not before the first is out

        sending.sent(tx, row_id=post.id, ts="1700.01", now=NOW)
        (edit,) = claim(tx)

    assert (post.card_ts, edit.card_ts, edit.revision) == (None, "1700.01", 2)


def test_older_states_of_a_card_that_nobody_sent_are_not_shown(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1, priority=Priority.ALERT)
        enqueue_card(tx, 2)
        enqueue_card(tx, 3)
        (post,) = claim(tx)

        assert (post.revision, post.card_ts, post.priority) == (3, None, Priority.ALERT)
        send_all(tx, [post])
        assert outbox.pending_count(tx) == 0


def test_a_state_older_than_what_is_shown_is_never_shown_again(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 5)
        drain(tx)
        assert enqueue_card(tx, 4)

        assert claim(tx) == []
        assert outbox.pending_count(tx) == 0


def test_a_slow_sender_does_not_take_a_card_back_to_an_older_state(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        drain(tx)
        enqueue_card(tx, 2)
        (slow,) = claim(tx, lease_s=30)
        enqueue_card(tx, 3)
        send_all(tx, claim(tx, now=later(30)))
        send_all(tx, claim(tx, now=later(31)))
        sending.sent(tx, row_id=slow.id, ts=str(slow.card_ts), now=later(32))

        card = reads.card(tx, about="B-1", channel="C0PAYOPS")
        assert card is not None
        assert card.revision == 3


def test_edits_go_past_a_queue_of_posts(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        drain(tx)
        for n in range(5):
            enqueue(tx, f"post{n}", priority=Priority.ALERT)
        enqueue_card(tx, 2)

        assert keys(claim(tx)) == ["post0", "break:B-1:C0PAYOPS:2"]
        assert keys(claim(tx, busy_channels=["C0PAYOPS"])) == []


def test_a_reply_waits_for_its_card_and_replies_keep_their_order(database: Database) -> None:
    with database.transaction() as tx:
        for n in range(3):
            enqueue_reply(tx, f"reply{n}", priority=Priority.ALERT)
        assert claim(tx) == []
        enqueue_card(tx, 1)

        assert drain(tx) == ["break:B-1:C0PAYOPS:1", "reply0", "reply1", "reply2"]


def test_a_reply_names_the_message_it_answers(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        send_all(tx, claim(tx))
        enqueue_reply(tx, "reply")
        (reply,) = claim(tx)
        card = reads.card(tx, about="B-1", channel="C0PAYOPS")

    assert card is not None
    assert reply.card_ts == card.ts


def test_a_post_about_something_can_be_replied_to(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "digest", about="digest-1")
        enqueue_reply(tx, "detail", about="digest-1")

        assert drain(tx) == ["digest", "detail"]


def test_a_message_that_is_retried_holds_its_own_lane_only(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        drain(tx)
        enqueue_reply(tx, "first")
        enqueue_reply(tx, "second")
        enqueue_reply(tx, "elsewhere", channel="C0OTHER", about="B-2")
        enqueue_card(tx, 1, about="B-2", channel="C0OTHER")
        (first, card) = claim(tx)
        sending.retry(tx, row_id=first.id, not_before=later(60), error="429", ambiguous=False)
        send_all(tx, [card])

        assert drain(tx) == ["elsewhere"]
        (again,) = claim(tx, now=later(60))
        assert (again.key, again.attempts, again.ambiguous) == ("first", 2, False)


def test_a_retried_edit_gives_way_to_a_newer_state(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        drain(tx)
        enqueue_card(tx, 2)
        (edit,) = claim(tx)
        enqueue_card(tx, 3)
        sending.retry(tx, row_id=edit.id, not_before=later(60), error="time-out", ambiguous=True)

        assert keys(claim(tx)) == ["break:B-1:C0PAYOPS:3"]


def test_a_first_post_that_may_be_out_is_looked_for_before_a_newer_state(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        (post,) = claim(tx)
        sending.retry(tx, row_id=post.id, not_before=NOW, error="time-out", ambiguous=True)
        enqueue_card(tx, 2)

        (again,) = claim(tx)
        assert (again.revision, again.ambiguous) == (1, True)
        sending.sent(tx, row_id=again.id, ts="1700.01", now=NOW)
        (edit,) = claim(tx)
        assert (edit.revision, edit.card_ts) == (2, "1700.01")


def test_a_row_whose_lease_ran_out_is_handed_out_again_as_ambiguous(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "a")
        claim(tx, lease_s=30)
        assert claim(tx, now=later(29)) == []

        (again,) = claim(tx, now=later(30))
        assert (again.ambiguous, again.attempts) == (True, 2)


def test_a_sender_that_lost_its_lease_does_not_disturb_the_next(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "a")
        (slow,) = claim(tx, lease_s=30)
        (fast,) = claim(tx, now=later(30))
        sending.retry(tx, row_id=slow.id, not_before=NOW, error="429", ambiguous=False, attempt=slow.attempts)
        sending.give_up(tx, row_id=slow.id, error="channel_not_found", attempt=slow.attempts)
        assert claim(tx, now=later(31)) == []

        sending.sent(tx, row_id=fast.id, ts="1700.01", now=later(31))
        sending.retry(tx, row_id=slow.id, not_before=NOW, error="429", ambiguous=False)
        assert claim(tx, now=later(90)) == []


@pytest.mark.parametrize("is_lost", [True, False])
def test_a_private_answer_is_sent_at_most_once(database: Database, is_lost: bool) -> None:
    endings = {
        True: lambda tx, row: sending.release_expired(tx, now=later(60)),
        False: lambda tx, row: sending.retry(tx, row_id=row.id, not_before=NOW, error="time-out", ambiguous=True),
    }
    with database.transaction() as tx:
        enqueue(tx, "a", kind=Kind.PRIVATE, payload={"user": "U0ADA", "text": "No."})
        (row,) = claim(tx)
        endings[is_lost](tx, row)

        assert claim(tx, now=later(60)) == []
        assert outbox.pending_count(tx) == 0


def test_a_private_answer_that_was_surely_not_sent_is_tried_again(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "a", kind=Kind.PRIVATE, payload={"user": "U0ADA", "text": "No."})
        (row,) = claim(tx)
        sending.retry(tx, row_id=row.id, not_before=later(1), error="429", ambiguous=False)

        assert keys(claim(tx, now=later(1))) == ["a"]


def test_replies_fail_with_a_card_that_cannot_be_posted(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        enqueue_reply(tx, "before")
        (post,) = claim(tx)
        sending.give_up(tx, row_id=post.id, error="channel_not_found")
        enqueue_reply(tx, "after")

        assert claim(tx) == []
        assert outbox.pending_count(tx) == 0

        enqueue_card(tx, 2)
        enqueue_reply(tx, "later")
        assert drain(tx) == ["break:B-1:C0PAYOPS:2", "later"]


def test_replies_live_on_when_an_edit_of_their_card_fails(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        drain(tx)
        enqueue_card(tx, 2)
        enqueue_reply(tx, "reply")
        edit, reply = sorted(claim(tx), key=lambda row: row.kind)
        sending.give_up(tx, row_id=edit.id, error="message_not_found")

        assert send_all(tx, [reply]) == ["reply"]


def test_the_channels_of_a_card_are_those_where_it_is_or_will_be(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1, channel="C0B")
        drain(tx)
        enqueue_card(tx, 1, channel="C0A")
        enqueue(tx, "post", about="B-2")

        assert outbox.channels_of(tx, abouts=["B-1", "B-2", "B-3"]) == {"B-1": ["C0A", "C0B"]}


def test_the_channels_of_a_card_can_be_asked_for_one_audience(database: Database) -> None:
    nordbank = partner_audience("nordbank")
    with database.transaction() as tx:
        enqueue_card(tx, 1, channel="C0A")
        enqueue_card(tx, 1, channel="C0NORD", audience=nordbank, preview_id="p1")
        waiting = outbox.channels_of(tx, abouts=["B-1"], audience=nordbank)
        drain(tx)

        assert waiting == outbox.channels_of(tx, abouts=["B-1"], audience=nordbank) == {"B-1": ["C0NORD"]}
        assert outbox.channels_of(tx, abouts=["B-1"], audience=partner_audience("alipay")) == {}


def test_a_rolled_back_step_leaves_no_message(database: Database) -> None:
    with pytest.raises(KeyError), database.transaction() as tx:
        enqueue(tx, "a", payload={}["no such thing"])

    with database.transaction() as tx:
        assert outbox.pending_count(tx) == 0


# What is forgotten


def test_what_was_delivered_long_ago_is_forgotten_the_oldest_first_and_a_few_at_a_time(database: Database) -> None:
    with database.transaction() as tx:
        for n in range(5):
            enqueue(tx, f"k{n}", channel=f"C{n}", now=later(n))
        send_all(tx, claim(tx, now=later(10)))  # sent at NOW, and so after each was made but the first

        assert outbox.prune(tx, before=later(3), limit=2) == 2
        assert outbox.prune(tx, before=later(3), limit=2) == 1
        assert outbox.prune(tx, before=later(3), limit=2) == 0
        assert [enqueue(tx, f"k{n}") for n in range(5)] == [True, True, True, False, False]


def test_what_was_made_long_ago_but_delivered_lately_is_kept(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "waited for its channel", now=later(-100))
        send_all(tx, claim(tx))

        assert outbox.prune(tx, before=later(-50), limit=10) == 0
        assert outbox.prune(tx, before=later(1), limit=10) == 1


def test_what_still_waits_or_never_arrived_is_not_forgotten(database: Database) -> None:
    with database.transaction() as tx:
        enqueue(tx, "refused", channel="C1")
        (refused,) = claim(tx)
        sending.give_up(tx, row_id=refused.id, error="channel_not_found")
        enqueue(tx, "under way", channel="C2")
        claim(tx)
        enqueue(tx, "waiting", channel="C3")

        assert outbox.prune(tx, before=later(1), limit=10) == 0
        assert outbox.pending_count(tx) == 2


def test_a_card_whose_messages_are_forgotten_is_still_edited_and_replied_to(database: Database) -> None:
    with database.transaction() as tx:
        enqueue_card(tx, 1)
        enqueue_card(tx, 2)  # takes the place of the first, which is superseded
        drain(tx)
        assert outbox.prune(tx, before=later(1), limit=10) == 2

        enqueue_card(tx, 3)
        enqueue_reply(tx, "news")
        edit, reply = claim(tx)

        assert outbox.channels_of(tx, abouts=["B-1"]) == {"B-1": ["C0PAYOPS"]}
        assert (edit.kind, reply.kind) == (Kind.CARD, Kind.REPLY)
        assert edit.card_ts == reply.card_ts is not None
