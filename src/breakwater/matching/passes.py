"""The run on an engine, in its order: by hand, keyed passes, late pairs, duplicates, differences under a key, netting, the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pyarrow as pa
import pyarrow.compute as pc
from ibis import Table

from breakwater.matching.agreement import ExactPass, GroupedPass, NettingPass, SimilarPass
from breakwater.matching.books import Books, is_empty, rows
from breakwater.matching.break_columns import SINGLE_COLUMNS
from breakwater.matching.by_hand import claim_by_hand
from breakwater.matching.exact import Step, duplicates, pair_up
from breakwater.matching.grouped import broken_groups, match_groups
from breakwater.matching.netting import net
from breakwater.matching.outcome import MISSING, ORPHANS
from breakwater.matching.similar import match_similar
from breakwater.model.runs import ByHand


def run(books: Books, *, matched: Callable[[], None], by_hand: Sequence[ByHand] = ()) -> None:
    """All steps; afterwards nothing is free. `matched` is called once, as soon as no more matches will come."""
    claim_by_hand(books, by_hand)
    passes = books.agreement.passes
    matches_late = any(isinstance(each, GroupedPass | NettingPass) for each in passes)
    exact = [each for each in passes if isinstance(each, ExactPass)]
    for each in passes:
        match each:
            case ExactPass():
                pair_up(books, each, Step.TIMELY)
            case GroupedPass():
                match_groups(books, each)
            case SimilarPass():
                match_similar(books, each)
            case NettingPass():
                break  # netting passes come last in the list, and much later in the run
    for each in exact:
        pair_up(books, each, Step.LATE)
    if not matches_late:
        matched()
    books.engine.of_both(lambda side: duplicates(books, side, exact))
    for each in passes:
        if isinstance(each, GroupedPass):
            broken_groups(books, each)
    for each in exact:
        pair_up(books, each, Step.DIFFERENT)
    for each in passes:
        if isinstance(each, NettingPass):
            net(books, each)
    if matches_late:
        matched()
    books.engine.of_both(lambda side: rest(books, side))


def rest(books: Books, side: str) -> None:
    """What is still free is pending, an orphan or missing."""
    if not books.free_rows[side]:
        return
    free = books.free[side]
    still_open = books.open_at(side, free.b)
    books.wait(side, free.filter(still_open).select("record_id", "currency", "amount_minor").to_pyarrow())
    due = free.filter(~still_open)
    children = due.filter(due.kind.isin(sorted(ORPHANS)))
    known = pa.array(sorted(_known_payments(books, children.filter(children.ref_original.notnull()))), pa.string())
    records = due.select(SINGLE_COLUMNS).to_pyarrow()
    orphan = pa.array([kind.value for kind in ORPHANS.values()]).take(pc.index_in(records["kind"], pa.array(ORPHANS)))
    has_parent = pc.is_in(records["ref_original"], known)
    books.break_singles(side, records, pc.if_else(has_parent, MISSING[side].value, pc.fill_null(orphan, MISSING[side].value)))


def _known_payments(books: Books, children: Table) -> set[str]:
    """Those of their originals that are a payment on either side, by either id."""
    if is_empty(children):
        return set()
    wanted = books.engine.keep(children.select(original="ref_original").distinct()).table
    found: set[str] = set()
    for table in books.sides.values():
        payments = table.filter(table.kind == "payment")
        for column in ("ref_payment_id", "ref_partner_id"):
            hits = wanted.semi_join(payments, [wanted.original == payments[column]])
            found.update(row["original"] for row in rows(hits))
    return found
