"""Where our own side is pulled from, as the configuration says: a database, an API, or nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from breakwater.config import Config
from breakwater.config.files import HttpSettings
from breakwater.model.pulls import Completeness, Source
from breakwater.sources.http_json import HttpSource, Shape
from breakwater.sources.sql import SqlSource


def ledger_source(config: Config) -> Callable[[], Source] | None:
    """What opens the source; None where our own side is only dropped in files."""
    ledger = config.settings.ledger
    http, url, records = ledger.http, ledger.source, ledger.records
    if http:
        return lambda: _api(http, token=config.optional_secret("LEDGER_HTTP_TOKEN"))
    if url and records:
        return lambda: SqlSource(
            url, records=records, password=config.optional_secret("LEDGER_SOURCE_PASSWORD"), overlap_s=ledger.overlap_s
        )
    return None


def completeness(config: Config) -> Completeness | None:
    """How often the source is asked for all rows of the last days; None where it never is."""
    given = config.settings.ledger.complete
    if given is None:
        return None
    return Completeness(days=given.days, every=timedelta(hours=given.every_hours), most_gone_share=given.most_gone_share)


def _api(given: HttpSettings, *, token: str | None) -> Source:
    shape = Shape(**{name: value for name, value in given.model_dump().items() if name != "overlap_s"})
    return HttpSource(shape, token=token, overlap_s=given.overlap_s)
