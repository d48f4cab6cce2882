"""Known noise: who may have what suppressed, that it is counted and never lost, and that it comes back."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from break_work import ADA, AUTHORITY, BEN, CARDS, NOW, PARTNERS, PEOPLE, a_break, a_click
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from test_noise_rules import a_rule

from breakwater.errors import NotFoundError, RefusedError
from breakwater.model.access import SYSTEM, Actor, Role
from breakwater.model.break_filters import read_filter
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.noise import suppressed
from breakwater.steps import breaks as moves
from breakwater.steps.hushing import hush_new
from breakwater.steps.reconcile import enqueue_card, state_of
from breakwater.steps.suppression import NoiseDraft, add_rule, end_rule, follow_rules, keep_following, standing
from breakwater.store import audit, break_lists, reads, writes
from breakwater.store.database import Connection, Database
from breakwater.store.tables import delivery

MERIDIAN = PARTNERS["meridian"]
TODAY = {"meridian": date(2026, 11, 20)}


def a_draft(**changes: Any) -> NoiseDraft:
    draft = NoiseDraft(
        key="V1",
        partner="meridian",
        currency="EUR",
        most_minor=200,
        reason="Fees of a cent.",
        expires_on=date(2026, 12, 31),
        pattern="FEE-*",
    )
    return replace(draft, **changes)


def add(tx: Connection, actor: Actor = BEN, **changes: Any) -> str:
    return add_rule(tx, actor=actor, draft=a_draft(**changes), authority=AUTHORITY, partner=MERIDIAN, now=NOW).id


def a_fee(name: str, **changes: Any) -> Break:
    return a_break(name, **{"amount_minor": 100, "references": (f"fee-{name}",), **changes})


def lay_out(database: Database, *breaks: Break) -> None:
    with database.transaction() as tx:
        writes.insert_breaks(tx, breaks, actor=SYSTEM, now=NOW)
        for brk in breaks:
            enqueue_card(tx, brk, partner=MERIDIAN, channel=CARDS, now=NOW)


def listed(database: Database, words: str = "") -> list[str]:
    with database.reading() as tx:
        wanted = read_filter(words.split(), partners=PARTNERS, asker_id=ADA.id)
        return sorted(b.fingerprint for b in break_lists.filtered(tx, wanted, today=TODAY, limit=50)[0])


def posts(database: Database) -> list[str]:
    table = delivery.outbox
    with database.reading() as tx:
        rows = tx.execute(select(table.c.payload).where(table.c.kind == "post").order_by(table.c.id))
        return [row.payload["blocks"][0]["text"]["text"] for row in rows]


def test_what_a_rule_covers_is_counted_apart_and_back_when_it_is_ended(database: Database) -> None:
    lay_out(database, a_fee("a"), a_fee("b"), a_fee("large", amount_minor=201), a_break("other"))

    with database.transaction() as tx:
        rule_id = add(tx)

    assert (listed(database), listed(database, "suppressed")) == (["large", "other"], ["a", "b"])
    with database.reading() as tx:
        state = state_of(tx, partner=MERIDIAN, today=TODAY["meridian"])
        assert (state.suppressed.count, state.suppressed.value_minor) == (2, {"EUR": 200})
        assert sum(f.count for f in state.active.values()) == 2
    with database.transaction() as tx:
        end_rule(tx, actor=BEN, rule_id=rule_id.lower(), partners=PARTNERS, now=NOW + timedelta(hours=1))
    assert (listed(database), listed(database, "suppressed")) == (["a", "b", "large", "other"], [])
    added, back = posts(database)
    assert "<@U0BEN> has known noise suppressed through 31 Dec 2026" in added
    assert "2 breaks suppressed, worth *EUR 2.00* so far" in added
    assert f"2 breaks worth *EUR 2.00* no longer known noise by `{rule_id}` (<@U0BEN> ended it" in back
    with database.transaction() as tx:
        assert [(e.action, e.actor_id) for e in audit.entries(tx, rule_id)] == [("noise_rule_added", BEN.id), ("noise_rule_ended", BEN.id)]
        assert [e.action for e in audit.entries(tx, a_fee("a").id)] == ["open", "suppress", "bring_back"]
        assert audit.verify(tx) == []


def test_a_rule_that_expires_gives_back_what_it_hid(database: Database) -> None:
    lay_out(database, a_fee("a"))
    with database.transaction() as tx:
        add(tx, expires_on=date(2026, 11, 25))

    last_day, day_after = NOW + timedelta(days=5), NOW + timedelta(days=6)
    assert [keep_following(database, partners=PARTNERS, now=at) for at in (last_day, day_after, day_after)] == [0, 1, 0]

    assert listed(database) == ["a"]
    assert "through 25 Nov 2026" in posts(database)[-1]


def test_new_breaks_are_noise_from_the_start_and_the_cards_of_known_ones_say_so(database: Database) -> None:
    lay_out(database, a_fee("a"))
    with database.transaction() as tx:
        rule_id = add(tx)

    with database.transaction() as tx:
        hushed = hush_new(tx, [a_fee("b"), a_break("c")], partner=MERIDIAN, now=NOW)
        cards = tx.execute(select(delivery.outbox.c.payload).where(delivery.outbox.c.kind == "card").order_by(delivery.outbox.c.id)).all()

    assert [b.suppressed_by for b in hushed] == [rule_id, None]
    assert f"Known noise by `{rule_id}`" in str(cards[-1].payload)


def test_whoever_takes_a_suppressed_break_has_it_in_the_list_again(database: Database) -> None:
    lay_out(database, a_fee("a"))
    with database.transaction() as tx:
        add(tx)
        brk = reads.break_by_id(tx, a_fee("a").id)
    assert brk

    with database.transaction() as tx:
        moves.acknowledge(tx, a_click(brk))

    assert listed(database) == ["a"]
    assert keep_following(database, partners=PARTNERS, now=NOW) == 0


def test_what_somebody_has_stays_out_of_it(database: Database) -> None:
    lay_out(database, a_fee("mine", state=BreakState.ACKNOWLEDGED, owner_id=ADA.id, acknowledged_at=NOW), a_fee("given", owner_id=ADA.id))

    with database.transaction() as tx:
        add(tx)

    assert listed(database, "suppressed") == []


def test_a_break_that_outgrows_its_rule_is_back(database: Database) -> None:
    lay_out(database, a_fee("a"))
    with database.transaction() as tx:
        add(tx)
        was = reads.break_by_id(tx, a_fee("a").id)
        assert was
        writes.save_break(tx, replace(was, amount_minor=5_000, revision=was.revision + 1), was=was, action="restate", actor=SYSTEM, now=NOW)

    assert keep_following(database, partners=PARTNERS, now=NOW) == 1
    assert listed(database) == ["a"]


def test_one_rule_never_hides_more_in_all_than_its_author_may_write_off(database: Database) -> None:
    lay_out(database, *(a_fee(f"n{n:03}", amount_minor=200, dated=date(2026, 11, 1) + timedelta(days=n % 15)) for n in range(60)))

    with database.transaction() as tx:
        add(tx)  # Ben may write off EUR 100.00

    hidden = listed(database, "suppressed")
    with database.reading() as tx:
        ((_, figure, is_in_force),) = standing(tx, partners=PARTNERS, now=NOW)
    assert (len(hidden), figure.value_minor, is_in_force) == (50, {"EUR": 10_000}, True)
    assert keep_following(database, partners=PARTNERS, now=NOW) == 0


@pytest.mark.parametrize(
    ("actor", "changes", "said"),
    [
        (ADA, {}, "You need the role 'approver'"),
        (PEOPLE[Role.VIEWER], {}, "You need the role 'approver'"),
        (BEN, {"most_minor": 10_001}, "Your limit for write-offs is EUR 100.00"),
        (BEN, {"currency": "JPY"}, "You have no limit for write-offs in JPY"),
        (BEN, {"pattern": "", "kind": None}, "a rule for everything would hide the next real break"),
        (BEN, {"pattern": "*"}, "a rule for everything"),
        (BEN, {"most_minor": 0}, "more than zero"),
        (BEN, {"expires_on": date(2026, 11, 20)}, "not in the future"),
        (BEN, {"expires_on": date(2028, 1, 1)}, "more than a year away"),
    ],
)
def test_what_can_not_be_suppressed(database: Database, actor: Actor, changes: dict[str, Any], said: str) -> None:
    lay_out(database, a_fee("a"))

    with pytest.raises(RefusedError, match=said), database.transaction() as tx:
        add(tx, actor, **changes)

    assert listed(database, "suppressed") == []


def test_a_form_sent_twice_makes_one_rule_and_ending_twice_says_who_was_first(database: Database) -> None:
    lay_out(database, a_fee("a"))
    with database.transaction() as tx:
        rule_id = add(tx)
        assert add(tx) == rule_id
    assert len(posts(database)) == 1
    with database.transaction() as tx:
        end_rule(tx, actor=BEN, rule_id=rule_id, partners=PARTNERS, now=NOW)

    with pytest.raises(RefusedError, match="already ended by <@U0BEN>"), database.transaction() as tx:
        end_rule(tx, actor=PEOPLE[Role.ADMIN], rule_id=rule_id, partners=PARTNERS, now=NOW)
    with pytest.raises(NotFoundError), database.transaction() as tx:
        end_rule(tx, actor=BEN, rule_id="N-NONE", partners=PARTNERS, now=NOW)


def test_somebody_who_took_it_in_the_same_moment_keeps_it(database: Database) -> None:
    lay_out(database, a_fee("a"))
    with database.transaction() as tx:
        add(tx)
        brk = reads.break_by_id(tx, a_fee("a").id)
        assert brk
        moves.assign(tx, a_click(brk), to=ADA)

    with database.transaction() as tx:
        assert follow_rules(tx, partner=MERIDIAN, now=NOW + timedelta(days=60)) == 0
    assert listed(database) == ["a"]


@given(amounts=st.lists(st.integers(1, 3_000), max_size=40), limit=st.integers(1, 10_000), most=st.integers(1, 3_000))
def test_no_rule_hides_more_than_its_limits(amounts: list[int], limit: int, most: int) -> None:
    breaks = [a_fee(f"n{n}", amount_minor=amount, kind=list(BreakKind)[n % 2]) for n, amount in enumerate(amounts)]
    rules = [a_rule(id="N-1", limit_minor=limit, most_minor=most), a_rule(id="N-2", limit_minor=limit, most_minor=most, pattern="fee-n1*")]

    by_rule = suppressed(breaks, rules)

    worth = {b.id: b.amount_minor for b in breaks}
    assert all(worth[b] <= most for b in by_rule)
    assert all(sum(worth[b] for b, r in by_rule.items() if r == rule.id) <= limit for rule in rules)
