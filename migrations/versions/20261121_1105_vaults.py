"""vaults"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "a03"
down_revision = "a01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('vault',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('subscription_uid', sa.String(length=16), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('location_sealed', sa.Text(), nullable=False),
    sa.Column('custody', sa.String(40), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('repository_id', sa.String(length=64), nullable=False),
    sa.Column('bytes_stored', sa.BigInteger(), nullable=True),
    sa.Column('snapshots', sa.Integer(), nullable=True),
    sa.Column('newest_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('measured_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('measure_fault', sa.String(40), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_vault_customer_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_vault_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vault')),
    sa.UniqueConstraint('uid', name=op.f('uq_vault_uid'))
    )
    with op.batch_alter_table('vault', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_vault_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_vault_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_vault_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_vault_subscription_uid'), ['subscription_uid'], unique=False)

    op.create_table('restore_request',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('vault_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('cause', sa.String(40), nullable=False),
    sa.Column('what', sa.Text(), nullable=False),
    sa.Column('lost_on', sa.Date(), nullable=True),
    sa.Column('planned_on', sa.Date(), nullable=True),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('opening_uid', sa.String(length=16), nullable=False),
    sa.Column('run', sa.Integer(), nullable=False),
    sa.Column('wanted_snapshot', sa.String(length=64), nullable=False),
    sa.Column('snapshot_id', sa.String(length=64), nullable=False),
    sa.Column('path', sa.Text(), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('billed', sa.Boolean(), nullable=True),
    sa.Column('price_cents', sa.BigInteger(), nullable=True),
    sa.Column('price_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_restore_request_customer_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_restore_request_organisation_id')),
    sa.ForeignKeyConstraint(['vault_id'], ['vault.id'], name=op.f('fk_restore_request_vault_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_restore_request')),
    sa.UniqueConstraint('uid', name=op.f('uq_restore_request_uid'))
    )
    with op.batch_alter_table('restore_request', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_restore_request_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_restore_request_opening_uid'), ['opening_uid'], unique=False)
        batch_op.create_index(batch_op.f('ix_restore_request_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_restore_request_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_restore_request_vault_id'), ['vault_id'], unique=False)

    op.create_table('reversibility_case',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('subscription_id', sa.Integer(), nullable=False),
    sa.Column('vault_id', sa.Integer(), nullable=False),
    sa.Column('reason', sa.String(40), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('requested_on', sa.Date(), nullable=False),
    sa.Column('requested_by', sa.String(length=200), nullable=False),
    sa.Column('cost_cents', sa.BigInteger(), nullable=False),
    sa.Column('opening_uid', sa.String(length=16), nullable=False),
    sa.Column('round', sa.Integer(), nullable=False),
    sa.Column('files', sa.BigInteger(), nullable=True),
    sa.Column('bytes', sa.BigInteger(), nullable=True),
    sa.Column('manifest_sha256', sa.String(length=64), nullable=False),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('contest_reason', sa.Text(), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('accepted_by', sa.String(length=254), nullable=False),
    sa.Column('erase_now', sa.Boolean(), nullable=True),
    sa.Column('released_by', sa.String(length=200), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('certificate_number', sa.String(length=35), nullable=False),
    sa.Column('certificate_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['certificate_id'], ['document.id'], name=op.f('fk_reversibility_case_certificate_id')),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_reversibility_case_customer_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_reversibility_case_organisation_id')),
    sa.ForeignKeyConstraint(['subscription_id'], ['subscription.id'], name=op.f('fk_reversibility_case_subscription_id')),
    sa.ForeignKeyConstraint(['vault_id'], ['vault.id'], name=op.f('fk_reversibility_case_vault_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_reversibility_case')),
    sa.UniqueConstraint('uid', name=op.f('uq_reversibility_case_uid'))
    )
    with op.batch_alter_table('reversibility_case', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_reversibility_case_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reversibility_case_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_reversibility_case_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reversibility_case_subscription_id'), ['subscription_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_reversibility_case_vault_id'), ['vault_id'], unique=False)

    op.create_table('vault_opening',
    sa.Column('vault_id', sa.Integer(), nullable=False),
    sa.Column('purpose', sa.String(40), nullable=False),
    sa.Column('subject_uid', sa.String(length=16), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('recipient', sa.String(length=254), nullable=False),
    sa.Column('consented_by', sa.String(length=254), nullable=True),
    sa.Column('consented_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('consent_address', sa.String(length=45), nullable=True),
    sa.Column('until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('fault', sa.String(40), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_vault_opening_organisation_id')),
    sa.ForeignKeyConstraint(['vault_id'], ['vault.id'], name=op.f('fk_vault_opening_vault_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_vault_opening')),
    sa.UniqueConstraint('uid', name=op.f('uq_vault_opening_uid'))
    )
    with op.batch_alter_table('vault_opening', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_vault_opening_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_vault_opening_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_vault_opening_subject_uid'), ['subject_uid'], unique=False)
        batch_op.create_index(batch_op.f('ix_vault_opening_vault_id'), ['vault_id'], unique=False)
    protect('vault')
    protect('restore_request')
    protect('reversibility_case')
    protect('vault_opening')


def downgrade() -> None:
    with op.batch_alter_table('vault_opening', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_vault_opening_vault_id'))
        batch_op.drop_index(batch_op.f('ix_vault_opening_subject_uid'))
        batch_op.drop_index(batch_op.f('ix_vault_opening_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_vault_opening_org_path'))

    op.drop_table('vault_opening')
    with op.batch_alter_table('reversibility_case', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_reversibility_case_vault_id'))
        batch_op.drop_index(batch_op.f('ix_reversibility_case_subscription_id'))
        batch_op.drop_index(batch_op.f('ix_reversibility_case_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_reversibility_case_org_path'))
        batch_op.drop_index(batch_op.f('ix_reversibility_case_customer_id'))

    op.drop_table('reversibility_case')
    with op.batch_alter_table('restore_request', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_restore_request_vault_id'))
        batch_op.drop_index(batch_op.f('ix_restore_request_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_restore_request_org_path'))
        batch_op.drop_index(batch_op.f('ix_restore_request_opening_uid'))
        batch_op.drop_index(batch_op.f('ix_restore_request_customer_id'))

    op.drop_table('restore_request')
    with op.batch_alter_table('vault', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_vault_subscription_uid'))
        batch_op.drop_index(batch_op.f('ix_vault_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_vault_org_path'))
        batch_op.drop_index(batch_op.f('ix_vault_customer_id'))

    op.drop_table('vault')
