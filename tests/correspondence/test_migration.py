"""Mails of before have a kind after the migration, so that codes and personal links are known among them."""

from pathlib import Path

from flask_migrate import downgrade, upgrade

from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail, queue_mail
from tests.builders import a_customer, a_house
from tests.installation import Installs

BEFORE = {
    "Votre facture FA-2026-000001": "billing/mail_invoice",
    "Votre commande PF-2026-000001\u00a0: facture pro forma": "subscriptions/mail_proforma",
    "Votre coffre «\u00a0Serveur\u00a0» vient d'être lu": "mails/access_used",
    "Votre code pour signer le mandat NB-1": "sepa/mail_code",
    "Votre mandat de prélèvement NB-1 est signé": "sepa/mail_signed",
    "À signer\u00a0: mandat de prélèvement pour DROPCLOUD SAS": "sepa/mail_sign",
    "Rappel\u00a0: mandat NB-1 à signer pour DROPCLOUD SAS": "sepa/mail_remind",
    "Mandat NB-1 bientôt caduc (Boulangerie)": "sepa/mail_lapse",
    "Vérifiez que vous avez toujours la phrase secrète de «\u00a0x\u00a0»": "mails/unlock",
    "Devis\u00a0: récupération de vos données": "mails/quote",
    "Payment received: invoice FA-2026-000002": "subscriptions/mail_paid",
    "Your code to fetch your files": "mails/fetch_code",
    "Quelque chose d'autre": "",
}


def test_each_subject_of_before_says_its_kind(an_installation: Installs, tmp_path: Path) -> None:
    with an_installation(tmp_path) as place, place.context():
        customer = a_customer(a_house().reseller)
        owner, case = customer.organisation, {"vault": {"name": "x"}}
        for subject in BEFORE:
            mail = queue_mail("a@b.example", "mails/erased.txt", about=customer, owner=owner, case=case)
            mail.subject = subject
        db.session.commit()
        db.session.remove()
        downgrade(revision="20261128_1540")
        upgrade()
        set_scope(EVERYTHING)
        mails = db.session.scalars(db.select(Mail)).all()
        assert {mail.subject: mail.kind for mail in mails} == BEFORE
