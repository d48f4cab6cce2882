"""References in what people write: words that may be names of a payment, in the order they stand."""

from __future__ import annotations

import re

from breakwater.model.masking import mask_cards

MOST = 20
_SLACK_TOKEN = re.compile(r"<[^>]*>")  # people, channels, links
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]{4,}[A-Za-z0-9]")
_IN_CODE = re.compile(r"`(?!/)([^`\s]{4,100})`")  # what a card or a person sets apart for copying; a command is none
_DAY_OR_TIME = re.compile(r"[0-9]{1,4}[-./:][0-9]{1,2}([-./:][0-9]{1,4})?(T[0-9:.+Z-]*)?")
_AMOUNT = re.compile(r"[0-9]{1,3}([.,'][0-9]{3})*([.,][0-9]{1,3})?|[0-9]+[.,][0-9]{1,3}")
_SHORT = re.compile(r"[0-9]{6,7}")
_OURS = re.compile(r"B-[A-Z2-7]{12}|INC-[0-9]+|C-[A-Z2-7]{12}")  # breaks, incidents and causes have cards of their own


def references_in(text: str) -> tuple[str, ...]:
    """What in a message may be a reference: at least six characters, one of them a digit; no day, time, amount or card number.

    A number alone needs eight digits: shorter ones are counts, times and the beginnings of cards. What stands in backticks was meant as
    a name, so four characters of any kind are enough there.
    """
    masked = mask_cards(_SLACK_TOKEN.sub(" ", text))
    apart = [(m.start(1), m[1]) for m in _IN_CODE.finditer(masked) if not _is_no_reference(m[1])]
    words = [(m.start(), m[0]) for m in _WORD.finditer(_IN_CODE.sub(_blank, masked))]
    loose = [(at, w) for at, w in words if any(c.isdigit() for c in w) and not _SHORT.fullmatch(w) and not _is_no_reference(w)]
    return tuple(dict.fromkeys(w for _, w in sorted(apart + loose)))[:MOST]


def _is_no_reference(word: str) -> bool:
    return "…" in word or any(p.fullmatch(word) for p in (_DAY_OR_TIME, _AMOUNT, _OURS))


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])
