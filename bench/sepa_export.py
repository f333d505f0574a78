"""One batch of everything that is due: its export by the worker, and its floor, in turns."""

import json
import sys
import time
from importlib.resources import files
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

import psycopg
from lxml import etree
from sqlalchemy import text

from app import create_app
from portal import jobs
from portal.db import EVERYTHING, db, set_scope

_SQL = """
select c.end_to_end_id, c.amount_cents, m.rum, m.signed_on, m.debtor_name, a.iban, c.remittance
from collection c join mandate m on m.id = c.mandate_id join clear_account a on a.mandate_id = m.id
order by c.id
"""
_NS = "urn:iso:std:iso:20022:tech:xsd:pain.008.001.08"
_HEAD = (
    f'<Document xmlns="{_NS}"><CstmrDrctDbtInitn><GrpHdr><MsgId>M</MsgId>'
    "<CreDtTm>2026-11-21T00:00:00</CreDtTm>"
    "<NbOfTxs>1</NbOfTxs><InitgPty><Nm>X</Nm></InitgPty></GrpHdr><PmtInf><PmtInfId>P</PmtInfId>"
    "<PmtMtd>DD</PmtMtd><ReqdColltnDt>2026-12-21</ReqdColltnDt><Cdtr><Nm>X</Nm></Cdtr><CdtrAcct><Id>"
    "<IBAN>FR7630006000011234567890189</IBAN></Id></CdtrAcct><CdtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id>"
    "</Othr></FinInstnId></CdtrAgt>\n"
)
_ROW = (
    "<DrctDbtTxInf><PmtId><EndToEndId>%s</EndToEndId></PmtId>"
    '<InstdAmt Ccy="EUR">%d.%02d</InstdAmt><DrctDbtTx><MndtRltdInf><MndtId>%s</MndtId>'
    "<DtOfSgntr>%s</DtOfSgntr></MndtRltdInf></DrctDbtTx><DbtrAgt><FinInstnId><Othr><Id>NOTPROVIDED</Id></Othr>"
    "</FinInstnId></DbtrAgt><Dbtr><Nm>%s</Nm></Dbtr><DbtrAcct><Id><IBAN>%s</IBAN></Id></DbtrAcct>"
    "<RmtInf><Ustrd>%s</Ustrd></RmtInf></DrctDbtTxInf>\n"
)


def floor(url: str, path: Path, schema: etree.XMLSchema) -> float:
    """Rows, template, file, validation; seconds."""
    started = time.perf_counter()
    with psycopg.connect(url) as connection, path.open("w", encoding="utf-8") as out:
        connection.execute("select set_config('app.scope', '/', true)")
        out.write(_HEAD)
        with connection.cursor(name="floor") as cursor:
            cursor.itersize = 2000
            for e2e, cents, rum, signed, name, iban, remittance in cursor.execute(_SQL):
                out.write(
                    _ROW
                    % (
                        e2e,
                        cents // 100,
                        cents % 100,
                        rum,
                        signed.isoformat(),
                        escape(name),
                        iban,
                        escape(remittance),
                    )
                )
        out.write("</PmtInf></CstmrDrctDbtInitn></Document>")
    for _event, element in etree.iterparse(str(path), tag=f"{{{_NS}}}DrctDbtTxInf", schema=schema):
        element.clear()
        while element.getprevious() is not None:
            del element.getparent()[0]
    return time.perf_counter() - started


def _memory(name: str) -> float:
    """A figure of this process's memory in MiB: VmRSS, or VmHWM for the peak since :func:`_forget_peak`."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name):
            return int(line.split()[1]) / 1024
    raise LookupError(name)


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _again() -> None:
    """The batch as it was before its file."""
    for statement in (
        "update batch set state = 'frozen', document_id = null, sha256 = null",
        "update collection set state = 'frozen' where batch_id is not null",
        "update task set state = 'queued', owner = null where kind = 'sepa.export'",
    ):
        db.session.execute(text(statement))
    db.session.commit()


def main(rounds: int) -> None:
    app = create_app()
    schema = etree.XMLSchema(
        etree.fromstring((files("sepaxml") / "schemas/pain.008.001.08.xsd").read_bytes())
    )
    with app.app_context(), TemporaryDirectory() as folder:
        set_scope(EVERYTHING)
        url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        count = db.session.execute(text("select count from batch")).scalar_one()
        db.session.execute(text("delete from task where kind <> 'sepa.export'"))
        db.session.commit()
        db.session.remove()
        idle = _memory("VmRSS")  # of a worker that has done nothing yet
        floors, ours, peaks = [], [], []
        for _ in range(rounds):
            floors.append(floor(url, Path(folder) / "floor.xml", schema))
            _forget_peak()
            started = time.perf_counter()
            assert jobs.run_one()
            ours.append(time.perf_counter() - started)
            peaks.append(_memory("VmHWM") - idle)
            set_scope(EVERYTHING)
            state = db.session.execute(text("select state, sha256, count from batch")).one()
            assert state.state == "exported" and state.count == count, state
            _again()
        size = max(path.stat().st_size for path in Path(app.config["BLOB_URL"]).rglob("*") if path.is_file())
    print(
        json.dumps(
            {
                "seconds": round(median(ours), 2),
                "floor_seconds": round(median(floors), 2),
                "floor_ratio": round(median(o / f for o, f in zip(ours, floors, strict=True)), 2),
                "rss_over_idle_mb": round(max(peaks), 1),
                "file_mb": round(size / 1e6, 1),
                "rows_in_file": count,
            }
        )
    )


main(int(sys.argv[1]))
