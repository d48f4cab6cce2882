"""What legs take of partners' parts, as parts of their own: one for each part and selection, made once, since both never change.

They lie apart from the records, carry no index, and count as much as the parts that they were made from.
"""

from __future__ import annotations

import functools
import hashlib
import time
import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from breakwater.lake.parts import Lake
from breakwater.lake.writing import ROWS_PER_GROUP, move_into_place
from breakwater.model.legs import Leg, LegEnd, groups_of, whole
from breakwater.model.parts import Part, part_of, partner_folder
from breakwater.model.records import RECORD_SCHEMA, Kind, Side

CONTENT = "legs"
_UNFINISHED = ".unfinished"
_READING = 1  # grows when the same selection reads a part differently
_TURNED = ("amount_minor", "original_amount_minor")


def taken(lake: Lake, leg: Leg, side: Side, parts: Sequence[str]) -> list[str]:
    """Of the parts of the partner on a side of a leg, those records that the leg takes, as the leg compares them.

    All of them are payouts, of one account, whose statuses say nothing, since those are about the partner's own books. What leaves the
    provider arrives at the bank, so the amounts of the provider's side are turned.
    """
    end, before = leg.end(side), leg.before(side)
    words = [_READING, leg.id, str(side), *map(_words, (end, *before))]
    make = functools.partial(_as_in_the_leg, leg=leg, side=side)
    made = [_made(lake, part, folder=leg.id, side=side, words=words, pick=lambda t: _is_taken(t, end, before), make=make) for part in parts]
    return [part for part in made if _rows(lake, part)]


def left(lake: Lake, ends: Sequence[LegEnd], parts: Sequence[str]) -> list[str]:
    """Parts of a partner without the records that legs take out of them; one of which nothing is taken stays as it is."""
    kept = []
    for part in parts:
        words = [_READING, "left", *map(_words, ends)]
        folder, side = part_of(part).partner_folder, part_of(part).side
        rest = _made(lake, part, folder=folder, side=side, words=words, pick=lambda t: pc.invert(_fits_any(t, ends)), make=lambda t: t)
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


def _words(end: LegEnd) -> list[object]:
    return [end.partner, sorted(end.kinds), sorted(end.where)]


def _made(
    lake: Lake,
    part: str,
    *,
    folder: str,
    side: Side,
    words: Sequence[object],
    pick: Callable[[pa.Table], pa.Array],
    make: Callable[[pa.Table], pa.Table],
) -> str:
    """The part with what was picked of another one; it is made where it is not there yet."""
    source = part_of(part)
    selection = hashlib.sha256(repr([part, *words]).encode()).hexdigest()[:16]
    name = Part(
        content=CONTENT, side=side, partner_folder=partner_folder(folder), day=source.day, sha256=f"{source.sha256}-{selection}"
    ).path
    if not (lake.root / name).is_file():
        with lake.world():
            _write(lake.root / name, _picked(lake.root / source.path, pick, make), unfinished=lake.root / _UNFINISHED)
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
