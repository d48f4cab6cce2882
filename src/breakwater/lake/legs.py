"""What legs take of partners' parts, as parts of their own: one for each part and selection, made once, since both never change.

They lie apart from the records, carry no index, and count as much as the parts that they were made from.
"""

from __future__ import annotations

import functools
import hashlib
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from breakwater.lake import match_files
from breakwater.lake.parts import Lake
from breakwater.lake.writing import ROWS_PER_GROUP, move_into_place
from breakwater.model.legs import Leg, LegEnd, groups_of, whole
from breakwater.model.parts import Part, part_of
from breakwater.model.records import RECORD_SCHEMA, Kind, Side

CONTENT = "legs"
_UNFINISHED = ".unfinished"
_READING = 2  # grows when the same selection reads a part differently
_TURNED = ("amount_minor", "original_amount_minor")


def taken(lake: Lake, leg: Leg, side: Side, parts: Mapping[str, str]) -> list[str]:
    """Of the parts of the partner on a side of a leg, those records that the leg takes, as the leg compares them.

    `parts` are the streams of the parts' files, by name of the part.
    All of them are payouts, of one account, whose statuses say nothing, since those are about the partner's own books. What leaves the
    provider arrives at the bank, so the amounts of the provider's side are turned.
    """
    end, before = leg.end(side), leg.before(side)
    make = functools.partial(_as_in_the_leg, leg=leg, side=side)
    made = []
    for part, stream in parts.items():
        if end.is_about(stream):
            pick = functools.partial(_is_taken, end=end, before=[b for b in before if b.is_about(stream)])
            made.append(_made(lake, part, _name(part, folder=leg.id, side=side, words=_of_leg(leg, side)), pick, make))
    return [part for part in made if _rows(lake, part)]


def left(lake: Lake, ends: Sequence[LegEnd], parts: Mapping[str, str]) -> list[str]:
    """Parts of a partner without the records that legs take out of them; one of which nothing is taken stays as it is.

    `ends` are those of legs at the partner, in their order: a record goes by the first one that it fits. `parts` are the streams of the
    parts' files, by name of the part.
    """
    kept = []
    for part, stream in parts.items():
        words = [_READING, "left", *([*_words(end), end.stays] for end in ends)]
        name = _name(part, folder=part_of(part).partner_folder, side=part_of(part).side, words=words)
        pick = functools.partial(_stays, ends=[end for end in ends if end.is_about(stream)])
        rest = _made(lake, part, name, pick, lambda t: t)
        kept.append(part if _rows(lake, rest) == _rows(lake, part) else rest)
    return [part for part in kept if _rows(lake, part)]


def sweep(lake: Lake, *, keep: Collection[str], older_than_s: float) -> list[str]:
    """Remove what was made of parts and selections that no longer count, and is old enough that no run is reading it."""
    removed = []
    with lake.world():
        for path in sorted((lake.root / CONTENT).rglob("*.parquet")):
            name = path.relative_to(lake.root).as_posix()
            if name not in keep and time.time() - path.stat().st_mtime > older_than_s:
                path.unlink(missing_ok=True)
                removed.append(name)
    return removed


def payouts_of(lake: Lake, leg: Leg, parts: Sequence[str], batches: Sequence[str]) -> list[str]:
    """The ids of what a leg takes of the provider's parts for these batches, as far as a run has looked at them."""
    names = [_name(part, folder=leg.id, side=Side.OURS, words=_of_leg(leg, Side.OURS)) for part in parts]
    there = [name for name in names if (lake.root / name).is_file() and _rows(lake, name)]
    if not there:
        return []
    found = lake.query(_OF_BATCHES, {"parts": lake.scanned(there), "batches": list(batches)})
    return list(found["record_id"].to_pylist())


def arrived(lake: Lake, run_id: str, side: Side, ids: Sequence[str]) -> list[tuple[str, str]]:
    """The pairs of a payout and a credit that a run matched, of these payouts (OURS) or of these credits (THEIRS)."""
    if not ids:
        return []
    given = {**lake.matches_to_query(run_id), "side": str(side), "ids": list(ids)}
    return [(row["payout"], row["credit"]) for row in lake.query(_ARRIVED, given).to_pylist()]


def _of_leg(leg: Leg, side: Side) -> list[object]:
    return [_READING, leg.id, str(side), *map(_words, (leg.end(side), *leg.before(side)))]


def _words(end: LegEnd) -> list[object]:
    words: list[object] = [end.partner, sorted(end.kinds), sorted(end.where)]
    return [*words, end.stream] if end.stream else words


def _name(part: str, *, folder: str, side: Side, words: Sequence[object]) -> str:
    """What is picked of a part by a selection that these words say."""
    source = part_of(part)
    selection = hashlib.sha256(repr([part, *words]).encode()).hexdigest()[:16]
    return Part(content=CONTENT, side=side, partner_folder=folder, day=source.day, sha256=f"{source.sha256}-{selection}").path


def _made(lake: Lake, part: str, name: str, pick: Callable[[pa.Table], pa.Array], make: Callable[[pa.Table], pa.Table]) -> str:
    """The part of that name, made from another one where it is not there yet."""
    if not (lake.root / name).is_file():
        with lake.world():
            _write(lake.root / name, _picked(lake.root / part_of(part).path, pick, make), unfinished=lake.root / _UNFINISHED)
    return name


def _picked(path: Path, pick: Callable[[pa.Table], pa.Array], make: Callable[[pa.Table], pa.Table]) -> Iterator[pa.Table]:
    file = pq.ParquetFile(path)
    for group in range(file.num_row_groups):
        table = file.read_row_group(group)
        yield make(table.filter(pick(table)))


def _write(target: Path, tables: Iterator[pa.Table], *, unfinished: Path) -> None:
    unfinished.mkdir(parents=True, exist_ok=True)
    path = unfinished / f"{target.stem}-{uuid.uuid4().hex}"
    try:
        with pq.ParquetWriter(path, RECORD_SCHEMA, compression="zstd") as writer:
            for table in tables:
                writer.write_table(table.cast(RECORD_SCHEMA), row_group_size=ROWS_PER_GROUP)
        move_into_place(path, target)
    finally:
        path.unlink(missing_ok=True)


def _rows(lake: Lake, part: str) -> int:
    with lake.world():
        return _rows_in(lake.root / part_of(part).path)


@functools.lru_cache(maxsize=100_000)
def _rows_in(path: Path) -> int:
    """A part never changes, so its rows are counted once."""
    return int(pq.read_metadata(path).num_rows)


def _is_taken(table: pa.Table, end: LegEnd, before: Sequence[LegEnd]) -> pa.Array:
    fits = _fits(table, end)
    return pc.and_(fits, pc.invert(_fits_any(table, before))) if before else fits


def _stays(table: pa.Table, ends: Sequence[LegEnd]) -> pa.Array:
    """Which records no leg takes, or one whose records stay."""
    kept = pa.repeat(True, table.num_rows)
    for end in reversed(ends):
        kept = pc.if_else(_fits(table, end), end.stays, kept)
    return kept


def _fits_any(table: pa.Table, ends: Sequence[LegEnd]) -> pa.Array:
    return functools.reduce(pc.or_, (_fits(table, end) for end in ends))


def _fits(table: pa.Table, end: LegEnd) -> pa.Array:
    fits = pc.is_in(table["kind"], value_set=pa.array([str(kind) for kind in end.kinds]))
    for column, pattern in end.where:
        fits = pc.and_(fits, pc.fill_null(pc.match_substring_regex(table[column], whole(pattern)), False))
    return fits


def _as_in_the_leg(table: pa.Table, *, leg: Leg, side: Side) -> pa.Table:
    rows = table.num_rows
    found: dict[str, pa.Array] = {
        "kind": pa.repeat(str(Kind.PAYOUT), rows),
        "account": pa.repeat(leg.id, rows),
        "status": pa.nulls(rows, pa.string()),
    }
    for column, pattern in leg.end(side).where:
        if groups := groups_of(pattern):
            texts = pc.extract_regex(table[column], whole(pattern))
            found |= {group: pc.struct_field(texts, group) for group in groups}
    if side is Side.OURS:
        found |= {name: pc.negate_checked(table[name]) for name in _TURNED}
    for name, values in found.items():
        table = table.set_column(table.schema.get_field_index(name), name, values)
    return table


_OF_BATCHES = """
SELECT record_id FROM read_parquet($parts, hive_partitioning = false)
SEMI JOIN (SELECT unnest($batches) AS ref_batch_id) USING (ref_batch_id) ORDER BY record_id
"""
_ARRIVED = f"""
WITH {match_files.HELD}
SELECT DISTINCT o.record_id AS payout, t.record_id AS credit
FROM matches o JOIN matches t USING (filename, match_id)
WHERE o.side = 'ours' AND t.side = 'theirs'
    AND CASE $side WHEN 'ours' THEN o.record_id ELSE t.record_id END IN (SELECT unnest($ids))
ORDER BY ALL
"""
