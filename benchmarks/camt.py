"""A camt.053 of 1 GB, from its bytes to parts of the lake, against the least a parser has to do: walk every element and clear it.

Each is a process of its own. Time is the processor's, of all threads. Memory is the most the whole process ever had, libraries and all;
the walk keeps every cleared element, so it needs more. Then one entry with 300,000 details.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

SIZE_BYTES = 1_000_000_000
DETAILS = 300_000
BUDGET_RATIO = 2.0
BUDGET_MB = 200

HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>S1</Id>
<ElctrncSeqNb>1</ElctrncSeqNb><Acct><Id><IBAN>CH9300762011623852957</IBAN></Id><Ccy>EUR</Ccy></Acct>
"""
ENTRY = """<Ntry><NtryRef>N{n}</NtryRef><Amt Ccy="EUR">{major}.{minor:02d}</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts>
<BookgDt><Dt>2026-11-19</Dt></BookgDt><ValDt><Dt>2026-11-19</Dt></ValDt><AcctSvcrRef>ASR{n:010d}</AcctSvcrRef>{code}
<NtryDtls>{details}</NtryDtls></Ntry>
"""
DETAIL = """<TxDtls><Refs><EndToEndId>E2E-{n:012d}</EndToEndId></Refs><Amt Ccy="EUR">{major}.{minor:02d}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
<RltdPties><Dbtr><Pty><Nm>Person {n}</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>DE89370400440532013000</IBAN></Id></DbtrAcct></RltdPties>
<RmtInf><Ustrd>Invoice {n} for goods</Ustrd></RmtInf></TxDtls>"""
CODE = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
TAIL = "</Stmt></BkToCstmrStmt></Document>\n"

MEASURE = """
import json, resource, sys, time
from pathlib import Path
def peak_mb(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
{prepare}
began = time.process_time()
{work}
print(json.dumps({{"seconds": time.process_time() - began, "peak_mb": peak_mb(), "rows": rows}}))
"""
WALK = MEASURE.format(
    prepare="from lxml import etree",
    work='rows = 0\nfor _, el in etree.iterparse(sys.argv[1], events=("end",)): el.clear()',
)
TAKE_IN = MEASURE.format(
    prepare="from breakwater.lake.parts import Lake\nfrom breakwater.model.records import Side\n"
    "from breakwater.sources import files\nlake = Lake(Path(sys.argv[2]))",
    work='parts = lake.write(files.read(sys.argv[1], partner="bank").records, content="records", side=Side.THEIRS, sha256="0" * 64)\n'
    "rows = lake.rows(parts)",
)


def main() -> None:
    """Print times, their ratio and the memory, and whether the budgets are kept."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "statement.xml"
        _write(path, _entries())
        walk, ours = _measured(WALK, path), _measured(TAKE_IN, path, f"{place}/lake")
        _write(path, _batch(DETAILS))
        batch = _measured(TAKE_IN, path, f"{place}/lake-of-one-batch")
    ratio = ours["seconds"] / walk["seconds"]
    kept = "kept" if ratio <= BUDGET_RATIO and max(ours["peak_mb"], batch["peak_mb"]) < BUDGET_MB else "MISSED"
    print(
        f"camt.053 of {SIZE_BYTES / 1e9:.1f} GB, {ours['rows']:,.0f} records: {ours['seconds']:.1f} s, walk {walk['seconds']:.1f} s, "
        f"ratio {ratio:.2f}; memory {ours['peak_mb']:.0f} MB, walk {walk['peak_mb']:.0f} MB"
    )
    print(f"camt.053 of one entry with {batch['rows']:,.0f} details: memory {batch['peak_mb']:.0f} MB")
    print(f"camt.053: budget ratio {BUDGET_RATIO}, {BUDGET_MB} MB {kept}")


def _entries() -> Iterator[str]:
    """Entries of one detail each, until the file is large enough."""
    written = n = 0
    while written < SIZE_BYTES:
        amount = {"major": n % 1000 + 1, "minor": n % 100}
        text = ENTRY.format(n=n, code=CODE, details=DETAIL.format(n=n, **amount), **amount)
        written, n = written + len(text), n + 1
        yield text


def _batch(details: int) -> Iterator[str]:
    """One entry whose details add up to it, piece by piece: a child starts with the peak of this process, which has to stay small."""
    total = sum(100 * (n % 1000 + 1) + n % 100 for n in range(details))
    before, after = ENTRY.split("{details}")
    yield before.format(n=0, code=CODE, major=total // 100, minor=total % 100)
    yield from (DETAIL.format(n=n, major=n % 1000 + 1, minor=n % 100) for n in range(details))
    yield after


def _write(path: Path, pieces: Iterator[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        file.writelines(pieces)
        file.write(TAIL)


def _measured(program: str, *arguments: Path | str) -> dict[str, float]:
    run = subprocess.run([sys.executable, "-c", program, *map(str, arguments)], check=True, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(run.stdout))


if __name__ == "__main__":
    main()
