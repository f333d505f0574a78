"""second factors, sign-ins that are half open, and counters that run out"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2110"
down_revision = "20261128_1935"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def _of_a_person(table, *columns):
    op.create_table(
        table,
        *columns,
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name=op.f(f"fk_{table}_user_id")),
        sa.ForeignKeyConstraint(["organisation_id"], ["organisation.id"], name=op.f(f"fk_{table}_organisation_id")),
        sa.UniqueConstraint("uid", name=op.f(f"uq_{table}_uid")),
    )
    for name in ("user_id", "org_path", "organisation_id"):
        op.create_index(op.f(f"ix_{table}_{name}"), table, [name])
    protect(table)


def upgrade() -> None:
    _of_a_person(
        "passkey",
        sa.Column("credential_id", sa.Text(), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkey_credential_id")),
    )
    _of_a_person(
        "totp",
        sa.Column("secret_sealed", sa.String(200), nullable=False),
        sa.Column("proved_at", sa.DateTime(timezone=True)),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True)),
    )
    _of_a_person(
        "recovery_code",
        sa.Column("code_hash", sa.String(64), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True)),
        sa.Column("kept_at", sa.DateTime(timezone=True)),
    )
    _of_a_person(
        "half_sign_in",
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("challenge", sa.String(100)),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True)),
        sa.UniqueConstraint("token_hash", name=op.f("uq_half_sign_in_token_hash")),
    )
    op.add_column("login_throttle", sa.Column("counted_at", sa.DateTime(timezone=True)))
    op.add_column(
        "sign_in", sa.Column("confirmed_by", sa.String(20), nullable=False, server_default="password")
    )
    op.add_column("sign_in", sa.Column("factor_at", sa.DateTime(timezone=True)))
    op.add_column("sign_in", sa.Column("challenge", sa.String(100)))


def downgrade() -> None:
    with op.batch_alter_table("sign_in") as batch:
        for name in ("challenge", "factor_at", "confirmed_by"):
            batch.drop_column(name)
    with op.batch_alter_table("login_throttle") as batch:
        batch.drop_column("counted_at")
    for table in ("half_sign_in", "recovery_code", "totp", "passkey"):
        op.drop_table(table)
