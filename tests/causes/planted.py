"""A clean two-sided world of a month, the noise every world has, and the accidents that can be planted in it."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from breakwater.lake import evidence
from breakwater.lake.parts import Lake
from breakwater.matching import engines
from breakwater.matching.agreement import parse
from breakwater.matching.causes import explain
from breakwater.model.causes import AbsentFile, Explanation
from breakwater.model.money import half_up
from breakwater.model.records import RECORD_SCHEMA, Side
from breakwater.model.runs import BREAK_SCHEMA

Row = dict[str, Any]
FIRST, AS_OF = date(2026, 3, 2), date(2026, 4, 30)
DAYS = [day for n in range(26) if (day := FIRST + timedelta(days=n)).weekday() < 5]
PER_DAY = 120
ACCOUNTS = {"EUR": "HarbourEU", "GBP": "HarbourUK", "USD": "HarbourEU"}
FEES = {"EUR": (140, 25), "GBP": (155, 20)}
RATE_PPM = 921_000
match = engines.open(None)
AGREEMENT = parse(
    """
name = "meridian"
[calendar]
weekend = ["sat", "sun"]
[window]
before = 0
after = 1
[tolerance]
fee_minor = { default = 1 }
[fx]
rate_tolerance_bps = 60
rates = { "USD/EUR" = "0.9210" }
[[fees]]
kind = "payment"
currency = "EUR"
basis_points = 140
fixed_minor = 25
[[fees]]
kind = "payment"
currency = "GBP"
basis_points = 155
fixed_minor = 20
[[passes]]
name = "by-psp-reference"
type = "exact"
keys = ["account", "ref_partner_id"]
""",
    name="meridian.toml",
)


@dataclass
class World:
    """Both sides, and the ids of the records that an accident befell. `theirs` of a day is one file, of an account in it one batch."""

    ours: list[Row] = field(default_factory=list)
    theirs: list[Row] = field(default_factory=list)
    planted: set[str] = field(default_factory=set)
    noisy: set[str] = field(default_factory=set)
    rng: random.Random = field(default_factory=lambda: random.Random(4))

    def plant(self, rows: Iterable[Row], change: Callable[[Row], None]) -> None:
        """Something happens to some rows of theirs."""
        for row in (row for row in rows if row["ref_partner_id"] not in self.noisy):
            change(row)
            self.planted.add(row["record_id"])

    def lose(self, is_lost: Callable[[Row], bool]) -> None:
        """Rows of theirs did not come; what is planted are the records of ours that they would have explained."""
        lost = {(row["ref_partner_id"], row["kind"]) for row in self.theirs if is_lost(row)}
        self.theirs = [row for row in self.theirs if not is_lost(row)]
        self.planted |= {row["record_id"] for row in self.ours if (row["ref_partner_id"], row["kind"]) in lost}

    def repeat(self, is_repeated: Callable[[Row], bool], **changes: Any) -> None:
        """Rows of theirs came again."""
        again = [{**row, "record_id": f"zz-{row['record_id']}", **changes} for row in self.theirs if is_repeated(row)]
        self.theirs += again
        self.planted |= {row["record_id"] for row in again}

    def of(self, **wanted: Any) -> list[Row]:
        """Rows of theirs with these values."""
        return [row for row in self.theirs if all(row[name] == value for name, value in wanted.items())]


def a_world(*, noise: bool = True) -> World:
    """A month in which everything matches, but for the noise: single breaks of every sort that nothing connects."""
    world = World()
    for day in DAYS:
        for n in range(PER_DAY):
            _payment(world, day, n)
    if noise:
        _noise(world)
    return world


def _payment(world: World, day: date, n: int) -> None:
    rng, number = world.rng, f"{day:%m%d}{n:04}"
    currency = rng.choices(("EUR", "GBP", "USD"), (60, 30, 10))[0]
    amount = rng.randrange(900, 60_000)
    minute = rng.randrange(1440)
    at = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minute)
    paid = _ours(world, f"L{number}", "payment", amount, currency, day, at, ref=f"PSP{number}{rng.randrange(10**9):09}")
    settled_on = _shift(day, 1) if rng.random() < 0.12 and day != DAYS[-1] else day
    _theirs(world, paid, settled_on)
    if rng.random() < 0.08:
        back = _ours(world, f"R{number}", "refund", -amount, currency, day, at, ref=paid["ref_partner_id"])
        _theirs(world, back, settled_on)


def _ours(world: World, name: str, kind: str, amount: int, currency: str, day: date, at: datetime, *, ref: str) -> Row:
    row: Row = dict.fromkeys(RECORD_SCHEMA.names)
    row |= {"record_id": f"o-{name}", "kind": kind, "amount_minor": amount, "currency": currency, "booked_on": day, "partner": "meridian"}
    row |= {"account": ACCOUNTS[currency], "booked_at": at, "ref_partner_id": ref, "source_file": f"ledger-{day}"}
    world.ours.append(row | {"ref_payment_id": f"pay_{name}", "ref_arn": f"7{400_000 + world.rng.randrange(8)}6061{name[1:]:0>12}"})
    return world.ours[-1]


def _theirs(world: World, ours: Row, day: date) -> None:
    currency = "EUR" if ours["currency"] == "USD" else ours["currency"]
    amount = converted(ours["amount_minor"], RATE_PPM) if ours["currency"] == "USD" else ours["amount_minor"]
    row = {**ours, "record_id": f"t-{ours['record_id']}", "amount_minor": amount, "currency": currency, "booked_on": day, "booked_at": None}
    row |= {"ref_payment_id": None, "source_file": f"report-{day}", "ref_batch_id": f"{day:%m%d}-{row['account']}"}
    row |= {"fee_minor": fee(amount, currency) if ours["kind"] == "payment" else None}
    original = ours["amount_minor"] if ours["currency"] == "USD" else None
    world.theirs.append(row | {"original_amount_minor": original, "original_currency": "USD" if original else None})


def fee(amount: int, currency: str, extra_bps: int = 0) -> int:
    """By the schedule of the agreement, perhaps with more basis points."""
    basis_points, fixed = FEES[currency]
    return half_up(amount * (basis_points + extra_bps), 10_000) + fixed


def converted(amount: int, rate_ppm: int) -> int:
    return half_up(abs(amount) * rate_ppm, 1_000_000) * (1 if amount > 0 else -1)


def _noise(world: World) -> None:
    rng = world.rng
    payments = [row for row in world.theirs if row["kind"] == "payment"]
    rng.shuffle(payments)
    world.noisy = {row["ref_partner_id"] for row in payments[-72:]}
    for row in (payments.pop() for _ in range(22)):
        world.theirs.remove(row)
    for row in (payments.pop() for _ in range(18)):
        row["amount_minor"] = max(1, row["amount_minor"] - rng.randrange(100, 900))
    for row in (payments.pop() for _ in range(12)):
        row["fee_minor"] += rng.randrange(15, 400)
    for row in (payments.pop() for _ in range(10)):
        row["booked_on"] = _shift(row["booked_on"], rng.randrange(3, 9))
    for row in (payments.pop() for _ in range(10)):
        world.theirs.append({**row, "record_id": f"zy-{row['record_id']}"})
    dollars = [row for row in payments if row["original_currency"]][:8]
    world.noisy |= {row["ref_partner_id"] for row in dollars}
    for row in dollars:
        row["amount_minor"] = converted(row["original_amount_minor"], RATE_PPM - rng.randrange(8_000, 60_000))
    for n in range(15):
        stray = {**payments[n], "record_id": f"stray-{n}", "ref_partner_id": f"STRAY{rng.randrange(10**12):012}"}
        world.theirs.append(stray | {"amount_minor": rng.randrange(900, 60_000), "fee_minor": None})
        world.noisy.add(stray["ref_partner_id"])


def _shift(day: date, business_days: int) -> date:
    return AGREEMENT.calendar.shift(day, business_days)


@dataclass(frozen=True)
class Found:
    """What was found in a world, beside what its breaks are worth by fingerprint and which of them were planted."""

    causes: list[Explanation]
    value: dict[str, tuple[str, int]]
    planted: set[str]

    def share(self, fingerprints: Iterable[str], *, of: Iterable[str]) -> float:
        """What the first are worth of the second, by the currency in which it is least."""
        part, whole = self._worth(fingerprints), self._worth(of)
        return min((part.get(currency, 0) / worth for currency, worth in whole.items()), default=0.0)

    def most(self, fingerprints: Iterable[str]) -> float:
        """What they are worth of all breaks, by the currency in which it is most."""
        part, whole = self._worth(fingerprints), self._worth(self.value)
        return max((worth / whole[currency] for currency, worth in part.items()), default=0.0)

    def _worth(self, fingerprints: Iterable[str]) -> dict[str, int]:
        total: dict[str, int] = {}
        for fingerprint in fingerprints:
            currency, value = self.value[fingerprint]
            total[currency] = total.get(currency, 0) + value
        return total


def look(world: World, folder: Path, *, absent: Iterable[AbsentFile] = ()) -> Found:
    """The real engine matches both sides, and the causes of what it found are looked for."""
    lake = Lake(folder)
    parts = {
        side: lake.write(iter([pa.RecordBatch.from_pylist(rows, schema=RECORD_SCHEMA)]), content="records", side=side, sha256=letter * 64)
        for side, rows, letter in ((Side.OURS, world.ours, "a"), (Side.THEIRS, world.theirs, "b"))
    }
    outcome = match(ours=lake.paths(parts[Side.OURS]), theirs=lake.paths(parts[Side.THEIRS]), agreement=AGREEMENT, as_of=AS_OF)
    lake.write_outcome("run", outcome, beside={"opening": BREAK_SCHEMA.empty_table()})
    given = {"ours": parts[Side.OURS], "theirs": parts[Side.THEIRS], "time_zone": "UTC"}
    causes = explain(
        evidence.broken(lake, "run", **given), evidence.population(lake, "run", **given), agreement=AGREEMENT, absent=tuple(absent)
    )
    rows = outcome.breaks.to_pylist()
    return Found(
        causes=causes,
        value={row["fingerprint"]: (row["currency"], row["amount_minor"]) for row in rows},
        planted={row["fingerprint"] for row in rows if {*row["ours"], *row["theirs"]} & world.planted},
    )
