"""Late payers: the ladder with its letters, promises and disputes, and subscriptions that are suspended."""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_0401"
down_revision = "20261129_0400"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "dunning_setting",
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("reminder_days", sa.Integer(), nullable=False),
        sa.Column("second_days", sa.Integer(), nullable=False),
        sa.Column("formal_days", sa.Integer(), nullable=False),
        sa.Column("grace_days", sa.Integer(), nullable=False),
        sa.Column("by_itself", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_dunning_setting_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_dunning_setting_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dunning_setting")),
        sa.UniqueConstraint("legal_entity_id", name=op.f("uq_dunning_setting_legal_entity_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_dunning_setting_uid")),
    )
    for name in ("org_path", "organisation_id"):
        op.create_index(op.f(f"ix_dunning_setting_{name}"), "dunning_setting", [name])
    protect("dunning_setting", seen_from_below=True)
    op.create_table(
        "late_letter",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("legal_entity_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("clause", sa.String(80), nullable=False),
        sa.Column("is_registered", sa.Boolean(), nullable=False),
        sa.Column("tracking", sa.String(40), nullable=False),
        sa.Column("posted_on", sa.Date()),
        sa.Column("first_presented_on", sa.Date()),
        sa.Column("received_on", sa.Date()),
        sa.Column("returned_on", sa.Date()),
        sa.Column("document_id", sa.Integer()),
        sa.Column("scan_id", sa.Integer()),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_late_letter_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["document_id"], ["document.id"], name=op.f("fk_late_letter_document_id")
        ),
        sa.ForeignKeyConstraint(
            ["legal_entity_id"], ["legal_entity.id"], name=op.f("fk_late_letter_legal_entity_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_late_letter_organisation_id")
        ),
        sa.ForeignKeyConstraint(["scan_id"], ["document.id"], name=op.f("fk_late_letter_scan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_letter")),
        sa.UniqueConstraint("uid", name=op.f("uq_late_letter_uid")),
    )
    for name in ("customer_id", "org_path", "organisation_id", "state"):
        op.create_index(op.f(f"ix_late_letter_{name}"), "late_letter", [name])
    protect("late_letter")
    op.create_table(
        "late_payer",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(20), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_late_payer_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_late_payer_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_payer")),
        sa.UniqueConstraint("customer_id", name=op.f("uq_late_payer_customer_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_late_payer_uid")),
    )
    for name in ("due_on", "org_path", "organisation_id"):
        op.create_index(op.f(f"ix_late_payer_{name}"), "late_payer", [name])
    protect("late_payer")
    op.create_table(
        "invoice_dispute",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_by", sa.String(200), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.Column("closed_on", sa.Date()),
        sa.Column("outcome", sa.String(500), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_invoice_dispute_customer_id")
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_dispute_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_invoice_dispute_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_dispute")),
        sa.UniqueConstraint("uid", name=op.f("uq_invoice_dispute_uid")),
    )
    for name in ("customer_id", "invoice_id", "org_path", "organisation_id", "state"):
        op.create_index(op.f(f"ix_invoice_dispute_{name}"), "invoice_dispute", [name])
    protect("invoice_dispute")
    op.create_table(
        "late_letter_line",
        sa.Column("letter_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(40), nullable=False),
        sa.Column("owed_cents", sa.BigInteger(), nullable=False),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("fk_late_letter_line_invoice_id")
        ),
        sa.ForeignKeyConstraint(
            ["letter_id"], ["late_letter.id"], name=op.f("fk_late_letter_line_letter_id")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_late_letter_line_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_letter_line")),
        sa.UniqueConstraint("letter_id", "invoice_id", name=op.f("uq_late_letter_line_letter_id_invoice_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_late_letter_line_uid")),
    )
    for name in ("invoice_id", "org_path", "organisation_id"):
        op.create_index(op.f(f"ix_late_letter_line_{name}"), "late_letter_line", [name])
    protect("late_letter_line")
    op.create_table(
        "payment_plan",
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("said_by", sa.String(200), nullable=False),
        sa.Column("ended_on", sa.Date()),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["customer_id"], ["customer.id"], name=op.f("fk_payment_plan_customer_id")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_payment_plan_invoice_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_payment_plan_organisation_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_plan")),
        sa.UniqueConstraint("uid", name=op.f("uq_payment_plan_uid")),
    )
    for name in ("customer_id", "invoice_id", "org_path", "organisation_id", "state"):
        op.create_index(op.f(f"ix_payment_plan_{name}"), "payment_plan", [name])
    protect("payment_plan")
    op.create_table(
        "instalment",
        sa.Column("plan_id", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("received_on", sa.Date()),
        sa.Column("reference", sa.String(140), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_instalment_organisation_id")
        ),
        sa.ForeignKeyConstraint(["plan_id"], ["payment_plan.id"], name=op.f("fk_instalment_plan_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_instalment")),
        sa.UniqueConstraint("uid", name=op.f("uq_instalment_uid")),
    )
    for name in ("org_path", "organisation_id", "plan_id"):
        op.create_index(op.f(f"ix_instalment_{name}"), "instalment", [name])
    protect("instalment")
    # In its place: a copy of the table would lose what hangs on it.
    op.add_column("subscription", sa.Column("suspended_on", sa.Date()))
    op.add_column(
        "subscription", sa.Column("suspended_clause", sa.String(40), server_default="", nullable=False)
    )
    op.create_index(op.f("ix_subscription_suspended_on"), "subscription", ["suspended_on"])


def downgrade() -> None:
    op.drop_index(op.f("ix_subscription_suspended_on"), "subscription")
    op.execute(sa.text("UPDATE subscription SET state = 'active' WHERE state = 'suspended'"))
    op.drop_column("subscription", "suspended_clause")
    op.drop_column("subscription", "suspended_on")
    op.drop_table("instalment")
    op.drop_table("payment_plan")
    op.drop_table("late_letter_line")
    op.drop_table("invoice_dispute")
    op.drop_table("late_payer")
    op.drop_table("late_letter")
    op.drop_table("dunning_setting")
