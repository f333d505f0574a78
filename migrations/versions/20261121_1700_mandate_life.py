"""changes, suspension and stop of mandates"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "e01"
down_revision = "b02"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('mandate', schema=None) as batch_op:
        batch_op.add_column(sa.Column('suspended_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('hold_reason', sa.String(length=300), nullable=True))

    op.create_table('mandate_amendment',
    sa.Column('mandate_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('original_rum', sa.String(length=35), nullable=True),
    sa.Column('original_ics', sa.String(length=35), nullable=True),
    sa.Column('original_creditor_name', sa.String(length=70), nullable=True),
    sa.Column('former_masked', sa.String(length=24), nullable=True),
    sa.Column('iban_sealed', sa.String(length=300), nullable=True),
    sa.Column('iban_masked', sa.String(length=24), nullable=True),
    sa.Column('shown_sha256', sa.String(length=64), nullable=True),
    sa.Column('signer_name', sa.String(length=70), nullable=True),
    sa.Column('signer_role', sa.String(length=70), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('effective_on', sa.Date(), nullable=True),
    sa.Column('noted_by', sa.String(length=200), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('document_id', sa.Integer(), nullable=True),
    sa.Column('sent_batch_id', sa.Integer(), nullable=True),
    sa.Column('settled_on', sa.Date(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_mandate_amendment_document_id')),
    sa.ForeignKeyConstraint(['mandate_id'], ['mandate.id'], name=op.f('fk_mandate_amendment_mandate_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_mandate_amendment_organisation_id')),
    sa.ForeignKeyConstraint(['sent_batch_id'], ['batch.id'], name=op.f('fk_mandate_amendment_sent_batch_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mandate_amendment')),
    sa.UniqueConstraint('uid', name=op.f('uq_mandate_amendment_uid'))
    )
    with op.batch_alter_table('mandate_amendment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mandate_amendment_mandate_id'), ['mandate_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_amendment_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_amendment_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_amendment_state'), ['state'], unique=False)

    protect('mandate_amendment')


def downgrade() -> None:
    op.drop_table('mandate_amendment')
    with op.batch_alter_table('mandate', schema=None) as batch_op:
        batch_op.drop_column('hold_reason')
        batch_op.drop_column('suspended_on')
