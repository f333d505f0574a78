"""What each mail is: its name, to whom it goes and why, and whether it may be sent again."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.wording import N_

_CONTACT = N_("Vous recevez ce message parce que cette adresse est celle d'un contact de %(name)s.")
_SIGNER = N_("Vous recevez ce message parce qu'il vous revient de décider pour %(name)s.")
_CODE_ASKED = N_("Vous recevez ce message parce qu'un code vient d'être demandé pour cette adresse.")
_STAFF = N_("Vous recevez ce message parce que vous travaillez sur ce portail pour %(name)s.")

_PARTY = N_("Vous recevez ce message parce que votre accord compte dans le transfert d'un client.")
_ASSIGNS = N_("Vous recevez ce message parce que la cession d'un contrat vous concerne.")
_ACCOUNT = N_("Vous recevez ce message parce que cette adresse ouvre un accès à ce portail, pour %(name)s.")

_GIVEN = N_("Vous recevez ce message parce que cette adresse a été donnée pour un accès à ce portail.")

_PERSON = N_("Vous recevez ce message parce que cette adresse a demandé ce que nous gardons sur elle.")

_SIGNED_UP = N_("Vous recevez ce message parce que cette adresse a été donnée sur une page d'inscription.")

_CODE = N_("Ce message porte un code, qui ne sert qu'une fois : un nouveau se demande sur la page ouverte.")
_LINK = N_("Ce message porte un lien personnel : demandez un nouveau lien depuis le dossier concerné.")


@dataclass(frozen=True, slots=True)
class Kind:
    """One text. ``role``: the customer's contact who gets it, "" for none of them.

    group: of notices that its person may decline, or reads why not, see :mod:`portal.mail.wishes`.
    topic: what a customer may have sent to others of her house, see the same.
    once: why a mail of this kind that has left is not sent again, "" where nothing speaks against it.
    """

    label: Any
    role: str = ""
    why: str = _CONTACT
    once: str = ""
    group: str = ""
    topic: str = ""

    @property
    def is_internal(self) -> bool:
        """It goes to people of the portal, or to somebody who is nobody's customer yet."""
        return self.why in (_STAFF, _ACCOUNT, _GIVEN, _SIGNED_UP, _PERSON)

    @property
    def is_for_customers(self) -> bool:
        """It tells a contact of the customer's something, so that its free words may be another's."""
        return bool(self.role)

    @property
    def is_code(self) -> bool:
        return self.once == _CODE


_BILLING, _SIGNATORY, _TECHNICAL, _INCIDENT = "billing", "signatory", "technical", "incident"

KINDS: dict[str, Kind] = {
    "privacy/mail_person_forwarded": Kind(_l("Demande d'une personne à traiter"), _SIGNATORY),
    "privacy/mail_person_passed_on": Kind(_l("Demande transmise"), why=_PERSON),
    "privacy/mail_person_extended": Kind(_l("Réponse plus tard que prévu"), why=_PERSON),
    "privacy/mail_person_answer": Kind(_l("Réponse sur des données"), why=_PERSON),
    "privacy/mail_person_file": Kind(_l("Données d'une personne à télécharger"), why=_PERSON, once=_LINK),
    "privacy/mail_person_erased": Kind(_l("Données d'une personne effacées"), why=_PERSON),
    "privacy/mail_breach": Kind(_l("Violation de données personnelles"), _INCIDENT),
    "law_days/mail_change": Kind(_l("Changement de la loi"), _SIGNATORY),
    "privacy/mail_subprocessor": Kind(_l("Changement de sous-traitant"), _SIGNATORY),
    "agreements/mail_agreement": Kind(_l("Accord sur les données à signer"), _SIGNATORY, _SIGNER, _LINK),
    "agreements/mail_code": Kind(_l("Code pour signer un accord"), why=_CODE_ASKED, once=_CODE),
    "agreements/mail_signed": Kind(_l("Accord sur les données signé"), _SIGNATORY),
    "commissions/mail_statement": Kind(_l("Relevé de commission"), why=_STAFF),
    "webhooks/mail_stopped": Kind(_l("Webhook arrêté"), why=_STAFF),
    "privacy/mail_objection": Kind(_l("Réponse à une opposition"), _SIGNATORY),
    "tickets/mail_opened": Kind(_l("Ticket ouvert"), _INCIDENT),
    "tickets/mail_message": Kind(_l("Réponse à un ticket"), _INCIDENT),
    "tickets/mail_closed": Kind(_l("Ticket clos"), _INCIDENT),
    "obligations/mail_due": Kind(_l("Engagements du prestataire"), why=_STAFF),
    "obligations/mail_missed": Kind(_l("Engagement manqué envers vous"), _INCIDENT),
    "tickets/mail_report": Kind(_l("Rapport d'incident"), _INCIDENT),
    "tickets/mail_message_staff": Kind(_l("Message d'un client"), why=_STAFF),
    "tickets/mail_missed": Kind(_l("Délai d'un ticket manqué"), why=_STAFF),
    "signups/mail_confirm": Kind(_l("Inscription à confirmer"), why=_SIGNED_UP, once=_LINK),
    "signups/mail_known": Kind(_l("Inscription d'une adresse connue"), why=_SIGNED_UP),
    "signups/mail_code": Kind(_l("Code pour une inscription"), why=_SIGNED_UP, once=_CODE),
    "signups/mail_trial": Kind(_l("Début d'un essai"), _SIGNATORY),
    "signups/mail_trial_ends": Kind(_l("Fin prochaine d'un essai"), _SIGNATORY),
    "signups/mail_trial_ended": Kind(_l("Fin d'un essai"), _SIGNATORY),
    "assignments/mail_wished": Kind(_l("Cession demandée par un client"), why=_STAFF, group="orders"),
    "assignments/mail_wish_refused": Kind(_l("Demande de cession écartée"), _SIGNATORY, _ASSIGNS),
    "assignments/mail_sign": Kind(_l("Cession à signer"), _SIGNATORY, _SIGNER, _LINK),
    "assignments/mail_code": Kind(_l("Code pour signer une cession"), why=_CODE_ASKED, once=_CODE),
    "assignments/mail_agreed": Kind(_l("Cession accordée"), _SIGNATORY, _ASSIGNS),
    "assignments/mail_closed": Kind(_l("Cession sans suite"), _SIGNATORY, _ASSIGNS),
    "assignments/mail_done": Kind(_l("Contrat cédé"), _SIGNATORY, _ASSIGNS),
    "transfers/mail_closed": Kind(_l("Transfert sans suite"), why=_PARTY),
    "transfers/mail_code": Kind(_l("Code pour un transfert"), why=_CODE_ASKED, once=_CODE),
    "transfers/mail_consent": Kind(_l("Accord pour un transfert"), why=_PARTY, once=_LINK),
    "transfers/mail_done": Kind(_l("Transfert fait"), why=_PARTY),
    "means/mail_asked": Kind(_l("Autre moyen de paiement demandé"), _BILLING),
    "means/mail_agreed": Kind(_l("Moyen de paiement changé"), _BILLING),
    "means/mail_dropped": Kind(_l("Moyen de paiement inchangé"), _BILLING),
    "changes/mail_agreed": Kind(_l("Changement convenu"), _SIGNATORY),
    "changes/mail_code": Kind(_l("Code pour signer un changement"), why=_CODE_ASKED, once=_CODE),
    "changes/mail_sign": Kind(_l("Changement à signer"), _SIGNATORY, _SIGNER, _LINK),
    "changes/mail_reversal": Kind(_l("Résiliation à reprendre"), _SIGNATORY, _SIGNER, _LINK),
    "changes/mail_reversal_code": Kind(
        _l("Code pour reprendre une résiliation"), why=_CODE_ASKED, once=_CODE
    ),
    "changes/mail_reversed": Kind(_l("Résiliation reprise"), _SIGNATORY),
    "accounts/mail_device": Kind(_l("Connexion depuis un nouvel appareil"), why=_ACCOUNT),
    "accounts/mail_factor": Kind(_l("Second facteur changé"), why=_ACCOUNT),
    "accounts/mail_lost": Kind(_l("Second facteur perdu"), why=_ACCOUNT, once=_LINK),
    "accounts/mail_password": Kind(_l("Mot de passe changé"), why=_ACCOUNT),
    "certificates/mail_ending": Kind(_l("Certificat à renouveler"), why=_STAFF, group="certificates"),
    "billing/mail_invoice": Kind(_l("Facture"), _BILLING, topic="invoice"),
    "subscriptions/mail_renewal_proforma": Kind(_l("Pro forma de renouvellement"), _BILLING, topic="invoice"),
    "billing/mail_credit_note": Kind(_l("Avoir"), _BILLING, topic="invoice"),
    "refunds/mail_ask": Kind(_l("Compte pour un remboursement"), _BILLING, _SIGNER, _LINK),
    "refunds/mail_remind": Kind(_l("Rappel : compte pour un remboursement"), _BILLING, _SIGNER, _LINK),
    "refunds/mail_code": Kind(_l("Code pour un compte de remboursement"), why=_CODE_ASKED, once=_CODE),
    "refunds/mail_account": Kind(_l("Compte de remboursement noté"), _BILLING),
    "dunning/mail_carried": Kind(_l("Rappel d'un solde repris"), _BILLING, topic="invoice"),
    "dunning/mail_reminder": Kind(_l("Rappel de paiement"), _BILLING, topic="invoice"),
    "dunning/mail_second": Kind(_l("Second rappel de paiement"), _BILLING, topic="invoice"),
    "dunning/mail_dispute": Kind(_l("Réponse à une contestation"), _BILLING),
    "dunning/mail_formal": Kind(_l("Mise en demeure"), _SIGNATORY),
    "dunning/mail_suspended": Kind(_l("Service suspendu"), _SIGNATORY),
    "dunning/mail_reinstated": Kind(_l("Service rétabli"), _SIGNATORY),
    "endings/mail_warning": Kind(_l("Mise en demeure"), _SIGNATORY),
    "endings/mail_end": Kind(_l("Fin du contrat"), _SIGNATORY),
    "endings/mail_nature": Kind(_l("Fin du contrat pour un événement"), _SIGNATORY),
    "endings/mail_suspended": Kind(_l("Service suspendu"), _SIGNATORY),
    "endings/mail_reinstated": Kind(_l("Service rétabli"), _SIGNATORY),
    "endings/mail_dropped": Kind(_l("Procédure abandonnée"), _SIGNATORY),
    "endings/mail_worn": Kind(_l("Matériel usé"), _BILLING),
    "contracts/mail_price": Kind(_l("Nouveau prix"), _SIGNATORY),
    "contracts/mail_price_recalled": Kind(_l("Nouveau prix retiré"), _SIGNATORY),
    "contracts/mail_recalled_staff": Kind(_l("Retrait après un refus"), why=_STAFF, group="orders"),
    "changes/mail_answer_staff": Kind(_l("Réponse : résiliation à reprendre"), why=_STAFF, group="orders"),
    "contracts/mail_recalled": Kind(_l("Conditions retirées"), _SIGNATORY),
    "quotes/mail_quote": Kind(_l("Devis"), _SIGNATORY, _SIGNER, _LINK),
    "quotes/mail_code": Kind(_l("Code pour accepter un devis"), why=_CODE_ASKED, once=_CODE),
    "quotes/mail_accepted": Kind(_l("Devis accepté"), _SIGNATORY),
    "quotes/mail_withdrawn": Kind(_l("Devis retiré"), _SIGNATORY),
    "quotes/mail_answer": Kind(_l("Suite d'un devis"), why=_STAFF, group="orders"),
    "sizing/mail_handover": Kind(_l("Service remis"), _TECHNICAL),
    "contracts/mail_terms": Kind(_l("Nouvelles conditions"), _SIGNATORY),
    "customers/mail_terms": Kind(_l("Conditions à accepter"), _SIGNATORY, _SIGNER, _LINK),
    "customers/mail_terms_accepted": Kind(_l("Conditions acceptées"), _SIGNATORY),
    "customers/mail_terms_answer": Kind(_l("Réponse aux conditions"), why=_STAFF, group="orders"),
    "customers/mail_terms_code": Kind(_l("Code pour accepter des conditions"), why=_CODE_ASKED, once=_CODE),
    "customers/mail_terms_paper": Kind(_l("Contrat signé enregistré"), _SIGNATORY),
    "mails/access": Kind(_l("Accès en lecture à un coffre"), _TECHNICAL, once=_LINK),
    "mails/access_used": Kind(_l("Accès en lecture utilisé"), _TECHNICAL),
    "provisioning/mail_born": Kind(_l("Coffre créé"), _TECHNICAL),
    "assurance/mail_month": Kind(_l("Sauvegardes d'un mois"), _TECHNICAL, topic="report"),
    "assurance/mail_month_staff": Kind(_l("Sauvegardes d'un mois, tous clients"), why=_STAFF, group="months"),
    "assurance/mail_drill_year": Kind(_l("Année d'essais d'un coffre"), _BILLING, topic="invoice"),
    "assurance/mail_drill": Kind(_l("Essai annuel d'un coffre"), _TECHNICAL),
    "assurance/mail_drill_failed": Kind(_l("Essai annuel échoué"), _INCIDENT),
    "assurance/mail_drill_failed_staff": Kind(_l("Essai annuel échoué chez un client"), why=_STAFF),
    "provisioning/mail_moving": Kind(_l("Coffre en déplacement"), _TECHNICAL),
    "provisioning/mail_moved": Kind(_l("Coffre déplacé"), _TECHNICAL),
    "provisioning/mail_leaked": Kind(_l("Identifiants de coffre fermés"), _INCIDENT),
    "provisioning/mail_quota": Kind(_l("Volume d'un coffre"), _TECHNICAL),
    "assurance/mail_damage": Kind(_l("Coffre abîmé"), _INCIDENT, topic="incident"),
    "assurance/mail_damage_staff": Kind(_l("Coffre abîmé d'un client"), why=_STAFF),
    "backups/mail_anomaly": Kind(_l("Sauvegarde anormale"), _INCIDENT, topic="incident"),
    "backups/mail_anomaly_staff": Kind(_l("Sauvegarde anormale d'un client"), why=_STAFF),
    "backups/mail_silent": Kind(_l("Machines silencieuses"), _INCIDENT, topic="incident"),
    "backups/mail_silent_staff": Kind(_l("Machines silencieuses de clients"), why=_STAFF),
    "backups/mail_seats": Kind(_l("Plus de machines que de postes"), _TECHNICAL),
    "backups/mail_seats_lost": Kind(_l("Postes perdus"), _TECHNICAL),
    "backups/mail_seats_staff": Kind(_l("Client au-delà de ses postes"), why=_STAFF),
    "backups/mail_system": Kind(_l("Système hors du contrat"), _TECHNICAL),
    "backups/mail_system_staff": Kind(_l("Machine d'un client, système hors du contrat"), why=_STAFF),
    "backups/mail_edition": Kind(_l("Machine hors de son édition"), _TECHNICAL),
    "backups/mail_edition_staff": Kind(_l("Machine d'un client hors de son édition"), why=_STAFF),
    "mails/backup_incident": Kind(_l("Incident de sauvegarde"), _INCIDENT, topic="incident"),
    "mails/backup_report": Kind(_l("Compte rendu de sauvegarde"), _TECHNICAL, topic="report"),
    "mails/confirm_destruction": Kind(_l("Destruction à confirmer"), _SIGNATORY, _SIGNER, _LINK),
    "mails/erased": Kind(_l("Certificat d'effacement"), _SIGNATORY),
    "mails/erasure_ordered": Kind(_l("Effacement ordonné"), _SIGNATORY),
    "mails/choice": Kind(_l("Choix avant la copie"), _SIGNATORY, once=_LINK),
    "reversibility/mail_shrunk": Kind(_l("Rappel d'un choix à faire"), _SIGNATORY, once=_LINK),
    "reversibility/mail_both_points": Kind(_l("Deux points remis d'une machine"), _SIGNATORY),
    "reversibility/mail_choice_code": Kind(_l("Code pour choisir la copie"), why=_CODE_ASKED, once=_CODE),
    "mails/export_ready": Kind(_l("Données à télécharger"), _SIGNATORY, once=_LINK),
    "mails/fetch_code": Kind(_l("Code de téléchargement"), why=_CODE_ASKED, once=_CODE),
    "mails/last_call": Kind(_l("Rappel : copie à vérifier"), _SIGNATORY, once=_LINK),
    "mails/pushed": Kind(_l("Copie chez le client"), _SIGNATORY),
    "mails/quote": Kind(_l("Devis de récupération"), _SIGNATORY, _SIGNER, _LINK),
    "availability/mail_planned": Kind(_l("Maintenance annoncée"), _INCIDENT),
    "availability/mail_called_off": Kind(_l("Maintenance annulée"), _INCIDENT),
    "availability/mail_extended": Kind(_l("Commande prorogée"), _SIGNATORY),
    "availability/mail_credit": Kind(_l("Avoir de disponibilité"), _BILLING),
    "desk/mail_quote": Kind(_l("Devis d'intervention"), _SIGNATORY, _SIGNER, _LINK),
    "desk/mail_code": Kind(_l("Code pour un devis d'intervention"), why=_CODE_ASKED, once=_CODE),
    "desk/mail_planned": Kind(_l("Intervention planifiée"), _TECHNICAL),
    "desk/mail_tomorrow": Kind(_l("Intervention du lendemain"), _TECHNICAL),
    "desk/mail_tomorrow_staff": Kind(_l("Intervention du lendemain, au technicien"), why=_STAFF),
    "mails/restored": Kind(_l("Fichier restauré"), _TECHNICAL, once=_LINK),
    "mails/returned": Kind(_l("Certificat de restitution"), _SIGNATORY),
    "mails/safety": Kind(_l("Alerte : sauvegardes du portail"), why=_STAFF, group="safety"),
    "mails/same_repository": Kind(_l("Alerte : dépôt en double"), why=_STAFF, group="safety"),
    "mails/shipped": Kind(_l("Support envoyé"), _SIGNATORY),
    "mails/silent_acceptance": Kind(_l("Remise considérée comme acceptée"), _SIGNATORY),
    "mails/unclaimed": Kind(_l("Dernier appel avant effacement"), _SIGNATORY),
    "mails/unlock": Kind(_l("Ouverture d'un coffre"), _TECHNICAL, _SIGNER, _LINK),
    "people/mail_email": Kind(_l("Adresse à confirmer"), why=_GIVEN, once=_LINK),
    "people/mail_email_changed": Kind(_l("Adresse changée"), why=_GIVEN, once=_LINK),
    "people/mail_invitation": Kind(_l("Invitation"), why=_ACCOUNT, once=_LINK),
    "people/mail_reset": Kind(_l("Nouveau mot de passe"), why=_ACCOUNT, once=_LINK),
    "resellers/mail_sender": Kind(_l("Adresse d'expéditeur à réparer"), why=_STAFF),
    "resellers/mail_words": Kind(_l("Essai des mots d'un e-mail"), why=_STAFF),
    "step_in/mail_offer": Kind(_l("Offre de reprise"), _SIGNATORY, _SIGNER),
    "setup/mail_try": Kind(_l("Essai du courrier"), why=_STAFF),
    "sepa/mail_account": Kind(_l("Nouveau compte à donner"), _SIGNATORY, _SIGNER, _LINK),
    "sepa/mail_account_changed": Kind(_l("Changement de compte"), _BILLING),
    "sepa/mail_account_code": Kind(_l("Code de changement de compte"), why=_CODE_ASKED, once=_CODE),
    "sepa/mail_creditor_change": Kind(_l("Compte ou limite d'un créancier à changer"), why=_STAFF),
    "sepa/mail_called_off": Kind(_l("Prélèvement qui n'aura pas lieu"), _BILLING, topic="debit"),
    "sepa/mail_code": Kind(_l("Code de signature"), why=_CODE_ASKED, once=_CODE),
    "sepa/mail_debit": Kind(_l("Annonce de prélèvement"), _BILLING, topic="debit"),
    "sepa/mail_delegated": Kind(_l("Signature transmise"), _SIGNATORY),
    "sepa/mail_delegation_code": Kind(_l("Code pour transmettre la signature"), why=_CODE_ASKED, once=_CODE),
    "sepa/mail_frozen": Kind(_l("Remise à relire"), why=_STAFF, group="money"),
    "sepa/mail_lapse": Kind(_l("Mandat bientôt caduc"), why=_STAFF, group="money"),
    "sepa/mail_paper_signed": Kind(_l("Mandat signé sur papier"), _SIGNATORY, topic="mandate"),
    "sepa/mail_remind": Kind(_l("Rappel : mandat à signer"), _SIGNATORY, _SIGNER, _LINK),
    "sepa/mail_returned": Kind(_l("Prélèvement impayé"), _BILLING, topic="debit"),
    "sepa/mail_sign": Kind(_l("Mandat à signer"), _SIGNATORY, _SIGNER, _LINK),
    "sepa/mail_signed": Kind(_l("Mandat signé"), _SIGNATORY, topic="mandate"),
    "cards/mail_pay_order": Kind(_l("Lien pour payer une commande par carte"), _BILLING, once=_LINK),
    "cards/mail_pay_invoice": Kind(_l("Lien pour payer une facture par carte"), _BILLING, once=_LINK),
    "cards/mail_refused": Kind(_l("Carte refusée"), _BILLING),
    "subscriptions/mail_keys_held": Kind(_l("Clés suspendues"), _BILLING),
    "subscriptions/mail_keys": Kind(_l("Clés, et renonciation à la rétractation"), _SIGNATORY),
    "subscriptions/mail_keys_code": Kind(_l("Code pour recevoir une clé"), why=_CODE_ASKED, once=_CODE),
    "subscriptions/mail_keys_sent": Kind(_l("Clés arrivées, ou renvoyées"), _TECHNICAL),
    "stocks/mail_lot": Kind(_l("Chemin vers un lot de clés"), why=_STAFF),
    "subscriptions/mail_keys_wait": Kind(_l("Lien pour recevoir une clé"), _SIGNATORY, once=_LINK),
    "subscriptions/mail_notice": Kind(_l("Résiliation enregistrée"), _SIGNATORY),
    "subscriptions/mail_order_lapsed": Kind(_l("Commande restée sans suite"), _BILLING),
    "subscriptions/mail_order_reminder": Kind(_l("Rappel d'une commande"), _BILLING),
    "subscriptions/mail_paid": Kind(_l("Paiement reçu et clés"), _BILLING),
    "subscriptions/mail_proforma": Kind(_l("Facture pro forma"), _BILLING, topic="proforma"),
    "subscriptions/mail_renewal": Kind(_l("Reconduction à venir"), _SIGNATORY),
    "subscriptions/mail_started": Kind(_l("Abonnement commencé et clés"), _BILLING),
    "subscriptions/mail_withdrawn": Kind(_l("Rétractation reçue"), _SIGNATORY),
}


def kind_of_template(template: str) -> str:
    """The name of a kind is its template without the ending."""
    return template.removesuffix(".txt")
