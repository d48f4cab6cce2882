"""[[partners]] of breakwater.toml: whom we exchange money with, and what files they send."""

from __future__ import annotations

from datetime import date, time
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo

from breakwater.config.declines import DeclineSettings
from breakwater.config.files import DropAddress, DropSettings, ExpectedSettings, LocalTime, Table
from breakwater.config.live import LiveSettings
from breakwater.config.thresholds import ThresholdSettings
from breakwater.config.words import Calendar, Channel, Name, TimeZone
from breakwater.errors import nearest

FORMATS = (
    "camt.052", "camt.053", "camt.054", "camt.056", "pain.001", "pain.002", "pain.008", "pacs.002", "pacs.004", "pacs.008",
    "mt940", "mt942", "bai2", "nacha", "mastercard-ipm", "adyen-settlement", "adyen-accounting", "alipay-settlement", "alipay-transactions",
    "antom-settlement", "stripe-balance", "stripe-payout", "paypal-stl", "paypal-trr", "checkout-settlement", "dlocal-settlement",
    "trustly-settlement", "braintree-disbursement",
)  # fmt: skip


def _format(name: str, info: ValidationInfo) -> str:
    """A format that comes with Breakwater, or that a file of [[layouts]] declares: those are in the context."""
    known = (*FORMATS, *(info.context or ()))
    if name not in known:
        raise ValueError(f"'{name}' is no format that is read here, nor one that [[layouts]] declare.{nearest(name, known)}")
    return name


Format = Annotated[str, AfterValidator(_format)]


class FileSettings(DropSettings):
    """[[partners.files]]: one stream of files, and where it is dropped."""

    stream: Name
    format: Format
    drop: DropAddress
    expected: ExpectedSettings


class PartnerSettings(Table):
    """[[partners]]: a network, bank or PSP we exchange money with."""

    id: Name
    name: str = Field(min_length=1, max_length=80)
    network: Name
    calendar: Calendar = "TARGET2"
    time_zone: TimeZone
    cut_off: LocalTime = time(17)
    live_from: date
    internal_channels: tuple[Channel, ...] = ()
    shared_channel: Channel | None = None
    agreement: str
    clearing_account: str = Field(default="", max_length=40)
    thresholds: ThresholdSettings = ThresholdSettings()
    decline_families: DeclineSettings = DeclineSettings()
    files: tuple[FileSettings, ...] = ()
    live: tuple[LiveSettings, ...] = ()
