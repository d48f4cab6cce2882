"""The figures of one statement while its entries pass by."""

from __future__ import annotations

from dataclasses import dataclass, field

from breakwater.model.files import Statement

_SHOWN_REFERENCES = 5


@dataclass
class Totals:
    """Counts and sums of one statement in one currency. Amounts are unsigned minor units, added up per direction and never netted."""

    entries: int = 0
    details: int = 0
    pending_entries: int = 0
    credits_minor: int = 0
    debits_minor: int = 0
    references: list[str] = field(default_factory=list)

    def add(self, amount_minor: int, *, credit: bool, reference: str | None = None) -> None:
        """One booked entry."""
        self.entries += 1
        if credit:
            self.credits_minor += amount_minor
        else:
            self.debits_minor += amount_minor
        if reference and len(self.references) < _SHOWN_REFERENCES:
            self.references.append(reference)

    def statement(
        self,
        *,
        id: str | None,
        account: str | None,
        currency: str,
        opening_minor: int | None = None,
        closing_minor: int | None = None,
    ) -> Statement:
        """What the entries added up to."""
        return Statement(
            id=id,
            account=account,
            currency=currency,
            entries=self.entries,
            details=self.details,
            pending_entries=self.pending_entries,
            credits_minor=self.credits_minor,
            debits_minor=self.debits_minor,
            opening_minor=opening_minor,
            closing_minor=closing_minor,
            references=tuple(self.references),
        )
