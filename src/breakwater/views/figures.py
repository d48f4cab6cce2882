"""What a chart shows, as data: it waits in this form with its message until it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One curve on its own scale: what was seen, and what was expected (None where history is too short).

    From the step `alarm_from` on it is drawn in the colour of trouble.
    """

    name: str
    seen: tuple[float, ...]
    expected: tuple[float | None, ...]
    note: str = ""
    alarm_from: int | None = None


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Panels below each other over common steps of time. `alt_text` says in words what the picture shows, `usual` what is expected."""

    title: str
    alt_text: str
    labels: tuple[str, ...]
    panels: tuple[Panel, ...]
    usual: str = ""

    def to_json(self) -> dict[str, Any]:
        """The chart as JSON-able data."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Chart:
        """The chart that `to_json` gave."""
        panels = tuple(Panel(**{**p, "seen": tuple(p["seen"]), "expected": tuple(p["expected"])}) for p in data["panels"])
        return cls(title=data["title"], alt_text=data["alt_text"], labels=tuple(data["labels"]), panels=panels, usual=data.get("usual", ""))
