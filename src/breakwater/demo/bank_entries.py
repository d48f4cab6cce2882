"""What an entry of the bank's statement says."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from breakwater.demo.cases import Line, Payment
from breakwater.demo.references import References, german_iban
from breakwater.model.records import Kind

OUR_IBAN = german_iban("200300000458120077")
_PSP_IBAN = german_iban("500304000071350046")


@dataclass(frozen=True, kw_only=True)
class BankEntry(Line):
    """One entry. `domain`, `family` and `sub_family` are its ISO 20022 bank transaction code; `name` and `iban` the other party's."""

    end_to_end_id: str | None = None
    uetr: str | None = None
    name: str = ""
    iban: str = ""
    text: str = ""
    domain: str = "PMNT"
    family: str = "RCDT"
    sub_family: str = "ESCT"
    return_code: str | None = None


class Entries:
    """Makes entries: the bank's reference counts within the day."""

    def __init__(self, refs: References) -> None:
        self._refs = refs
        self._numbers: dict[date, int] = {}

    def reference(self, day: date) -> str:
        """The bank's next reference of a day."""
        self._numbers[day] = number = self._numbers.get(day, 0) + 1
        return f"NB{day:%y%m%d}{number:06}"

    def incoming(self, payment: Payment, day: date) -> BankEntry:
        """A payer's transfer, credited on `day`."""
        return BankEntry(
            kind=Kind.PAYMENT,
            amount_minor=payment.attempt.amount_minor,
            currency="EUR",
            day=day,
            reference=self.reference(day),
            end_to_end_id=payment.end_to_end_id,
            uetr=payment.uetr,
            name=self._refs.person(),
            iban=self._refs.iban(),
            text=f"Harbour {payment.id}",
        )

    def outgoing(self, amount_minor: int, day: date, *, end_to_end_id: str) -> BankEntry:
        """A payout of ours, executed on `day`."""
        return BankEntry(
            kind=Kind.PAYOUT,
            amount_minor=amount_minor,
            currency="EUR",
            day=day,
            reference=self.reference(day),
            end_to_end_id=end_to_end_id,
            uetr=self._refs.uetr(),
            name=self._refs.firm(),
            iban=self._refs.iban(),
            text="Harbour payout",
            family="ICDT",
        )

    def payout_of_the_psp(self, amount_minor: int, day: date, *, batch: int, text: str) -> BankEntry:
        """The credit of what the card PSP paid out of a batch."""
        return BankEntry(
            kind=Kind.PAYMENT,
            amount_minor=amount_minor,
            currency="EUR",
            day=day,
            reference=self.reference(day),
            end_to_end_id=f"MERIDIAN-{batch}",
            name="Meridian Payments",
            iban=_PSP_IBAN,
            text=text,
        )

    def stray(self, kind: Kind, amount_minor: int, day: date, *, end_to_end_id: str, name: str, text: str) -> BankEntry:
        """A credit that nobody here expects."""
        return BankEntry(
            kind=kind,
            amount_minor=amount_minor,
            currency="EUR",
            day=day,
            reference=self.reference(day),
            end_to_end_id=end_to_end_id,
            name=name,
            iban=self._refs.iban(),
            text=text,
        )

    def charge(self, amount_minor: int, day: date, text: str) -> BankEntry:
        """A charge of the bank itself: it has no other party and no EndToEndId."""
        return BankEntry(
            kind=Kind.FEE,
            amount_minor=amount_minor,
            currency="EUR",
            day=day,
            reference=self.reference(day),
            text=text,
            domain="ACMT",
            family="MDOP",
            sub_family="CHRG",
        )
