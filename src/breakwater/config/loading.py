"""breakwater.toml read and checked, with errors that name the wrong entry and the nearest known one."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast, get_args

from pydantic import BaseModel, ValidationError

from breakwater.config.settings import Config, Settings
from breakwater.errors import CallError, nearest

_CALLED = ("id", "stream")  # what tells the tables of a list apart


def load(path: Path, *, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in the file at `path`. CallError names each wrong entry and the nearest known one."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CallError(f"There is no configuration file {path}.", remedy="Start from docs/install.md, or try `breakwater demo`.") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise CallError(f"The configuration file {path} can't be read: {wrong}.", remedy="Correct the path, or save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as wrong:
        raise CallError(f"{path} is not TOML: {wrong}.", remedy="Correct that line.") from None
    try:
        settings = Settings.model_validate(document, context=_own_formats(document, folder=path.parent))
    except ValidationError as wrong:
        raise CallError(
            f"{path}: " + " ".join(_complaint(e, document) for e in wrong.errors()), remedy="See docs/install.md for every entry."
        ) from None
    return Config(settings, folder=path.resolve().parent, environment=environment)


def _own_formats(document: Mapping[str, Any], *, folder: Path) -> tuple[str, ...]:
    """The formats that the files of [[layouts]] declare; whether they are declared well is for their reader to say."""
    tables = document.get("layouts")
    names = [table.get("file") for table in tables if isinstance(table, dict)] if isinstance(tables, list) else []
    return tuple(_format_in(folder / name) for name in names if isinstance(name, str))


def _format_in(path: Path) -> str:
    try:
        return str(tomllib.loads(path.read_text(encoding="utf-8")).get("format"))
    except (OSError, UnicodeDecodeError) as wrong:
        raise CallError(f"The layout {path} can't be read: {wrong}.", remedy="Correct the path in [[layouts]].") from None
    except tomllib.TOMLDecodeError as wrong:
        raise CallError(f"The layout {path} is not TOML: {wrong}.", remedy="Correct that line.") from None


def _complaint(error: Any, document: Mapping[str, Any]) -> str:
    place = _place(error["loc"], document)
    if error["type"] == "extra_forbidden":
        return f"Unknown entry '{place}'.{nearest(str(error['loc'][-1]), _known_entries(error['loc'][:-1]))}"
    if error["type"] == "missing":
        return f"'{place}' is missing."
    message = error["msg"].removeprefix("Value error, ")
    return f"'{place}': {message}{'' if message.endswith('?') else '.'}"


def _place(steps: tuple[int | str, ...], document: Mapping[str, Any]) -> str:
    """Where an entry is, like 'partners.nordbank.live_from': a table of a list goes by what it is called, else by its number from #1."""
    said, at = [], cast("Any", document)
    for step in steps:
        if isinstance(step, int):
            at = at[step] if isinstance(at, list) else None
            name = next((at[key] for key in _CALLED if isinstance(at.get(key), str)), "") if isinstance(at, dict) else ""
            said.append(name or f"#{step + 1}")
        else:
            at = at.get(step, at) if isinstance(at, dict) else at  # of several kinds of table, the step is the kind and no entry
            said.append(step)
    return ".".join(said)


def _known_entries(steps: tuple[int | str, ...]) -> list[str]:
    """The entries of the table that `steps` leads to."""
    tables: list[type[BaseModel]] = [Settings]
    for step in steps:
        if isinstance(step, int):
            continue
        if len(tables) > 1:  # one of several kinds of table: the step is its kind
            tables = [table for table in tables if step in get_args(table.model_fields["kind"].annotation)]
        else:
            tables = _tables_in(next(given.annotation for name, given in tables[0].model_fields.items() if step in (name, given.alias)))
    return [given.alias or name for table in tables for name, given in table.model_fields.items()]


def _tables_in(annotation: Any) -> list[type[BaseModel]]:
    """The tables that a type holds: itself, in a list, or one of several."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [table for part in get_args(annotation) for table in _tables_in(part)]
