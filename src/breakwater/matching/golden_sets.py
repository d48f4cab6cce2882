"""Small sides that hold everything an engine can get wrong: what `breakwater engine check` runs, and the tests on each engine."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from breakwater.matching.agreement import Agreement, parse
from breakwater.model.records import CANONICAL_COLUMNS

Row = Mapping[str, Any]
AS_OF = date(2026, 4, 10)
_EASTER = """
[calendar]
weekend = ["sat", "sun"]
holidays = [2026-04-03, 2026-04-06]
[window]
before = 1
after = 3
link = 10
"""
_BY_PAYMENT = '[[passes]]\nname = "by-payment"\ntype = "exact"\nkeys = ["ref_payment_id"]\n'


@dataclass(frozen=True, kw_only=True)
class GoldenSet:
    """Two sides and their agreement, under a name that says what they are about."""

    name: str
    agreement: Agreement
    ours: Sequence[Row]
    theirs: Sequence[Row]
    as_of: date = AS_OF


def golden_sets() -> list[GoldenSet]:
    """All of them, always the same."""
    return [_pairs(), _money(), _groups(), _references(), _netting(), _chance()]


def _row(record_id: str, amount_minor: int, day: int = 16, **changes: Any) -> Row:
    """A payment in EUR, booked on a day of March 2026; day 34 is 3 April, a holiday."""
    row = dict.fromkeys(CANONICAL_COLUMNS) | {"record_id": record_id, "kind": "payment", "amount_minor": amount_minor, "currency": "EUR"}
    return row | {"booked_on": date(2026, 3, 1) + timedelta(days=day - 1)} | changes


def _set(name: str, passes: str, *, ours: Sequence[Row], theirs: Sequence[Row], top: str = "", tables: str = "") -> GoldenSet:
    text = f'name = "{name}"\n{top}{_EASTER}{tables}{passes}'
    return GoldenSet(name=name, agreement=parse(text, name=name), ours=ours, theirs=theirs)


def _pairs() -> GoldenSet:
    """Windows over Easter, twins, surplus, re-used references, identity, status, orphans, what is still open."""

    def p(key: str, **more: Any) -> dict[str, Any]:
        return {"ref_payment_id": key} | more

    ours = [
        _row("o01", 100, 31, **p("in-time")), _row("o02", 100, 33, **p("over-easter")), _row("o03", 100, 27, **p("late")),
        _row("o04", 100, 5, **p("early")), _row("o05", 100, 2, **p("re-used")), _row("o06", 100, **p("twins")),
        _row("o07", 100, **p("twins")),
        _row("o08", 100, **p("surplus")), _row("o09", 100, **p("surplus")), _row("o10", 100, **p("differs")),
        _row("o11", -100, **p("sign")), _row("o12", 100, status="settled", **p("status")),
        _row("o13", 100, status="settled", **p("same status")),
        _row("o14", 100, **p("nearest")), _row("o15", 103, **p("nearest")), _row("o16", 900, **p("missing")),
        _row("o17", 70, 40, **p("open")),
        _row("o18", -50, kind="refund", ref_original="in-time", **p("r1")),
        _row("o19", -50, kind="refund", ref_original="nobody", **p("r2")),
        _row("o20", -50, kind="return", **p("r3")), _row("o21", -50, kind="chargeback", ref_original="x", **p("c1")),
        _row("o22", 50, kind="chargeback_reversal", ref_original="late", **p("c2")), _row("o23", 10, ref_partner_id="reused", **p("one")),
        _row("O24", 100, **p("  in blanks ")), _row("ö25", 100, **p("notprovided")), _row("😀26", 100, **p("NotProvided")),
        _row("o-B", 7, **p("order")), _row("o-a", 7, **p("order")), _row("o27", 100, value_date=date(2026, 3, 17), **p("value date")),
    ]  # fmt: skip
    theirs = [
        _row("t01", 100, 31, **p("in-time")), _row("t02", 100, 39, **p("over-easter")), _row("t03", 100, 39, **p("late")),
        _row("t04", 100, 2, **p("early")), _row("t05", 100, 31, **p("re-used")), _row("t06", 100, **p("twins")),
        _row("t07", 100, **p("twins")),
        _row("t08", 100, **p("surplus")), _row("t09", 105, **p("surplus")), _row("t10", 107, **p("differs")),
        _row("t11", 100, **p("sign")), _row("t12", 100, status="failed", **p("status")),
        _row("t13", 100, status="paid_out", **p("same status")),
        _row("t14", 104, **p("nearest")), _row("t15", 101, **p("nearest")), _row("t16", 400, **p("unknown")),
        _row("t17", 70, 41, **p("open too")),
        _row("t18", -50, kind="refund", ref_original="in-time", **p("r1")), _row("t20", 10, ref_partner_id="reused", **p("two")),
        _row("t24", 100, **p("in blanks")), _row("t25", 100, **p("NOTPROVIDED")), _row("t-ä", 7, **p("order")),
        _row("t-Z", 7, **p("order")), _row("t27", 100, 17, **p("value date")), _row("t28", 100, **p("differs")),
        _row("t29", 100, **p("differs")),
    ]  # fmt: skip
    by_partner = '[[passes]]\nname = "by-partner"\ntype = "exact"\nkeys = ["ref_partner_id"]\nkinds_ours = ["payment", "refund"]\n'
    top = 'identity = ["ref_payment_id"]\n'
    tables = '[status]\nequivalent = [["settled", "paid_out"]]\n[materiality]\ndefault = 60\n'
    return _set("pairs", _BY_PAYMENT + by_partner, ours=ours, theirs=theirs, top=top, tables=tables)


def _money() -> GoldenSet:
    """Tolerances, fees and rates at their edges, currencies with 0, 2 and 3 decimals, and the largest amounts there are."""

    def pair(key: str, o: Mapping[str, Any], t: Mapping[str, Any]) -> tuple[Row, Row]:
        given: dict[str, Any] = {"amount_minor": 1_000, "ref_payment_id": key}
        return _row(f"o-{key}", **given | dict(o)), _row(f"t-{key}", **given | dict(t))

    def fx(amount_minor: int, currency: str, original_minor: int, original: str) -> dict[str, Any]:
        return {"amount_minor": amount_minor, "currency": currency, "original_amount_minor": original_minor, "original_currency": original}

    usd = {"amount_minor": 10_001, "currency": "USD"}
    pairs = [
        pair("within", {}, {"amount_minor": 1_001}), pair("beyond", {}, {"amount_minor": 1_002}),
        pair("other currency", {}, {"currency": "GBP"}), pair("largest", {"amount_minor": 2**63 - 1}, {"amount_minor": 2**63 - 1}),
        pair("smallest", {"amount_minor": -(2**63)}, {"amount_minor": -(2**63) + 2}),
        pair("fee as scheduled", {}, {"fee_minor": 39}), pair("fee within", {}, {"fee_minor": 40}),
        pair("fee beyond", {}, {"fee_minor": 41}), pair("fee half up", {"amount_minor": 1_250}, {"amount_minor": 1_250, "fee_minor": 44}),
        pair("fee by ours", {"kind": "adjustment", "fee_minor": 5}, {"kind": "adjustment", "fee_minor": 9}),
        pair("fee and late", {}, {"fee_minor": 99, "booked_on": date(2026, 3, 30)}),
        pair("usd to eur", usd, fx(9_201, "EUR", 10_001, "USD")), pair("usd to eur by half a cent", usd, fx(9_250, "EUR", 10_001, "USD")),
        pair("usd to eur, edge of the rate", usd, fx(9_223, "EUR", 10_001, "USD")),
        pair("usd to eur, off", usd, fx(9_226, "EUR", 10_001, "USD")),
        pair("eur to jpy", {}, fx(1_714, "JPY", 1_000, "EUR")),
        pair("jpy to eur, no such rate", {"currency": "JPY"}, fx(6, "EUR", 1_000, "JPY")),
        pair("kwd", {"currency": "KWD"}, fx(324, "EUR", 1_000, "KWD")),
        pair("minus, half away from zero", {"amount_minor": -1_500, "currency": "KWD"}, fx(-487, "EUR", -1_500, "KWD")),
        pair("same original", fx(1_000, "EUR", 1_100, "USD"), fx(1_002, "EUR", 1_100, "USD")),
        pair("same original, off", fx(1_000, "EUR", 1_100, "USD"), fx(1_020, "EUR", 1_100, "USD")),
    ]  # fmt: skip
    tables = (
        "[tolerance]\namount_minor = { default = 0, EUR = 1 }\nfee_minor = { default = 1 }\n"
        "[materiality]\ndefault = 2\nUSD = 50\n"
        "[currency]\nexponent = { JPY = 0, KWD = 3 }\n[fx]\nrate_tolerance_bps = 25\n"
        '[fx.rates]\n"USD/EUR" = "0.9200"\n"EUR/JPY" = "171.355"\n'
        '"KWD/EUR" = "3.243333333333"\n'
        '[[fees]]\nkind = "payment"\ncurrency = "EUR"\nbasis_points = 140\nfixed_minor = 25\n'
    )
    return _set("money", _BY_PAYMENT, ours=[o for o, _ in pairs], theirs=[t for _, t in pairs], tables=tables)


def _groups() -> GoldenSet:
    """Batches: net payouts, splits, repaired by a duplicate, open, late, incomplete, one against one."""

    def b(batch: str, **more: Any) -> dict[str, Any]:
        return {"ref_batch_id": batch} | more

    ours = [
        *(_row(f"o-net-{n}", 1_000, fee_minor=n, **b("net")) for n in range(4)),
        *(_row(f"o-gross-{n}", 100 + n, **b("gross")) for n in range(3)),
        *(_row(f"o-less-{n}", 100, **b("less")) for n in range(3)), *(_row(f"o-late-{n}", 100, 16, **b("late")) for n in range(2)),
        *(_row(f"o-open-{n}", 100, 38, **b("open")) for n in range(2)), _row("o-one", 100, **b("one")),
        *(_row(f"o-twice-{n}", 100, ref_payment_id="same" if n else "other", **b("twice")) for n in range(3)),
        _row("o-usd", 5, currency="USD", **b("net")),
        _row("o-split", 900, ref_payment_id="split"), _row("o-capture", -900, kind="refund", ref_payment_id="split"),
    ]  # fmt: skip
    theirs = [
        _row("t-net", 3_994, kind="payout", **b("net")), _row("t-gross", 303, 18, kind="payout", **b("gross")),
        _row("t-less", 250, kind="payout", **b("less")), _row("t-late-1", 150, 27, kind="payout", **b("late")),
        _row("t-late-2", 50, 27, kind="payout", **b("late")), _row("t-open", 150, 38, kind="payout", **b("open")),
        _row("t-one", 101, kind="payout", **b("one")), _row("t-twice", 200, kind="payout", **b("twice")),
        *(_row(f"t-split-{n}", 300, 17 + n, ref_payment_id="split") for n in range(3)),
    ]  # fmt: skip
    grouped = '[[passes]]\nname = "{}"\ntype = "grouped"\nkeys = ["{}"]\n{}'
    passes = grouped.format("splits", "ref_payment_id", "same_kind = true\n") + _BY_PAYMENT
    passes += grouped.format("payouts", "ref_batch_id", 'net_of_fees = "ours"\nkinds_theirs = ["payout"]\n')
    return _set("groups", passes, ours=ours, theirs=theirs)


def _references() -> GoldenSet:
    """References that were cut, padded, re-cased, that are blank in part, and those that fit more than one."""
    keys = [
        ("INV-000123", "inv 123"), ("PAY-2026-03-16-000042", "PAY-2026-03-16-0"), ("A0001B002X", "a1b2x"), ("ORDER#77000", "ORDER77000"),
        ("ABCDEF", "ABCDEG"), ("short", "SHORT"), ("REF 00 00 1", "REF0001"), ("Straße 4711", "STRASSE 4711"), ("0000000", "000-000"),
        ("\tTAB-123456\n", "tab123456"), ("x" * 16, "X" * 20), ("ÄÖÜ-123456", "123456"),
    ]  # fmt: skip
    ours = [_row(f"o{n:02}", 100 + n, ref_end_to_end_id=o) for n, (o, _) in enumerate(keys)]
    theirs = [_row(f"t{n:02}", 100 + n, 17, ref_end_to_end_id=t) for n, (_, t) in enumerate(keys)]
    ours += [_row("o-two", 55, ref_end_to_end_id="CROWD-1234"), _row("o-break", 66, ref_partner_id="PARTNER-9")]
    theirs += [_row(f"t-two-{n}", 55, ref_end_to_end_id=f"crowd{n}1234") for n in ("", "-")] + [
        _row("t-break", 66, ref_partner_id="partner9")
    ]
    similar = '[[passes]]\nname = "{}"\ntype = "similar"\nkeys = ["{}"]\n{}'
    passes = similar.format("cut", "ref_end_to_end_id", "") + similar.format("strict", "ref_partner_id", 'reference_difference = "break"\n')
    return _set("references", passes, ours=ours, theirs=theirs)


def _netting() -> GoldenSet:
    """Payouts that one set of items explains, that several explain, and that none does."""

    def at(account: str, **more: Any) -> dict[str, Any]:
        return {"account": account} | more

    ours = [
        *(_row(f"o-a{n}", amount, **at("unique")) for n, amount in enumerate((100, 230, 470))),
        *(_row(f"o-b{n}", 100, **at("several")) for n in range(3)), _row("o-c", 500, **at("single")),
        *(_row(f"o-d{n}", amount, fee_minor=3, **at("net")) for n, amount in enumerate((200, -50, 75))), _row("o-e", 9, 2, **at("unique")),
    ]  # fmt: skip
    theirs = [
        _row("t-a", 330, 17, kind="payout", **at("unique")), _row("t-b", 200, kind="payout", **at("several")),
        _row("t-c", 500, kind="payout", **at("single")), _row("t-d", 216, kind="payout", **at("net")),
        _row("t-f", 1, kind="payout", **at("none")),
    ]  # fmt: skip
    netting = '[[passes]]\nname = "{}"\ntype = "netting"\nbucket = ["account"]\n{}'
    passes = _BY_PAYMENT + netting.format("gross", "") + netting.format("net", 'net_of_fees = "ours"\nmax_items = 8\n')
    return _set("netting", passes, ours=ours, theirs=theirs)


def _chance() -> GoldenSet:
    """A few hundred records out of few values, so that every pass meets every other."""
    pick = random.Random(20260316)  # noqa: S311  a seed is the point

    def side(x: str) -> list[Row]:
        return [
            _row(
                f"{x}{pick.choice('aBä')}{n}",
                pick.choice((100, 100, 101, 250, -100, 7)),
                pick.randint(24, 41),
                kind=pick.choice(("payment", "payment", "payment", "refund", "payout")),
                currency=pick.choice(("EUR", "EUR", "EUR", "USD")),
                fee_minor=pick.choice((None, None, 2, 26)),
                status=pick.choice((None, "settled", "failed")),
                account=pick.choice((None, "A", "B ", "not provided")),
                ref_payment_id=pick.choice((None, f"P{pick.randint(0, 60)}", f"p-{pick.randint(0, 60):03}")),
                ref_partner_id=pick.choice((None, f"X{pick.randint(0, 40)}")),
                ref_batch_id=pick.choice((None, None, f"B{pick.randint(0, 12)}")),
                ref_original=pick.choice((None, "P1", "P99")),
            )
            for n in range(220)
        ]

    passes = (
        _BY_PAYMENT + '[[passes]]\nname = "by-partner"\ntype = "exact"\nkeys = ["ref_partner_id", "account"]\n'
        '[[passes]]\nname = "batch"\ntype = "grouped"\nkeys = ["ref_batch_id"]\nnet_of_fees = "theirs"\n'
        '[[passes]]\nname = "alike"\ntype = "similar"\nkeys = ["ref_payment_id"]\nmin_length = 2\n'
        '[[passes]]\nname = "net"\ntype = "netting"\nbucket = ["account", "ref_batch_id"]\nmax_items = 5\n'
    )
    tables = "[tolerance]\namount_minor = { default = 0, EUR = 1 }\nfee_minor = { default = 1 }\n"
    return _set("chance", passes, ours=side("o"), theirs=side("t"), top='identity = ["ref_payment_id"]\n', tables=tables)
