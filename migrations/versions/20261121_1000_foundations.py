"""foundations"""

import sqlalchemy as sa
from alembic import op

from migrations.immutable import freeze, thaw
from migrations.rls import protect

revision = "a01"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('login_throttle',
    sa.Column('subject', sa.String(length=80), nullable=False),
    sa.Column('failures', sa.Integer(), nullable=False),
    sa.Column('blocked_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login_throttle')),
    sa.UniqueConstraint('subject', name=op.f('uq_login_throttle_subject')),
    sa.UniqueConstraint('uid', name=op.f('uq_login_throttle_uid'))
    )
    op.create_table('organisation',
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('name', sa.String(length=140), nullable=False),
    sa.Column('parent_id', sa.Integer(), nullable=True),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['parent_id'], ['organisation.id'], name=op.f('fk_organisation_parent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_organisation')),
    sa.UniqueConstraint('uid', name=op.f('uq_organisation_uid'))
    )
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_organisation_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_organisation_parent_id'), ['parent_id'], unique=False)

    op.create_table('periodic_run',
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('slot', sa.String(length=40), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_periodic_run')),
    sa.UniqueConstraint('name', 'slot', name=op.f('uq_periodic_run_name_slot')),
    sa.UniqueConstraint('uid', name=op.f('uq_periodic_run_uid'))
    )
    op.create_table('customer',
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('reseller_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(40), nullable=False),
    sa.Column('name', sa.String(length=140), nullable=False),
    sa.Column('name_folded', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('siren', sa.String(length=9), nullable=True),
    sa.Column('siret', sa.String(length=14), nullable=True),
    sa.Column('vat_number', sa.String(length=14), nullable=True),
    sa.Column('street', sa.String(length=70), nullable=False),
    sa.Column('postcode', sa.String(length=16), nullable=False),
    sa.Column('town', sa.String(length=35), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('health_data', sa.Boolean(), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_customer_organisation_id')),
    sa.ForeignKeyConstraint(['reseller_id'], ['organisation.id'], name=op.f('fk_customer_reseller_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer')),
    sa.UniqueConstraint('uid', name=op.f('uq_customer_uid'))
    )
    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.create_index('ix_customer_name', ['name_folded', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_customer_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_customer_reseller_name', ['reseller_id', 'name_folded', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_customer_siren'), ['siren'], unique=False)

    op.create_table('document',
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('subject_uid', sa.String(length=16), nullable=False),
    sa.Column('filename', sa.String(length=200), nullable=False),
    sa.Column('media_type', sa.String(length=100), nullable=False),
    sa.Column('size_bytes', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('storage_key', sa.String(length=200), nullable=False),
    sa.Column('erased', sa.Boolean(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_document_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_document')),
    sa.UniqueConstraint('uid', name=op.f('uq_document_uid'))
    )
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_document_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_document_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_document_subject_uid'), ['subject_uid'], unique=False)

    op.create_table('journal_entry',
    sa.Column('subject_kind', sa.String(length=40), nullable=False),
    sa.Column('subject_uid', sa.String(length=16), nullable=False),
    sa.Column('what', sa.String(length=60), nullable=False),
    sa.Column('before', sa.String(length=40), nullable=True),
    sa.Column('after', sa.String(length=40), nullable=True),
    sa.Column('by_label', sa.String(length=200), nullable=False),
    sa.Column('by_user_id', sa.Integer(), nullable=True),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_journal_entry_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_journal_entry')),
    sa.UniqueConstraint('uid', name=op.f('uq_journal_entry_uid'))
    )
    with op.batch_alter_table('journal_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_journal_entry_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_journal_entry_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index('ix_journal_entry_subject', ['subject_uid', 'id'], unique=False)

    op.create_table('legal_entity',
    sa.Column('name', sa.String(length=70), nullable=False),
    sa.Column('legal_form', sa.String(length=60), nullable=False),
    sa.Column('siren', sa.String(length=9), nullable=False),
    sa.Column('rcs_town', sa.String(length=60), nullable=False),
    sa.Column('vat_number', sa.String(length=14), nullable=False),
    sa.Column('street', sa.String(length=70), nullable=False),
    sa.Column('postcode', sa.String(length=16), nullable=False),
    sa.Column('town', sa.String(length=35), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('ics', sa.String(length=35), nullable=False),
    sa.Column('iban_sealed', sa.String(length=300), nullable=False),
    sa.Column('bank_name', sa.String(length=70), nullable=False),
    sa.Column('mandate_prefix', sa.String(length=10), nullable=False),
    sa.Column('notice_days', sa.Integer(), nullable=False),
    sa.Column('lead_days', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_legal_entity_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_legal_entity')),
    sa.UniqueConstraint('uid', name=op.f('uq_legal_entity_uid'))
    )
    with op.batch_alter_table('legal_entity', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_legal_entity_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_legal_entity_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('mail',
    sa.Column('recipient', sa.String(length=254), nullable=False),
    sa.Column('subject', sa.String(length=300), nullable=False),
    sa.Column('body_sealed', sa.Text(), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=False),
    sa.Column('subject_uid', sa.String(length=16), nullable=False),
    sa.Column('attachments', sa.JSON(), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('sent_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('message_id', sa.String(length=200), nullable=False),
    sa.Column('server_answer', sa.String(length=300), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_mail_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mail')),
    sa.UniqueConstraint('uid', name=op.f('uq_mail_uid'))
    )
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_mail_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_mail_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_mail_subject_uid'), ['subject_uid'], unique=False)

    op.create_table('product',
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('name', sa.String(length=140), nullable=False),
    sa.Column('terms_stack', sa.String(length=40), nullable=False),
    sa.Column('plan', sa.String(40), nullable=False),
    sa.Column('key_product', sa.Integer(), nullable=False),
    sa.Column('billing_months', sa.Integer(), nullable=False),
    sa.Column('unit_name', sa.String(length=60), nullable=False),
    sa.Column('unit_cents', sa.BigInteger(), nullable=False),
    sa.Column('price_includes_vat', sa.Boolean(), nullable=False),
    sa.Column('vat_basis_points', sa.Integer(), nullable=False),
    sa.Column('has_keys', sa.Boolean(), nullable=False),
    sa.Column('is_on_sale', sa.Boolean(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_product_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_product')),
    sa.UniqueConstraint('code', name=op.f('uq_product_code')),
    sa.UniqueConstraint('uid', name=op.f('uq_product_uid'))
    )
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_product_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_product_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('signed_link',
    sa.Column('purpose', sa.String(40), nullable=False),
    sa.Column('subject_uid', sa.String(length=16), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('recipient', sa.String(length=254), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_hash', sa.String(length=64), nullable=True),
    sa.Column('code_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_tries', sa.Integer(), nullable=False),
    sa.Column('codes_sent', sa.Integer(), nullable=False),
    sa.Column('codes_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('code_passed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_signed_link_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_signed_link')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_signed_link_token_hash')),
    sa.UniqueConstraint('uid', name=op.f('uq_signed_link_uid'))
    )
    with op.batch_alter_table('signed_link', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_signed_link_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_signed_link_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_signed_link_subject_uid'), ['subject_uid'], unique=False)

    op.create_table('task',
    sa.Column('kind', sa.String(length=60), nullable=False),
    sa.Column('ref', sa.String(length=120), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('cursor', sa.String(length=200), nullable=False),
    sa.Column('done', sa.BigInteger(), nullable=False),
    sa.Column('total', sa.BigInteger(), nullable=False),
    sa.Column('unit', sa.String(length=20), nullable=False),
    sa.Column('owner', sa.String(length=120), nullable=True),
    sa.Column('lease_until', sa.BigInteger(), nullable=False),
    sa.Column('not_before', sa.BigInteger(), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('error', sa.String(length=500), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_task_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_task')),
    sa.UniqueConstraint('kind', 'ref', name=op.f('uq_task_kind_ref')),
    sa.UniqueConstraint('uid', name=op.f('uq_task_uid'))
    )
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_task_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_task_state'), ['state'], unique=False)

    op.create_table('user_account',
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=140), nullable=False),
    sa.Column('role', sa.String(40), nullable=False),
    sa.Column('language', sa.String(length=5), nullable=True),
    sa.Column('password_hash', sa.String(length=200), nullable=False),
    sa.Column('is_enabled', sa.Boolean(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_user_account_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('email', name=op.f('uq_user_account_email')),
    sa.UniqueConstraint('uid', name=op.f('uq_user_account_uid'))
    )
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_user_account_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_user_account_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('acceptance',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('document', sa.String(length=20), nullable=False),
    sa.Column('version', sa.String(length=40), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('accepted_by', sa.String(length=200), nullable=False),
    sa.Column('accepted_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_acceptance_customer_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_acceptance_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance')),
    sa.UniqueConstraint('uid', name=op.f('uq_acceptance_uid'))
    )
    with op.batch_alter_table('acceptance', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_acceptance_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_acceptance_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_acceptance_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('activation_key',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('source_uid', sa.String(length=16), nullable=False),
    sa.Column('product', sa.String(length=140), nullable=False),
    sa.Column('code_sealed', sa.String(length=200), nullable=False),
    sa.Column('code_index', sa.String(length=32), nullable=False),
    sa.Column('seats', sa.Integer(), nullable=False),
    sa.Column('seats_used', sa.Integer(), nullable=False),
    sa.Column('valid_through', sa.Date(), nullable=False),
    sa.Column('revoked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_activation_key_customer_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_activation_key_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activation_key')),
    sa.UniqueConstraint('code_index', name=op.f('uq_activation_key_code_index')),
    sa.UniqueConstraint('uid', name=op.f('uq_activation_key_uid'))
    )
    with op.batch_alter_table('activation_key', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_activation_key_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_activation_key_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_activation_key_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_activation_key_source_uid'), ['source_uid'], unique=False)

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

    op.create_table('billing_run',
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.String(length=7), nullable=False),
    sa.Column('part', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('invoices', sa.Integer(), nullable=False),
    sa.Column('gross_cents', sa.BigInteger(), nullable=False),
    sa.Column('collections', sa.Integer(), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_billing_run_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_billing_run_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_billing_run')),
    sa.UniqueConstraint('legal_entity_id', 'month', 'part', name=op.f('uq_billing_run_legal_entity_id_month_part')),
    sa.UniqueConstraint('uid', name=op.f('uq_billing_run_uid'))
    )
    with op.batch_alter_table('billing_run', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_billing_run_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_billing_run_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('contact',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(40), nullable=False),
    sa.Column('name', sa.String(length=70), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('phone', sa.String(length=30), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_contact_customer_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_contact_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
    sa.UniqueConstraint('customer_id', 'role', name=op.f('uq_contact_customer_id_role')),
    sa.UniqueConstraint('uid', name=op.f('uq_contact_uid'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_contact_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_contact_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('customer_order',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('ordered_on', sa.Date(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('product_name', sa.String(length=140), nullable=False),
    sa.Column('plan', sa.String(40), nullable=False),
    sa.Column('terms_stack', sa.String(length=40), nullable=False),
    sa.Column('terms_versions', sa.JSON(), nullable=False),
    sa.Column('billing_months', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_cents', sa.BigInteger(), nullable=False),
    sa.Column('includes_vat', sa.Boolean(), nullable=False),
    sa.Column('vat_basis_points', sa.Integer(), nullable=False),
    sa.Column('method', sa.String(40), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_customer_order_customer_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_customer_order_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_customer_order_organisation_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_customer_order_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_customer_order')),
    sa.UniqueConstraint('uid', name=op.f('uq_customer_order_uid'))
    )
    with op.batch_alter_table('customer_order', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_customer_order_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_customer_order_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_customer_order_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('draft',
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('form', sa.String(length=40), nullable=False),
    sa.Column('content_sealed', sa.Text(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_draft_organisation_id')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_draft_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_draft')),
    sa.UniqueConstraint('uid', name=op.f('uq_draft_uid')),
    sa.UniqueConstraint('user_id', 'form', name=op.f('uq_draft_user_id_form'))
    )
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_draft_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_draft_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('invoice',
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=35), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('due_on', sa.Date(), nullable=False),
    sa.Column('net_cents', sa.BigInteger(), nullable=False),
    sa.Column('vat_cents', sa.BigInteger(), nullable=False),
    sa.Column('gross_cents', sa.BigInteger(), nullable=False),
    sa.Column('method', sa.String(40), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=True),
    sa.Column('parties', sa.JSON(), nullable=False),
    sa.Column('order_uid', sa.String(length=16), nullable=True),
    sa.Column('document_id', sa.Integer(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_invoice_customer_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_invoice_document_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_invoice_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_invoice_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice')),
    sa.UniqueConstraint('legal_entity_id', 'number', name=op.f('uq_invoice_legal_entity_id_number')),
    sa.UniqueConstraint('uid', name=op.f('uq_invoice_uid'))
    )
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_order_uid'), ['order_uid'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_organisation_id'), ['organisation_id'], unique=False)

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

    op.create_table('number_series',
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('prefix', sa.String(length=6), nullable=False),
    sa.Column('year', sa.Integer(), nullable=False),
    sa.Column('last', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_number_series_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_number_series_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_number_series')),
    sa.UniqueConstraint('legal_entity_id', 'prefix', 'year', name=op.f('uq_number_series_legal_entity_id_prefix_year')),
    sa.UniqueConstraint('uid', name=op.f('uq_number_series_uid'))
    )
    with op.batch_alter_table('number_series', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_number_series_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_number_series_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('proforma',
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.String(length=35), nullable=False),
    sa.Column('order_uid', sa.String(length=16), nullable=False),
    sa.Column('issued_on', sa.Date(), nullable=False),
    sa.Column('valid_through', sa.Date(), nullable=False),
    sa.Column('gross_cents', sa.BigInteger(), nullable=False),
    sa.Column('document_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_proforma_customer_id')),
    sa.ForeignKeyConstraint(['document_id'], ['document.id'], name=op.f('fk_proforma_document_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_proforma_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_proforma_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_proforma')),
    sa.UniqueConstraint('legal_entity_id', 'number', name=op.f('uq_proforma_legal_entity_id_number')),
    sa.UniqueConstraint('uid', name=op.f('uq_proforma_uid'))
    )
    with op.batch_alter_table('proforma', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_proforma_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_proforma_order_uid'), ['order_uid'], unique=False)
        batch_op.create_index(batch_op.f('ix_proforma_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_proforma_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('sign_in',
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.Integer(), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('address', sa.String(length=45), nullable=False),
    sa.Column('browser', sa.String(length=300), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_sign_in_organisation_id')),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_sign_in_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_token_hash')),
    sa.UniqueConstraint('uid', name=op.f('uq_sign_in_uid'))
    )
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_in_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_organisation_id'), ['organisation_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_user_id'), ['user_id'], unique=False)

    op.create_table('subscription',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('product_id', sa.Integer(), nullable=False),
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('order_uid', sa.String(length=16), nullable=False),
    sa.Column('started_on', sa.Date(), nullable=False),
    sa.Column('billed_before', sa.Date(), nullable=False),
    sa.Column('state', sa.String(40), nullable=False),
    sa.Column('notified_on', sa.Date(), nullable=True),
    sa.Column('notice_reason', sa.String(length=40), nullable=True),
    sa.Column('ends_on', sa.Date(), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('product_name', sa.String(length=140), nullable=False),
    sa.Column('plan', sa.String(40), nullable=False),
    sa.Column('terms_stack', sa.String(length=40), nullable=False),
    sa.Column('terms_versions', sa.JSON(), nullable=False),
    sa.Column('billing_months', sa.Integer(), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_cents', sa.BigInteger(), nullable=False),
    sa.Column('includes_vat', sa.Boolean(), nullable=False),
    sa.Column('vat_basis_points', sa.Integer(), nullable=False),
    sa.Column('method', sa.String(40), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_subscription_customer_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_subscription_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_subscription_organisation_id')),
    sa.ForeignKeyConstraint(['product_id'], ['product.id'], name=op.f('fk_subscription_product_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscription')),
    sa.UniqueConstraint('uid', name=op.f('uq_subscription_uid'))
    )
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subscription_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_order_uid'), ['order_uid'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_subscription_organisation_id'), ['organisation_id'], unique=False)

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

    op.create_table('activation',
    sa.Column('key_id', sa.Integer(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('hostname', sa.String(length=140), nullable=False),
    sa.Column('license_file', sa.Text(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['key_id'], ['activation_key.id'], name=op.f('fk_activation_key_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_activation_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activation')),
    sa.UniqueConstraint('key_id', 'fingerprint', name=op.f('uq_activation_key_id_fingerprint')),
    sa.UniqueConstraint('uid', name=op.f('uq_activation_uid'))
    )
    with op.batch_alter_table('activation', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_activation_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_activation_organisation_id'), ['organisation_id'], unique=False)

    op.create_table('charge',
    sa.Column('customer_id', sa.Integer(), nullable=False),
    sa.Column('origin', sa.String(length=120), nullable=False),
    sa.Column('label', sa.String(length=300), nullable=False),
    sa.Column('clause', sa.String(length=40), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_cents', sa.BigInteger(), nullable=False),
    sa.Column('includes_vat', sa.Boolean(), nullable=False),
    sa.Column('vat_basis_points', sa.Integer(), nullable=False),
    sa.Column('method', sa.String(40), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=True),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['customer_id'], ['customer.id'], name=op.f('fk_charge_customer_id')),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_charge_invoice_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_charge_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_charge')),
    sa.UniqueConstraint('origin', name=op.f('uq_charge_origin')),
    sa.UniqueConstraint('uid', name=op.f('uq_charge_uid'))
    )
    with op.batch_alter_table('charge', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_charge_customer_id'), ['customer_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_charge_invoice_id'), ['invoice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_charge_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_charge_organisation_id'), ['organisation_id'], unique=False)

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

    op.create_table('invoice_line',
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('label', sa.String(length=300), nullable=False),
    sa.Column('clause', sa.String(length=40), nullable=False),
    sa.Column('quantity', sa.Integer(), nullable=False),
    sa.Column('unit_cents', sa.BigInteger(), nullable=False),
    sa.Column('includes_vat', sa.Boolean(), nullable=False),
    sa.Column('vat_basis_points', sa.Integer(), nullable=False),
    sa.Column('net_cents', sa.BigInteger(), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_invoice_line_invoice_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_invoice_line_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_invoice_line')),
    sa.UniqueConstraint('uid', name=op.f('uq_invoice_line_uid'))
    )
    with op.batch_alter_table('invoice_line', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_invoice_line_invoice_id'), ['invoice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_line_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_invoice_line_organisation_id'), ['organisation_id'], unique=False)

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

    op.create_table('payment',
    sa.Column('legal_entity_id', sa.Integer(), nullable=False),
    sa.Column('invoice_id', sa.Integer(), nullable=False),
    sa.Column('method', sa.String(40), nullable=False),
    sa.Column('amount_cents', sa.BigInteger(), nullable=False),
    sa.Column('received_on', sa.Date(), nullable=False),
    sa.Column('reference', sa.String(length=140), nullable=False),
    sa.Column('organisation_id', sa.Integer(), nullable=False),
    sa.Column('org_path', sa.String(length=200).with_variant(sa.String(length=200, collation='C'), 'postgresql'), nullable=False),
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=16), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['invoice_id'], ['invoice.id'], name=op.f('fk_payment_invoice_id')),
    sa.ForeignKeyConstraint(['legal_entity_id'], ['legal_entity.id'], name=op.f('fk_payment_legal_entity_id')),
    sa.ForeignKeyConstraint(['organisation_id'], ['organisation.id'], name=op.f('fk_payment_organisation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_payment')),
    sa.UniqueConstraint('legal_entity_id', 'reference', name=op.f('uq_payment_legal_entity_id_reference')),
    sa.UniqueConstraint('uid', name=op.f('uq_payment_uid'))
    )
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_payment_invoice_id'), ['invoice_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_org_path'), ['org_path'], unique=False)
        batch_op.create_index(batch_op.f('ix_payment_organisation_id'), ['organisation_id'], unique=False)

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
    protect('organisation', seen_from_below=True)
    protect('customer')
    protect('document')
    protect('journal_entry')
    protect('legal_entity', seen_from_below=True)
    protect('mail')
    protect('product', seen_from_below=True)
    protect('signed_link')
    protect('task')
    protect('user_account')
    protect('acceptance')
    protect('activation_key')
    protect('batch')
    protect('billing_run')
    protect('contact')
    protect('customer_order')
    protect('draft')
    protect('invoice')
    protect('mandate')
    protect('number_series', seen_from_below=True)
    protect('proforma')
    protect('sign_in')
    protect('subscription')
    protect('vault')
    protect('activation')
    protect('charge')
    protect('collection')
    protect('invoice_line')
    protect('mandate_event')
    protect('payment')
    protect('restore_request')
    protect('reversibility_case')
    protect('vault_opening')

    # An issued invoice and a line of the journal are never changed; a correction is another document.
    freeze("invoice", ("number", "issued_on", "net_cents", "vat_cents", "gross_cents", "parties"))
    freeze("invoice_line")
    freeze("journal_entry")



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
    with op.batch_alter_table('payment', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_payment_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_payment_org_path'))
        batch_op.drop_index(batch_op.f('ix_payment_invoice_id'))

    op.drop_table('payment')
    with op.batch_alter_table('mandate_event', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mandate_event_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_mandate_event_org_path'))

    op.drop_table('mandate_event')
    with op.batch_alter_table('invoice_line', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_line_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_invoice_line_org_path'))
        batch_op.drop_index(batch_op.f('ix_invoice_line_invoice_id'))

    op.drop_table('invoice_line')
    with op.batch_alter_table('collection', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_collection_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_collection_org_path'))
        batch_op.drop_index(batch_op.f('ix_collection_mandate_id'))
        batch_op.drop_index('ix_collection_due')
        batch_op.drop_index(batch_op.f('ix_collection_batch_id'))

    op.drop_table('collection')
    with op.batch_alter_table('charge', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_charge_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_charge_org_path'))
        batch_op.drop_index(batch_op.f('ix_charge_invoice_id'))
        batch_op.drop_index(batch_op.f('ix_charge_customer_id'))

    op.drop_table('charge')
    with op.batch_alter_table('activation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_activation_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_activation_org_path'))

    op.drop_table('activation')
    with op.batch_alter_table('vault', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_vault_subscription_uid'))
        batch_op.drop_index(batch_op.f('ix_vault_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_vault_org_path'))
        batch_op.drop_index(batch_op.f('ix_vault_customer_id'))

    op.drop_table('vault')
    with op.batch_alter_table('subscription', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subscription_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_subscription_org_path'))
        batch_op.drop_index(batch_op.f('ix_subscription_order_uid'))
        batch_op.drop_index(batch_op.f('ix_subscription_customer_id'))

    op.drop_table('subscription')
    with op.batch_alter_table('sign_in', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_user_id'))
        batch_op.drop_index(batch_op.f('ix_sign_in_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_sign_in_org_path'))

    op.drop_table('sign_in')
    with op.batch_alter_table('proforma', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_proforma_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_proforma_org_path'))
        batch_op.drop_index(batch_op.f('ix_proforma_order_uid'))
        batch_op.drop_index(batch_op.f('ix_proforma_customer_id'))

    op.drop_table('proforma')
    with op.batch_alter_table('number_series', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_number_series_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_number_series_org_path'))

    op.drop_table('number_series')
    with op.batch_alter_table('mandate', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mandate_state'))
        batch_op.drop_index(batch_op.f('ix_mandate_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_mandate_org_path'))
        batch_op.drop_index(batch_op.f('ix_mandate_iban_index'))
        batch_op.drop_index(batch_op.f('ix_mandate_customer_id'))

    op.drop_table('mandate')
    with op.batch_alter_table('invoice', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_invoice_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_invoice_org_path'))
        batch_op.drop_index(batch_op.f('ix_invoice_order_uid'))
        batch_op.drop_index(batch_op.f('ix_invoice_customer_id'))

    op.drop_table('invoice')
    with op.batch_alter_table('draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_draft_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_draft_org_path'))

    op.drop_table('draft')
    with op.batch_alter_table('customer_order', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_customer_order_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_customer_order_org_path'))
        batch_op.drop_index(batch_op.f('ix_customer_order_customer_id'))

    op.drop_table('customer_order')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_contact_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_contact_org_path'))

    op.drop_table('contact')
    with op.batch_alter_table('billing_run', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_billing_run_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_billing_run_org_path'))

    op.drop_table('billing_run')
    with op.batch_alter_table('batch', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_batch_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_batch_org_path'))
        batch_op.drop_index(batch_op.f('ix_batch_legal_entity_id'))

    op.drop_table('batch')
    with op.batch_alter_table('activation_key', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_activation_key_source_uid'))
        batch_op.drop_index(batch_op.f('ix_activation_key_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_activation_key_org_path'))
        batch_op.drop_index(batch_op.f('ix_activation_key_customer_id'))

    op.drop_table('activation_key')
    with op.batch_alter_table('acceptance', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_acceptance_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_acceptance_org_path'))
        batch_op.drop_index(batch_op.f('ix_acceptance_customer_id'))

    op.drop_table('acceptance')
    with op.batch_alter_table('user_account', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_user_account_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_user_account_org_path'))

    op.drop_table('user_account')
    with op.batch_alter_table('task', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_task_state'))
        batch_op.drop_index(batch_op.f('ix_task_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_task_org_path'))

    op.drop_table('task')
    with op.batch_alter_table('signed_link', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_signed_link_subject_uid'))
        batch_op.drop_index(batch_op.f('ix_signed_link_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_signed_link_org_path'))

    op.drop_table('signed_link')
    with op.batch_alter_table('product', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_product_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_product_org_path'))

    op.drop_table('product')
    with op.batch_alter_table('mail', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_mail_subject_uid'))
        batch_op.drop_index(batch_op.f('ix_mail_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_mail_org_path'))

    op.drop_table('mail')
    with op.batch_alter_table('legal_entity', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_legal_entity_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_legal_entity_org_path'))

    op.drop_table('legal_entity')
    with op.batch_alter_table('journal_entry', schema=None) as batch_op:
        batch_op.drop_index('ix_journal_entry_subject')
        batch_op.drop_index(batch_op.f('ix_journal_entry_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_journal_entry_org_path'))

    op.drop_table('journal_entry')
    with op.batch_alter_table('document', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_document_subject_uid'))
        batch_op.drop_index(batch_op.f('ix_document_organisation_id'))
        batch_op.drop_index(batch_op.f('ix_document_org_path'))

    op.drop_table('document')
    with op.batch_alter_table('customer', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_customer_siren'))
        batch_op.drop_index('ix_customer_reseller_name')
        batch_op.drop_index(batch_op.f('ix_customer_organisation_id'))
        batch_op.drop_index('ix_customer_name')

    op.drop_table('customer')
    op.drop_table('periodic_run')
    with op.batch_alter_table('organisation', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_organisation_parent_id'))
        batch_op.drop_index(batch_op.f('ix_organisation_org_path'))

    op.drop_table('organisation')
    op.drop_table('login_throttle')
    thaw()
