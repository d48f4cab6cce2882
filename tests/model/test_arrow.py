"""Arrow without pandas: what handles millions of records does not pay for a library nobody uses there."""

from __future__ import annotations

import subprocess
import sys

ALONE = """
import sys
from breakwater.lake.parts import Lake
from breakwater.sources import files
import pyarrow as pa
assert pa.array(["1", None]).to_pylist() == ["1", None]
print("pandas" in sys.modules)
"""
BY_NAME = """
from breakwater.model import records
import pyarrow as pa
import pandas as pd
frame = pa.table({"a": [1, 2]}).to_pandas()
print(type(frame) is pd.DataFrame, pa.Table.from_pandas(frame).to_pydict(), pa.array(pd.Series([1.5])).to_pylist())
"""
BEFORE = """
import pandas as pd
from breakwater.model import records
import pyarrow as pa
print(pa.array(pd.Series([1.5, None])).to_pylist())
"""


def said(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout.strip()


def test_taking_files_in_never_loads_pandas() -> None:
    assert said(ALONE) == "False"


def test_who_asks_for_pandas_by_name_has_it() -> None:
    assert said(BY_NAME) == "True {'a': [1, 2]} [1.5]"


def test_pandas_that_was_there_before_is_left_alone() -> None:
    assert said(BEFORE) == "[1.5, None]"
