"""The grammar the rules are written in: checks on one JSON value that note problems with a pointer to the place."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Problems:
    """What is wrong so far, worded as Slack words it. `has_file` says whether the bot may show an uploaded image."""

    surface: str  # message, modal or home
    has_file: Callable[[Mapping[str, Any]], bool]
    found: list[str] = field(default_factory=list)

    def add(self, complaint: str, path: str) -> None:
        self.found.append(f"[ERROR] {complaint} [json-pointer:{path}]")


Check = Callable[[Any, str, Problems], None]


def string(*, least: int = 1, most: int, pattern: str = "") -> Check:
    """A text of `least` to `most` characters."""

    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, str):
            problems.add("must provide a string", path)
        elif len(value) < least:
            problems.add(f"must be more than {least - 1} characters", path)
        elif len(value) > most:
            problems.add(f"must be less than {most + 1} characters", path)
        elif pattern and not re.fullmatch(pattern, value):
            problems.add("does not match the expected format", path)

    return check


def boolean(value: Any, path: str, problems: Problems) -> None:
    """true or false."""
    if not isinstance(value, bool):
        problems.add("must provide a boolean", path)


def integer(*, least: int, most: int) -> Check:
    """A whole number from `least` to `most`."""

    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            problems.add("must provide an integer", path)
        elif not least <= value <= most:
            problems.add(f"must be between {least} and {most}", path)

    return check


def one_of(*allowed: str) -> Check:
    """One of a few words."""

    def check(value: Any, path: str, problems: Problems) -> None:
        if value not in allowed:
            problems.add(f"must be a valid enum value ({', '.join(allowed)})", path)

    return check


def items(each: Check, *, least: int = 1, most: int) -> Check:
    """A list of `least` to `most` items."""

    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, list):
            problems.add("must provide an array", path)
            return
        if len(value) < least:
            problems.add(f"no fewer than {least} items allowed", path)
        if len(value) > most:
            problems.add(f"no more than {most} items allowed", path)
        for n, item in enumerate(value):
            each(item, f"{path}/{n}", problems)

    return check


def shape(required: Mapping[str, Check] | None = None, optional: Mapping[str, Check] | None = None, *, also: Check | None = None) -> Check:
    """An object with these fields and no others; `also` sees it whole once its fields are sound."""
    needed, allowed = required or {}, {**(required or {}), **(optional or {})}

    def check(value: Any, path: str, problems: Problems) -> None:
        if not isinstance(value, dict):
            problems.add("must provide an object", path)
            return
        before = len(problems.found)
        for name in needed.keys() - value.keys():
            problems.add(f"missing required field: {name}", path)
        for name, part in value.items():
            if name in allowed:
                allowed[name](part, f"{path}/{name}", problems)
            else:
                problems.add(f"invalid additional property: {name}", path)
        if also and len(problems.found) == before:
            also(value, path, problems)

    return check


def typed(kinds: Mapping[str, Check], allowed: Collection[str] | None = None) -> Check:
    """An object whose `type` picks its check; types outside `allowed` do not belong here."""

    def check(value: Any, path: str, problems: Problems) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if not isinstance(value, dict):
            problems.add("must provide an object", path)
        elif kind is None:
            problems.add("missing required field: type", path)
        elif kind not in kinds or (allowed is not None and kind not in allowed):
            problems.add(f"unsupported type: {kind}", f"{path}/type")
        else:
            kinds[kind](value, path, problems)

    return check


def anything(value: Any, path: str, problems: Problems) -> None:
    """No rule: the field is only allowed to be there."""
