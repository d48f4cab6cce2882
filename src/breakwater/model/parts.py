"""Parts: how the lake names the pieces of a source file."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from breakwater.model.records import Side


@dataclass(frozen=True, kw_only=True)
class Part:
    """One Parquet file of the lake: rows of one source file about one partner. `content` is 'records' or 'events'.

    `day` is the latest date in it. `partner_folder` is the partner as a folder name, see `partner_folder()`.
    """

    content: str
    side: Side
    partner_folder: str
    day: date
    sha256: str

    @property
    def path(self) -> str:
        """Where it lies inside the lake, e.g. 'records/side=ours/partner=nordbank/date=2026-11-20/<sha256>-0.parquet'."""
        return f"{self.content}/side={self.side}/partner={self.partner_folder}/date={self.day.isoformat()}/{self.sha256}-0.parquet"


def part_of(path: str) -> Part:
    """The part with this path. ValueError for any other path."""
    try:
        content, side, partner, day, name = path.split("/")
        part = Part(
            content=content,
            side=Side(side.removeprefix("side=")),
            partner_folder=partner.removeprefix("partner="),
            day=date.fromisoformat(day.removeprefix("date=")),
            sha256=name.removesuffix("-0.parquet"),
        )
    except ValueError:
        raise ValueError(f"'{path}' is no part of the lake") from None
    if part.path != path:
        raise ValueError(f"'{path}' is no part of the lake")
    return part


def partner_folder(partner: str) -> str:
    """A partner as one folder name: any text, without a character that a file system or a query engine reads as something else."""
    return quote(partner, safe="")
