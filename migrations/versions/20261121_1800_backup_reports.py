"""machines, the backups that they report, reviews, volumes by day"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "h01"
down_revision = "g02"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
_AT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "machine",
        sa.Column("activation_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(140), nullable=False),
        sa.Column("name_folded", _PATH, nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=True),
        sa.Column("token_made_at", _AT, nullable=True),
        sa.Column("schedule_hours", sa.Integer(), nullable=False),
        sa.Column("is_watched", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(40), nullable=True),
        sa.Column("trouble", sa.String(40), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("ended_at", _AT, nullable=True),
        sa.Column("due_by", _AT, nullable=True),
        sa.Column("source_bytes", sa.BigInteger(), nullable=True),
        *_row("machine"),
        _key("machine", "activation_id", "activation"),
        _key("machine", "customer_id", "customer"),
        sa.UniqueConstraint("activation_id", name=op.f("uq_machine_activation_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_machine_token_hash")),
    )
    op.create_table(
        "backup_run",
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("started_at", _AT, nullable=False),
        sa.Column("ended_at", _AT, nullable=False),
        sa.Column("outcome", sa.String(40), nullable=False),
        sa.Column("trouble", sa.String(40), nullable=False),
        sa.Column("source_bytes", sa.BigInteger(), nullable=False),
        sa.Column("added_bytes", sa.BigInteger(), nullable=False),
        sa.Column("files_new", sa.BigInteger(), nullable=False),
        sa.Column("files_changed", sa.BigInteger(), nullable=False),
        sa.Column("files_total", sa.BigInteger(), nullable=False),
        sa.Column("incidents", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("client_version", sa.String(40), nullable=False),
        *_row("backup_run"),
        _key("backup_run", "machine_id", "machine"),
        sa.UniqueConstraint("machine_id", "run_id", name=op.f("uq_backup_run_machine_id_run_id")),
    )
    op.create_table(
        "backup_incident",
        sa.Column("backup_run_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(500), nullable=False),
        sa.Column("mailed_at", _AT, nullable=True),
        *_row("backup_incident"),
        _key("backup_incident", "backup_run_id", "backup_run"),
    )
    op.create_table(
        "backup_review",
        sa.Column("machine_id", sa.Integer(), nullable=False),
        sa.Column("backup_run_id", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(40), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("limit_bp", sa.Integer(), nullable=False),
        sa.Column("clause", sa.String(40), nullable=False),
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("closed_by", sa.String(200), nullable=True),
        sa.Column("closed_at", _AT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        *_row("backup_review"),
        _key("backup_review", "machine_id", "machine"),
        _key("backup_review", "backup_run_id", "backup_run"),
        sa.UniqueConstraint("backup_run_id", name=op.f("uq_backup_review_backup_run_id")),
    )
    op.create_table(
        "report_choice",
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("is_wanted", sa.Boolean(), nullable=False),
        *_row("report_choice"),
        _key("report_choice", "customer_id", "customer"),
        sa.UniqueConstraint("customer_id", name=op.f("uq_report_choice_customer_id")),
    )
    op.create_table(
        "usage_sample",
        sa.Column("vault_id", sa.Integer(), nullable=False),
        sa.Column("sampled_on", sa.Date(), nullable=False),
        sa.Column("bytes_stored", sa.BigInteger(), nullable=False),
        *_row("usage_sample"),
        _key("usage_sample", "vault_id", "vault"),
        sa.UniqueConstraint("vault_id", "sampled_on", name=op.f("uq_usage_sample_vault_id_sampled_on")),
    )
    for table, column in _INDEXES:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
    op.create_index("ix_backup_run_ended", "backup_run", ["machine_id", "ended_at"])
    op.create_index("ix_backup_run_received", "backup_run", ["machine_id", "created_at"])
    _watch_what_is_active()
    for table in _TABLES:
        protect(table)


def _watch_what_is_active() -> None:
    """Machines that activated before are watched too; they keep their public id and their birth."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    op.execute(
        sa.text(
            "insert into machine (organisation_id, org_path, uid, created_at, activation_id, customer_id, name,"
            " name_folded, schedule_hours, is_watched, trouble, incidents)"
            " select a.organisation_id, a.org_path, a.uid, a.created_at, a.id, k.customer_id,"
            " case when a.hostname = '' then substr(a.fingerprint, 1, 12) else a.hostname end,"
            " lower(case when a.hostname = '' then substr(a.fingerprint, 1, 12) else a.hostname end),"
            " 24, true, '', 0 from activation a join activation_key k on k.id = a.key_id"
        )
    )


_TABLES = ("machine", "backup_run", "backup_incident", "backup_review", "report_choice", "usage_sample")
_INDEXES = (
    *((table, column) for table in _TABLES for column in ("organisation_id", "org_path")),
    ("machine", "customer_id"),
    ("machine", "ended_at"),
    ("backup_incident", "backup_run_id"),
    ("backup_review", "machine_id"),
)


def _key(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=op.f(f"fk_{table}_{column}"))


def _row(table: str) -> tuple[sa.schema.SchemaItem, ...]:
    return (
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _key(table, "organisation_id", "organisation"),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )


def downgrade() -> None:
    op.drop_index("ix_backup_run_received", table_name="backup_run")
    op.drop_index("ix_backup_run_ended", table_name="backup_run")
    for table, column in reversed(_INDEXES):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    for table in reversed(_TABLES):
        op.drop_table(table)
