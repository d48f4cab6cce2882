"""The tables of breakwater.toml about live sources: what is asked while somebody waits for a payment's state."""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from breakwater.config.files import Prefix, Table


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(f"'{url}' is no address; write it like https://api.partner.example")
    if parts.username or parts.password:
        raise ValueError("a name or password does not belong into the settings; keys are set in the environment")
    if parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1"):
        raise ValueError(f"'{url}' is not encrypted, and our key would travel with the question; use https")
    return url


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as wrong:
        raise ValueError(f"'{text}' is no pattern ({wrong})") from None
    return text


Address = Annotated[str, AfterValidator(_address)]
Pattern = Annotated[str, AfterValidator(_pattern)]


class LiveTable(Table):
    """What all live sources have: a name for people, and how many seconds an answer may take."""

    name: str = Field(min_length=1, max_length=40)
    deadline_s: float = Field(default=3.0, gt=0, le=20)


class StripeSettings(LiveTable):
    """Stripe's API. Its key is read from <credentials>_API_KEY, by default the partner's id in capitals."""

    kind: Literal["stripe"]
    name: str = Field(default="Stripe", min_length=1, max_length=40)
    url: Address = "https://api.stripe.com"
    credentials: Prefix | None = None


class JsonSettings(LiveTable):
    """An API that tells one payment at a time, and how to read it: dotted paths into its answer.

    `path` holds {reference}; `applies` is a pattern for references of theirs; `states` maps their words to our states. The key goes into
    `key_header`, after `key_prefix`.
    """

    kind: Literal["json"]
    url: Address
    path: str
    applies: Pattern = ".+"
    events: str = ""
    id: str = ""
    state: str
    at: str
    reason: str = ""
    amount: str = ""
    currency: str = ""
    amount_unit: Literal["minor", "major"] = "minor"
    states: dict[str, str] = Field(min_length=1)
    references: dict[str, str] = Field(default_factory=dict)
    credentials: Prefix | None = None
    key_header: str = Field(default="Authorization", pattern=r"^[A-Za-z0-9-]+$")
    key_prefix: str = "Bearer "


class StatuspageSettings(LiveTable):
    """The partner's public status page; `components` are the parts of it that we depend on, all of them by default."""

    kind: Literal["statuspage"]
    url: Address
    components: tuple[str, ...] = ()


LiveSettings = Annotated[StripeSettings | JsonSettings | StatuspageSettings, Field(discriminator="kind")]
