from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Table, select
from store_builders import ADA, BEN, NOW, a_break, a_file, a_finding, a_run, an_incident, enqueue_card, later

from breakwater.errors import RefusedError
from breakwater.model import breaks as moves
from breakwater.model import findings as finding_moves
from breakwater.model import incidents
from breakwater.model.access import SYSTEM, partner_audience
from breakwater.model.breaks import Break, BreakKind, BreakState
from breakwater.model.files import SourceFile
from breakwater.model.findings import Finding, FindingState
from breakwater.model.incidents import EntrySide, Incident, TimelineEntry
from breakwater.model.records import Side
from breakwater.model.runs import ActiveFigure, Run
from breakwater.store import audit, claims, inbox, outbox, reads, runs, sending, writes
from breakwater.store.database import Database
from breakwater.store.tables.breaks import breaks
from breakwater.store.tables.files import source_file
from breakwater.store.tables.findings import finding
from breakwater.store.tables.incidents import incident
from breakwater.store.tables.runs import run


@pytest.mark.parametrize(
    ("record", "table"),
    [
        (Break, breaks),
        (SourceFile, source_file),
        (Run, run),
        (Finding, finding),
        (Incident, incident),
    ],
)
def test_every_field_of_a_record_has_its_column(record: Any, table: Table) -> None:
    assert {f.name for f in fields(record)} - set(table.c.keys()) == set()


# Source files


def test_a_source_file_comes_back_as_it_was_kept(database: Database) -> None:
    with database.transaction() as tx:
        assert writes.save_source_file(tx, a_file(), actor=SYSTEM, now=NOW)

    with database.transaction() as tx:
        assert reads.source_file_by_hash(tx, partner="nordbank", sha256=a_file().sha256) == a_file()
        assert reads.source_file_by_key(tx, partner="nordbank", logical_key=a_file().logical_keys[0]) == a_file()
        assert reads.source_file_by_hash(tx, partner="sudbank", sha256=a_file().sha256) is None
        assert reads.source_files(tx, partner="nordbank", side=Side.THEIRS) == [a_file()]
        assert reads.source_files(tx, side=Side.OURS) == []
        assert reads.source_file_names(tx, {a_file().sha256, "0"}) == {a_file().sha256: a_file()}
        assert [e.action for e in audit.entries(tx, a_file().sha256)] == ["file_ingested"]


@pytest.mark.parametrize("columns", [None, ("Id", "Amount", "Größe")])
def test_the_columns_of_a_file_come_back_or_are_not_known(database: Database, columns: tuple[str, ...] | None) -> None:
    file = replace(a_file(), columns=columns)
    with database.transaction() as tx:
        writes.save_source_file(tx, file, actor=SYSTEM, now=NOW)

        assert reads.source_file_by_hash(tx, partner="nordbank", sha256=file.sha256) == file
        assert bool(tx.scalar(select(source_file.c.columns.is_(None)))) == (columns is None)


def test_the_same_bytes_again_change_nothing(database: Database) -> None:
    with database.transaction() as tx:
        writes.save_source_file(tx, a_file(), actor=SYSTEM, now=NOW)
        assert not writes.save_source_file(tx, a_file(name="again.xml"), actor=SYSTEM, now=NOW)

    with database.transaction() as tx:
        assert [f.name for f in reads.source_files(tx)] == ["statement.xml"]


def test_a_reissue_takes_the_place_of_the_earlier_file(database: Database) -> None:
    old, new = a_file(), a_file(sha256="e" * 64, logical_keys=a_file().logical_keys)
    with database.transaction() as tx:
        writes.save_source_file(tx, old, actor=SYSTEM, now=NOW)

    with database.transaction() as tx:
        writes.supersede_source_file(tx, old_sha256=old.sha256, partner="nordbank", by_sha256=new.sha256, actor=SYSTEM, now=NOW)
        writes.save_source_file(tx, new, actor=SYSTEM, now=NOW)

    with database.transaction() as tx:
        assert reads.active_parts(tx, side=Side.THEIRS, content="records") == list(new.parts)
        assert reads.source_file_by_key(tx, partner="nordbank", logical_key=old.logical_keys[0]) == new
        assert reads.source_file_by_hash(tx, partner="nordbank", sha256=old.sha256) == replace(
            old, state="superseded", superseded_by=new.sha256
        )
        assert reads.source_files(tx) == [new]
        assert audit.entries(tx, old.sha256)[-1].detail["by"] == new.sha256


def test_two_issues_of_one_delivery_never_both_count(database: Database) -> None:
    with database.transaction() as tx:
        writes.save_source_file(tx, a_file(), actor=SYSTEM, now=NOW)

    rival = a_file(sha256="e" * 64, logical_keys=a_file().logical_keys)
    with pytest.raises(RefusedError, match="same delivery"), database.transaction() as tx:
        writes.save_source_file(tx, rival, actor=SYSTEM, now=NOW)

    with database.transaction() as tx:
        assert reads.source_files(tx, state=None) == [a_file()]


def test_a_quarantined_file_can_be_taken_in_later(database: Database) -> None:
    refused = a_file(state="quarantined", parts=(), logical_keys=(), reason="truncated: the end is missing")
    with database.transaction() as tx:
        writes.save_source_file(tx, refused, actor=SYSTEM, now=NOW)
        assert reads.source_files(tx, state="quarantined") == [refused]
        assert reads.active_parts(tx, side=Side.THEIRS, content="records") == []

    with database.transaction() as tx:
        assert writes.save_source_file(tx, a_file(), actor=SYSTEM, now=later(60))
        assert reads.source_files(tx) == [a_file()]


def test_the_parts_of_a_ledger_file_are_told_apart_by_partner(database: Database) -> None:
    folders = ("nordbank", "s%C3%BCd%2Fbank")
    parts = [f"{c}/side=ours/partner={p}/date=2026-11-19/{'a' * 64}-0.parquet" for c in ("records", "events") for p in folders]
    ledger = a_file(sha256="a" * 64, partner="ledger", side=Side.OURS, parts=tuple(parts))
    with database.transaction() as tx:
        writes.save_source_file(tx, ledger, actor=SYSTEM, now=NOW)

        assert reads.active_parts(tx, side=Side.OURS, content="records", partner="nordbank") == [parts[0]]
        assert reads.active_parts(tx, side=Side.OURS, content="events", partner="süd/bank") == [parts[3]]
        assert reads.active_parts(tx, side=Side.OURS, content="events") == sorted(parts[2:])
        assert reads.active_parts(tx, side=Side.THEIRS, content="records") == []


# Runs


def test_the_last_run_is_the_one_that_finished_last(database: Database) -> None:
    first, second = a_run(), a_run(id="nordbank-2", as_of=date(2026, 11, 20), finished_at=later(90))
    with database.transaction() as tx:
        writes.save_run(tx, second, actor=SYSTEM, now=NOW)
        writes.save_run(tx, first, actor=SYSTEM, now=NOW)

        assert reads.last_run(tx, partner="nordbank") == second
        assert reads.last_run(tx, partner="nordbank", as_of=first.as_of) == first
        assert reads.last_run(tx, partner="sudbank") is None


def test_the_same_run_again_replaces_itself(database: Database) -> None:
    with database.transaction() as tx:
        writes.save_run(tx, a_run(), actor=SYSTEM, now=NOW)
        writes.save_run(tx, a_run(finished_at=later(500)), actor=SYSTEM, now=NOW)

        assert reads.last_run(tx, partner="nordbank") == a_run(finished_at=later(500))


def test_what_a_run_matched_is_looked_into_while_it_is_the_last_even_if_it_came_again(database: Database) -> None:
    other, of_a_day_before = a_run(id="nordbank-2", finished_at=later(90)), a_run(id="nordbank-0", as_of=date(2026, 11, 1))
    looked_at_again = a_run(id="nordbank-3", as_of=date(2026, 11, 2), is_restatement=True, finished_at=later(900))
    with database.transaction() as tx:
        for each in (of_a_day_before, a_run(), other, looked_at_again, a_run(finished_at=later(500))):
            writes.save_run(tx, each, actor=SYSTEM, now=NOW)

        assert runs.looked_into(tx, since=date(2026, 11, 2)) == {a_run().id, "nordbank-3"}
        assert runs.looked_into(tx, since=date(2027, 1, 1)) == {a_run().id}


# Breaks


def test_breaks_come_back_as_they_were_kept(database: Database) -> None:
    plain = a_break(fingerprint="00", theirs=(), pass_name=None, also=(), lag=None, references=(), extra={}, run_id=None)
    with database.transaction() as tx:
        writes.insert_breaks(tx, [a_break(), plain], actor=SYSTEM, now=NOW)

    with database.transaction() as tx:
        assert reads.break_by_id(tx, a_break().id) == a_break()
        assert reads.breaks_of_agreement(tx, agreement="nordbank") == {"ab12cd34ef56": a_break(), "00": plain}
        assert reads.breaks_of_agreement(tx, agreement="nordbank", states=[BreakState.RESOLVED]) == {}
        assert [e.detail["amount_minor"] for e in audit.entries(tx, plain.id)] == [1250]


def test_a_moment_is_kept_in_utc_whatever_zone_it_came_in(database: Database) -> None:
    opened_at = datetime(2026, 11, 20, 9, 30, tzinfo=timezone(timedelta(hours=1)))
    with database.transaction() as tx:
        writes.insert_breaks(tx, [a_break(opened_at=opened_at)], actor=SYSTEM, now=NOW)
        found = reads.break_by_id(tx, a_break().id)

    assert found is not None
    assert (found.opened_at, found.opened_at.tzinfo) == (opened_at, UTC)


def test_the_breaks_of_a_record_are_found_active_ones_first(database: Database) -> None:
    closed = moves.auto_close(a_break(fingerprint="01", ours=("r1",), amount_minor=9_000), now=NOW)
    small, large = a_break(fingerprint="02", ours=("r1", "r2")), a_break(fingerprint="03", ours=("r2", "r1"), amount_minor=7_000)
    with database.transaction() as tx:
        writes.insert_breaks(tx, [closed, small, large], actor=SYSTEM, now=NOW)

        assert reads.breaks_of_records(tx, records=[(Side.OURS, "r1"), (Side.OURS, "r2")]) == [large, small, closed]
        assert reads.breaks_of_records(tx, records=[(Side.THEIRS, "r1")]) == []
        assert reads.breaks_of_records(tx, records=[(Side.OURS, str(n)) for n in range(2_000)]) == []


def test_active_breaks_are_counted_and_listed_by_value(database: Database) -> None:
    breaks = [a_break(fingerprint=f"{n:02d}", amount_minor=n * 10**15) for n in range(1, 5)]
    tie = a_break(fingerprint="99", amount_minor=4 * 10**15, kind=BreakKind.FEE_VARIANCE)
    with database.transaction() as tx:
        writes.insert_breaks(tx, [*breaks, tie, moves.auto_close(a_break(fingerprint="50"), now=NOW)], actor=SYSTEM, now=NOW)

        assert [b.fingerprint for b in reads.active_breaks(tx, partner="nordbank", limit=3)] == [
            *(b.fingerprint for b in sorted([breaks[3], tie], key=lambda b: b.id)),
            "03",
        ]
        assert reads.active_break_count(tx, partner="nordbank") == 5
        common = {"currency": "EUR", "dated": date(2026, 11, 18), "state": BreakState.OPEN}
        assert reads.active_figures(tx, partner="nordbank") == [
            ActiveFigure(kind=BreakKind.AMOUNT_MISMATCH, count=4, value_minor=10**16, **common),
            ActiveFigure(kind=BreakKind.FEE_VARIANCE, count=1, value_minor=4 * 10**15, **common),
        ]


def test_thousands_of_breaks_are_kept_and_changed_together(database: Database) -> None:
    breaks = [a_break(fingerprint=f"{n:010d}ab") for n in range(3_000)]
    with database.transaction() as tx:
        writes.insert_breaks(tx, breaks, actor=SYSTEM, now=NOW)
    closed = [moves.auto_close(b, now=later(1)) for b in breaks]

    with database.transaction() as tx:
        changes = [(was, brk, "auto_close") for was, brk in zip(breaks, closed, strict=True)]
        assert writes.save_breaks(tx, changes, actor=SYSTEM, now=NOW) == []

    with database.transaction() as tx:
        assert reads.breaks_of_agreement(tx, agreement="nordbank") == {b.fingerprint: b for b in closed}
        assert [e.action for e in audit.entries(tx, breaks[0].id)] == ["open", "auto_close"]
        assert audit.verify(tx) == []


def test_a_run_does_not_overwrite_a_person_who_was_faster(database: Database) -> None:
    one, two = a_break(fingerprint="01"), a_break(fingerprint="02")
    taken = moves.acknowledge(one, owner_id=ADA.id, now=NOW)
    with database.transaction() as tx:
        writes.insert_breaks(tx, [one, two], actor=SYSTEM, now=NOW)
        writes.save_break(tx, taken, was=one, action="acknowledge", actor=ADA, now=NOW)

        changes = [(b, moves.auto_close(b, now=NOW), "auto_close") for b in (one, two)]
        assert writes.save_breaks(tx, changes, actor=SYSTEM, now=NOW) == [taken]

        assert reads.break_by_id(tx, one.id) == taken
        assert reads.break_by_id(tx, two.id) == moves.auto_close(two, now=NOW)
        assert [e.action for e in audit.entries(tx, one.id)] == ["open", "acknowledge"]


def test_an_acknowledgement_is_audited_with_what_it_changed(database: Database) -> None:
    with database.transaction() as tx:
        writes.insert_breaks(tx, [a_break()], actor=SYSTEM, now=NOW)
        brk = moves.acknowledge(a_break(), owner_id=ADA.id, now=later(5))
        writes.save_break(tx, brk, was=a_break(), action="acknowledge", actor=ADA, now=later(5))

        entry = audit.entries(tx, brk.id)[-1]
        assert (entry.actor_id, entry.action, entry.at) == ("U0ADA", "acknowledge", later(5))
        assert entry.detail == {
            "state": ["open", "acknowledged"],
            "owner_id": [None, "U0ADA"],
            "acknowledged_at": [None, later(5).isoformat()],
        }


def test_of_two_who_click_at_once_exactly_one_wins(database: Database) -> None:
    with database.transaction() as tx:
        writes.insert_breaks(tx, [a_break()], actor=SYSTEM, now=NOW)
    people = [replace(ADA, id=f"U{n}") for n in range(8)]
    together = threading.Barrier(len(people))

    def click(person: Any) -> str:
        was = a_break()
        together.wait()
        try:
            with database.transaction() as tx:
                brk = moves.acknowledge(was, owner_id=person.id, now=NOW)
                writes.save_break(tx, brk, was=was, action="acknowledge", actor=person, now=NOW)
        except writes.StaleError as stale:
            return f"{getattr(stale.current, 'owner_id', None)} was first"
        return "won"

    with ThreadPoolExecutor(len(people)) as pool:
        answers = list(pool.map(click, people))

    with database.transaction() as tx:
        brk = reads.break_by_id(tx, a_break().id)
        assert brk is not None
        assert sorted(answers) == [f"{brk.owner_id} was first"] * 7 + ["won"]
        assert brk.revision == 2
        assert [e.action for e in audit.entries(tx, brk.id)] == ["open", "acknowledge"]


# Findings


def test_a_finding_seen_again_is_brought_up_to_date(database: Database) -> None:
    again = a_finding(seen="40 %", series=())
    with database.transaction() as tx:
        assert writes.open_finding(tx, a_finding(), actor=SYSTEM, now=NOW)
        assert not writes.open_finding(tx, again, actor=SYSTEM, now=NOW)
        assert reads.finding_by_id(tx, a_finding().id) == a_finding()

        writes.save_finding(tx, again, was=a_finding(), actor=SYSTEM, now=NOW)
        assert reads.findings(tx, limit=10) == [again]

        over = finding_moves.recover(again, now=NOW)
        writes.save_finding(tx, over, was=again, actor=SYSTEM, now=NOW)
        assert reads.findings(tx, limit=10) == []
        assert reads.findings(tx, partner="nordbank", state=FindingState.RECOVERED, limit=10) == [over]
        assert [e.action for e in audit.entries(tx, again.id)] == ["finding_open", "finding_recovered"]


def test_a_finding_that_somebody_answered_meanwhile_is_not_overwritten(database: Database) -> None:
    taken = finding_moves.acknowledge(a_finding(), by=ADA.id, now=NOW)
    with database.transaction() as tx:
        writes.open_finding(tx, a_finding(), actor=SYSTEM, now=NOW)
        writes.save_finding(tx, taken, was=a_finding(), actor=ADA, now=NOW, action="acknowledge")

        with pytest.raises(writes.StaleError):
            writes.save_finding(tx, a_finding(seen="40 %"), was=a_finding(), actor=SYSTEM, now=NOW)

        assert reads.finding_by_id(tx, taken.id) == taken
        assert [(e.actor_id, e.action) for e in audit.entries(tx, taken.id)][1:] == [(ADA.id, "finding_acknowledge")]


def test_findings_are_listed_newest_first_and_bounded(database: Database) -> None:
    with database.transaction() as tx:
        for n in range(4):
            writes.open_finding(tx, a_finding(id=f"f{n}", since=later(n), partner=f"p{n % 2}"), actor=SYSTEM, now=NOW)

        assert [f.id for f in reads.findings(tx, limit=3)] == ["f3", "f2", "f1"]
        assert [f.id for f in reads.findings(tx, partner="p0", limit=3)] == ["f2", "f0"]


# Incidents


def test_an_incident_is_opened_resolved_and_opened_again(database: Database) -> None:
    first = an_incident()
    resolved = incidents.resolve(first, by=BEN.id, resolution="They resent it.", partner_resolution="Thank you.", now=later(60))
    with database.transaction() as tx:
        assert writes.next_incident_id(tx) == "INC-0001"
        writes.insert_incident(tx, first, actor=ADA, now=NOW)
        assert reads.open_incident(tx, partner="nordbank") == first

        writes.save_incident(tx, resolved, was=first, action="resolve", actor=BEN, now=later(60))
        assert reads.open_incident(tx, partner="nordbank") is None
        assert reads.incident_by_id(tx, "INC-0001") == resolved

        assert writes.next_incident_id(tx) == "INC-0002"
        writes.insert_incident(tx, an_incident(id="INC-0002"), actor=ADA, now=NOW)
        assert [i.id for i in reads.incidents(tx)] == ["INC-0002"]
        assert [i.id for i in reads.incidents(tx, open_only=False, partner="nordbank")] == ["INC-0002", "INC-0001"]


def test_the_same_incident_is_not_opened_twice(database: Database) -> None:
    with database.transaction() as tx:
        writes.insert_incident(tx, an_incident(), actor=ADA, now=NOW)

    with pytest.raises(RefusedError, match="INC-0001 “Statements are late” is already open"), database.transaction() as tx:
        writes.insert_incident(tx, an_incident(id="INC-0002", title="statements  ARE late"), actor=BEN, now=NOW)


def test_a_stale_change_of_an_incident_is_refused(database: Database) -> None:
    first = an_incident()
    resolved = incidents.resolve(first, by=BEN.id, resolution="x", partner_resolution="y", now=NOW)
    with database.transaction() as tx:
        writes.insert_incident(tx, first, actor=ADA, now=NOW)
        writes.save_incident(tx, resolved, was=first, action="resolve", actor=BEN, now=NOW)

    with pytest.raises(writes.StaleError, match="it is resolved now"), database.transaction() as tx:
        writes.save_incident(tx, resolved, was=first, action="resolve", actor=ADA, now=NOW)


def test_incidents_opened_at_once_have_numbers_of_their_own(database: Database) -> None:
    def open_one(number: int) -> str:
        with database.transaction() as tx:
            incident = an_incident(id=writes.next_incident_id(tx), title=f"Problem {number}")
            writes.insert_incident(tx, incident, actor=ADA, now=NOW)
            return incident.id

    with ThreadPoolExecutor(6) as pool:
        ids = sorted(pool.map(open_one, range(6)))

    assert ids == [f"INC-000{n}" for n in range(1, 7)]


def test_a_timeline_is_told_in_order_and_each_entry_once(database: Database) -> None:
    late, early = (TimelineEntry(at=later(n), side=EntrySide.PARTNER, text=f"at {n}", author_id="U0EXT") for n in (9, 1))
    with database.transaction() as tx:
        writes.insert_incident(tx, an_incident(), actor=ADA, now=NOW)
        assert writes.add_timeline_entry(tx, incident_id="INC-0001", entry=late, key="a")
        assert writes.add_timeline_entry(tx, incident_id="INC-0001", entry=early, key="b")
        assert not writes.add_timeline_entry(tx, incident_id="INC-0001", entry=late, key="a")

        assert reads.timeline(tx, incident_id="INC-0001") == [early, late]


def test_an_incident_is_found_by_the_thread_below_its_card(database: Database) -> None:
    audience = partner_audience("nordbank")
    with database.transaction() as tx:
        writes.insert_incident(tx, an_incident(), actor=ADA, now=NOW)
        enqueue_card(tx, 1, about="INC-0001", channel="C0SHARED", audience=audience, preview_id="p1")
        (row,) = sending.claim(tx, now=NOW, lease_s=30, limit=10)
        sending.sent(tx, row_id=row.id, ts="1700.01", now=NOW)

        assert reads.incident_by_thread(tx, channel="C0SHARED", thread_ts="1700.01") == (an_incident(), audience)
        assert reads.incident_by_thread(tx, channel="C0OTHER", thread_ts="1700.01") is None
        assert reads.card(tx, about="INC-0001", channel="C0SHARED") == outbox.Card(
            about="INC-0001", channel="C0SHARED", ts="1700.01", revision=1
        )


# Claims and inbox


def test_one_process_wins_each_tick_of_a_job(database: Database) -> None:
    def tick(_: int) -> bool:
        with database.transaction() as tx:
            return claims.claim(tx, job="digest", scheduled_at=NOW, now=later(1))

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(tick, range(6))) == [False] * 5 + [True]

    with database.transaction() as tx:
        assert claims.claim(tx, job="digest", scheduled_at=later(86_400), now=NOW)
        assert claims.prune(tx, now=later(30), keep_s=20) == 1


def test_a_message_of_slack_is_new_once_until_it_is_forgotten(database: Database) -> None:
    with database.transaction() as tx:
        assert inbox.first_time(tx, key="Ev1", now=NOW)
        assert not inbox.first_time(tx, key="Ev1", now=later(300))
        assert inbox.prune(tx, now=later(300)) == 0
        assert inbox.prune(tx, now=later(7_200)) == 1
        assert inbox.first_time(tx, key="Ev1", now=later(7_200))


def test_breaks_worth_more_than_64_bits_together_are_added_up_exactly(database: Database) -> None:
    most = 2**63 - 1
    with database.transaction() as tx:
        writes.insert_breaks(tx, [a_break(fingerprint=str(n), amount_minor=most) for n in range(3)], actor=SYSTEM, now=NOW)
        (figure,) = reads.active_figures(tx, partner="nordbank")

    assert (figure.count, figure.value_minor) == (3, 3 * most)
