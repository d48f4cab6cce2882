"""Which records a change can reach: those it names, and all that share a key with one of them, and so on until nothing is added.

What a pass could ever bring together hangs together here by a hash of what the pass goes by: a key, a currency, a bucket. Two records
that hang together by no chain of such hashes can't change each other's outcome, whatever else there is on the sides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import ibis
import pyarrow as pa
from ibis import Table, Value

from breakwater.matching.agreement import Agreement, ExactPass, GroupedPass, NettingPass, Pass, SimilarPass
from breakwater.matching.outcome import ORPHANS, SIDES
from breakwater.matching.pairs import CUT, clean, form, hash_of
from breakwater.matching.sides import ROW_BITS
from breakwater.model.records import CANONICAL_COLUMNS
from breakwater.model.runs import ByHand, Earlier

_CANONICAL = ", ".join(f'"{name}"' for name in CANONICAL_COLUMNS)
_IDS = pa.schema([("is_ours", pa.bool_()), ("record_id", pa.string()), ("h", pa.uint64())])


@dataclass(frozen=True)
class Parts:
    """The files of both sides of an earlier run and of the next one, each once: first ours, then theirs."""

    ours: tuple[Path, ...]
    theirs: tuple[Path, ...]
    then: frozenset[Path]
    now: frozenset[Path]

    @property
    def every(self) -> tuple[Path, ...]:
        """All of them; a record's number is its part's place here, then its row."""
        return (*self.ours, *self.theirs)

    def numbers(self, *, then: bool, now: bool) -> list[int]:
        """The places of the parts that were given to the earlier run, are given to the next one, or both."""
        return [n for n, path in enumerate(self.every) if (path in self.then) is then and (path in self.now) is now]


def parts_of(earlier: Earlier, *, ours: Sequence[Path], theirs: Sequence[Path]) -> Parts:
    """The files of two runs."""
    return Parts(
        ours=tuple(dict.fromkeys([*ours, *earlier.ours])),
        theirs=tuple(dict.fromkeys([*theirs, *earlier.theirs])),
        then=frozenset([*earlier.ours, *earlier.theirs]),
        now=frozenset([*ours, *theirs]),
    )


class Touched:
    """The records of both runs in an engine of its own; `find` says which of them have to be matched again (table `touched`: n)."""

    def __init__(self, connection: ibis.BaseBackend, parts: Parts) -> None:
        self.connection, self.parts = connection, parts
        self._names = (f"put_{number}" for number in count())
        self._sql(f"CREATE TEMP VIEW every AS {reading(parts, range(len(parts.every)))}")

    def find(self, earlier: Earlier, *, agreement: Agreement, by_hand: Sequence[ByHand]) -> bool:
        """Work out what is touched. False if a record id is there twice, which is for a whole run to refuse."""
        gone, new = self.parts.numbers(then=True, now=False), self.parts.numbers(then=False, now=True)
        kept = self.parts.numbers(then=True, now=True)
        for name, numbers in (("gone", gone), ("new", new), ("kept", kept)):
            self._sql(f"CREATE TEMP VIEW {name}_rows AS {reading(self.parts, numbers)}")
        self._sql("CREATE TEMP TABLE new_ids AS SELECT is_ours, record_id FROM new_rows")
        if self._count("SELECT count(*) - count(DISTINCT (is_ours, record_id)) FROM new_ids"):
            return False
        self._named(earlier, by_hand)
        if self._count("SELECT count(*) FROM hits WHERE is_new"):
            return False
        self._sql(_SEEDS)
        self._hang_together(agreement)
        self._spread()
        return True

    def size(self) -> tuple[int, int]:
        """How many records are touched, and how many there are, of both runs."""
        return self._count("SELECT count(*) FROM touched"), self._count("SELECT count(*) FROM every")

    def write(self, folder: Path) -> dict[str, list[Path]]:
        """The touched records of the next run, as one file for each side that has any."""
        written: dict[str, list[Path]] = {side: [] for side in SIDES}
        now = {n for n, path in enumerate(self.parts.every) if path in self.parts.now}
        holding = {row[0] for row in self._sql(f"SELECT DISTINCT n >> {ROW_BITS} FROM touched").fetchall()} & now
        for side in SIDES:
            is_ours = side == "ours"
            if numbers := sorted(n for n in holding if (n < len(self.parts.ours)) is is_ours):
                path = folder / f"touched-{side}.parquet"
                rows = f"SELECT {_CANONICAL} FROM ({reading(self.parts, numbers)}) SEMI JOIN touched USING (n) ORDER BY n"
                self._sql(f"COPY ({rows}) TO {_text(path)} (FORMAT parquet, COMPRESSION lz4)")
                written[side].append(path)
        return written

    def rows(self, numbers: Iterable[int]) -> pa.Table:
        """`is_ours`, `record_id`, `currency` and `amount_minor` of the touched records in these parts."""
        source = reading(self.parts, list(numbers))
        sql = f"SELECT is_ours, record_id, currency, amount_minor FROM ({source}) SEMI JOIN touched USING (n)"
        return self.connection.con.sql(sql).to_arrow_table()

    def _named(self, earlier: Earlier, by_hand: Sequence[ByHand]) -> None:
        """The numbers of records known by their ids: what is pending, what people matched or no longer do, and ids that are new."""
        waiting = [earlier.outcome.pending[name].to_pylist() for name in ("side", "record_id")]
        pending = [(side == "ours", i, None) for side, i in zip(*waiting, strict=True)]
        changed = set(by_hand) ^ set(earlier.by_hand)
        tied = [(side == "ours", i, n) for n, made in enumerate({*by_hand, *earlier.by_hand}) for side in SIDES for i in made.of(side)]
        seeds = [*pending, *((side == "ours", i, None) for made in changed for side in SIDES for i in made.of(side))]
        for name, rows in (("open_ids", seeds), ("tied_ids", tied)):
            columns = list(zip(*rows, strict=True)) or [(), (), ()]
            self.connection.create_table(name, pa.table([pa.array(c, f.type) for c, f in zip(columns, _IDS, strict=True)], _IDS), temp=True)
        self._sql(_HITS)

    def _hang_together(self, agreement: Agreement) -> None:
        """What each record hangs together by: table `keys` has `n`, and `h` once for each pass that sees it."""
        every = self.connection.table("every")
        columns = sorted({c for each in agreement.passes for c in _columns(each)})
        table = every.select("n", "is_ours", "kind", "currency", **{c: clean(every[c], agreement.not_keys) for c in columns})
        found = [keys for number, each in enumerate(agreement.passes) for keys in _pass_keys(table, number, each)]
        keys = ibis.union(*found) if len(found) > 1 else found[0]
        self._sql(f"CREATE TEMP TABLE keys AS {self.connection.compile(keys)} UNION ALL {_BY_HAND_KEYS}")
        self._hang_children(every, agreement)

    def _hang_children(self, every: Table, agreement: Agreement) -> None:
        """Refunds, returns and chargebacks hang on the payments that they name: without one they are orphans."""
        children = every.filter(every.kind.isin(sorted(ORPHANS)))
        original = clean(children.ref_original, agreement.not_keys)
        named = children.select("n", original=original).filter(lambda c: c.original.notnull())
        self._sql(f"CREATE TEMP TABLE originals AS {self.connection.compile(named.select('n', h=_hash('original', named.original)))}")
        if not self._count("SELECT count(*) FROM originals"):
            return
        self._sql("INSERT INTO keys SELECT n, h FROM originals")
        payments = every.filter(every.kind == "payment")
        for column in ("ref_payment_id", "ref_partner_id"):
            links = payments.select("n", h=_hash("original", payments[column].strip()))  # what is no key is no original either
            self._sql(f"INSERT INTO keys SELECT n, h FROM ({self.connection.compile(links)}) SEMI JOIN originals USING (h)")

    def _spread(self) -> None:
        """From the records the change names to all that hang together with them."""
        self._sql("CREATE TEMP TABLE reached AS SELECT DISTINCT h FROM keys SEMI JOIN touched USING (n)")
        self._sql("CREATE TEMP TABLE step AS SELECT h FROM reached")
        while self._count("SELECT count(*) FROM step"):
            self._sql(
                "CREATE OR REPLACE TEMP TABLE added AS SELECT DISTINCT n FROM keys SEMI JOIN step USING (h) ANTI JOIN touched USING (n)"
            )
            self._sql("INSERT INTO touched SELECT n FROM added")
            self._sql(
                "CREATE OR REPLACE TEMP TABLE step AS SELECT DISTINCT h FROM keys SEMI JOIN added USING (n) ANTI JOIN reached USING (h)"
            )
            self._sql("INSERT INTO reached SELECT h FROM step")

    def _count(self, sql: str) -> int:
        ((found,),) = self._sql(sql).fetchall()
        return int(found)

    def _sql(self, sql: str):  # type: ignore[no-untyped-def]  # the engine's cursor has no type of its own
        return self.connection.raw_sql(sql)


def reading(parts: Parts, numbers: Sequence[int]) -> str:
    """SQL for the canonical records of some parts, with their number `n` among all parts and whether they are ours."""
    if not numbers:
        return f"SELECT NULL::BIGINT AS n, NULL::BOOLEAN AS is_ours, {_NONE} WHERE false"
    # A path is a glob to DuckDB, so each of its special letters becomes a class of one letter.
    names = ", ".join(_text(re.sub(r"([*?\[])", r"[\1]", str(parts.every[n]))) for n in numbers)
    place = f"[{', '.join(map(str, numbers))}][file_index::BIGINT + 1]"
    number = f"({place}::BIGINT << {ROW_BITS}) | file_row_number AS n"
    return f"SELECT {number}, {place} < {len(parts.ours)} AS is_ours, {_CANONICAL} FROM read_parquet([{names}], file_row_number = true)"


def _text(words: object) -> str:
    return "'" + str(words).replace("'", "''") + "'"


def _columns(each: Pass) -> tuple[str, ...]:
    match each:
        case SimilarPass():
            return (each.key,)
        case NettingPass():
            return each.bucket
        case _:
            return each.keys


def _pass_keys(table: Table, number: int, each: Pass) -> Iterator[Table]:
    columns = _columns(each)
    seen = table.filter(_sees(table, each), *(table[c].notnull() for c in columns))
    values = [seen[c] for c in columns]
    match each:
        case ExactPass():
            yield seen.select("n", h=_hash(number, seen.kind, *values))
        case GroupedPass():
            yield seen.select("n", h=_hash(number, seen.currency, *([seen.kind] if each.same_kind else []), *values))
        case NettingPass():
            yield seen.select("n", h=_hash(number, seen.currency, *values))
        case SimilarPass():
            (text,) = values
            yield seen.select("n", h=_hash(number, seen.kind, seen.currency, form(text)))
            cut = seen.filter(text.length() > CUT)  # what another record may hold cut to this length
            yield cut.select("n", h=_hash(number, cut.kind, cut.currency, form(cut[each.key].left(CUT))))


def _sees(table: Table, each: Pass) -> Value:
    ours, theirs = (
        ibis.literal(True) if kinds is None else table.kind.isin(sorted(kinds)) for kinds in (each.kinds_ours, each.kinds_theirs)
    )
    return ibis.ifelse(table.is_ours, ours, theirs)


def _hash(what: object, *values: Value) -> Value:
    text = ibis.literal(str(what))
    for value in values:
        text = text + "\x1f" + value
    return hash_of(text)


_NONE = ", ".join(
    f'NULL::{"BIGINT" if name.endswith("_minor") else "DATE" if name in ("booked_on", "value_date") else "VARCHAR"} AS "{name}"'
    for name in CANONICAL_COLUMNS
)
_HITS = """
CREATE TEMP TABLE hits AS
SELECT n, h, is_open, is_new FROM every JOIN (
    SELECT is_ours, record_id, NULL::UBIGINT AS h, true AS is_open, false AS is_new FROM open_ids
    UNION ALL SELECT is_ours, record_id, h, false, false FROM tied_ids
) USING (is_ours, record_id)
UNION ALL SELECT n, NULL, false, true FROM kept_rows JOIN new_ids USING (is_ours, record_id)
"""
_BY_HAND_KEYS = "SELECT n, hash('by hand', h) FROM hits WHERE h IS NOT NULL"
# A record that another file carries on unchanged is no change.
_SEEDS = f"""
CREATE TEMP TABLE touched AS
WITH changed AS (
    SELECT DISTINCT is_ours, record_id FROM (
        (SELECT is_ours, {_CANONICAL} FROM new_rows EXCEPT SELECT is_ours, {_CANONICAL} FROM gone_rows)
        UNION ALL (SELECT is_ours, {_CANONICAL} FROM gone_rows EXCEPT SELECT is_ours, {_CANONICAL} FROM new_rows)
    )
)
SELECT n FROM new_rows SEMI JOIN changed USING (is_ours, record_id)
UNION SELECT n FROM gone_rows SEMI JOIN changed USING (is_ours, record_id)
UNION SELECT n FROM hits WHERE is_open
"""
