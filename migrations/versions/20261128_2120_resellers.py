"""resellers have a contract and a state; several legal entities at one node; series taken over"""

import secrets
from base64 import b32encode
from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "20261128_2120"
down_revision = "20261128_2111"
branch_labels = None
depends_on = None

_PATH = sa.String(200).with_variant(sa.String(200, collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "reseller",
        sa.Column("state", sa.String(40), nullable=False),
        sa.Column("legal_name", sa.String(140), nullable=False),
        sa.Column("siren", sa.String(9)),
        sa.Column("street", sa.String(70), nullable=False),
        sa.Column("postcode", sa.String(16), nullable=False),
        sa.Column("town", sa.String(35), nullable=False),
        sa.Column("country", sa.String(2), nullable=False),
        sa.Column("territory", sa.String(140), nullable=False),
        sa.Column("contract_signed_on", sa.Date()),
        sa.Column("contract_ends_on", sa.Date()),
        sa.Column("contract_id", sa.Integer()),
        sa.Column("notes", sa.Text(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("org_path", _PATH, nullable=False),
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("uid", sa.String(16), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["contract_id"], ["document.id"], name=op.f("fk_reseller_contract_id")),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("fk_reseller_organisation_id")
        ),
        sa.UniqueConstraint("organisation_id", name=op.f("uq_reseller_organisation_id")),
        sa.UniqueConstraint("uid", name=op.f("uq_reseller_uid")),
    )
    op.create_index("ix_reseller_org_path", "reseller", ["org_path"])
    op.create_index("ix_reseller_organisation_id", "reseller", ["organisation_id"])
    op.create_index("ix_reseller_state", "reseller", ["state"])
    _take_in_those_that_are_there()
    protect("reseller")
    op.add_column(
        "legal_entity", sa.Column("is_default", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.execute(
        sa.text(
            "UPDATE legal_entity SET is_default = true WHERE id IN "
            "(SELECT min(id) FROM legal_entity GROUP BY organisation_id)"
        )
    )
    op.add_column(
        "number_series", sa.Column("taken_over", sa.Integer(), server_default="0", nullable=False)
    )


def _take_in_those_that_are_there() -> None:
    """They sell today, so they are active; their contract is still to be uploaded."""
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("select set_config('app.scope', '/', true)"))
    known = sa.text("SELECT id, name, org_path FROM organisation WHERE kind = 'reseller'")
    insert = sa.text(
        "INSERT INTO reseller (state, legal_name, street, postcode, town, country, territory, notes, "
        "organisation_id, org_path, uid, created_at) VALUES ('active', :name, '', '', '', 'FR', '', '', "
        ":id, :path, :uid, :now)"
    ).bindparams(sa.bindparam("now", type_=sa.DateTime(timezone=True)))
    for each in connection.execute(known).all():
        uid = b32encode(secrets.token_bytes(10)).decode().lower()
        values = {"id": each.id, "name": each.name, "path": each.org_path, "uid": uid}
        connection.execute(insert, {**values, "now": datetime.now(UTC)})


def downgrade() -> None:
    op.drop_column("number_series", "taken_over")
    op.drop_column("legal_entity", "is_default")
    op.drop_table("reseller")
