"""What a row of the card PSP's settlement report says: amounts in the account's currency, fees by the schedule, batch numbers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from breakwater.demo.cases import Line, Payment
from breakwater.demo.traffic import WALLETS
from breakwater.model.calendar import BusinessCalendar
from breakwater.model.money import half_up
from breakwater.model.records import Kind

ACCOUNTS = {"EUR": "HarbourEU", "GBP": "HarbourUK"}  # settlement currency -> merchant account
FEE_SCHEDULE = {  # (kind, currency) -> (basis points, fixed minor units)
    ("payment", "EUR"): (140, 25),
    ("payment", "GBP"): (155, 20),
    ("chargeback", "EUR"): (0, 1500),
    ("chargeback", "GBP"): (0, 1300),
}
PAR_PPM = 1_000_000
USD_EUR_PPM = 921_000  # the rate of the agreement, in millionths of a euro per dollar
_DAILY_DRIFT_PPM = 3_000  # 33 basis points: inside the agreement's 60
_FIRST_BATCH_DAY = date(2022, 2, 28)
_METHODS = (
    ("visa", "visastandardcredit"),
    ("visa", "visadebit"),
    ("mc", "mcstandarddebit"),
    ("mc", "mcpremiumcredit"),
    ("maestro", "maestro"),
)


@dataclass(frozen=True, kw_only=True)
class ReportRow(Line):
    """One row of the settlement detail report.

    `amount_minor` is the gross in the account's currency, `gross_minor` in the shopper's; `rate_ppm` lies between them. `reference` is
    the PSP reference of the payment the row is about, `modification_reference` that of the capture, refund or dispute itself.
    """

    account: str
    created_at: datetime
    modification_reference: str
    fee_minor: int = 0
    gross_currency: str = ""
    gross_minor: int = 0
    rate_ppm: int = PAR_PPM
    merchant_reference: str = ""
    modification_merchant_reference: str = ""
    method: str = ""
    variant: str = ""

    @property
    def net_minor(self) -> int:
        """What the row moves on the account."""
        return self.amount_minor - self.fee_minor


def row_about(
    payment: Payment,
    *,
    at: datetime,
    day: date,
    modification_reference: str,
    kind: Kind = Kind.PAYMENT,
    gross_minor: int | None = None,
    gross_currency: str | None = None,
    rate_ppm: int | None = None,
) -> ReportRow:
    """The row of a movement of a payment; what isn't given is as the payment says. Dollars are converted into euros."""
    gross = payment.attempt.amount_minor if gross_minor is None else gross_minor
    currency = gross_currency or payment.attempt.currency
    settled_in = currency if currency in ACCOUNTS else "EUR"
    rate = PAR_PPM if currency in ACCOUNTS else rate_ppm or rate_of(day)
    amount = half_up(abs(gross) * rate, PAR_PPM) * (-1 if gross < 0 else 1)
    by_wallet = payment.attempt.network == WALLETS
    method, variant = (WALLETS, WALLETS) if by_wallet else _METHODS[sum(payment.id.encode()) % len(_METHODS)]
    return ReportRow(
        kind=kind,
        amount_minor=amount,
        currency=settled_in,
        day=day,
        reference=payment.psp or "",
        account=ACCOUNTS[settled_in],
        created_at=at,
        modification_reference=modification_reference,
        fee_minor=fee_of(kind, amount, settled_in),
        gross_currency=currency,
        gross_minor=gross,
        rate_ppm=rate,
        merchant_reference=payment.id,
        method=method,
        variant=variant,
    )


def fee_of(kind: str, amount_minor: int, currency: str) -> int:
    """The partner's fee by the schedule of the agreement; nothing for kinds that are not on it."""
    basis_points, fixed_minor = FEE_SCHEDULE.get((kind, currency), (0, 0))
    return half_up(abs(amount_minor) * basis_points, 10_000) + fixed_minor


def rate_of(day: date) -> int:
    """The partner's dollar rate of a day, in millionths: it moves, but stays near the agreed one."""
    return USD_EUR_PPM + day.toordinal() * 1_237 % (2 * _DAILY_DRIFT_PPM) - _DAILY_DRIFT_PPM


def batch_number(day: date, account: str, *, calendar: BusinessCalendar) -> int:
    """The number of the batch of a merchant account that closed on `day`: one per weekday since the account was opened."""
    return calendar.between(_FIRST_BATCH_DAY, day) - (0 if account == ACCOUNTS["EUR"] else 431)
