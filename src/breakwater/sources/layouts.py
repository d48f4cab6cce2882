"""Declared layouts: what a delimited report's columns mean. `layout_files` reads them from TOML, `layout_rows` reads reports by them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

# A column by name; of several names the first that is in the report and filled in the row counts.
Column = tuple[str, ...]

UNITS = ("major", "minor", "hundredths")
FEE_SIGNS = ("costs", "signed", "unsigned")
DIRECTIONS = ("credit", "debit", "sign")
# The last day of 2026 as a report may write it. A time may follow.
WRITTEN_DATES = ("2026-12-31", "2026/12/31", "20261231", "31.12.2026", "31/12/2026", "12/31/2026")


@dataclass(frozen=True, kw_only=True)
class Reference:
    """Where a reference stands; only on records of `kinds` if any are named. `part` is a pattern of RE2 for what of the text it is."""

    column: Column
    kinds: tuple[str, ...] = ()
    part: str = ""

    @property
    def part_pattern(self) -> str:
        """The pattern with what it finds in a group called 'part'."""
        return f"(?P<part>{self.part})"


@dataclass(frozen=True, kw_only=True)
class Text:
    """How a report is written: its encoding where it is not Unicode, and the lines around its rows.

    Lines that start with `comment` may stand before the header and after the last row. `end` is the last line of a complete report, or
    a word in one of its last comments.
    """

    encoding: str | None = None
    comment: str | None = None
    end: str | None = None


@dataclass(frozen=True, kw_only=True)
class FirstLine:
    """A line of NAME:VALUE cells before the header; it starts with `starts`. `account` and `count` (of rows) are names in it."""

    starts: str
    account: str | None = None
    count: str | None = None


@dataclass(frozen=True, kw_only=True)
class Money:
    """The columns of amounts: unsigned `credit` and `debit`; or `net`, after fees; or `gross` and `fees`, of which the net is made.

    `unit` is of the statement's currency: its major unit, its minor unit, or 1/100 of its major unit whatever its decimals. `fees_are`
    'costs' where a positive number is what we pay, 'signed' where a negative one is, 'unsigned' where a fee goes against its payment and
    comes back with its refund. Where there are `net` and `gross` but no `fees`, they are the difference; where there are all three, an
    empty net is made of the other two. With `apart`, gross and fees each count on their own side instead of the net. With
    `negative_debits` the column `debit` holds what is taken away as negative numbers.
    """

    unit: str
    credit: Column = ()
    debit: Column = ()
    net: Column = ()
    gross: Column = ()
    fees: tuple[str, ...] = ()
    fees_are: str = "costs"
    apart: bool = False
    negative_debits: bool = False
    decimal: str = "."
    thousands: str = ""

    @property
    def counted(self) -> tuple[Column, ...]:
        """The columns that make up what a statement counts."""
        if self.net and not (self.gross and self.fees):
            return (self.net,)
        fees = tuple((fee,) for fee in self.fees) if self.gross else ()
        return tuple(column for column in (self.credit, self.debit, self.net, self.gross) if column) + fees


@dataclass(frozen=True, kw_only=True)
class Direction:
    """Which words make a row a credit or a debit, whatever its sign; `otherwise` is for all others. Words are in lower case."""

    column: Column
    credit: tuple[str, ...] = ()
    debit: tuple[str, ...] = ()
    otherwise: str = "sign"


@dataclass(frozen=True, kw_only=True)
class State:
    """Which rows have moved no money yet: those with one of the words `pending`, or all without one of the words `booked`.

    Words are in lower case; '*reversed' stands for every word that ends so. With `are_events` what is pending says what became of a
    payment: its status words, its payment id and its amount before conversion become an event.
    """

    column: Column
    pending: tuple[str, ...] = ()
    booked: tuple[str, ...] = ()
    are_events: bool = False


@dataclass(frozen=True, kw_only=True)
class Total:
    """Rows that add up others: those with `word` in `column`. `count` is the column that says how many transactions a row stands for."""

    column: Column
    word: str
    count: str | None = None


@dataclass(frozen=True, kw_only=True)
class Words:
    """What the words of a column mean; `otherwise` is the meaning of all others, for credits and for debits. Words are in lower case."""

    column: Column = ()
    meanings: Mapping[str, str]
    otherwise: tuple[str, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Layout:
    """A report's columns by name, and what they mean. None and () where the report has no such column.

    `header` are the columns by which it is known. Where two reports share them, `filled_in_every_row` or `empty_in_some_row` names the
    column that tells them apart. `report` names one of several reports of a format that complement each other: they never re-issue one
    another, whatever ids they share.
    """

    format: str
    report: str | None = None
    header: tuple[str, ...]
    filled_in_every_row: str | None = None
    empty_in_some_row: str | None = None
    text: Text = Text()
    first_line: FirstLine | None = None
    id: Column = ()
    id_if_one: Column = ()
    account: Column = ()
    account_if_one: Column = ()
    currency: Column = ()
    always_currency: str | None = None
    reference: Column = ()
    money: Money
    direction: Direction | None = None
    state: State | None = None
    total: Total | None = None
    original: tuple[str, ...] = ()
    """Currency and amount before conversion: the names of the currency and one signed or two unsigned columns."""
    booked: Column
    zones: tuple[str, ...] = ()
    value: Column = ()
    written: str = WRITTEN_DATES[0]
    line: tuple[str, ...] = ()
    kind: Words
    references: Mapping[str, Reference]
    status: Words

    @property
    def needed(self) -> tuple[Column, ...]:
        """The columns a report must have: without them its rows' money can't be counted."""
        return tuple(column for column in (self.id, self.account, self.currency, *self.money.counted) if column)

    @property
    def told_apart_by(self) -> tuple[Column, ...]:
        """The columns that decide how a row counts, where a report has them."""
        chosen = (part.column for part in (self.direction, self.state, self.total) if part)
        return tuple(column for column in (*chosen, self.id_if_one, self.account_if_one) if column)

    @property
    def pending_are_events(self) -> bool:
        """True if rows that are pending say what became of a payment."""
        return bool(self.state and self.state.are_events and "ref_payment_id" in self.references)

    def mentioned(self, header: Collection[str]) -> tuple[str, ...]:
        """Every column of `header` that the layout speaks of."""
        columns = (
            *self.needed, *self.told_apart_by, self.money.fees, self.money.gross, self.booked, self.zones, self.value, self.line,
            self.original, self.kind.column, self.status.column, self.reference, *(r.column for r in self.references.values()),
        )  # fmt: skip
        if self.total and self.total.count:
            columns = (*columns, (self.total.count,))
        return tuple(dict.fromkeys(name for column in columns for name in column if name in header))

    def shortest(self, header: Collection[str]) -> tuple[str, ...]:
        """The columns of `header` that no row may end before."""
        return tuple(dict.fromkeys(name for column in (*self.needed, *self.told_apart_by) for name in column if name in header))

    def read_from(self, field: str) -> tuple[Column, ...]:
        """The columns that a field of a record is read from."""
        fees = tuple((fee,) for fee in self.money.fees)
        direction = (self.direction.column,) if self.direction else ()
        reference = self.references.get(field)
        columns: dict[str, tuple[Column, ...]] = {
            "record_id": (self.account, self.id or self.id_if_one, *((name,) for name in self.line)),
            "kind": (self.kind.column,),
            "amount_minor": (*self.money.counted, *fees, *direction),
            "fee_minor": fees or (self.money.gross, self.money.net),
            "currency": (self.currency,),
            "booked_on": (self.booked,),
            "booked_at": (self.booked, self.zones),
            "value_date": (self.value,),
            "status": (self.status.column or self.kind.column,),
            "raw_status": (self.status.column,),
            "raw_code": (self.kind.column,),
            "account": (self.account or self.account_if_one,),
            "original_amount_minor": tuple((name,) for name in self.original[1:]),
            "original_currency": (self.original[:1],),
        }
        return tuple(dict.fromkeys(columns.get(field, (reference.column,) if reference else ())))
