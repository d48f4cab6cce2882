"""OUT: the result of a reconciliation as one JSON object, the same bytes for the same input."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from breakwater.errors import WorldError
from breakwater.matching import json_text
from breakwater.matching.ahead import ahead
from breakwater.matching.tables import match_count, match_table, write_match_table
from breakwater.model.runs import Outcome, Totals

VERSION = 1
MOST_MATCHES = 10_000  # more of them go into a Parquet file beside OUT
_ROWS_AT_ONCE = 65_536
_encode = json_text.ENCODER.encode


def write(out: Path, outcome: Outcome, *, agreement: str, as_of: date, matches: Path | None = None) -> None:
    """Write OUT, and the matches beside it if there are many. WorldError if that fails; then nothing is half-written.

    `matches` is the Parquet file where they lie if the outcome is without them (see `engines.open`).
    """
    beside = out.with_name(out.name + ".matches.parquet")
    try:
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.") as place:
            draft, matches_draft = Path(place) / "out.json", Path(place) / "matches.parquet"
            if matches:
                shutil.copyfile(matches, matches_draft)
            else:
                write_match_table(outcome.matches, matches_draft)
            few = None if match_count(matches_draft) > MOST_MATCHES else match_table(matches_draft)
            with draft.open("w", encoding="utf-8", newline="\n") as file:
                file.writelines(_pieces(outcome, agreement=agreement, as_of=as_of, matches=few))
            if few is None:
                os.replace(matches_draft, beside)
            else:
                with suppress(FileNotFoundError):
                    beside.unlink()
            os.replace(draft, out)
    except OSError as wrong:
        raise WorldError(f"{out} can't be written: {wrong.strerror}.", remedy="Make room there, or name another file.") from None


def break_figures(outcome: Outcome) -> dict[str, dict[str, Any]]:
    """The breaks per kind: `count`, and `value` by currency."""
    wide = outcome.breaks.select(["kind", "currency"]).append_column("value", outcome.breaks["amount_minor"].cast(pa.decimal128(38, 0)))
    figures: dict[str, dict[str, Any]] = {}
    for row in wide.group_by(["kind", "currency"]).aggregate([([], "count_all"), ("value", "sum")]).to_pylist():
        figure = figures.setdefault(row["kind"], {"count": 0, "value": {}})
        figure["count"] += row["count_all"]
        figure["value"][row["currency"]] = int(row["value_sum"])
    return figures


def _pieces(outcome: Outcome, *, agreement: str, as_of: date, matches: pa.Table | None) -> Iterator[str]:
    """The text of OUT, piece by piece, since there may be many breaks. Keys in their order."""
    yield f'{{"agreement":{_encode(agreement)},"as_of":"{as_of.isoformat()}","breaks":['
    batches = outcome.breaks.combine_chunks().to_batches(max_chunksize=_ROWS_AT_ONCE)
    yield from _commas(ahead((partial(_breaks, batch) for batch in batches), at_once=2))
    yield '],"matches":'
    yield _encode(None if matches is None else list(_matches(matches)))
    yield f',"pending":{_encode(_pending(outcome))},"summary":{_encode(_summary(outcome))},"version":{VERSION}}}\n'


def _commas(pieces: Iterator[str]) -> Iterator[str]:
    yield next(pieces, "")
    for piece in pieces:
        yield "," + piece


def _rows(table: pa.Table) -> Iterator[dict[str, Any]]:
    for batch in table.to_batches(max_chunksize=_ROWS_AT_ONCE):
        yield from batch.to_pylist()


def _breaks(batch: pa.RecordBatch) -> str:
    """Breaks, with a comma between them. A currency, a kind and a fingerprint have nothing to escape."""
    amount, lag = (batch[name].cast(pa.string()) for name in ("amount_minor", "lag"))
    ours, theirs, also = (json_text.lists(batch[name]) for name in ("ours", "theirs", "also"))
    of_pair, of_duplicate = (
        json_text.joined('{"also":', also, ',"lag":', lag, "}"),
        json_text.joined('{"of":', json_text.texts(batch["of"]), "}"),
    )
    told = json_text.joined(
        '{"amount_minor":', amount, ',"currency":"', batch["currency"], '","detail":', pc.coalesce(of_pair, of_duplicate, "{}"),
        ',"fingerprint":"', batch["fingerprint"], '","kind":"', batch["kind"], '","material":', batch["material"].cast(pa.string()),
        ',"ours":', ours, ',"pass":', pc.fill_null(json_text.texts(batch["pass"]), "null"), ',"theirs":', theirs, "}",
    )  # fmt: skip
    return ",".join(told.to_pylist())


def _matches(matches: pa.Table) -> Iterator[dict[str, Any]]:
    for _, rows in groupby(_rows(matches), key=lambda row: row["match_id"]):
        members = list(rows)
        sides = {side: [row["record_id"] for row in members if row["side"] == side] for side in ("ours", "theirs")}
        yield {"pass": members[0]["pass"], "notice": members[0]["notice"], **sides}


def _pending(outcome: Outcome) -> dict[str, list[str]]:
    rows = list(_rows(outcome.pending))
    return {side: [row["record_id"] for row in rows if row["side"] == side] for side in ("ours", "theirs")}


def _summary(outcome: Outcome) -> dict[str, Any]:
    return {
        "rows": {"ours": outcome.ours_rows, "theirs": outcome.theirs_rows},
        "matched": _totals(outcome.matched),
        "pending": _totals(outcome.pending_totals),
        "in_breaks": _totals(outcome.in_breaks),
        "breaks": break_figures(outcome),
    }


def _totals(totals: Mapping[str, Totals]) -> dict[str, dict[str, int]]:
    names = ("ours_rows", "ours_minor", "theirs_rows", "theirs_minor")
    return {currency: {name: getattr(figures, name) for name in names} for currency, figures in totals.items()}
