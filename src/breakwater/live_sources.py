"""What is asked while somebody waits for a payment's state, as the configuration says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from breakwater.config import Config
from breakwater.config.live import JsonSettings, LiveSettings, StripeSettings
from breakwater.model.live import LiveSource
from breakwater.sources.live_asking import LiveSources
from breakwater.sources.live_json import JsonSource, LiveShape
from breakwater.sources.statuspage import StatuspageSource
from breakwater.sources.stripe_api import StripeSource

_SHAPE = ("path", "applies", "states", "state", "at", "events", "id", "reason", "amount", "currency", "amount_unit", "references")


def live_sources(config: Config, *, now: Callable[[], datetime]) -> LiveSources:
    """All live sources. CallError for a key that is not set, or a mapping that can't be."""
    return LiveSources([_source(config, p.id, given) for p in config.settings.partners for given in p.live], now=now)


def _source(config: Config, partner: str, given: LiveSettings) -> LiveSource:
    if isinstance(given, StripeSettings):
        key_name = _key_name(given, partner)
        key = config.secret(key_name, where="a restricted key that may only read")
        return StripeSource(name=given.name, partner=partner, url=given.url, key=key, key_name=key_name, deadline_s=given.deadline_s)
    if isinstance(given, JsonSettings):
        key_name = _key_name(given, partner)
        key = config.optional_secret(key_name) or ""
        return JsonSource(
            LiveShape(**{name: getattr(given, name) for name in _SHAPE}),
            name=given.name,
            partner=partner,
            url=given.url,
            headers={given.key_header: given.key_prefix + key} if key else {},
            key_name=key_name,
            deadline_s=given.deadline_s,
        )
    return StatuspageSource(name=given.name, partner=partner, url=given.url, components=given.components, deadline_s=given.deadline_s)


def _key_name(given: StripeSettings | JsonSettings, partner: str) -> str:
    return f"{given.credentials or partner.upper().replace('-', '_')}_API_KEY"
