"""Alerts as plain words and numbers, and back: what a watch says of its alerts outlives the watch.

Hours are those since 1970, so that a panel that begins later can take them; scopes go by their index, which the one who takes them moves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any

from breakwater.detection.alerts import Alert
from breakwater.detection.evidence import CHANNELS
from breakwater.detection.families import FamilyAlert
from breakwater.detection.rare import RareAlert
from breakwater.model.decline_families import DeclineFamily
from breakwater.model.occurrences import Occurrence

_HOURS = {"fired", "onset", "closed", "quiet_from", "expected_until", "deeper_from"}
_SCOPES = {"scope", "first_scope", "deeper_scope"}
_ARRAYS = {"week", "day"}  # of rare alerts; they are carried as arrays
_CHANNELS = {channel.name: channel for channel in CHANNELS}


def plain(alert: Alert | FamilyAlert | RareAlert, *, first: int) -> dict[str, Any]:
    """An alert of a panel that begins `first` hours after 1970 did, without the arrays it may have."""
    said = {f.name: getattr(alert, f.name) for f in fields(alert) if f.name not in _ARRAYS}
    said |= {name: value + first for name, value in said.items() if name in _HOURS and value is not None}
    if isinstance(alert, Alert):
        said["channel"] = alert.channel.name
        said["updates"] = [[hour + first, scope] for hour, scope in alert.updates]
    return said


def alert_of(said: Mapping[str, Any], *, first: int, scope: Callable[[int], int]) -> Alert:
    """A watch's alert on a panel that begins at `first`. Its channel is the very one the watch compares it by."""
    moved = _moved(said, first=first, scope=scope)
    updates = [(max(hour - first, 0), scope(of)) for hour, of in said["updates"]]
    return Alert(**moved | {"channel": _CHANNELS[said["channel"]], "updates": updates})


def family_alert_of(said: Mapping[str, Any], *, first: int, scope: Callable[[int], int]) -> FamilyAlert:
    """The alert of a family of declines on a panel that begins at `first`."""
    return FamilyAlert(**_moved(said, first=first, scope=scope) | {"family": DeclineFamily(said["family"])})


def rare_alert_of(said: Mapping[str, Any], *, first: int, scope: Callable[[int], int], **arrays: Any) -> RareAlert:
    """An alert of refunds or chargebacks on a panel that begins at `first`, with its arrays."""
    return RareAlert(**_moved(said, first=first, scope=scope) | {"what": Occurrence(said["what"])} | arrays)


def _moved(said: Mapping[str, Any], *, first: int, scope: Callable[[int], int]) -> dict[str, Any]:
    """The figures of an alert on another panel. What began before it began with it; only when it fired is told as it was."""
    hours = {name: said[name] - first for name in _HOURS & said.keys() if said[name] is not None}
    hours |= {name: max(hour, 0) for name, hour in hours.items() if name != "fired"}
    return {**said, **hours, **{name: scope(said[name]) for name in _SCOPES & said.keys()}}
