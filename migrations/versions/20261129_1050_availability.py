"""Services: outages, measures, planned work with its notices, claims, credits, the status page.

Revision ID: 20261129_1050
Revises: 20261129_1031
"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261129_1050"
down_revision = "20261129_1031"
branch_labels = None
depends_on = None

PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
WHEN = sa.DateTime(timezone=True)
SEEN_FROM_BELOW = ("planned_work", "service_measure", "status_page", "service_outage")
OWN = ("watched_service", "work_notice", "service_claim", "service_credit")


def upgrade() -> None:
    op.create_table(
        "planned_work",
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("starts_at", WHEN, nullable=False),
        sa.Column("ends_at", WHEN, nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_planned_work_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_planned_work"),
        sa.UniqueConstraint("uid", name="uq_planned_work_uid"),
    )
    op.create_index("ix_planned_work_org_path", "planned_work", ["org_path"])
    op.create_index("ix_planned_work_organisation_id", "planned_work", ["organisation_id"])
    op.create_index("ix_planned_work_window", "planned_work", ["starts_at", "id"])

    op.create_table(
        "service_measure",
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes_up", sa.Integer(), nullable=False),
        sa.Column("minutes_measured", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_service_measure_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_measure"),
        sa.UniqueConstraint("contract", "service", "day", name="uq_service_measure_contract_service_day"),
        sa.UniqueConstraint("uid", name="uq_service_measure_uid"),
    )
    op.create_index("ix_service_measure_org_path", "service_measure", ["org_path"])
    op.create_index("ix_service_measure_organisation_id", "service_measure", ["organisation_id"])

    op.create_table(
        "status_page",
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("contracts", sa.JSON(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_status_page_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_status_page"),
        sa.UniqueConstraint("organisation_id", name="uq_status_page_organisation_id"),
        sa.UniqueConstraint("uid", name="uq_status_page_uid"),
    )
    op.create_index("ix_status_page_org_path", "status_page", ["org_path"])
    op.create_index("ix_status_page_organisation_id", "status_page", ["organisation_id"])

    op.create_table(
        "watched_service",
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("missing_on", sa.Date(), nullable=True),
        sa.Column("missing_days", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_watched_service_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_watched_service"),
        sa.UniqueConstraint("contract", "service", name="uq_watched_service_contract_service"),
        sa.UniqueConstraint("uid", name="uq_watched_service_uid"),
    )
    op.create_index("ix_watched_service_missing_on", "watched_service", ["missing_on"])
    op.create_index("ix_watched_service_org_path", "watched_service", ["org_path"])
    op.create_index("ix_watched_service_organisation_id", "watched_service", ["organisation_id"])

    op.create_table(
        "service_outage",
        sa.Column("contract", sa.String(length=40), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", WHEN, nullable=False),
        sa.Column("ends_at", WHEN, nullable=True),
        sa.Column("cause", sa.String(40), nullable=False),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.Column("withdrawn_at", WHEN, nullable=True),
        sa.Column("withdrawn_why", sa.String(length=300), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_service_outage_customer_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_service_outage_organisation_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_outage"),
        sa.UniqueConstraint("uid", name="uq_service_outage_uid"),
    )
    op.create_index("ix_service_outage_contract", "service_outage", ["contract", "starts_at", "id"])
    op.create_index("ix_service_outage_customer_id", "service_outage", ["customer_id"])
    op.create_index("ix_service_outage_ends_at", "service_outage", ["ends_at"])
    op.create_index("ix_service_outage_org_path", "service_outage", ["org_path"])
    op.create_index("ix_service_outage_organisation_id", "service_outage", ["organisation_id"])

    op.create_table(
        "work_notice",
        sa.Column("planned_work_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("mail_uid", sa.String(length=16), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_work_notice_customer_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_work_notice_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["planned_work_id"], ["planned_work.id"], name="fk_work_notice_planned_work_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_work_notice"),
        sa.UniqueConstraint(
            "planned_work_id",
            "customer_id",
            "revision",
            name="uq_work_notice_planned_work_id_customer_id_revision",
        ),
        sa.UniqueConstraint("uid", name="uq_work_notice_uid"),
    )
    op.create_index("ix_work_notice_customer_id", "work_notice", ["customer_id"])
    op.create_index("ix_work_notice_mail_uid", "work_notice", ["mail_uid"])
    op.create_index("ix_work_notice_org_path", "work_notice", ["org_path"])
    op.create_index("ix_work_notice_organisation_id", "work_notice", ["organisation_id"])
    op.create_index("ix_work_notice_planned_work_id", "work_notice", ["planned_work_id"])

    op.create_table(
        "service_claim",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("starts_at", WHEN, nullable=True),
        sa.Column("ends_at", WHEN, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("told_at", WHEN, nullable=False),
        sa.Column("told_by", sa.String(length=254), nullable=False),
        sa.Column("late", sa.String(length=300), nullable=False),
        sa.Column("clause", sa.String(length=40), nullable=False),
        sa.Column("seen_at", WHEN, nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_service_claim_customer_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_service_claim_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_service_claim_subscription_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_claim"),
        sa.UniqueConstraint("uid", name="uq_service_claim_uid"),
    )
    op.create_index("ix_service_claim_customer_id", "service_claim", ["customer_id"])
    op.create_index("ix_service_claim_month", "service_claim", ["month"])
    op.create_index("ix_service_claim_org_path", "service_claim", ["org_path"])
    op.create_index("ix_service_claim_organisation_id", "service_claim", ["organisation_id"])
    op.create_index("ix_service_claim_subscription_id", "service_claim", ["subscription_id"])

    op.create_table(
        "service_credit",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("raw_cents", sa.BigInteger(), nullable=False),
        sa.Column("cents", sa.BigInteger(), nullable=False),
        sa.Column("used_cents", sa.BigInteger(), nullable=False),
        sa.Column("working", sa.JSON(), nullable=False),
        sa.Column("proposed_on", sa.Date(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=True),
        sa.Column("usable_through", sa.Date(), nullable=True),
        sa.Column("why", sa.String(length=300), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(length=16), nullable=False),
        sa.Column("created_at", WHEN, nullable=False),
        sa.Column("org_path", PATH, nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"], name="fk_service_credit_customer_id"),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="fk_service_credit_organisation_id"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name="fk_service_credit_subscription_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_service_credit"),
        sa.UniqueConstraint(
            "subscription_id", "month", "part", name="uq_service_credit_subscription_id_month_part"
        ),
        sa.UniqueConstraint("uid", name="uq_service_credit_uid"),
    )
    op.create_index("ix_service_credit_customer_id", "service_credit", ["customer_id"])
    op.create_index("ix_service_credit_org_path", "service_credit", ["org_path"])
    op.create_index("ix_service_credit_organisation_id", "service_credit", ["organisation_id"])
    op.create_index("ix_service_credit_state", "service_credit", ["state", "month", "id"])
    op.create_index("ix_service_credit_subscription_id", "service_credit", ["subscription_id"])
    op.create_index("ix_service_credit_usable_through", "service_credit", ["usable_through"])
    for table in SEEN_FROM_BELOW:
        protect(table, seen_from_below=True)
    for table in OWN:
        protect(table)


def downgrade() -> None:
    for table in (
        "service_credit",
        "service_claim",
        "work_notice",
        "service_outage",
        "watched_service",
        "status_page",
        "service_measure",
        "planned_work",
    ):
        op.drop_table(table)
