"""The entries of one TOML table, taken one by one; what is wrong is said with the place and the nearest known word."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NoReturn

from breakwater.errors import CallError, nearest

REMEDY = "Correct the agreement; docs/agreements.md describes every entry."
LARGEST = 2**63 - 1


class Entries:
    """One table. Every `take` names an entry the table may have; `finish` refuses all others."""

    def __init__(self, table: Mapping[str, Any], *, file: str, place: str = "") -> None:
        self._table = table
        self._file = file
        self._place = place
        self._known: list[str] = []

    def text(self, name: str) -> str:
        """A required text that is not empty."""
        value = self._take(name, required=True)
        if type(value) is not str:
            self.refuse(name, f"must be a text, not {_shown(value)}")
        return value or self.refuse(name, "must not be empty")

    def whole(self, name: str, default: int | None = None, *, most: int = LARGEST) -> int:
        """A whole number from 0 to `most`; required where there is no default."""
        value = self._take(name, required=default is None)
        return self._number(name, default if value is None else value, most)

    def flag(self, name: str) -> bool:
        """true or false; false where it is absent."""
        value = self._take(name)
        if value is not None and type(value) is not bool:
            self.refuse(name, f"must be true or false, not {_shown(value)}")
        return bool(value)

    def choice(self, name: str, known: Collection[str], default: str | None = None) -> str:
        """One of the known words; required where there is no default."""
        value = self._take(name, required=default is None)
        return self.known(name, default if value is None else value, known)

    def words(self, name: str, default: Collection[str] | None = (), *, known: Collection[str] | None = None) -> tuple[str, ...] | None:
        """A list of texts, each one of `known` if that is given; None stays the default of an absent list."""
        value = self._take(name)
        if value is None:
            return None if default is None else tuple(default)
        return tuple(self._word(name, word, known) for word in self._list(name, value))

    def required_words(self, name: str, *, known: Collection[str], least: int = 1) -> tuple[str, ...]:
        """A list of known words that has to be there, with at least `least` of them."""
        self._take(name, required=True)
        words = self.words(name, known=known) or ()
        if len(words) < least:
            self.refuse(name, "must not be empty")
        return words

    def values(self, name: str, kind: type, wanted: str) -> tuple[Any, ...]:
        """A list of values of exactly one type; empty where it is absent."""
        value = self._take(name)
        found = () if value is None else tuple(self._list(name, value))
        for each in found:
            if type(each) is not kind:
                self.refuse(name, f"must hold {wanted}, not {_shown(each)}")
        return found

    def table(self, name: str) -> Entries:
        """A table below this one; an absent one is empty."""
        value = self._take(name)
        if value is not None and type(value) is not dict:
            self.refuse(name, f"must be a table, not {_shown(value)}")
        return Entries(value or {}, file=self._file, place=self._inside(name))

    def tables(self, name: str) -> Iterator[Entries]:
        """The tables of a list ([[name]]), in order."""
        for number, value in enumerate(self.values(name, dict, "tables"), start=1):
            yield Entries(value, file=self._file, place=f"{self._inside(name)}[{number}]")

    def numbers(self) -> dict[str, int]:
        """All entries of a table whose names are free, each a whole number."""
        return {name: self._number(name, self._take(name), LARGEST) for name in self._table}

    def texts(self) -> dict[str, str]:
        """All entries of a table whose names are free, each a text."""
        return {name: self.text(name) for name in self._table}

    def known(self, name: str, value: Any, known: Collection[str]) -> str:
        """`value` where it is one of the known words."""
        if type(value) is not str or value not in known:
            near = nearest(value, known) if type(value) is str else ""
            self.refuse(name, f"can't be {_shown(value)}; it is one of {', '.join(known)}", near)
        return str(value)

    def finish(self) -> None:
        """Refuse what nobody asked for."""
        for name in self._table:
            if name not in self._known:
                raise CallError(f"{self._file}: unknown entry '{self._inside(name)}'.{nearest(name, self._known)}", remedy=REMEDY)

    def refuse(self, name: str, wrong: str, near: str = "") -> NoReturn:
        """The sentence for an entry that can't be used."""
        raise CallError(f"{self._file}: '{self._inside(name)}' {wrong}.{near}", remedy=REMEDY)

    def _take(self, name: str, *, required: bool = False) -> Any:
        self._known.append(name)
        value = self._table.get(name)
        if value is None and required:
            near = nearest(name, [n for n in self._table if n not in self._known])
            self.refuse(name, "is missing", near.replace("Did you mean", "Is it").replace("?", " that was meant?") if near else "")
        return value

    def _number(self, name: str, value: Any, most: int) -> int:
        if type(value) is not int:
            self.refuse(name, f"must be a whole number, not {_shown(value)}")
        if value < 0:
            self.refuse(name, f"must not be negative, and is {value}")
        if value > most:
            self.refuse(name, f"must be at most {most}, and is {value}")
        return int(value)

    def _list(self, name: str, value: Any) -> list[Any]:
        if type(value) is not list:
            self.refuse(name, f"must be a list, not {_shown(value)}")
        return list(value)

    def _word(self, name: str, word: Any, known: Collection[str] | None) -> str:
        if type(word) is not str:
            self.refuse(name, f"must hold texts, not {_shown(word)}")
        return str(word) if known is None else self.known(name, word, known)

    def _inside(self, name: str) -> str:
        return f"{self._place}.{name}" if self._place else name


def _shown(value: Any) -> str:
    """A value as it stands in TOML, shortened."""
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) in (dict, list):
        return "a table" if type(value) is dict else "a list"
    return f"'{value}'"[:60]
