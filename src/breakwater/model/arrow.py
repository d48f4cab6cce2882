"""Arrow without pandas: pyarrow imports pandas, 35 MB of it, when it is first given Python values, to see whether they are pandas'.

We never hand it any (for money, never pandas), and it asks once only: so it is told once that there is none. Who asks it for pandas by
name still gets it, as does everybody else who imports it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

import pyarrow as pa


class _NoPandas(MetaPathFinder):
    """Says that there is no pandas."""

    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname == "pandas":
            raise ModuleNotFoundError("pyarrow is not to import pandas by itself", name=fullname)
        return None


def do_without_pandas() -> None:
    """Have pyarrow look for pandas now, and find none. Where somebody imported it before, nothing is saved and nothing is changed."""
    if "pandas" in sys.modules:
        return
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([""])
    finally:
        sys.meta_path.remove(finder)
