"""The configuration a real operator would have written: breakwater.toml and the agreements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from breakwater.demo.partners import WINDOW_AFTER, WINDOW_BEFORE, Days
from breakwater.demo.payouts import ARRIVES_WITHIN, LEG_ID
from breakwater.demo.report_rows import FEE_SCHEDULE, USD_EUR_PPM
from breakwater.model.calendar import WEEKDAYS
from breakwater.model.partners import Partner


@dataclass(frozen=True, kw_only=True)
class DigestTime:
    """One digest of breakwater.toml: when (cron in `time_zone`) which channel is told about which partners."""

    channel: str = "C0PAYOPS"
    cron: str = "0 8 * * mon-fri"
    time_zone: str = "Europe/Berlin"
    partners: tuple[str, ...] = ("*",)


def breakwater_toml(partners: Sequence[Partner], *, folder: Path, digests: Iterable[DigestTime]) -> str:
    """The whole of breakwater.toml; paths are relative to `folder`, where it will lie."""
    head = (
        'company = "Harbour Payments"\ndata_dir = "var"\n\n[slack]\noperations_channel = "C0PAYOPS"\n\n[roles]\n'
        'viewer = ["*"]\noperator = ["S0TECHOPS"]\n'
        'approver = ["S0OPSLEADS"]\nadmin = ["U0ADA"]\n' + _limits() + '\n[ledger]\ndrop = "inbox/ledger"\n'
    )
    return head + "".join(_partner(p, folder=folder) for p in partners) + _leg() + "".join(_digest(d) for d in digests)


def _limits() -> str:
    """Who may write off how much: leads a little, the head more."""
    given = (("approver", 100_000), ("admin", 50_000_000))
    rows = (
        f'  {{ role = "{role}", currency = "{currency}", write_off_minor = {most:_} }},\n'
        for role, most in given
        for currency in ("EUR", "GBP", "USD")
    )
    return f"limits = [\n{''.join(rows)}]\n"


def _partner(partner: Partner, *, folder: Path) -> str:
    table = (
        f'\n[[partners]]\nid = "{partner.id}"\nname = "{partner.name}"\nnetwork = "{partner.network}"\n'
        f'calendar = "{partner.calendar_name}"\ntime_zone = "{partner.time_zone.key}"\n'
        f"cut_off = {partner.cut_off}\nlive_from = {partner.live_from}\n"
        f'internal_channels = [{_texts(partner.internal_channels)}]\nshared_channel = "{partner.shared_channel}"\n'
        f'agreement = "{Path(partner.agreement).relative_to(folder).as_posix()}"\n'
    )
    for file in partner.files:
        table += (
            f'\n[[partners.files]]\nstream = "{file.stream}"\nformat = "{file.format}"\n'
            f'drop = "{Path(file.folder).relative_to(folder).as_posix()}"\n'
            f"expected = {{ due = {file.due}, deadline = {file.deadline} }}\n"
        )
    return table


def _leg() -> str:
    """The PSP pays euros out to the bank, and pounds to another one."""
    return (
        f'\n[[legs]]\nid = "{LEG_ID}"\nagreement = "agreements/{LEG_ID}.toml"\n'
        'from = { partner = "meridian", where = { currency = "EUR" } }\n'
        'to = { partner = "nordbank", where = { ref_end_to_end_id = "MERIDIAN-(?P<ref_batch_id>[0-9]+)" } }\n'
    )


def _digest(digest: DigestTime) -> str:
    return (
        f'\n[[digests]]\nchannel = "{digest.channel}"\ncron = "{digest.cron}"\ntime_zone = "{digest.time_zone}"\n'
        f"partners = [{_texts(digest.partners)}]\n"
    )


def _texts(texts: Iterable[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts)


def nordbank_agreement(days: Days) -> str:
    """Transfers are found by EndToEndId, charges by the bank's own reference."""
    return _common(days) + (
        '\n[materiality]\ndefault = 1000\n\n[status]\nequivalent = [["accepted", "settled", "paid_out"]]\n\n'
        '[[passes]]\nname = "by-end-to-end-id"\ntype = "exact"\nkeys = ["ref_end_to_end_id"]\n'
        'kinds_ours = ["payment", "payout", "return"]\nkinds_theirs = ["payment", "payout", "return"]\n\n'
        '[[passes]]\nname = "charges-by-bank-reference"\ntype = "exact"\nkeys = ["ref_partner_id"]\n'
        'kinds_ours = ["fee"]\nkinds_theirs = ["fee"]\n'
    )


def meridian_agreement(days: Days) -> str:
    """Card movements are found by PSP reference, the fee and payout that close a batch by its number."""
    fees = "".join(
        f'\n[[fees]]\nkind = "{kind}"\ncurrency = "{currency}"\nbasis_points = {basis_points}\nfixed_minor = {fixed}\n'
        for (kind, currency), (basis_points, fixed) in FEE_SCHEDULE.items()
    )
    return _common(days) + (
        "\n[tolerance]\nfee_minor = { default = 1 }\n\n[materiality]\ndefault = 100\n\n"
        '[status]\nequivalent = [["captured", "settled", "paid_out"]]\n\n'
        f'[fx]\nrate_tolerance_bps = 60\nrates = {{ "USD/EUR" = "0.{USD_EUR_PPM // 100:04}" }}\n'
        f"{fees}\n"
        '[[passes]]\nname = "by-psp-reference"\ntype = "exact"\nkeys = ["ref_partner_id"]\n'
        'kinds_ours = ["payment", "refund", "chargeback"]\nkinds_theirs = ["payment", "refund", "chargeback"]\n\n'
        '[[passes]]\nname = "closing-by-batch"\ntype = "exact"\nkeys = ["account", "ref_batch_id"]\n'
        'kinds_ours = ["fee", "payout"]\nkinds_theirs = ["fee", "payout"]\n'
    )


def leg_agreement(bank: Days) -> str:
    """A payout is found at the bank by the number of its batch."""
    return _common(bank, name=LEG_ID, before=0, after=ARRIVES_WITHIN) + (
        '\n[materiality]\ndefault = 100\n\n[[passes]]\nname = "by-batch"\ntype = "exact"\nkeys = ["ref_batch_id"]\n'
    )


def _common(days: Days, *, name: str = "", before: int = WINDOW_BEFORE, after: int = WINDOW_AFTER) -> str:
    calendar = days.partner.calendar
    weekend = _texts(WEEKDAYS[n] for n in sorted(calendar.weekend))
    return (
        f'name = "{name or days.partner.id}"\n\n[calendar]\nweekend = [{weekend}]\nholidays = [{_holidays(days)}]\n\n'
        f"[window]\nbefore = {before}\nafter = {after}\n\n[duplicates]\nwithin = 2\n"
    )


def _holidays(days: Days, *, around_days: int = 60) -> str:
    """The holidays of the calendar near the history, so that the agreement counts as the partner does."""
    first, last = days.first - timedelta(days=around_days), days.as_of + timedelta(days=around_days)
    near: list[date] = sorted(day for day in days.partner.calendar.holidays if first <= day <= last)
    return ", ".join(day.isoformat() for day in near)
