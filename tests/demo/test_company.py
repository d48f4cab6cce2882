"""The demo company: the same every time, whole on every day of the year, and true to its own truth."""

from __future__ import annotations

import csv
import hashlib
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from lxml import etree

from breakwater import config
from breakwater.demo import people
from breakwater.demo.company import Company, build
from breakwater.demo.settings import DigestTime
from breakwater.errors import CallError
from breakwater.model.events import EVENT_SCHEMA
from breakwater.model.records import CANONICAL_COLUMNS, Kind

PAYMENTS = 2_000
MONDAY_MORNING = datetime(2026, 11, 23, 6, tzinfo=UTC)
SATURDAY = datetime(2026, 11, 28, 12, tzinfo=UTC)
Build = Callable[..., Company]
LEG = "meridian-nordbank"
EXACT_KINDS = {
    "missing_at_partner", "missing_in_ledger", "duplicate_in_ledger", "duplicate_at_partner", "orphan_refund", "orphan_return",
    "orphan_chargeback", "amount_mismatch", "fx_variance", "currency_mismatch", "fee_variance", "status_mismatch", "late_settlement",
}  # fmt: skip


def files(of: Company) -> dict[str, str]:
    return {
        path.relative_to(of.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(of.folder.rglob("*"))
        if path.is_file()
    }


def ledger(of: Company) -> list[dict[str, str]]:
    paths = sorted((of.folder / "inbox" / "ledger").glob("records-*.csv"))
    return [row for path in paths for row in csv.DictReader(path.open(encoding="utf-8"))]


def events(of: Company) -> pa.Table:
    return pa.concat_tables(pq.read_table(path) for path in sorted((of.folder / "inbox" / "ledger").glob("events-*.parquet")))


def reports(of: Company) -> dict[Path, list[dict[str, str]]]:
    paths = sorted((of.folder / "inbox" / "meridian").iterdir())
    return {path: list(csv.DictReader(path.open(encoding="utf-8"))) for path in paths}


def statements(of: Company) -> list[etree._Element]:
    paths = sorted((of.folder / "inbox" / "nordbank").iterdir())
    return [etree.parse(path).getroot().find(".//{*}Stmt") for path in paths]


def test_the_same_time_and_seed_give_the_same_bytes(tmp_path: Path) -> None:
    first = build(tmp_path / "first", now=SATURDAY, payments=2_000)
    second = build(tmp_path / "second", now=SATURDAY, payments=2_000)

    assert files(first) == files(second)
    assert first.truth == second.truth


def test_another_seed_gives_another_company(company: Build, tmp_path: Path) -> None:
    other = build(tmp_path, now=MONDAY_MORNING, payments=PAYMENTS, seed=8)

    assert {row["ref_payment_id"] for row in ledger(other)} & {row["ref_payment_id"] for row in ledger(company(MONDAY_MORNING))} == {""}


def test_truth_json_says_what_the_company_says(company: Build, now: datetime) -> None:
    built = company(now)

    assert json.loads((built.folder / "truth.json").read_text(encoding="utf-8")) == built.truth


def test_every_row_on_disk_is_matched_pending_or_in_a_break(company: Build, now: datetime) -> None:
    built = company(now)
    ours = Counter(row["partner"] for row in ledger(built))
    leg_rows = built.truth["legs"][LEG]["rows"]["theirs"]  # credits that the leg takes out of the bank's own books
    entries = sum(len(s.findall("{*}Ntry")) for s in statements(built))
    theirs = {"meridian": sum(map(len, reports(built).values())), "nordbank": entries - leg_rows}

    for partner, told in built.truth["partners"].items():
        rows = Counter[str]()
        for outcome in ("matched", "pending", "in_breaks"):
            for totals in told[outcome].values():
                rows.update(ours=totals["ours_rows"], theirs=totals["theirs_rows"])
        assert told["rows"] == dict(rows) == {"ours": ours[partner], "theirs": theirs[partner]}


def test_the_money_of_our_side_adds_up_per_currency(company: Build, now: datetime) -> None:
    built = company(now)
    on_disk = Counter[tuple[str, str]]()
    for row in ledger(built):
        on_disk[row["partner"], row["currency"]] += int(row["amount_minor"])

    told = Counter[tuple[str, str]]()
    for partner, truth in built.truth["partners"].items():
        for outcome in ("matched", "pending", "in_breaks"):
            for currency, totals in truth[outcome].items():
                told[partner, currency] += totals["ours_minor"]
    assert told == on_disk


def test_every_kind_of_an_exact_pass_is_planted_several_times_with_several_ages(company: Build, now: datetime) -> None:
    planted: dict[str, list[str]] = {}
    for told in company(now).truth["partners"].values():
        for kind, figure in told["breaks"].items():
            assert figure["count"] == len(figure["items"])
            planted.setdefault(kind, []).extend(item["dated"] for item in figure["items"])

    assert set(planted) == EXACT_KINDS
    assert min(len(dates) for dates in planted.values()) >= 3
    assert min(len(set(dates)) for dates in planted.values()) >= 2


def test_each_payout_in_euros_is_credited_on_the_banks_next_day_but_one_that_never_is(company: Build, now: datetime) -> None:
    built = company(now)
    leg = built.truth["legs"][LEG]
    paid_out = {
        f"MERIDIAN-{row['Batch Number']}": row["Net Debit (NC)"]
        for rows in reports(built).values()
        for row in rows
        if (row["Type"], row["Net Currency"]) == ("MerchantPayout", "EUR")
    }
    credited = {e.findtext(".//{*}EndToEndId") or "": e.findtext("{*}Amt") for s in statements(built) for e in s.findall("{*}Ntry")}
    arrived = {name: amount for name, amount in credited.items() if name.startswith("MERIDIAN-")}
    (lost,) = leg["breaks"]["missing_at_partner"]["items"]

    assert f"MERIDIAN-{lost['ours'][0]}" in paid_out.keys() - arrived.keys()
    assert arrived.items() <= paid_out.items()
    assert (len(paid_out), len(arrived)) == (leg["rows"]["ours"], leg["rows"]["theirs"])
    assert sum(t["ours_rows"] for t in leg["pending"].values()) == len(paid_out) - len(arrived) - 1
    assert len(arrived) > 8


def test_ordinary_payments_are_the_great_mass(company: Build, now: datetime) -> None:
    built = company(now, payments=20_000)

    for told in built.truth["partners"].values():
        rows = {name: sum(t["ours_rows"] for t in told[name].values()) for name in ("matched", "pending", "in_breaks")}
        assert rows["matched"] > 0.75 * told["rows"]["ours"]
        assert 100 < rows["pending"] < 0.25 * told["rows"]["ours"]
        assert rows["in_breaks"] < 0.04 * told["rows"]["ours"]


def test_ids_are_unique_and_columns_canonical(company: Build, now: datetime) -> None:
    rows, told = ledger(company(now)), events(company(now))

    assert len({row["record_id"] for row in rows}) == len(rows)
    assert set(CANONICAL_COLUMNS) < set(rows[0])
    assert told.schema.equals(EVENT_SCHEMA)
    assert len(set(told["event_id"].to_pylist())) == told.num_rows


def test_nothing_is_from_the_future_or_from_before_the_history(company: Build, now: datetime) -> None:
    built = company(now)
    times = events(built)["occurred_at"].to_pylist()
    booked = {date.fromisoformat(row["booked_on"]) for row in ledger(built)}
    first, today = now.date() - timedelta(days=28), now.astimezone(ZoneInfo("Europe/Berlin")).date()

    assert max(times) <= now
    assert first <= min(booked)
    assert max(booked) <= today
    assert {path.stat().st_mtime <= now.timestamp() for path in built.folder.rglob("inbox/*/*")} == {True}


def test_attempts_are_payments_and_their_declines(company: Build, now: datetime) -> None:
    built = company(now)
    states = Counter(events(built)["state"].to_pylist())

    assert built.truth["payments"] == PAYMENTS == states["authorized"] + states["accepted"]
    assert built.truth["attempts"] == states["created"] == pytest.approx(1.12 * PAYMENTS, rel=0.01)
    assert states["failed"] == built.truth["declined"]


def test_pounds_fall_by_almost_ninety_percent_before_now(company: Build, now: datetime) -> None:
    drop = company(now, payments=20_000).drop

    assert (drop.partner, drop.currency, drop.until) == ("meridian", "GBP", now)
    assert timedelta(hours=7) < drop.until - drop.since < timedelta(hours=26)
    assert drop.attempts_expected > 90
    assert 0.05 < drop.attempts_seen / drop.attempts_expected < 0.22
    assert drop.approved_seen < drop.attempts_seen


def test_the_showcases_can_be_typed(company: Build, now: datetime) -> None:
    built = company(now)
    rows = ledger(built)
    ids = {*events(built)["payment_id"].to_pylist(), *(row["ref_payment_id"] for row in rows if row["kind"] == Kind.PAYOUT)}

    assert len(built.showcases) == len({s.payment_id for s in built.showcases}) == 13
    for shown in built.showcases[:-1]:
        assert any(row[shown.typed_as] == shown.reference and row["partner"] == shown.partner for row in rows), shown.story
    assert {s.payment_id for s in built.showcases} <= ids
    assert built.truth["showcases"] == [asdict(s) for s in built.showcases]


def test_references_look_like_the_trades(company: Build) -> None:
    payments = [row for row in ledger(company(MONDAY_MORNING)) if row["kind"] == Kind.PAYMENT]
    cards = [row for row in payments if row["network"] == "cards"]
    transfers = [row for row in payments if row["partner"] == "nordbank"]

    assert {row["ref_payment_id"][:4] for row in payments} == {"pay_"}
    assert {(len(row["ref_partner_id"]), len(row["ref_arn"])) for row in cards} == {(16, 23)}
    assert {len(row["ref_uetr"]) for row in transfers} == {36}
    assert max(len(row["ref_end_to_end_id"]) for row in transfers) <= 35


def test_the_configuration_is_accepted_with_the_digests_asked_for(tmp_path: Path) -> None:
    build(tmp_path, now=SATURDAY, payments=2_000, digests=[DigestTime(channel="C0SEPA", cron="*/5 * * * *", partners=("nordbank",))])

    loaded = config.load(tmp_path / "breakwater.toml", environment={})

    assert list(loaded.partners) == ["nordbank", "meridian", LEG]
    assert loaded.partners[LEG].name == "Meridian → Nordbank"
    assert [(s.channel, s.cron, s.partners) for s in loaded.subscriptions] == [
        ("C0PAYOPS", "0 8 * * mon-fri", ("*",)),
        ("C0SEPA", "*/5 * * * *", ("nordbank",)),
    ]
    assert loaded.partners["nordbank"].live_from == date(2026, 10, 31)
    assert {Path(f.folder).is_dir() for p in loaded.partners.values() for f in p.files} == {True}


def test_the_people_fit_the_configuration(company: Build) -> None:
    loaded = config.load(company(MONDAY_MORNING).config, environment={})
    channels = {channel.id: channel for channel in people.CHANNELS}
    teams = {person.id: person.team for person in people.PEOPLE}

    for partner in (p for p in loaded.partners.values() if not p.leg):
        assert channels[partner.shared_channel or ""].shared_with == f"T0{partner.id.upper()}"
        assert {channels[c].shared_with for c in partner.internal_channels} == {None}
    for channel in people.CHANNELS:
        assert {teams[p] for p in channel.people} == {people.HOME_TEAM} | {t for t in [channel.shared_with] if t}
    assert {group.id for group in people.USER_GROUPS} == {"S0TECHOPS", "S0OPSLEADS"}
    assert teams["U0ADA"] == people.HOME_TEAM


def test_a_folder_that_holds_a_company_is_left_alone(tmp_path: Path) -> None:
    build(tmp_path, now=SATURDAY, payments=2_000)

    with pytest.raises(CallError, match="holds a company already"):
        build(tmp_path, now=SATURDAY, payments=2_000)


def test_a_company_too_small_to_plant_breaks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="1999 payments is too small"):
        build(tmp_path, now=SATURDAY, payments=1_999)


def test_a_time_without_a_zone_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="has no time zone"):
        build(tmp_path, now=datetime(2026, 11, 28, 12), payments=2_000)  # noqa: DTZ001
