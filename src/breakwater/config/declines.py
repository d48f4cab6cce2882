"""Settings of what a partner's own codes for declines mean."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from breakwater.config.files import Table
from breakwater.model.decline_families import DeclineFamily, folded


def _code(text: str) -> str:
    if not folded(text):
        raise ValueError(f"'{text}' is no code: it has neither a letter nor a digit")
    return text


Codes = tuple[Annotated[str, Field(max_length=200), AfterValidator(_code)], ...]


class DeclineSettings(Table):
    """[partners.decline_families]: a partner's codes, or reasons, by the family they belong to; they speak before the tables."""

    funds: Codes = ()
    refused: Codes = ()
    fraud: Codes = ()
    technical: Codes = ()
    authentication: Codes = ()
    data: Codes = ()
    restricted: Codes = ()
    customer: Codes = ()
    other: Codes = ()

    def by_code(self) -> tuple[tuple[str, DeclineFamily], ...]:
        """Each code, folded, with its family, in the order of the codes."""
        return tuple(sorted((folded(code), DeclineFamily(family)) for family, codes in self.model_dump().items() for code in codes))

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        if twice := [code for code, n in Counter(code for code, _ in self.by_code()).items() if n > 1]:
            raise ValueError(f"the code '{twice[0]}' stands there twice, case and punctuation aside")
        return self
