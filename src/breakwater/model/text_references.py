"""References in what people write: words that may be names of a payment, in the order they stand."""

from __future__ import annotations

import re

from breakwater.model.masking import mask_cards

MOST = 20
_SLACK_TOKEN = re.compile(r"<[^>]*>")  # people, channels, links
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:+-]{4,}[A-Za-z0-9]")
_DAY_OR_TIME = re.compile(r"[0-9]{1,4}[-./:][0-9]{1,2}([-./:][0-9]{1,4})?(T[0-9:.+Z-]*)?")
_AMOUNT = re.compile(r"[0-9]{1,3}([.,'][0-9]{3})*([.,][0-9]{1,3})?|[0-9]+[.,][0-9]{1,3}")
_SHORT = re.compile(r"[0-9]{6,7}")
_OURS = re.compile(r"B-[A-Z2-7]{12}|INC-[0-9]+|C-[A-Z2-7]{12}")  # breaks, incidents and causes have cards of their own


def references_in(text: str) -> tuple[str, ...]:
    """What in a message may be a reference: at least six characters, one of them a digit; no day, time, amount or card number.

    A number alone needs eight digits: shorter ones are counts, times and the beginnings of cards.
    """
    words = _WORD.findall(mask_cards(_SLACK_TOKEN.sub(" ", text)))
    named = [w for w in words if any(c.isdigit() for c in w) and not any(p.fullmatch(w) for p in (_DAY_OR_TIME, _AMOUNT, _OURS, _SHORT))]
    return tuple(dict.fromkeys(named))[:MOST]
