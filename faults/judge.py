"""The books read afterwards, by SQL and by opening files: nothing of the portal's own code answers here.

Only the blobs are opened with it, since they are encrypted.
"""

import subprocess
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator
from email import message_from_bytes
from pathlib import Path
from typing import Any

import psycopg
from psycopg.rows import dict_row

from faults.month import CENTS
from faults.place import BUCKET, Place
from portal.blobs import Document, content_of
from portal.db import db
from portal.operations.checks import PROBE

VAT = 1.2


class Books:
    """Questions to the database as its owner, in every tenant."""

    def __init__(self, place: Place) -> None:
        address = place.database.address("portal_owner").replace("+psycopg", "")
        self._connection = psycopg.connect(address, row_factory=dict_row)
        self._connection.execute("select set_config('app.scope', '/', false)")

    def all(self, question: str, *values: Any) -> list[dict[str, Any]]:
        return self._connection.execute(question, values).fetchall()

    def one(self, question: str, *values: Any) -> Any:
        (row,) = self.all(question, *values)
        return next(iter(row.values()))

    def close(self) -> None:
        self._connection.close()


def faults_found(place: Place, runs: int, customers: int) -> list[str]:
    """A sentence for each thing that is not as it must be."""
    books = Books(place)
    try:
        return [
            *_invoices(books, runs, customers),
            *_debits(books, place),
            *_work(books),
            *_mails(books, place),
            *_documents(books, place),
            *_exports(books, place),
            *_pages(place),
        ]
    finally:
        books.close()


def _invoices(books: Books, runs: int, customers: int) -> Iterator[str]:
    numbers = [row["number"] for row in books.all("select number from invoice order by number")]
    for series in books.all("select prefix, year, last from number_series where prefix = 'FA'"):
        wanted = [f"FA-{series['year']}-{n:06d}" for n in range(1, series["last"] + 1)]
        if numbers != wanted:
            yield f"invoice numbers: {len(numbers)} of {len(wanted)}, {Counter(numbers).most_common(1)}"
    if loose := books.one("select count(*) from charge where invoice_id is null"):
        yield f"{loose} charges are on no invoice"
    if (charges := books.one("select count(*) from charge")) != runs * customers:
        yield f"{charges} charges instead of {runs * customers}"
    if lost := books.one(
        "select count(*) from invoice where id not in (select invoice_id from invoice_line)"
    ):
        yield f"{lost} invoices have no line"
    wrong = """
        select i.number from invoice i join invoice_line l on l.invoice_id = i.id
        group by i.id, i.number, i.net_cents having sum(l.net_cents) <> i.net_cents
    """
    yield from (f"the lines of {row['number']} are not its sum" for row in books.all(wrong))
    lines = books.one("select count(*) from invoice_line")
    if lines != charges:
        yield f"{lines} invoice lines for {charges} charges"
    total = books.one("select coalesce(sum(gross_cents), 0) from invoice")
    said = books.one("select coalesce(sum(gross_cents), 0) from billing_run")
    owed = round(runs * customers * CENTS * VAT)
    if not total == said == owed:
        yield f"owed {owed}, invoiced {total}, told by the runs {said}"
    if open_ := books.all("select month, part, state from billing_run where state <> 'done'"):
        yield f"runs that are not done: {open_}"


def _debits(books: Books, place: Place) -> Iterator[str]:
    pairs = """
        select i.number, count(c.id) as debits, coalesce(sum(c.amount_cents), 0) as cents, i.gross_cents
        from invoice i left join collection c on c.reference = i.number group by i.id, i.number, i.gross_cents
    """
    for row in books.all(pairs):
        if (row["debits"], row["cents"]) != (1, row["gross_cents"]):
            yield f"{row['number']} has {row['debits']} debits of {row['cents']} cents"
    if loose := books.one("select count(*) from collection where batch_id is null"):
        yield f"{loose} debits are in no batch"
    batches = """
        select b.uid, b.state, b.count, b.total_cents, d.uid as file,
            count(c.id) as rows, sum(c.amount_cents) as cents
        from batch b left join collection c on c.batch_id = b.id left join document d on d.id = b.document_id
        group by b.id, b.uid, b.state, b.count, b.total_cents, d.uid
    """
    in_files: Counter[str] = Counter()
    for row in books.all(batches):
        if (row["count"], row["total_cents"]) != (row["rows"], row["cents"]) or not row["file"]:
            yield f"batch {row}"
            continue
        tree = ET.fromstring(_content(place, row["file"]))
        found = [node.text or "" for node in tree.iter() if node.tag.endswith("}EndToEndId")]
        in_files.update(found)
        if len(found) != row["rows"]:
            yield f"the file of batch {row['uid']} has {len(found)} debits instead of {row['rows']}"
    known = {row["end_to_end_id"] for row in books.all("select end_to_end_id from collection")}
    if in_files != Counter(known):
        yield f"debits in files: {sum(in_files.values())}, of {len(known)} that there are"


def _work(books: Books) -> Iterator[str]:
    for row in books.all("select kind, ref, state, attempts, error from task where state <> 'done'"):
        yield f"task {row}"
    if double := books.all("select kind, ref from task group by kind, ref having count(*) > 1"):
        yield f"tasks twice: {double}"


def _mails(books: Books, place: Place) -> Iterator[str]:
    for row in books.all(
        "select state, server_answer, count(*) from mail where state <> 'sent' group by 1, 2"
    ):
        yield f"mails: {row}"
    wanted = Counter(row["message_id"] for row in books.all("select message_id from mail"))
    arrived = Counter(message_from_bytes(each.content)["Message-ID"] for each in place.relay.received)
    if missing := set(wanted) - set(arrived):
        yield f"{len(missing)} mails never arrived"
    if unknown := set(arrived) - set(wanted):
        yield f"{len(unknown)} mails arrived that no row tells of"
    if max(wanted.values(), default=1) > 1:
        yield "two mails with one Message-ID"
    yield from _twice(arrived, place)


def _twice(arrived: Counter[str], place: Place) -> Iterator[str]:
    """More than one time only where somebody was killed or cut between the relay's answer and its note."""
    twice = [name for name, count in arrived.items() if count > 1]
    if len(twice) > place.excuses:
        yield f"{len(twice)} mails arrived twice, {place.excuses} moments excuse one each"


def _documents(books: Books, place: Place) -> Iterator[str]:
    pages = place.bucket.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    keys = {each["Key"].removeprefix("p/") for page in pages for each in page.get("Contents", [])}
    rows = books.all("select uid, kind, storage_key, sha256, size_bytes from document where not erased")
    for row in rows:
        if row["storage_key"] not in keys or not row["sha256"]:
            yield f"document {row['uid']} ({row['kind']}) has no object"
    known = {row["storage_key"] for row in rows} | {PROBE}
    if orphans := keys - known:
        yield f"{len(orphans)} objects belong to no document: {sorted(orphans)[:5]}"
    without = "select count(*) from invoice where document_id is null"
    if lost := books.one(without):
        yield f"{lost} invoices have no document"
    if uploads := place.bucket.list_multipart_uploads(Bucket=BUCKET).get("Uploads"):
        yield f"{len(uploads)} uploads were never finished"


def _exports(books: Books, place: Place) -> Iterator[str]:
    for case in books.all("select uid, state from reversibility_case"):
        if case["state"] != "ready":
            yield f"case {case}"
            continue
        files = books.all(
            "select uid, filename from document where subject_uid = %s and kind = 'export' order by id",
            case["uid"],
        )
        names = [row["filename"] for row in files]
        if len(set(names)) != len(names) or not names:
            yield f"files of case {case['uid']}: {names}"
            continue
        with tempfile.TemporaryDirectory() as folder:
            for row in files:
                (Path(folder) / row["filename"]).write_bytes(_content(place, row["uid"]))
            yield from _unpacked(Path(folder), case["uid"])
    if (
        left := [path.name for path in (place.data / "exports").glob("*")]
        if (place.data / "exports").is_dir()
        else []
    ):
        yield f"left on the disk: {left}"


def _pages(place: Place) -> Iterator[str]:
    """A person saw the list, or was asked to come back; a killed server cannot answer at all."""
    wrong = {
        status: n for status, n in place.statuses.items() if status.isdigit() and status not in {"200", "503"}
    }
    if wrong or not place.statuses["200"]:
        told = ("unexpected error", "Error handling request", "Exception on")  # the portal, gunicorn, Flask
        log = (place.folder / "web.log").read_text()
        at = max(log.rfind(each) for each in told)
        tail = log[at : at + 2500] if at >= 0 else log[-2500:]
        yield f"pages: {dict(place.statuses)}; the last error: {tail}"


def _unpacked(folder: Path, case: str) -> Iterator[str]:
    """What the customer does: unzip everything, and have its sums checked."""
    for path in sorted(folder.glob("*.zip")):
        done = subprocess.run(["unzip", "-qo", path.name], cwd=folder, capture_output=True, check=False)
        if done.returncode:
            yield f"case {case}: {path.name} cannot be unpacked"
    sums = folder / "SHA256SUMS"
    if not sums.exists():
        yield f"case {case}: no list of sums among {sorted(path.name for path in folder.iterdir())[:9]}"
        return
    done = subprocess.run(
        ["sha256sum", "--quiet", "-c", sums.name], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        yield f"case {case}: {done.stdout[:300]}{done.stderr[:300]}"


def _content(place: Place, uid: str) -> bytes:
    with place.looking():
        return content_of(db.session.scalars(db.select(Document).where(Document.uid == uid)).one())
