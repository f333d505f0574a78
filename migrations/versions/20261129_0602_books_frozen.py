"""The database itself keeps what invoices, pro-formas, payments and their papers say."""

from alembic import op

from migrations.immutable import (
    PLACES,
    columns_but,
    drop_freeze,
    freeze_all_but_place,
    freeze_some,
)

revision = "20261129_0602"
down_revision = "20261129_0601"
branch_labels = None
depends_on = None

_BEFORE = ("number", "issued_on", "net_cents", "vat_cents", "gross_cents", "parties")
_PAPERS = "OLD.kind IN ('invoice', 'credit_note', 'proforma')"
_LINK = ("chain_no", "prev_hash", "hash")  # of a payment: joined within the hour


def upgrade() -> None:
    moves = (*PLACES, "state", "paid_on", "document_id", "version")
    freeze_some("invoice", "update", columns_but("invoice", moves))
    kept = "OLD.document_id IS NOT NULL"
    freeze_some("invoice", "update", ("document_id",), when=kept, name="frozen_invoice_document")
    freeze_some("proforma", "delete")
    freeze_some("proforma", "update", columns_but("proforma", (*PLACES, "document_id")))
    freeze_some("proforma", "update", ("document_id",), when=kept, name="frozen_proforma_document")
    freeze_some("payment", "delete")
    freeze_some("payment", "update", columns_but("payment", (*PLACES, *_LINK)))
    freeze_some("payment", "update", _LINK, when="OLD.hash <> ''", name="frozen_payment_link")
    freeze_all_but_place("credit_note")  # with its new columns
    freeze_some("document", "delete", when=_PAPERS)
    said = ("uid", "kind", "subject_uid", "filename", "media_type")
    freeze_some("document", "update", said, when=_PAPERS)
    bytes_ = ("sha256", "size_bytes")
    there = f"{_PAPERS} AND OLD.sha256 <> ''"
    freeze_some("document", "update", bytes_, when=there, name="frozen_document_bytes")


def downgrade() -> None:
    freeze_some("invoice", "update", _BEFORE)
    for table, name in (
        ("invoice", "frozen_invoice_document"),
        ("proforma", "frozen_proforma_delete"),
        ("proforma", "frozen_proforma_update"),
        ("proforma", "frozen_proforma_document"),
        ("payment", "frozen_payment_delete"),
        ("payment", "frozen_payment_update"),
        ("payment", "frozen_payment_link"),
        ("document", "frozen_document_delete"),
        ("document", "frozen_document_update"),
        ("document", "frozen_document_bytes"),
    ):
        drop_freeze(table, name)
    postgres = op.get_bind().dialect.name == "postgresql"
    name = "frozen_credit_note_update"
    op.execute(f"DROP TRIGGER {name} ON credit_note" if postgres else f"DROP TRIGGER {name}")
