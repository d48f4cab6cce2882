"""Which matches of an earlier run no longer hold as they were: counted, valued, and the first ones named."""

from __future__ import annotations

import duckdb

from breakwater.model.runs import ChangedMatch, MatchChanges

MOST_NAMED = 100
MOST_IDS = 10  # of each side of a match that is named


def changed_matches(connection: duckdb.DuckDBPyConnection, *, before: str, after: str, amounts: str) -> MatchChanges:
    """The matches of `before` that `after` does not have: same records, same pass.

    All three are names of tables, or SQL for them: matches as MATCH_SCHEMA has them, and `is_ours`, `record_id`, `currency` and
    `amount_minor` of the records then.
    """
    for name, rows in (("match_before", before), ("match_after", after), ("amount_then", amounts)):
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {name} AS FROM {rows}")
    connection.execute(_CHANGED)
    ((count,),) = connection.execute("SELECT count(*) FROM match_changed").fetchall()
    if not count:
        return MatchChanges()
    value = {currency: int(minor) for currency, minor in connection.execute(_VALUE).fetchall()}
    first = [
        ChangedMatch(ours=tuple(ours[:MOST_IDS]), theirs=tuple(theirs[:MOST_IDS]), pass_name=pass_name, passes_now=tuple(now))
        for ours, theirs, pass_name, now in connection.execute(_FIRST).fetchall()
    ]
    return MatchChanges(count=count, value_minor=value, first=tuple(first))


_SIGNED = """
SELECT match_id, pass, list(side || ' ' || record_id ORDER BY side, record_id) AS members FROM {table} GROUP BY match_id, pass
"""
_CHANGED = f"""
CREATE OR REPLACE TEMP TABLE match_changed AS
WITH was AS ({_SIGNED.format(table="match_before")}), is_now AS ({_SIGNED.format(table="match_after")})
SELECT match_id FROM was ANTI JOIN is_now USING (pass, members)
"""
_VALUE = """
SELECT currency, sum(abs(amount_minor::HUGEINT)) FROM amount_then SEMI JOIN (
    SELECT record_id FROM match_before SEMI JOIN match_changed USING (match_id) WHERE side = 'ours'
) USING (record_id) WHERE is_ours GROUP BY currency ORDER BY currency
"""
_FIRST = f"""
WITH named AS (SELECT match_id FROM match_changed ORDER BY match_id LIMIT {MOST_NAMED}),
held AS (SELECT match_id, side, record_id, pass FROM match_before SEMI JOIN named USING (match_id)),
now_in AS (SELECT held.match_id, match_after.pass FROM held JOIN match_after USING (side, record_id))
SELECT coalesce(list(record_id ORDER BY record_id) FILTER (side = 'ours'), []),
    coalesce(list(record_id ORDER BY record_id) FILTER (side = 'theirs'), []),
    any_value(pass),
    (SELECT coalesce(list(DISTINCT pass ORDER BY pass), []) FROM now_in WHERE now_in.match_id = held.match_id)
FROM held GROUP BY held.match_id ORDER BY held.match_id
"""
