"""What drops offered is remembered as long as it lies there, and not for ever afterwards."""

from __future__ import annotations

from datetime import datetime, timedelta

from store_builders import NOW, a_file

from breakwater.model.drops import Offered
from breakwater.store import deliveries
from breakwater.store.database import Connection, Database

DROP = "nordbank/statement"
SEVEN, EIGHT = (Offered(name=name, size=10, modified_at=NOW) for name in ("7.xml", "8.xml"))


def look(tx: Connection, *offered: Offered, now: datetime) -> dict[str, str | None]:
    """The files of a drop, and the hash of those that were taken."""
    return {seen.offered.name: seen.sha256 for seen in deliveries.look_at(tx, drop=DROP, offered=offered, now=now)}


def test_what_is_gone_for_long_is_forgotten_and_what_lies_there_is_not(database: Database) -> None:
    with database.transaction() as tx:
        look(tx, SEVEN, EIGHT, now=NOW)
        deliveries.taken(tx, drop=DROP, offered=SEVEN, sha256="a" * 64)
        deliveries.taken(tx, drop=DROP, offered=EIGHT, sha256="b" * 64)
        look(tx, EIGHT, now=NOW)
        look(tx, EIGHT, now=NOW + deliveries.FORGOTTEN_AFTER + timedelta(days=1))

        found = look(tx, SEVEN, EIGHT, now=NOW + deliveries.FORGOTTEN_AFTER + timedelta(days=1))

    assert found == {"7.xml": None, "8.xml": "b" * 64}


def test_a_drop_that_looks_empty_for_a_while_has_nothing_new_afterwards(database: Database) -> None:
    late = NOW + timedelta(days=400)
    with database.transaction() as tx:
        look(tx, SEVEN, now=NOW)
        deliveries.taken(tx, drop=DROP, offered=SEVEN, sha256=a_file().sha256)
        look(tx, now=late)
        look(tx, now=late + timedelta(days=89))

        assert look(tx, SEVEN, now=late + timedelta(days=89)) == {"7.xml": a_file().sha256}
        look(tx, now=late + timedelta(days=90))
        look(tx, now=late + timedelta(days=179))
        assert look(tx, SEVEN, now=late + timedelta(days=179)) == {"7.xml": a_file().sha256}


def test_a_drop_settles_until_one_of_its_new_files_was_taken(database: Database) -> None:
    recently, later = NOW - timedelta(minutes=10), NOW + timedelta(minutes=1)
    with database.transaction() as tx:
        assert not deliveries.settling(tx, drop=DROP, since=recently)

        look(tx, SEVEN, EIGHT, now=NOW)
        assert deliveries.settling(tx, drop=DROP, since=recently)
        assert not deliveries.settling(tx, drop=DROP, since=later)

        deliveries.taken(tx, drop=DROP, offered=SEVEN, sha256="a" * 64)
        assert not deliveries.settling(tx, drop=DROP, since=recently)


def test_a_file_taken_away_again_settles_no_more(database: Database) -> None:
    with database.transaction() as tx:
        look(tx, SEVEN, now=NOW)
        look(tx, now=NOW)

        assert not deliveries.settling(tx, drop=DROP, since=NOW)
