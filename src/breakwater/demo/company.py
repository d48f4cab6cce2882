"""A payment company on disk: four weeks of its ledger and of its partners' files, with the truth beside them."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from breakwater.demo import adyen, camt, ledger, meridian, nordbank, partners, payouts, showcases, truth
from breakwater.demo.bank_entries import Entries
from breakwater.demo.cases import Books, Journal, LedgerIds, Payment
from breakwater.demo.partners import HISTORY_DAYS, Days, LateFile, at_local
from breakwater.demo.references import References
from breakwater.demo.settings import DigestTime, breakwater_toml, leg_agreement, meridian_agreement, nordbank_agreement
from breakwater.demo.traffic import WALLETS, Attempt, Drop, attempts
from breakwater.demo.truth import Showcase
from breakwater.errors import CallError

FEWEST_PAYMENTS = 2_000  # below that, a batch may owe more than it collected, and some days have nothing to plant a break on
_EVERY_NTH_BY_WALLET = 5  # attempts of the whole company; of those, the ones through the card PSP in euros


@dataclass(frozen=True, kw_only=True)
class Company:
    """What was built: where it lies, and what is true of it. `truth` is what `truth.json` says."""

    folder: Path
    config: Path
    now: datetime
    as_of: dict[str, date]
    late_file: LateFile
    drop: Drop
    showcases: tuple[Showcase, ...]
    truth: dict[str, Any]


def build(folder: Path, *, now: datetime, seed: int = 7, payments: int = 20_000, digests: Iterable[DigestTime] = ()) -> Company:
    """Build the company in `folder`: four weeks that end at `now` (aware UTC). The same `now` and `seed` give the same bytes.

    `digests` are added to the one of the operations channel. CallError for a folder that holds a company already, too
    few payments, or a time without a zone.
    """
    if payments < FEWEST_PAYMENTS:
        raise CallError(f"A company of {payments} payments is too small.", remedy=f"Ask for {FEWEST_PAYMENTS:,} or more.")
    if (folder / "inbox").exists():
        raise CallError(f"{folder} holds a company already.", remedy="Choose an empty folder.")
    if now.tzinfo is None:
        raise CallError(f"The time {now} has no time zone.", remedy="Give a time of UTC.")
    now = now.astimezone(UTC)
    for name in ("inbox/ledger", "inbox/nordbank", "inbox/meridian", "agreements"):
        (folder / name).mkdir(parents=True)
    rng = random.Random(f"{seed} {now.isoformat()} {payments}")
    first = now.astimezone(ledger.LEDGER_ZONE).date() - timedelta(days=HISTORY_DAYS)
    bank = partners.nordbank(folder, live_from=first)
    psp = partners.meridian(folder, live_from=first)
    bank_days, late_file = partners.days_without_the_latest_file(bank, now=now, first=first)
    psp_days = partners.days_with_the_latest_file(psp, now=now, first=first)
    tried, drop = attempts(rng, first=at_local(bank, first, time()), now=now, payments=payments)

    journal, ids, refs = Journal(now), LedgerIds(), References(rng)
    approved, declined = _with_references(tried, refs, journal)
    bank_books, psp_books = (Books(days=d, refs=refs, rng=rng, journal=journal, ids=ids) for d in (bank_days, psp_days))
    numbered = Entries(refs)
    entries = nordbank.keep_books(bank_books, [p for p in approved if p.attempt.partner == bank.id], entries=numbered)
    rows = meridian.keep_books(psp_books, [p for p in approved if p.attempt.partner == psp.id])
    arrived = payouts.arrivals(rows, bank=bank_days, psp=psp.calendar, entries=numbered)

    for statement in camt.statements([*entries, *payouts.credits_of(arrived)], days=bank_days.business_days(), partner=bank):
        camt.write(statement, folder=folder / "inbox" / "nordbank", partner=bank)
    adyen.write(rows, folder=folder / "inbox" / "meridian", days=psp_days)
    _write_ledger(folder / "inbox" / "ledger", [bank_books, psp_books], journal)
    config = _write_settings(folder, bank_days, psp_days, digests)
    shown = showcases.choose([bank_books, psp_books], approved=approved, declined=declined, late_file=late_file)
    told = truth.tell(
        now=now,
        attempts=tried,
        books=(bank_books, psp_books),
        legs=[truth.KnownLeg(id=payouts.LEG_ID, as_of=bank_days.as_of, cases=arrived)],
        late_file=late_file,
        drop=drop,
        showcases=shown,
    )
    (folder / "truth.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Company(
        folder=folder,
        config=config,
        now=now,
        as_of={days.partner.id: days.as_of for days in (bank_days, psp_days)},
        late_file=late_file,
        drop=drop,
        showcases=shown,
        truth=told,
    )


def _with_references(tried: list[Attempt], refs: References, journal: Journal) -> tuple[list[Payment], list[Payment]]:
    """The approved and the declined payments, each with its references and its first events."""
    approved, declined = [], []
    for n, attempt in enumerate(tried):
        day = attempt.created_at.date()
        if attempt.network == "cards":
            payment = Payment(id=refs.payment(), attempt=attempt, psp=refs.psp(), arn=refs.arn(day) if attempt.code is None else None)
            if attempt.currency == "EUR" and n % _EVERY_NTH_BY_WALLET == 0:  # nobody draws an ARN for a wallet
                payment = replace(payment, attempt=replace(attempt, network=WALLETS), arn=None)
        else:
            payment = Payment(id=refs.payment(), attempt=attempt, end_to_end_id=refs.end_to_end(day), uetr=refs.uetr())
        journal.add(payment, "created", attempt.created_at)
        if attempt.code is None:
            approved.append(payment)
        else:
            answered_at = attempt.created_at + timedelta(milliseconds=700 + attempt.amount_minor % 2_900)
            journal.add(payment, "failed", min(answered_at, journal.now), code=attempt.code, reason=attempt.reason)
            declined.append(payment)
    return approved, declined


def _write_ledger(folder: Path, books: list[Books], journal: Journal) -> None:
    ledger.write_records([record for b in books for case in b.cases for record in case.ours], folder=folder, now=journal.now)
    ledger.write_events(journal.events, folder=folder, now=journal.now)


def _write_settings(folder: Path, bank_days: Days, psp_days: Days, digests: Iterable[DigestTime]) -> Path:
    (folder / "agreements" / "nordbank.toml").write_text(nordbank_agreement(bank_days), encoding="utf-8")
    (folder / "agreements" / "meridian.toml").write_text(meridian_agreement(psp_days), encoding="utf-8")
    (folder / "agreements" / f"{payouts.LEG_ID}.toml").write_text(leg_agreement(bank_days), encoding="utf-8")
    config = folder / "breakwater.toml"
    text = breakwater_toml([bank_days.partner, psp_days.partner], folder=folder, digests=[DigestTime(), *digests])
    config.write_text(text, encoding="utf-8")
    return config
