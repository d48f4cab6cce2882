"""Whether two files say the same, whatever their bytes."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from breakwater.lake.parts import Lake


def same_rows(lake: Lake, *, new: Sequence[str], old: Sequence[str], only_keys: Collection[str] = ()) -> bool:
    """True if both lists of parts of one content hold the same rows, each as often; where a row stood is no part of it.

    With `only_keys`, of the old ones only the records of these logical keys are compared.
    """
    if not new or not old:
        return not new and not old
    parameters = {"new": lake.scanned(new), "old": lake.scanned(old)}
    if only_keys:
        parameters["keys"] = [f"{key}/" for key in sorted(only_keys)]
    found = lake.query(_SAME.format(which=_OF_KEYS if only_keys else ""), parameters)
    return bool(found["same"][0].as_py())


_OF_KEYS = "WHERE len(list_filter($keys, lambda key: starts_with(record_id, key))) > 0"
_SAME = """
WITH old_rows AS (SELECT * EXCLUDE (source_file, line) FROM read_parquet($old, hive_partitioning = false) {which}),
new_rows AS (SELECT * EXCLUDE (source_file, line) FROM read_parquet($new, hive_partitioning = false))
SELECT (SELECT count(*) FROM old_rows) = (SELECT count(*) FROM new_rows)
    AND NOT EXISTS (SELECT * FROM new_rows EXCEPT ALL SELECT * FROM old_rows) AS same
"""
