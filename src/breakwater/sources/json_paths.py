"""Dotted paths into a JSON answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def at_path(value: Any, path: str) -> Any:
    """What stands at a dotted path, like 'data.charge.id'; None where there is nothing. An empty path is the value itself."""
    for step in filter(None, path.split(".")):
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
