"""a mail knows its kind, the people who answer, and the mail whose words it repeats"""

import sqlalchemy as sa
from alembic import op

revision = "20261128_1830"
down_revision = "20261128_1815"
branch_labels = None
depends_on = None

# How the subjects of each kind began, in French and in English; "_" is a space of whatever width.
_BEGINNINGS = {
    "billing/mail_invoice": ("Votre facture ", "Your invoice "),
    "contracts/mail_price": ("Nouveau prix le ", "New price on "),
    "contracts/mail_recalled": ("Nouvelles conditions retirées", "New terms withdrawn:"),
    "contracts/mail_terms": ("Nouvelles conditions le ", "New terms on "),
    "mails/access": ("Restaurez vous-même depuis votre coffre", "Restore from your vault "),
    "mails/access_used": ("Votre coffre «", "Your vault “"),
    "mails/backup_incident": ("Incident de sauvegarde", "Backup incident:"),
    "mails/backup_report": ("Compte rendu de sauvegarde", "Backup report:"),
    "mails/confirm_destruction": ("Confirmez la destruction", "Confirm the destruction"),
    "mails/erased": ("Vos données sont effacées", "Your data has been erased"),
    "mails/erasure_ordered": ("L'effacement de vos données commence", "The erasure of your data begins"),
    "mails/export_ready": ("Vos données sont prêtes", "Your data is ready to download"),
    "mails/fetch_code": ("Votre code pour récupérer", "Your code to fetch"),
    "mails/last_call": ("Dernier rappel", "Last reminder:"),
    "mails/pushed": ("Vos données sont dans votre espace", "Your data are in your storage"),
    "mails/quote": ("Devis_:", "Quote:"),
    "mails/restored": ("Votre fichier est restauré", "Your file has been restored"),
    "mails/returned": ("Vos données vous ont été rendues", "Your data were returned"),
    "mails/safety": ("Sauvegardes du portail", "Backups of the portal:"),
    "mails/same_repository": ("Un même dépôt", "One repository"),
    "mails/shipped": ("Vos données vous sont envoyées", "Your data are sent to you"),
    "mails/silent_acceptance": ("La remise de vos données", "The handover of your data"),
    "mails/unclaimed": ("Dernier appel", "Last call:"),
    "mails/unlock": ("Ouvrir votre coffre", "Open your vault "),
    "sepa/mail_account": ("Nouveau compte à donner", "New account needed:"),
    "sepa/mail_account_changed": ("Le compte de votre mandat ", "The account of your mandate "),
    "sepa/mail_account_code": ("Votre code pour changer de compte", "Your code to change the account"),
    "sepa/mail_code": ("Votre code pour signer", "Your code to sign"),
    "sepa/mail_debit": ("Prélèvement de ", "Direct debit of "),
    "sepa/mail_frozen": ("Remise à relire", "Batch to read:"),
    "sepa/mail_lapse": ("Mandat ", "Mandate "),
    "sepa/mail_remind": ("Rappel_: mandat ", "Reminder: mandate "),
    "sepa/mail_returned": ("Prélèvement revenu", "Direct debit returned"),
    "sepa/mail_sign": ("À signer", "To sign:"),
    "sepa/mail_signed": ("Votre mandat de prélèvement ", "Your direct debit mandate "),
    "subscriptions/mail_notice": ("Résiliation enregistrée", "Termination recorded:"),
    "subscriptions/mail_paid": ("Paiement reçu", "Payment received:"),
    "subscriptions/mail_proforma": ("Votre commande ", "Your order "),
    "subscriptions/mail_renewal": ("Votre abonnement se reconduit", "Your subscription renews"),
    "subscriptions/mail_started": ("Votre abonnement commence", "Your subscription is starting"),
    "subscriptions/mail_withdrawn": ("Accusé de réception de votre rétractation", "Receipt of your withdrawal"),
}
_PROOF = ("Vérifiez que vous avez toujours", "Check that you still have")


def upgrade() -> None:
    op.add_column("mail", sa.Column("kind", sa.String(60), nullable=False, server_default=""))
    op.add_column("mail", sa.Column("reply_to", sa.String(254), nullable=True))
    op.add_column("mail", sa.Column("copy_of", sa.String(16), nullable=True))
    if op.get_bind().dialect.name == "postgresql":
        op.execute(sa.text("select set_config('app.scope', '/', true)"))
    mail = sa.table("mail", sa.column("kind"), sa.column("subject"))
    beginnings = [(kind, each) for kind, both in _BEGINNINGS.items() for each in both]
    found = [
        (mail.c.subject.like(f"{begins}%"), kind)
        for kind, begins in [*beginnings, *(("mails/unlock", each) for each in _PROOF)]
    ]
    op.execute(sa.update(mail).values(kind=sa.case(*found, else_="")))
    op.create_index("ix_mail_copy_of", "mail", ["copy_of"])
    op.create_index("ix_mail_kind", "mail", ["kind", "id"])
    op.create_index("ix_mail_recipient", "mail", ["recipient", "id"])
    op.create_index("ix_mail_owner", "mail", ["organisation_id", "id"])


def downgrade() -> None:
    op.drop_index("ix_mail_owner", table_name="mail")
    op.drop_index("ix_mail_recipient", table_name="mail")
    op.drop_index("ix_mail_copy_of", table_name="mail")
    op.drop_index("ix_mail_kind", table_name="mail")
    op.drop_column("mail", "copy_of")
    op.drop_column("mail", "reply_to")
    op.drop_column("mail", "kind")
