"""Builders of ISO 20022 payment messages, written independently of the readers."""

from __future__ import annotations

NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"


def message(root: str, inside: str, *, header: str = "", format: str = "pain.001.001.09", id: str = "MSG-1") -> str:
    """A message with its group header; `header` are further elements of it."""
    group = f"<GrpHdr><MsgId>{id}</MsgId><CreDtTm>2026-11-20T06:00:00+01:00</CreDtTm>{header}</GrpHdr>"
    return f'<Document xmlns="{NAMESPACE}{format}"><{root}>{group}{inside}</{root}></Document>'


def pain001(*batches: str, header: str = "") -> str:
    """An order to pay."""
    return message("CstmrCdtTrfInitn", "".join(batches), header=header)


def pain008(*batches: str, header: str = "") -> str:
    """An order to collect."""
    return message("CstmrDrctDbtInitn", "".join(batches), header=header, format="pain.008.001.08")


def batch(*transactions: str, id: str = "BATCH-1", header: str = "", day: str = "<ReqdExctnDt><Dt>2026-11-23</Dt></ReqdExctnDt>") -> str:
    """A batch of orders, from and to accounts of our own."""
    accounts = (
        "<DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct><CdtrAcct><Id><Othr><Id>50000970</Id></Othr></Id></CdtrAcct>"
    )
    return f"<PmtInf><PmtInfId>{id}</PmtInfId>{header}{day}{accounts}{''.join(transactions)}</PmtInf>"


def transfer(amount: str = "10.00", *, currency: str = "EUR", ids: str = "<EndToEndId>E2E-1</EndToEndId>") -> str:
    """One credit transfer to order."""
    return f'<CdtTrfTxInf><PmtId>{ids}</PmtId><Amt><InstdAmt Ccy="{currency}">{amount}</InstdAmt></Amt></CdtTrfTxInf>'


def collection(amount: str = "10.00", *, currency: str = "EUR", ids: str = "<EndToEndId>E2E-1</EndToEndId>") -> str:
    """One direct debit to order."""
    return f'<DrctDbtTxInf><PmtId>{ids}</PmtId><InstdAmt Ccy="{currency}">{amount}</InstdAmt></DrctDbtTxInf>'


def pacs008(*transactions: str, header: str = "<IntrBkSttlmDt>2026-11-20</IntrBkSttlmDt>", id: str = "MSG-1") -> str:
    """Credit transfers between banks."""
    return message("FIToFICstmrCdtTrf", "".join(transactions), header=header, format="pacs.008.001.08", id=id)


def settled(amount: str = "10.00", *, currency: str = "EUR", ids: str = "<EndToEndId>E2E-1</EndToEndId>", extra: str = "") -> str:
    """One credit transfer between banks."""
    return f'<CdtTrfTxInf><PmtId>{ids}</PmtId><IntrBkSttlmAmt Ccy="{currency}">{amount}</IntrBkSttlmAmt>{extra}</CdtTrfTxInf>'


def pacs004(*transactions: str, header: str = "<IntrBkSttlmDt>2026-11-20</IntrBkSttlmDt>", id: str = "MSG-1") -> str:
    """Returns of credit transfers."""
    return message("PmtRtr", "".join(transactions), header=header, format="pacs.004.001.09", id=id)


def returned(
    amount: str = "10.00", *, currency: str = "EUR", ids: str = "<OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>", extra: str = ""
) -> str:
    """One return."""
    return f'<TxInf>{ids}<RtrdIntrBkSttlmAmt Ccy="{currency}">{amount}</RtrdIntrBkSttlmAmt>{extra}</TxInf>'


def pain002(*groups: str) -> str:
    """What became of orders."""
    return message("CstmrPmtStsRpt", "".join(groups), format="pain.002.001.10")


def pacs002(*inside: str) -> str:
    """What became of payments between banks."""
    return message("FIToFIPmtStsRpt", "".join(inside), format="pacs.002.001.10")


def status(code: str = "ACSC", *, ids: str = "<OrgnlEndToEndId>E2E-1</OrgnlEndToEndId>", reason: str = "", extra: str = "") -> str:
    """The status of one payment; an empty `code` states none."""
    given = f"<TxSts>{code}</TxSts>" if code else ""
    why = f"<StsRsnInf><Rsn><Cd>{reason}</Cd></Rsn></StsRsnInf>" if reason else ""
    return f"<TxInfAndSts>{ids}{given}{why}{extra}</TxInfAndSts>"


def camt056(*underlying: str) -> str:
    """A request to cancel payments."""
    assigned = "<Assgnmt><Id>CXL-1</Id><CreDtTm>2026-11-20T06:00:00Z</CreDtTm></Assgnmt>"
    inside = "".join(f"<Undrlyg>{u}</Undrlyg>" for u in underlying)
    return f'<Document xmlns="{NAMESPACE}camt.056.001.08"><FIToFIPmtCxlReq>{assigned}{inside}</FIToFIPmtCxlReq></Document>'
