"""The money of a report's rows: which side it counts on, what it cost, and what it was before conversion."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.model.money import exponent
from breakwater.sources import columns
from breakwater.sources.csv_blocks import Block
from breakwater.sources.layout_faults import Faults
from breakwater.sources.layouts import Column, Direction, Layout, Money

_NO_AMOUNT = pa.scalar(None, pa.int64())
_NO_TEXT = pa.scalar(None, pa.string())


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """Minor units of each row. `credit` and `debit` are what its statement counts, unsigned; `amount` is signed and before `fee`, what
    the row cost us, which is null where it is not stated: amount − fee = credit − debit.
    """

    credit: pa.Array
    debit: pa.Array
    amount: pa.Array
    fee: pa.Array


def amounts_of(block: Block, layout: Layout, *, places: pa.Array, faults: Faults) -> Amounts:
    """The money of each row of booked money. FileError `bad-amount` for a row without an amount, or with one that can't be."""
    try:
        return _Reader(block, layout.money, places=places, faults=faults).amounts(layout.direction)
    except pa.ArrowInvalid:  # checked arithmetic
        raise faults.too_large() from None


def net_of_totals(block: Block, layout: Layout, *, places: pa.Array, faults: Faults) -> pa.Array:
    """What a report's own totals say was moved, by their sign; null where one names no amount."""
    return _Reader(block, layout.money, places=places, faults=faults).exact(layout.money.net)


def original_of(block: Block, layout: Layout, *, currency: pa.Array, amount: pa.Array, faults: Faults) -> tuple[pa.Array, pa.Array]:
    """Amount and currency before conversion, signed as `amount`; null where there was none, or in a currency nobody knows."""
    gross, theirs = as_ordered(block, layout, faults=faults)
    is_converted = pc.invert(pc.fill_null(pc.equal(theirs, currency), True))
    turned = pc.less(pc.multiply(pc.sign(gross), pc.sign(amount)), 0)
    signed = pc.if_else(turned, pc.negate(gross), gross)
    return pc.if_else(is_converted, signed, _NO_AMOUNT), pc.if_else(is_converted, theirs, _NO_TEXT)


def as_ordered(block: Block, layout: Layout, *, faults: Faults) -> tuple[pa.Array, pa.Array]:
    """Amount and currency before conversion as they stand; both null where one is missing, or in a currency nobody knows."""
    nothing = pa.nulls(len(block), pa.int64()), pa.nulls(len(block), pa.string())
    if not layout.original or not set(layout.original) <= set(block.columns):
        return nothing
    theirs = pc.ascii_upper(block.columns[layout.original[0]])
    theirs = pc.if_else(_known(theirs), theirs, _NO_TEXT)
    if theirs.null_count == len(theirs):
        return nothing
    places = columns.exponents(theirs, faults.blame("bad-amount", layout.original[0], "is no currency"))
    reader = _Reader(block, layout.money, places=places, faults=faults)
    sides = [reader.rounded(name, where=pc.is_valid(theirs)) for name in layout.original[1:]]
    if len(sides) == 1:
        return sides[0], pc.if_else(pc.is_valid(sides[0]), theirs, _NO_TEXT)
    known = pc.or_(*map(pc.is_valid, sides))
    gross = pc.subtract_checked(pc.fill_null(sides[0], 0), pc.fill_null(sides[1], 0))
    return pc.if_else(known, gross, _NO_AMOUNT), pc.if_else(known, theirs, _NO_TEXT)


def directed(net: pa.Array, words: pa.Array, direction: Direction) -> pa.Array:
    """Amounts whose words say which way they go, whatever their sign."""
    size = pc.abs(net)
    other = {"credit": size, "debit": pc.negate(size), "sign": net}[direction.otherwise]
    is_credit, is_debit = (pc.is_in(words, pa.array(known, pa.string())) for known in (direction.credit, direction.debit))
    return pc.if_else(is_credit, size, pc.if_else(is_debit, pc.negate(size), other))


class _Reader:
    """Reads the columns of amounts of one block."""

    def __init__(self, block: Block, money: Money, *, places: pa.Array, faults: Faults) -> None:
        self._block = block
        self._money = money
        self._faults = faults
        finer = {"major": 0, "hundredths": -2}
        self._places = pc.add(places, finer[money.unit]) if money.unit in finer else pa.repeat(pa.scalar(0, pa.int64()), len(places))

    def amounts(self, direction: Direction | None) -> Amounts:
        if self._money.credit:
            return self._from_sides()
        raw = self._net()
        signed = raw
        if direction and any(name in self._block.columns for name in direction.column):
            signed = directed(raw, pc.utf8_lower(self._block.filled(direction.column)), direction)
        if self._money.apart:
            return self._apart(signed)
        if self._money.gross and not self._money.fees:
            gross = self.rounded(self._present(self._money.gross))
            turned = pc.less(pc.multiply(pc.sign(raw), pc.sign(signed)), 0)
            difference = pc.subtract_checked(gross, raw)
            return self._with_fee(signed, pc.if_else(turned, pc.negate(difference), difference))
        return self._with_fee(signed, self._cost(signed))

    def rounded(self, name: str | None, *, where: pa.Array | None = None) -> pa.Array:
        """A column that no statement counts; null for every row where there is none."""
        if name is None or name not in self._block.columns:
            return pa.nulls(len(self._block.lines), pa.int64())
        texts = self._block.columns[name] if where is None else pc.if_else(where, self._block.columns[name], "")
        return columns.rounded_units(self._plain(texts, name), self._places, self._faults.no_amount(name))

    def exact(self, column: Column) -> pa.Array:
        """A column that statements count; null where the cell is empty."""
        shown = self._present(column) or column[0]
        return columns.minor_units(self._plain(self._block.filled(column), shown), self._places, self._faults.no_amount(shown))

    def _plain(self, texts: pa.Array, name: str) -> pa.Array:
        blame = self._faults.no_amount(name)
        return columns.with_points(texts, decimal=self._money.decimal, thousands=self._money.thousands, blame=blame)

    def _present(self, column: Column) -> str | None:
        return next((name for name in column if name in self._block.columns), None)

    def _from_sides(self) -> Amounts:
        credit, debit = self.exact(self._money.credit), self.exact(self._money.debit)
        names = self._present(self._money.credit), self._present(self._money.debit)
        if self._money.negative_debits:
            debit = pc.negate_checked(debit)
        self._faults.require(pc.less(credit, 0), str(names[0]), "is negative in a column of unsigned amounts")
        wrong = (
            "is positive in a column of negative amounts" if self._money.negative_debits else "is negative in a column of unsigned amounts"
        )
        self._faults.require(pc.less(debit, 0), str(names[1]), wrong)
        neither = pc.and_(pc.is_null(credit), pc.is_null(debit))
        self._faults.require(neither, str(names[0]), f"and '{names[1]}' are empty, so the row has no amount")
        credit, debit = pc.fill_null(credit, 0), pc.fill_null(debit, 0)
        signed = pc.subtract_checked(credit, debit)
        fee = self._cost(signed)
        return Amounts(credit=credit, debit=debit, amount=pc.add_checked(signed, pc.fill_null(fee, 0)), fee=fee)

    def _net(self) -> pa.Array:
        """What a row moved, by the signs of its columns: the net, else the gross less what it cost."""
        money = self._money
        net = self.exact(money.net) if money.net else pa.nulls(len(self._block.lines), pa.int64())
        if money.gross and (money.fees or money.apart):
            gross = self.exact(money.gross)
            made = gross if money.apart else pc.subtract_checked(gross, pc.fill_null(self._counted_cost(), 0))
            net = pc.if_else(pc.is_null(net), made, net)
        shown = " / ".join(name for column in (money.net, money.gross) if (name := self._present(column)))
        self._faults.require(pc.is_null(net), shown, "is empty, so the row has no amount")
        return net

    def _apart(self, gross: pa.Array) -> Amounts:
        fee = self._signed_cost(self._counted_cost(), gross)
        cost = pc.fill_null(fee, 0)
        credit = pc.add_checked(pc.max_element_wise(gross, 0), pc.max_element_wise(pc.negate_checked(cost), 0))
        debit = pc.add_checked(pc.max_element_wise(pc.negate_checked(gross), 0), pc.max_element_wise(cost, 0))
        return Amounts(credit=credit, debit=debit, amount=gross, fee=fee)

    def _with_fee(self, signed: pa.Array, fee: pa.Array) -> Amounts:
        return Amounts(
            credit=pc.max_element_wise(signed, 0),
            debit=pc.max_element_wise(pc.negate_checked(signed), 0),
            amount=pc.add_checked(signed, pc.fill_null(fee, 0)),
            fee=fee,
        )

    def _counted_cost(self) -> pa.Array:
        """What statements count as fees, exactly; positive is what we pay."""
        return self._sum([self.exact((name,)) for name in self._money.fees], like_net=self._money.fees_are == "signed")

    def _cost(self, signed: pa.Array) -> pa.Array:
        """The fees beside a net amount; null where none of them is stated."""
        known = [name for name in self._money.fees if name in self._block.columns]
        filled = [name for name in known if not pc.all(columns.blank(self._block.columns[name])).as_py()]
        total = self._sum([self.rounded(name) for name in filled], like_net=self._money.fees_are == "signed")
        return self._signed_cost(total, signed)

    def _signed_cost(self, cost: pa.Array, signed: pa.Array) -> pa.Array:
        if self._money.fees_are != "unsigned":
            return cost
        return pc.if_else(pc.less(signed, 0), pc.negate(pc.abs(cost)), pc.abs(cost))

    def _sum(self, parts: list[pa.Array], *, like_net: bool) -> pa.Array:
        total = pa.nulls(len(self._block.lines), pa.int64())
        for part in parts:
            total = pc.if_else(pc.is_null(part), total, pc.add_checked(part, pc.fill_null(total, 0)))
        return pc.negate_checked(total) if like_net else total


def _known(currencies: pa.Array) -> pa.Array:
    """True for each currency that has minor units we know."""
    encoded = pc.dictionary_encode(currencies)
    return pc.take(pa.array([_has_minor_units(code) for code in encoded.dictionary.to_pylist()], pa.bool_()), encoded.indices)


def _has_minor_units(code: str) -> bool:
    try:
        exponent(code)
    except KeyError:
        return False
    return True
