"""Files that come late, twice, cut short, renamed or half uploaded: nothing is doubled and nothing is lost."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from arriving import NOW, Clock, a_company, amounts_of, deliver, files_of, records_of, said, statement, statements
from sqlalchemy import delete

from breakwater.app import Breakwater
from breakwater.deliveries import Deliveries
from breakwater.errors import WorldError
from breakwater.model.drops import Drop, Offered, Place
from breakwater.sources.drops import FolderDrop
from breakwater.steps.ingest import Arrival
from breakwater.store.tables.delivery import outbox


@pytest.fixture
def patient(tmp_path: Path, clock: Clock) -> Iterator[Breakwater]:
    """A company that waits until a file has been the same for five seconds."""
    opened = a_company(tmp_path, clock, settle_s=5)
    with contextlib.closing(opened.database):
        yield opened


def test_a_file_is_taken_when_it_was_the_same_at_two_looks(patient: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "7.xml", statement(7, "10.00"))

    assert patient.ingest_new() == []
    clock.passes(4)
    assert patient.ingest_new() == []
    clock.passes(1)
    assert patient.ingest_new() == [Arrival.INGESTED]
    assert patient.ingest_new() == []


def test_a_half_uploaded_file_is_left_alone_until_it_is_whole(patient: Breakwater, tmp_path: Path, clock: Clock) -> None:
    whole = statement(7, "10.00", "5.00")
    for part in (400, 800, len(whole)):
        deliver(tmp_path, "7.xml", whole[:part])
        assert patient.ingest_new() == []
        clock.passes(60)

    assert patient.ingest_new() == [Arrival.INGESTED]
    assert amounts_of(patient) == [1000, 500]
    assert files_of(patient, "quarantined") == []


@pytest.mark.parametrize("name", [".7.xml", "7.xml.part", "7.xml.filepart", "7.xml.TMP", "~7.xml"])
def test_hidden_and_temporary_names_are_still_under_way(bot: Breakwater, tmp_path: Path, name: str) -> None:
    path = deliver(tmp_path, name, statement(7, "10.00"))
    assert bot.ingest_new() == []

    path.rename(path.with_name("7.xml"))

    assert bot.ingest_new() == [Arrival.INGESTED]


def test_with_done_files_only_they_say_that_a_file_is_complete(tmp_path: Path, clock: Clock) -> None:
    bot = a_company(tmp_path, clock, settle_s=5, drop='drop = "inbox/nordbank"\ndone_suffix = ".done"')
    with contextlib.closing(bot.database):
        deliver(tmp_path, "7.xml", statement(7, "10.00"))
        bot.ingest_new()
        clock.passes(600)
        assert bot.ingest_new() == []

        deliver(tmp_path, "7.xml.done", "")

        assert bot.ingest_new() == [Arrival.INGESTED]


def test_nothing_is_renamed_or_deleted_in_a_drop(bot: Breakwater, tmp_path: Path) -> None:
    paths = [deliver(tmp_path, "7.xml", statement(7, "10.00")), deliver(tmp_path, "bad.xml", "<Doc")]

    bot.ingest_new()

    assert sorted(p.name for p in paths[0].parent.iterdir()) == ["7.xml", "bad.xml"]
    assert list((tmp_path / "var" / "incoming").iterdir()) == []


def test_a_renamed_file_is_recognised_by_its_bytes(bot: Breakwater, tmp_path: Path) -> None:
    path = deliver(tmp_path, "7.xml", statement(7, "10.00"))
    bot.ingest_new()
    path.rename(path.with_name("statement-7.xml"))

    assert bot.ingest_new() == [Arrival.ALREADY_KNOWN]
    assert amounts_of(bot) == [1000]


def test_a_file_that_comes_late_with_an_old_date_is_taken_all_the_same(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "8.xml", statement(8, "1.00"))
    bot.ingest_new()
    clock.passes(3 * 24 * 3600)

    deliver(tmp_path, "2.xml", statement(2, "2.00", day="2026-10-01"))

    assert bot.ingest_new() == [Arrival.INGESTED]
    assert sorted(amounts_of(bot)) == [100, 200]


def test_another_process_does_not_look_at_what_was_taken(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "7.xml", statement(7, "10.00"))
    bot.ingest_new()

    other = a_company(tmp_path, clock)
    with contextlib.closing(other.database):
        assert other.ingest_new() == []


def test_a_reissue_takes_the_earlier_files_place_and_says_so(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "7.xml", statement(7, "10.00", "5.00"))
    bot.ingest_new()
    clock.passes(3600)
    deliver(tmp_path, "7-corrected.xml", statement(7, "10.00", "5.00", "2.00"))

    assert bot.ingest_new() == [Arrival.INGESTED]

    assert amounts_of(bot) == [1000, 500, 200]
    assert {f.name: f.state for f in files_of(bot, None)} == {"7.xml": "superseded", "7-corrected.xml": "ingested"}
    assert said(bot) == ["Nordbank re-issued a file as 7-corrected.xml: 3 records instead of 2."]


def test_the_same_statement_in_other_bytes_is_a_duplicate_and_no_reissue(bot: Breakwater, tmp_path: Path, clock: Clock) -> None:
    deliver(tmp_path, "7.xml", statement(7, "10.00", "5.00"))
    bot.ingest_new()
    before = records_of(bot)
    clock.passes(3600)
    deliver(tmp_path, "7-pretty.xml", statement(7, "10.00", "5.00", indent="\n    "))

    assert bot.ingest_new() == [Arrival.DUPLICATE]

    assert records_of(bot) == before
    assert {f.name: f.state for f in files_of(bot, None)} == {"7.xml": "ingested", "7-pretty.xml": "duplicate"}
    assert files_of(bot, "duplicate")[0].reason == "It says the same as 7.xml."


def test_one_statement_of_a_file_sent_again_by_itself_is_a_duplicate_too(bot: Breakwater, tmp_path: Path) -> None:
    deliver(tmp_path, "both.xml", statements(7, 8))
    bot.ingest_new()

    deliver(tmp_path, "one.xml", statements(8))

    assert bot.ingest_new() == [Arrival.DUPLICATE]
    assert amounts_of(bot) == [1000, 1000]


def test_two_files_sent_again_as_one_are_a_duplicate_too(bot: Breakwater, tmp_path: Path) -> None:
    deliver(tmp_path, "7.xml", statements(7))
    deliver(tmp_path, "8.xml", statements(8))
    bot.ingest_new()

    deliver(tmp_path, "both.xml", statements(7, 8))

    assert bot.ingest_new() == [Arrival.DUPLICATE]
    assert len(files_of(bot)) == 2


def test_a_correction_of_a_part_is_refused_since_the_rest_would_be_lost(bot: Breakwater, tmp_path: Path) -> None:
    deliver(tmp_path, "both.xml", statements(7, 8))
    bot.ingest_new()

    deliver(tmp_path, "one.xml", statements(8, amount="12.00"))

    assert bot.ingest_new() == [Arrival.QUARANTINED]
    assert amounts_of(bot) == [1000, 1000]
    reason = files_of(bot, "quarantined")[0].reason or ""
    assert reason.startswith("partial-reissue: one.xml corrects a part of both.xml and leaves out camt.053:CH9300762011623852957")


def test_a_correction_that_brings_more_takes_every_earlier_files_place(bot: Breakwater, tmp_path: Path) -> None:
    deliver(tmp_path, "7.xml", statements(7))
    deliver(tmp_path, "8.xml", statements(8))
    bot.ingest_new()

    deliver(tmp_path, "all.xml", statements(7, 8, 9, amount="12.00"))

    assert bot.ingest_new() == [Arrival.INGESTED]
    assert amounts_of(bot) == [1200, 1200, 1200]


@dataclass
class FlakyDrop:
    """A drop in memory, which can be lost, or cut off in mid-file."""

    files: dict[str, bytes] = field(default_factory=dict)
    is_lost: bool = False
    cut_after: int | None = None
    asked: int = 0

    def listing(self) -> list[Offered]:
        self.asked += 1
        deeds = {True: _lost, False: lambda: None}
        deeds[self.is_lost]()
        return [Offered(name=name, size=len(body), modified_at=NOW) for name, body in sorted(self.files.items())]

    def fetch(self, offered: Offered, to: Path) -> str:
        body = self.files[offered.name]
        to.write_bytes(body[: self.cut_after])
        deeds = {True: _lost, False: lambda: None}
        deeds[self.cut_after is not None]()
        return hashlib.sha256(body).hexdigest()


def _lost() -> None:
    raise WorldError("The connection to files.nordbank.example failed.", remedy="Ask the partner.")


@pytest.fixture
def flaky() -> FlakyDrop:
    return FlakyDrop({"7.xml": statement(7, "10.00", "5.00").encode()})


@pytest.fixture
def far(bot: Breakwater, clock: Clock, flaky: FlakyDrop) -> Deliveries:
    """Nordbank's files lie far away; our own in a folder."""
    places = {("nordbank", "statement"): replace(bot.config.places["nordbank", "statement"], url="sftp://far/out")}
    bot.config.places = places

    def open_drop(place: Place) -> Drop:
        return {"sftp://far/out": flaky}.get(place.url) or FolderDrop(Path(place.url))

    return Deliveries(bot.config, bot.database, bot.lake, now=clock, settle_s=0, report=lambda what, wrong: None, open_drop=open_drop)


def test_a_connection_cut_in_mid_file_leaves_nothing_and_the_next_look_takes_it(
    bot: Breakwater, far: Deliveries, flaky: FlakyDrop, tmp_path: Path
) -> None:
    flaky.cut_after = 700
    assert far.take_in() == []
    assert files_of(bot, None) == []
    assert [p for p in (tmp_path / "var").rglob("*") if p.is_file() and "breakwater.db" not in p.name] == []

    flaky.cut_after = None

    assert far.take_in() == [Arrival.INGESTED]
    assert amounts_of(bot) == [1000, 500]


def test_a_drop_that_is_lost_is_told_once_tried_less_and_less_and_told_once_when_it_is_back(
    bot: Breakwater, far: Deliveries, flaky: FlakyDrop, clock: Clock
) -> None:
    flaky.is_lost = True
    for _ in range(120):
        far.take_in()
        clock.passes(60)
    assert flaky.asked == 8  # again after 1, 2, 4, 8, 16 minutes, then every half hour
    (told,) = said(bot)
    assert told.startswith("Nordbank: the drop of its statement can't be reached. The connection to files.nordbank.example failed.")

    flaky.is_lost = False
    clock.passes(1800)

    assert far.take_in() == [Arrival.INGESTED]
    assert said(bot)[1:] == ["Nordbank: the drop of its statement is back."]
    far.take_in()
    assert len(said(bot)) == 2


def test_a_drop_that_stays_lost_is_told_once_even_when_that_message_is_forgotten(
    bot: Breakwater, far: Deliveries, flaky: FlakyDrop, clock: Clock
) -> None:
    flaky.is_lost = True
    far.take_in()
    assert len(said(bot)) == 1
    with bot.database.transaction() as tx:
        tx.execute(delete(outbox))

    clock.passes(3600)
    far.take_in()

    assert flaky.asked == 2
    assert said(bot) == []


def test_a_lost_drop_does_not_keep_others_from_being_read(bot: Breakwater, far: Deliveries, flaky: FlakyDrop, tmp_path: Path) -> None:
    flaky.is_lost = True
    bot.config.places["ledger", "ledger"] = Place(url=str(tmp_path / "inbox" / "ledger"))
    header = "record_id,kind,amount_minor,fee_minor,currency,booked_on,value_date,status,account,ref_payment_id,ref_partner_id,"
    header += "ref_end_to_end_id,ref_arn,ref_batch_id,ref_original,original_amount_minor,original_currency,partner\n"
    row = "r1,payment,500,,EUR,2026-11-23,,,,p1,,E-7-1,,,,,,nordbank\n"
    (tmp_path / "inbox" / "ledger" / "records.csv").write_text(header + row)

    assert far.take_in() == [Arrival.INGESTED]


@pytest.mark.parametrize("name", ["../../breakwater.toml", "/etc/passwd", ".."])
def test_a_name_that_leads_out_of_its_folder_is_no_file(bot: Breakwater, far: Deliveries, flaky: FlakyDrop, name: str) -> None:
    flaky.files = {name: b"x"}

    assert far.take_in() == []
    assert files_of(bot, None) == []
