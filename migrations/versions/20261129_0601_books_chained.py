"""Invoices, credit notes and payments carry the hash of the one before; what is there is joined in order."""

import hashlib
import json

import sqlalchemy as sa
from alembic import op

from migrations.immutable import PLACES, columns_but, freeze_some

revision = "20261129_0601"
down_revision = "20261129_0600"
branch_labels = None
depends_on = None

_CHAINED = ("invoice", "credit_note", "payment")
_AT_ONCE = 500
_INVOICES = """SELECT invoice.*, coalesce(paper.content_sha256, document.sha256, '') AS paper
    FROM invoice LEFT JOIN document ON document.id = invoice.document_id
    LEFT JOIN paper ON paper.document_id = document.id
    WHERE invoice.legal_entity_id = :entity AND invoice.number LIKE :series AND invoice.number > :after
    ORDER BY invoice.number LIMIT :most"""
_CREDITS = """SELECT credit_note.*, invoice.number AS invoice,
      coalesce(paper.content_sha256, document.sha256, '') AS paper
    FROM credit_note JOIN invoice ON invoice.id = credit_note.invoice_id
    LEFT JOIN document ON document.id = credit_note.document_id
    LEFT JOIN paper ON paper.document_id = document.id
    WHERE credit_note.legal_entity_id = :entity AND credit_note.number LIKE :series
      AND credit_note.number > :after
    ORDER BY credit_note.number LIMIT :most"""
_LINES = """SELECT position, label, clause, quantity, unit_cents, includes_vat, vat_basis_points, vat_category,
    vat_mention, vat_country, net_cents FROM invoice_line WHERE invoice_id = :row ORDER BY position"""
_CREDIT_LINES = "SELECT label, net_cents, vat_cents FROM credit_line WHERE credit_note_id = :row ORDER BY id"


def upgrade() -> None:
    for table in _CHAINED:
        for column in ("prev_hash", "hash"):
            op.add_column(table, sa.Column(column, sa.String(64), nullable=False, server_default=""))
    op.add_column("payment", sa.Column("chain_no", sa.Integer(), nullable=True))
    op.add_column("payment", sa.Column("bank_on", sa.Date(), nullable=True))
    op.create_index("uq_payment_chain", "payment", ["legal_entity_id", "chain_no"], unique=True)
    op.add_column("number_series", sa.Column("head", sa.String(64), nullable=False, server_default=""))
    for prefix, table, rows, values in (
        ("FA", "invoice", _INVOICES, _invoice),
        ("AV", "credit_note", _CREDITS, _credit),
    ):
        _chain(prefix, table, rows, values)


def _chain(prefix: str, table: str, rows: str, values) -> None:  # type: ignore[no-untyped-def]
    bind = op.get_bind()
    series = sa.text(
        "SELECT number_series.id, number_series.year, legal_entity.id AS entity, legal_entity.uid"
        " FROM number_series"
        " JOIN legal_entity ON legal_entity.id = number_series.legal_entity_id WHERE prefix = :prefix"
    )
    for each in bind.execute(series, {"prefix": prefix}).mappings().all():
        name = f"{prefix}-{each['year']}"
        head, after, found = _digest({"entity": each["uid"], "series": name}), "", False
        while some := _some(rows, each["entity"], name, after):
            for row in some:
                before, head = head, _digest({"before": head, "row": values(row)})
                change = sa.text(f"UPDATE {table} SET prev_hash = :before, hash = :hash WHERE id = :id")
                bind.execute(change, {"before": before, "hash": head, "id": row["id"]})
                after, found = row["number"], True
        if found:
            keep = sa.text("UPDATE number_series SET head = :head WHERE id = :id")
            bind.execute(keep, {"head": head, "id": each["id"]})


def _some(rows: str, entity: int, series: str, after: str) -> list:  # type: ignore[type-arg]
    asked = {"entity": entity, "series": f"{series}-%", "after": after, "most": _AT_ONCE}
    return list(op.get_bind().execute(sa.text(rows), asked).mappings().all())


def _invoice(row) -> dict:  # type: ignore[no-untyped-def,type-arg]
    lines = op.get_bind().execute(sa.text(_LINES), {"row": row["id"]}).all()
    return {
        "number": row["number"],
        "issued_on": str(row["issued_on"]),
        "due_on": str(row["due_on"]),
        "cents": [row["net_cents"], row["vat_cents"], row["gross_cents"]],
        "method": row["method"],
        "parties": _plain(row["parties"]),
        "order": row["order_uid"],
        "union": row["union_country"],
        "paper": row["paper"],
        "lines": [[*line[:5], bool(line[5]), *line[6:]] for line in lines],
    }


def _credit(row) -> dict:  # type: ignore[no-untyped-def,type-arg]
    lines = op.get_bind().execute(sa.text(_CREDIT_LINES), {"row": row["id"]}).all()
    return {
        "number": row["number"],
        "invoice": row["invoice"],
        "origin": row["origin"],
        "issued_on": str(row["issued_on"]),
        "reason": row["reason"],
        "clause": row["clause"],
        "note": row["note"],
        "cents": [row["net_cents"], row["vat_cents"], row["gross_cents"]],
        "refund_by": str(row["refund_by"]),
        "parties": _plain(row["parties"]),
        "paper": row["paper"],
        "lines": [list(line) for line in lines],
    }


def _plain(parties):  # type: ignore[no-untyped-def]
    return json.loads(parties) if isinstance(parties, str) else parties


def _digest(values) -> str:  # type: ignore[no-untyped-def]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM number_series WHERE prefix = 'PAY'"))
    op.drop_column("number_series", "head")
    op.drop_index("uq_payment_chain", table_name="payment")
    op.drop_column("payment", "chain_no")
    op.drop_column("payment", "bank_on")
    for table in _CHAINED:
        for column in ("hash", "prev_hash"):
            op.drop_column(table, column)
    freeze_some("credit_note", "update", columns_but("credit_note", PLACES))
