"""sepa"""

import sqlalchemy as sa
from alembic import op

from migrations.rls import protect

revision = "a02"
down_revision = "a01"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('batch',
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('scheme', sa.String(length=4), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('msg_id', sa.String(length=35), nullable=False),
    sa.Column('frozen_on', sa.Date(), nullable=False),
    sa.Column('count', sa.Integer(), nullable=False),
    sa.Column('total_cents', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=True),
    sa.Column('document_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_batch_document_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_batch_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_batch_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_batch')),
    sa.UniqueConstraint('msg_id', name=op.f('uq_batch_msg_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_batch_uid'))
    )
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_batch_legal_entity_id'), ['legal_entity_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_batch_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_batch_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('mandate',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('rum', sa.String(length=35), nullable=False),
    sa.Column('scheme', sa.String(length=4), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('debtor_name', sa.String(length=70), nullable=False),
    sa.Column('street', sa.String(length=70), nullable=False),
    sa.Column('postcode', sa.String(length=16), nullable=False),
    sa.Column('town', sa.String(length=35), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('iban_sealed', sa.String(length=300), nullable=True),
    sa.Column('iban_index', sa.String(length=32), nullable=True),
    sa.Column('iban_masked', sa.String(length=24), nullable=True),
    sa.Column('signer_name', sa.String(length=70), nullable=True),
    sa.Column('signer_role', sa.String(length=70), nullable=True),
    sa.Column('signer_email', sa.String(length=254), nullable=True),
    sa.Column('signed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('signed_on', sa.Date(), nullable=True),
    sa.Column('text_version', sa.String(length=20), nullable=False),
    sa.Column('text_sha256', sa.String(length=64), nullable=False),
    sa.Column('shown_sha256', sa.String(length=64), nullable=True),
    sa.Column('refusal_reason', sa.String(length=300), nullable=True),
    sa.Column('revocation_received_on', sa.Date(), nullable=True),
    sa.Column('revoked_on', sa.Date(), nullable=True),
    sa.Column('bank_confirmed_on', sa.Date(), nullable=True),
    sa.Column('last_presented_on', sa.Date(), nullable=True),
    sa.Column('document_id', sa.Integer(), nullable=True),
    sa.Column('shown_document_id', sa.Integer(), nullable=True),
    sa.Column('proof_id', sa.Integer(), nullable=True),
    sa.Column('evidence_head', sa.String(length=64), nullable=False),
    sa.Column('evidence_length', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_mandate_customer_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_mandate_document_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_mandate_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_mandate_organisation_id')),
    sa.ForeignKeyConstraint(['proof_id'], ['document.id'], name=op.f('fk_mandate_proof_id')),
    sa.ForeignKeyConstraint(['shown_document_id'], ['document.id'], name=op.f('fk_mandate_shown_document_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mandate')),
    sa.UniqueConstraint('legal_entity_id', 'rum', name=op.f('uq_mandate_legal_entity_id_rum')),
    sa.UniqueConstraint('uid', name=op.f('uq_mandate_uid'))
    )
    with op.batch_alter_table('mandate', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mandate_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_iban_index'), ['iban_index'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_state'), ['state'], unique=False)

    op.create_table('collection',
    sa.Column('mandate_id', sa.Integer(), nullable=False),
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('amount_cents', sa.BigInteger(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('end_to_end_id', sa.String(length=35), nullable=False),
    sa.Column('reference', sa.String(length=40), nullable=False),
    sa.Column('source_uid', sa.String(length=40), nullable=False),
    sa.Column('remittance', sa.String(length=140), nullable=False),
    sa.Column('sequence_type', sa.String(length=4), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('announced_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('notice_days', sa.Integer(), nullable=False),
    sa.Column('batch_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['batch_id'], ['batch.id'], name=op.f('fk_collection_batch_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_collection_legal_entity_id')),
    sa.ForeignKeyConstraint(['mandate_id'], ['mandate.id'], name=op.f('fk_collection_mandate_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_collection_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_collection')),
    sa.UniqueConstraint('end_to_end_id', name=op.f('uq_collection_end_to_end_id')),
    sa.UniqueConstraint('source_uid', name=op.f('uq_collection_source_uid')),
    sa.UniqueConstraint('uid', name=op.f('uq_collection_uid'))
    )
    with op.batch_alter_table('collection', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_collection_batch_id'), ['batch_id'], unique=False)
        batch_op.create_index('ix_collection_due', ['legal_entity_id', 'state', 'due_on'], unique=False)
        batch_op.create_index(batch_op.f('ix_collection_mandate_id'), ['mandate_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_collection_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_collection_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('mandate_event',
    sa.Column('mandate_id', sa.Integer(), nullable=False),
    sa.Column('seq', sa.Integer(), nullable=False),
    sa.Column('event', sa.JSON(), nullable=False),
    sa.Column('previous_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['mandate_id'], ['mandate.id'], name=op.f('fk_mandate_event_mandate_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_mandate_event_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mandate_event')),
    sa.UniqueConstraint('mandate_id', 'seq', name=op.f('uq_mandate_event_mandate_id_seq')),
    sa.UniqueConstraint('uid', name=op.f('uq_mandate_event_uid'))
    )
    with op.batch_alter_table('mandate_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mandate_event_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_mandate_event_organisation_id'), ['organisation_id'], unique=False)
    protect('batch')
    protect('mandate')
    protect('collection')
    protect('mandate_event')


def downgrade() -> None:
    with op.batch_alter_table('mandate_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mandate_event_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_mandate_event_org_path'))

    op.drop_table('mandate_event')
    with op.batch_alter_table('collection', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_collection_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_collection_org_path'))
        batch_op.drop_index(batch_op.f('ix_collection_mandate_id'))
        batch_op.drop_index('ix_collection_due')
        batch_op.drop_index(batch_op.f('ix_collection_batch_id'))

    op.drop_table('collection')
    with op.batch_alter_table('mandate', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mandate_state'))
        batch_op.drop_index(batch_op.f('ix_mandate_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_mandate_org_path'))
        batch_op.drop_index(batch_op.f('ix_mandate_iban_index'))
        batch_op.drop_index(batch_op.f('ix_mandate_customer_id'))

    op.drop_table('mandate')
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_batch_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_batch_org_path'))
        batch_op.drop_index(batch_op.f('ix_batch_legal_entity_id'))

    op.drop_table('batch')
