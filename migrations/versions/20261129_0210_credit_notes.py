"""Credit notes, what is owed back to customers and its files; every settled debit is a payment."""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze, freeze_all_but_place
from migrations.rls import protect

revision = "20261129_0210"
down_revision = "20261129_0200"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_OTHERS = {
    "legal_entity_id": "legal_entity",
    "customer_id": "customer",
    "invoice_id": "invoice",
    "document_id": "document",
    "credit_note_id": "credit_note",
    "invoice_line_id": "invoice_line",
    "file_id": "refund_file",
}
_INDEXED = ("customer_id", "invoice_id", "credit_note_id", "invoice_line_id", "file_id")


def _id(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _text(name: str, length: int) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=False)


def _cents(*names: str) -> list[sa.Column]:
    return [sa.Column(name, sa.BigInteger(), nullable=False) for name in names]


def _table(name: str, *columns: sa.Column, unique: tuple[tuple[str, ...], ...] = ()) -> None:
    references = [column.name for column in columns if column.name in _OTHERS]
    op.create_table(
        name,
        *columns,
        _id("organisation_id"),
        sa.Column("org_path", _PATH, nullable=False),
        _id("id"),
        _text("uid", 16),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *(
            sa.ForeignKeyConstraint([each], [f"{_OTHERS[each]}.id"], name=op.f(f"fk_{name}_{each}"))
            for each in references
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f(f"fk_{name}_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{name}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{name}_uid")),
        *(sa.UniqueConstraint(*each, name=op.f(f"uq_{name}_{'_'.join(each)}")) for each in unique),
    )
    for column in ("organisation_id", "org_path", *(each for each in references if each in _INDEXED)):
        op.create_index(op.f(f"ix_{name}_{column}"), name, [column])
    protect(name)


def upgrade() -> None:
    _table(
        "credit_note",
        _id("legal_entity_id"),
        _id("customer_id"),
        _id("invoice_id"),
        _text("origin", 120),
        _text("number", 35),
        sa.Column("issued_on", sa.Date(), nullable=False),
        _text("reason", 40),
        _text("clause", 40),
        _text("note", 300),
        *_cents("net_cents", "vat_cents", "gross_cents"),
        sa.Column("refund_by", sa.Date(), nullable=False),
        sa.Column("parties", sa.JSON(), nullable=False),
        _id("document_id", nullable=True),
        unique=(("origin",), ("legal_entity_id", "number")),
    )
    op.create_index(op.f("ix_credit_note_issued_on"), "credit_note", ["issued_on"])
    _table(
        "credit_line",
        _id("credit_note_id"),
        _id("invoice_line_id"),
        _text("label", 300),
        *_cents("net_cents", "vat_cents"),
    )
    _table(
        "refund_file",
        _id("legal_entity_id"),
        _text("msg_id", 35),
        _text("state", 40),
        _id("made_by_id"),
        _text("made_by", 200),
        sa.Column("execute_on", sa.Date(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        *_cents("total_cents"),
        _id("document_id", nullable=True),
        sa.Column("sent_on", sa.Date(), nullable=True),
        _id("version"),
        unique=(("msg_id",),),
    )
    _table(
        "refund",
        _id("legal_entity_id"),
        _id("customer_id"),
        _id("invoice_id"),
        *_cents("cents"),
        _text("state", 40),
        sa.Column("due_by", sa.Date(), nullable=False),
        _text("clause", 40),
        _id("file_id", nullable=True),
        sa.Column("refunded_on", sa.Date(), nullable=True),
        _id("version"),
    )
    op.create_index("ix_refund_state", "refund", ["state", "due_by", "id"])
    _table(
        "refund_account",
        _id("customer_id"),
        _text("iban_sealed", 300),
        _text("holder", 70),
        sa.Column("since", sa.Date(), nullable=False),
        _text("entered_by", 200),
    )
    for table in ("credit_note", "credit_line"):
        freeze(table)
        freeze_all_but_place(table)
    op.add_column(
        "legal_entity",
        sa.Column("wire_tolerance_cents", sa.BigInteger(), nullable=False, server_default="100"),
    )
    op.add_column("subscription", sa.Column("refund_clause", sa.String(40), nullable=True))
    op.add_column("payment", sa.Column("kind", sa.String(40), nullable=False, server_default="received"))
    op.execute(
        sa.text(
            """INSERT INTO payment (uid, created_at, organisation_id, org_path, legal_entity_id, invoice_id, method,
                 amount_cents, received_on, reference, kind)
               SELECT debit.uid, debit.announced_at, invoice.organisation_id, invoice.org_path,
                 invoice.legal_entity_id, invoice.id, invoice.method, debit.amount_cents, debit.settled_on,
                 debit.end_to_end_id || ' +1', 'received'
               FROM collection debit JOIN invoice ON invoice.uid = substr(debit.source_uid, 1, 16)
               WHERE debit.state = 'settled' AND debit.settled_on IS NOT NULL"""
        )
    )


def downgrade() -> None:
    op.execute(sa.text("DELETE FROM payment WHERE kind <> 'received' OR reference LIKE '% +1'"))
    op.drop_column("payment", "kind")
    op.drop_column("subscription", "refund_clause")
    op.drop_column("legal_entity", "wire_tolerance_cents")
    for table in ("refund_account", "refund", "refund_file", "credit_line", "credit_note"):
        op.drop_table(table)
