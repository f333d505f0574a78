"""tasks run in lanes, workers and duties say how they do, a billing run leaves broken customers out"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_0940"
down_revision = "20261128_0330"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")
# What was asked for before the lanes existed goes where its kind goes now; everything else is "runs".
_LANES = {
    "prompt": ("vault.open", "vault.forget", "reversibility.certify_return"),
    "mail": ("mail.send",),
    "restores": ("restore.list", "restore.fetch"),
    "exports": ("reversibility.export", "reversibility.erase", "reversibility.push"),
    "upkeep": ("restore.clean", "vault.measure", "reversibility.clean"),
}


def upgrade() -> None:
    with op.batch_alter_table("task") as table:
        table.add_column(sa.Column("lane", sa.String(40), nullable=False, server_default="runs"))
        table.add_column(sa.Column("put_off", sa.Integer(), nullable=False, server_default="0"))
        table.add_column(sa.Column("claims", sa.Integer(), nullable=False, server_default="0"))
        table.create_index("ix_task_lane", ["lane", "state", "organisation_id", "id"])
    task = sa.table("task", sa.column("kind", sa.String), sa.column("lane", sa.String))
    for lane, kinds in _LANES.items():
        op.execute(task.update().where(task.c.kind.in_(kinds)).values(lane=lane))
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(120), nullable=False),
        sa.Column("lane", sa.String(20), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=True),
        sa.UniqueConstraint("uid", name=op.f("uq_worker_uid")),
        sa.UniqueConstraint("name", name=op.f("uq_worker_name")),
    )
    op.create_table(
        "billing_skip",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("customer_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(500), nullable=False),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"]),
        sa.ForeignKeyConstraint(["run_id"], ["billing_run.id"]),
        sa.ForeignKeyConstraint(["customer_id"], ["customer.id"]),
        sa.UniqueConstraint("uid", name=op.f("uq_billing_skip_uid")),
        sa.UniqueConstraint("run_id", "customer_id", name=op.f("uq_billing_skip_run_id_customer_id")),
    )
    for column in ("org_path", "organisation_id", "customer_id"):
        op.create_index(f"ix_billing_skip_{column}", "billing_skip", [column])
    protect("billing_skip")
    op.create_table(
        "duty",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("slot", sa.String(40), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(500), nullable=False),
        sa.UniqueConstraint("uid", name=op.f("uq_duty_uid")),
        sa.UniqueConstraint("name", name=op.f("uq_duty_name")),
    )


def downgrade() -> None:
    op.drop_table("duty")
    op.drop_table("billing_skip")
    op.drop_table("worker")
    with op.batch_alter_table("task") as table:
        table.drop_index("ix_task_lane")
        table.drop_column("claims")
        table.drop_column("put_off")
        table.drop_column("lane")
