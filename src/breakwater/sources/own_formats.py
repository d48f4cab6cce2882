"""Formats of the user's own: layouts and profiles in TOML files beside the configuration."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from breakwater.errors import CallError
from breakwater.sources import layout_files, layout_language, profiles
from breakwater.sources.documents import Language
from breakwater.sources.files import FORMATS
from breakwater.sources.layouts import Layout
from breakwater.sources.profile_language import ProfileLanguage


def load(paths: Iterable[Path]) -> tuple[Language, ...]:
    """The languages that these files declare. CallError for a file that is none, or for the name of a format that comes with Breakwater."""
    layouts: list[Layout] = []
    own: list[Language] = []
    for path in paths:
        text = _text(path)
        if "[report]" in text:
            own.append(ProfileLanguage(profiles.profile_of(text, name=path.name)))
        else:
            layouts.append(layout_files.layout_of(text, name=path.name))
    own += layout_language.languages(layouts)
    for language in own:
        if language.formats[0] in FORMATS:
            raise CallError(
                f"The format '{language.formats[0]}' comes with Breakwater; a layout of your own can't take its name.",
                remedy="Give it a name of its own.",
            )
    return tuple(own)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as wrong:
        raise CallError(f"The layout {path} can't be read: {wrong}.", remedy="Correct the path, or save it as UTF-8.") from None
