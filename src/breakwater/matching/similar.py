"""Similar passes on an engine: references that are alike, claimed only where nothing else could be meant."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
from ibis import Table

from breakwater.matching import residue
from breakwater.matching.agreement import SimilarPass
from breakwater.matching.books import Books, Kept, counts, rows
from breakwater.matching.outcome import SIDES
from breakwater.matching.pairs import COMPARED, CUT, compared, form, no_conflict, plain_amount_agrees, side_by_side
from breakwater.model.breaks import BreakKind


def match_similar(books: Books, each: SimilarPass) -> None:
    """Pairs without any other candidate are claimed; every other connected component is ambiguous."""
    if not books.both_free:
        return
    kept = _candidates(books, each)
    if not kept.size:
        return
    candidates = kept.table
    o_many, t_many = (counts(candidates, [n]).filter(lambda g: g.rows > 1) for n in ("o_n", "t_n"))
    alone = books.engine.keep(candidates.anti_join(o_many, "o_n").anti_join(t_many, "t_n"))
    if alone.size:
        _claim(books, each, books.compare(alone.table).table)
    if alone.size < kept.size:
        crowd = rows(candidates.anti_join(alone.table, ["o_n", "t_n"]))
        _break_components(books, each, [(row["o_n"], row["t_n"]) for row in crowd])


def _candidates(books: Books, each: SimilarPass) -> Kept:
    """Pairs of one kind and currency with alike references, in window, whose amounts agree by the plain rule."""
    columns = dict.fromkeys((*COMPARED, "kind", each.key, *books.agreement.identity))
    o, t = (_with_forms(books.seen(side, each, each.key).select(*columns), each) for side in SIDES)
    whole = ["kind", "currency"]
    found = []
    for left, right in (("form", "form"), ("short", "cut"), ("cut", "short")):
        p = compared(side_by_side(o, t, whole, (left, right)), books.agreement)
        fits = plain_amount_agrees(p, books.agreement) & ~p.late & no_conflict(p, books.agreement, (each.key,))
        found.append(p.filter(fits).select("o_n", "t_n"))
    return books.engine.keep(ibis.union(*found, distinct=True))


def _with_forms(table: Table, each: SimilarPass) -> Table:
    """With the `form` of the key, the form where it is as short as a cut one, and that of its first characters where it is longer."""
    key = table[each.key]
    size = key.length()
    table = table.mutate(
        form=form(key), short=ibis.ifelse(size == CUT, form(key), None), cut=ibis.ifelse(size > CUT, form(key.left(CUT)), None)
    )
    return table.filter(table.form.length() >= each.min_length)


def _claim(books: Books, each: SimilarPass, p: Table) -> None:
    """A match or a break; a reference that differs is a finding or a notice."""
    differs = p[f"o_{each.key}"] != p[f"t_{each.key}"]
    p = p.mutate(amount=ibis.literal(None, "string"), reference_differs=differs & each.difference_breaks)
    noticed = differs & ~ibis.literal(each.difference_breaks)
    books.settle(books.engine.keep(p.mutate(noticed=noticed)).table, each)


def _break_components(books: Books, each: SimilarPass, edges: Sequence[tuple[int, int]]) -> None:
    """One ambiguous break of each component."""
    records = {}
    for side, numbers in zip(SIDES, zip(*edges, strict=True), strict=True):
        wanted = books.put_numbers(sorted(set(numbers)))
        records.update({(side, row["n"]): row for row in rows(books.free[side].semi_join(wanted, "n"))})
    for nodes in residue.components((("ours", o), ("theirs", t)) for o, t in edges):
        group = {side: [records[node] for node in nodes if node[0] == side] for side in SIDES}
        books.break_group(BreakKind.AMBIGUOUS_MATCH, each, group, sum(row["amount_minor"] for row in group["ours"]))
    for side in SIDES:
        books.claim_rows(side, [row for (its, _), row in records.items() if its == side])
