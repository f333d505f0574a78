"""amendments of a contract"""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze
from migrations.rls import protect

revision = "d01"
down_revision = "c03"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('amendment',
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('label', sa.String(length=140), nullable=False),
    sa.Column('signed_on', sa.Date(), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('values', sa.JSON(), nullable=False),
    sa.Column('document_id', sa.Integer(), nullable=True),
    sa.Column('created_by', sa.String(length=200), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_amendment_document_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_amendment_organisation_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_amendment_subscription_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_amendment')),
    sa.UniqueConstraint('uid', name=op.f('uq_amendment_uid'))
    )
    with op.batch_alter_table('amendment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_amendment_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_amendment_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_amendment_subscription_id'), ['subscription_id'], unique=False)

    protect('amendment')
    freeze('amendment')  # what both parties signed is changed by another amendment only


def downgrade() -> None:
    with op.batch_alter_table('amendment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_amendment_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_amendment_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_amendment_org_path'))

    op.drop_table('amendment')
