"""The PSP's language: one settlement detail report per weekday, all merchant accounts in it, columns as Adyen names them."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from pathlib import Path

from breakwater.demo.partners import Days, arrival
from breakwater.demo.report_rows import PAR_PPM, ReportRow, batch_number
from breakwater.model.money import half_up, major_text
from breakwater.model.records import Kind

COLUMNS = (
    "Company Account", "Merchant Account", "Psp Reference", "Merchant Reference", "Payment Method", "Creation Date", "TimeZone", "Type",
    "Modification Reference", "Gross Currency", "Gross Debit (GC)", "Gross Credit (GC)", "Exchange Rate", "Net Currency", "Net Debit (NC)",
    "Net Credit (NC)", "Commission (NC)", "Markup (NC)", "Scheme Fees (NC)", "Interchange (NC)", "Payment Method Variant",
    "Modification Merchant Reference", "Batch Number", "Reserved4", "Reserved5", "Reserved6", "Reserved7", "Reserved8", "Reserved9",
    "Reserved10", "Booking Date", "Booking Date TimeZone",
)  # fmt: skip
_TYPES = {Kind.PAYMENT: "Settled", Kind.REFUND: "Refunded", Kind.CHARGEBACK: "Chargeback", Kind.FEE: "Fee", Kind.PAYOUT: "MerchantPayout"}
_CLOSING = (Kind.FEE, Kind.PAYOUT)


def write(rows: Iterable[ReportRow], *, folder: Path, days: Days) -> list[Path]:
    """Write the reports, one per day of the rows, which are in order of day; each file's time is the time it came."""
    paths = []
    for day, of_day in groupby(rows, key=lambda row: row.day):
        path = folder / f"settlement_detail_report_{day:%Y_%m_%d}.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(_row(row, days=days) for row in of_day)
        came_at = arrival(days.partner, day).timestamp()
        os.utime(path, (came_at, came_at))
        paths.append(path)
    return paths


def _row(row: ReportRow, *, days: Days) -> dict[str, str]:
    zone = days.partner.time_zone
    created_at = row.created_at.astimezone(zone)
    booked_at = datetime(row.day.year, row.day.month, row.day.day, 23, 59, 59, tzinfo=zone)
    side = "Credit" if row.net_minor >= 0 else "Debit"
    cells = {
        "Company Account": "HarbourPayments",
        "Merchant Account": row.account,
        "Creation Date": f"{created_at:%Y-%m-%d %H:%M:%S}",
        "TimeZone": f"{created_at:%Z}",
        "Type": _TYPES[row.kind],
        "Modification Reference": row.modification_reference,
        "Net Currency": row.currency,
        f"Net {side} (NC)": major_text(abs(row.net_minor), 2),
        "Batch Number": str(batch_number(row.day, row.account, calendar=days.partner.calendar)),
        "Booking Date": f"{booked_at:%Y-%m-%d %H:%M:%S}",
        "Booking Date TimeZone": f"{booked_at:%Z}",
    }
    return cells if row.kind in _CLOSING else cells | _payment_cells(row)


def _payment_cells(row: ReportRow) -> dict[str, str]:
    markup, scheme, interchange = _fee_parts(row)
    gross_side = "Credit" if row.gross_minor >= 0 else "Debit"
    return {
        "Psp Reference": row.reference,
        "Merchant Reference": row.merchant_reference,
        "Payment Method": row.method,
        "Gross Currency": row.gross_currency,
        f"Gross {gross_side} (GC)": major_text(abs(row.gross_minor), 2),
        "Exchange Rate": f"0.{row.rate_ppm:06}" if row.rate_ppm < PAR_PPM else "1",
        "Markup (NC)": markup,
        "Scheme Fees (NC)": scheme,
        "Interchange (NC)": interchange,
        "Payment Method Variant": row.variant,
        "Modification Merchant Reference": row.modification_merchant_reference,
    }


def _fee_parts(row: ReportRow) -> tuple[str, str, str]:
    """Interchange and scheme fees as the networks take them; the rest of the fee is the PSP's mark-up. Empty where there is none."""
    if row.fee_minor == 0:
        return "", "", ""
    scheme, interchange = half_up(abs(row.amount_minor) * 13, 10_000), half_up(abs(row.amount_minor) * 20, 10_000)
    return major_text(row.fee_minor - scheme - interchange, 2), major_text(scheme, 2), major_text(interchange, 2)
