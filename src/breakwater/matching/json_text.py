"""JSON texts of whole columns at once.

Escaped are only the quotation mark, the backslash and U+0000 to U+001F, as OUT and fingerprints want it.
"""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.compute as pc

ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
_TO_ESCAPE = r'["\\[:cntrl:]]'


def joined(*pieces: pa.Array | str) -> pa.Array:
    """The pieces of each row, one after the other; null where one is null."""
    return pc.binary_join_element_wise(*pieces, "")


def texts(values: pa.Array) -> pa.Array:
    """Each text as JSON, null as null."""
    plain = joined('"', values, '"')
    escaped = pc.fill_null(pc.match_substring_regex(values, _TO_ESCAPE), False)
    if not pc.any(escaped).as_py():
        return plain
    return pc.replace_with_mask(plain, escaped, pa.array([ENCODER.encode(v) for v in values.filter(escaped).to_pylist()], pa.string()))


def lists(values: pa.ListArray) -> pa.Array:
    """Each list of texts as JSON."""
    offsets = pc.subtract(values.offsets, values.offsets[0]) if len(values) else values.offsets
    return joined("[", pc.binary_join(pa.ListArray.from_arrays(offsets, texts(values.flatten())), ","), "]")
