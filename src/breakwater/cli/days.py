"""Days on the command line."""

from __future__ import annotations

import re
from datetime import date

import click

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


class _Day(click.ParamType[date]):
    """A date written YYYY-MM-DD."""

    name = "YYYY-MM-DD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> date:
        try:
            if _DAY.fullmatch(str(value)):
                return date.fromisoformat(str(value))
        except ValueError:
            pass  # the answer is the same: in the right form, but not in the calendar
        return self.fail(f"'{value}' is not a date like 2026-04-30.", param, ctx)


DAY = _Day()
