"""[[legs]] of breakwater.toml: from which partner's report to which bank's statement payouts go, and who is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated

from pydantic import AfterValidator, Field

from breakwater.config.files import Table
from breakwater.config.thresholds import ThresholdSettings
from breakwater.config.words import LEDGER, Channel, Name
from breakwater.errors import CallError, nearest
from breakwater.model.legs import COLUMNS, Leg, LegEnd, groups_of, in_order, taken_by, wrong_pattern
from breakwater.model.partners import Partner
from breakwater.model.records import CANONICAL_COLUMNS, Kind

# What a pattern may fill: what an agreement's passes may compare.
FILLED = tuple(name for name in CANONICAL_COLUMNS if name.startswith("ref_"))


def _kind(name: str) -> str:
    if name not in set(Kind):
        raise ValueError(f"'{name}' is no kind of record.{nearest(name, list(Kind))} They are: {', '.join(Kind)}")
    return name


def _where(patterns: dict[str, str]) -> dict[str, str]:
    for column, pattern in patterns.items():
        if column not in COLUMNS:
            raise ValueError(f"'{column}' is no column that can be looked at.{nearest(column, COLUMNS)}")
        if wrong := wrong_pattern(pattern):
            raise ValueError(f"'{pattern}' of {column} is no pattern of RE2 that can be used ({wrong})")
        for group in groups_of(pattern):
            if group not in FILLED:
                raise ValueError(f"the pattern of {column} names a group '{group}', which is no reference.{nearest(group, FILLED)}")
    return patterns


Kinds = Annotated[tuple[Annotated[str, AfterValidator(_kind)], ...], Field(min_length=1)]
Where = Annotated[dict[str, str], AfterValidator(_where)]


class SourceSettings(Table):
    """`from` of a leg: the provider. Its payouts stay in its own agreement with our ledger, unless that does not book them."""

    partner: str
    stream: str = ""
    kinds: Kinds = ("payout",)
    where: Where = Field(default_factory=dict)
    own_agreement_too: bool = True


class TargetSettings(Table):
    """`to` of a leg: the bank. Its credits from the provider leave its own agreement, unless our ledger books their arrival, too."""

    partner: str
    stream: str = ""
    kinds: Kinds = ("payment",)
    where: Where = Field(default_factory=dict)
    own_agreement_too: bool = False


class LegSettings(Table):
    """One entry of [[legs]]: reconciled by an agreement of its own, on the calendar and by the clock of the bank."""

    id: Name
    name: str | None = Field(default=None, min_length=1, max_length=80)
    source: SourceSettings = Field(alias="from")
    target: TargetSettings = Field(alias="to")
    agreement: str
    live_from: date | None = None
    internal_channels: tuple[Channel, ...] | None = None
    thresholds: ThresholdSettings = ThresholdSettings()
    clearing_account: str = Field(default="", max_length=40)


def with_legs(partners: Mapping[str, Partner], given: Sequence[LegSettings], *, agreements: Mapping[str, str]) -> dict[str, Partner]:
    """The partners, each knowing what legs take out of it, and behind them the legs. `agreements` are the paths of the legs' files.

    CallError for a partner or a stream that is not there, an id given twice, or legs that contradict each other.
    """
    for one in given:
        for word, end in (("from", one.source), ("to", one.target)):
            if end.partner not in partners:
                raise CallError(
                    f"The leg '{one.id}' names in `{word}` the partner '{end.partner}', which is not configured."
                    f"{nearest(end.partner, partners)}",
                    remedy="Use an id of a [[partners]] table.",
                )
            _check_stream(one.id, word, end.stream, partners[end.partner])
        taken = {LEDGER, *partners, *(p.name.casefold() for p in partners.values())}
        if one.id.casefold() in taken or [other.id for other in given].count(one.id) > 1:
            raise CallError(f"The id '{one.id}' of a leg is taken.", remedy="Give each leg an id of its own, which no partner has.")
    legs = {leg.id: leg for leg in in_order([_leg(one, partners) for one in given])}
    whole = {p.id: _taken_from(p, list(legs.values())) for p in partners.values()}
    return whole | {one.id: _as_partner(one, legs[one.id], whole, agreement=agreements[one.id]) for one in given}


def _check_stream(leg_id: str, word: str, stream: str, partner: Partner) -> None:
    streams = [file.stream for file in partner.files]
    if stream and stream not in streams:
        raise CallError(
            f"The leg '{leg_id}' names in `{word}` the stream '{stream}', which '{partner.id}' does not have.{nearest(stream, streams)}",
            remedy=f"Use one of its streams: {', '.join(streams)}." if streams else f"Leave it out: '{partner.id}' sends no files.",
        )


def _leg(one: LegSettings, partners: Mapping[str, Partner]) -> Leg:
    return Leg(id=one.id, source=_end(one.source, partners), target=_end(one.target, partners))


def _end(end: SourceSettings | TargetSettings, partners: Mapping[str, Partner]) -> LegEnd:
    return LegEnd(
        partner=end.partner,
        name=partners[end.partner].name,
        kinds=tuple(map(Kind, end.kinds)),
        where=tuple(sorted(end.where.items())),
        stays=end.own_agreement_too,
        stream=end.stream,
    )


def _taken_from(partner: Partner, legs: Sequence[Leg]) -> Partner:
    return replace(partner, taken=taken_by(legs, partner.id))


def _as_partner(one: LegSettings, leg: Leg, partners: Mapping[str, Partner], *, agreement: str) -> Partner:
    """Arrival counts by the bank's days. Who works on the provider's breaks works on the leg's, unless another channel is named."""
    source, target = partners[one.source.partner], partners[one.target.partner]
    return Partner(
        id=one.id,
        name=one.name or f"{source.name} → {target.name}",
        network=source.network,
        calendar=target.calendar,
        calendar_name=target.calendar_name,
        time_zone=target.time_zone,
        cut_off=target.cut_off,
        live_from=one.live_from or max(source.live_from, target.live_from),
        agreement=agreement,
        internal_channels=source.internal_channels if one.internal_channels is None else one.internal_channels,
        thresholds=one.thresholds.in_millionths(),
        clearing_account=one.clearing_account,
        leg=leg,
        between=(source, target),
    )
