"""What a record hangs together by: for each pass a hash of what that pass goes by.

What a pass could ever bring together shares such a hash. Refunds, returns and chargebacks hang on the payments that they name besides:
without one they are orphans.
"""

from __future__ import annotations

from collections.abc import Iterator

import ibis
from ibis import Table, Value

from breakwater.matching.agreement import Agreement, ExactPass, GroupedPass, NettingPass, Pass, SimilarPass
from breakwater.matching.hashes import Question, hashed
from breakwater.matching.outcome import ORPHANS, SIDES
from breakwater.matching.pairs import CUT, clean, form
from breakwater.matching.sides import SCHEMA

_TYPES = {"string": "string", "int64": "int64", "date32[day]": "date"}
_TABLE = {"file_index": "int64", "is_ours": "boolean", **{field.name: _TYPES[str(field.type)] for field in SCHEMA}}
ID, NAMES, LINKS, KEYS = 0, 1, slice(2, 4), slice(4, None)
"""Where in an answer stand the hash of a record's id, of the payment that it names, of the ids that it may be named by, and of what each
pass goes by."""


def questions(agreement: Agreement) -> dict[str, Question]:
    """The hashes of the records of each side."""
    table = ibis.table(_TABLE, name="rows")
    is_child, is_payment = table.kind.isin(sorted(ORPHANS)), table.kind == "payment"
    names = ibis.ifelse(is_child, _joined("original", clean(table.ref_original, agreement.not_keys)), None)
    # What is no key is no original either, so a payment's ids need no cleaning.
    links = [ibis.ifelse(is_payment, _joined("original", table[c].strip()), None) for c in ("ref_payment_id", "ref_partner_id")]
    keys = [key for number, each in enumerate(agreement.passes) for key in _keys(table, number, each, agreement)]
    columns = [table.record_id, names, *links, *keys]
    sql = ibis.to_sql(table.select("file_index", **{f"h{n}": hashed(column) for n, column in enumerate(columns)}), dialect="duckdb")
    return {side: Question(sql=sql, columns=len(columns), beside=f"{side == 'ours'} AS is_ours") for side in SIDES}


def _keys(table: Table, number: int, each: Pass, agreement: Agreement) -> Iterator[Value]:
    """What a pass goes by; null where it does not see the record, or the record has no such key."""
    values = [clean(table[column], agreement.not_keys) for column in each.columns]
    match each:
        case ExactPass():
            keys = [_joined(number, table.kind, *values)]
        case GroupedPass():
            keys = [_joined(number, table.currency, *([table.kind] if each.same_kind else []), *values)]
        case NettingPass():
            keys = [_joined(number, table.currency, *values)]
        case SimilarPass():
            (text,) = values
            # A longer one hangs together with what another record holds cut to this length, too.
            cut = ibis.ifelse(text.length() > CUT, form(text.left(CUT)), None)
            keys = [_joined(number, table.kind, table.currency, key) for key in (form(text), cut)]
    for key in keys:
        yield ibis.ifelse(_sees(table, each), key, None)


def _sees(table: Table, each: Pass) -> Value:
    ours, theirs = (
        ibis.literal(True) if kinds is None else table.kind.isin(sorted(kinds)) for kinds in (each.kinds_ours, each.kinds_theirs)
    )
    return ibis.ifelse(table.is_ours, ours, theirs)


def _joined(what: object, *values: Value) -> Value:
    text = ibis.literal(str(what))
    for value in values:
        text = text + "\x1f" + value
    return text
