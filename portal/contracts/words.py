"""The words that people read for what the simulator answers and asks, in one place."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.i18n import eur, plain_day
from portal.words import Look

DATES: dict[str, Any] = {
    "answer_due": _l("Première réponse au plus tard"),
    "cure_ends": _l("Fin du délai pour remédier"),
    "contest_closes": _l("Fin du délai pour contester la clôture"),
    "confirmation_due": _l("Confirmation écrite de l'incident au plus tard"),
    "contract_ends": _l("Fin du contrat"),
    "data_delivered_by": _l("Données remises au plus tard"),
    "data_destroyed_by": _l("Données détruites au plus tard"),
    "data_erased": _l("Données conservées jusqu'au"),
    "data_request_closes": _l("Dernier jour pour demander les données"),
    "earliest_end_for_breach": _l("Fin possible pour manquement"),
    "earliest_end_for_force_majeure": _l("Fin possible pour force majeure"),
    "end_at_term": _l("Fin sans pénalité, à l'échéance"),
    "end_by_contract": _l("Fin selon le contrat seul"),
    "erasure_held_until": _l("Aucun effacement avant le"),
    "fix_due": _l("Rétablissement au plus tard"),
    "inactive_from": _l("Compte inactif depuis"),
    "last_notice_day": _l("Dernier jour pour donner congé"),
    "last_paid_day": _l("Dernier jour payé"),
    "last_usable_day": _l("Dernier jour d'utilisation"),
    "may_suspend_from": _l("Suspension possible à partir du"),
    "may_terminate_from": _l("Résiliation possible à partir du"),
    "price_applies": _l("Nouveau prix applicable"),
    "price_kept_through": _l("Prix garanti jusqu'au"),
    "price_notice_due": _l("Annonce du nouveau prix au plus tard"),
    "recommitted_until": _l("Engagement porté jusqu'au"),
    "refund_due": _l("Remboursement au plus tard"),
    "refund_due_by_contract": _l("Remboursement selon le contrat seul"),
    "reminder_closes": _l("Fin de la période du rappel de reconduction"),
    "reminder_opens": _l("Début de la période du rappel de reconduction"),
    "renewal": _l("Reconduction tacite"),
    "renewal_fee_due": _l("Abonnement suivant à payer"),
    "report_due": _l("Rapport d'incident au plus tard"),
    "retrieval_ends": _l("Fin de la récupération des données"),
    "service_closed": _l("Compte fermé"),
    "service_suspended": _l("Service suspendu"),
    "silent_validation": _l("Copie acceptée si personne ne dit rien"),
    "sla_claim_closes": _l("Dernier jour pour réclamer l'avoir"),
    "sla_credit_expires": _l("Dernier jour pour utiliser l'avoir"),
    "suspension_ends": _l("Fin de la suspension"),
    "switch_notice_ends": _l("Fin du préavis de changement de fournisseur"),
    "talks_end": _l("Fin des discussions"),
    "term_ends": _l("Fin de la période"),
    "term_extended_to": _l("Échéance reportée au"),
    "transition_ends": _l("Fin de la transition"),
    "withdrawal_closes": _l("Dernier jour pour se rétracter"),
    "withdrawal_closes_by_contract": _l("Dernier jour pour se rétracter selon le contrat seul"),
}
AMOUNTS: dict[str, Any] = {
    "early_end_penalty": _l("Pénalité de sortie anticipée"),
    "late_penalty": _l("Pénalités de retard"),
    "metered_end_penalty": _l("Pénalité sur la consommation"),
    "metered_month": _l("Consommation d'un mois"),
    "period_due": _l("Période commencée, due"),
    "recovery_fee": _l("Indemnité de recouvrement"),
    "refund": _l("Remboursement"),
    "restore": _l("Restauration"),
    "reversibility_fee": _l("Frais de réversibilité"),
    "sla_credit_payable": _l("Avoir de niveau de service"),
    "sla_credit_raw": _l("Avoir avant plafonds"),
    "sla_penalty": _l("Pénalité d'un service"),
}
STATUSES: dict[str, Look] = {
    "not_started": Look(_l("pas commencé"), "plain", "hourglass"),
    "active": Look(_l("actif"), "good", "check-circle"),
    "dunning": Look(_l("mis en demeure"), "wait", "exclamation-circle"),
    "suspended": Look(_l("suspendu"), "bad", "slash-circle"),
    "force_majeure": Look(_l("force majeure"), "wait", "exclamation-circle"),
    "notice_given": Look(_l("préavis en cours"), "wait", "calendar-x"),
    "withdrawn": Look(_l("rétracté"), "plain", "x-circle"),
    "ended": Look(_l("terminé"), "plain", "stop-circle"),
}
QUESTIONS: dict[str, Any] = {
    "terminate": _l("Résiliation"),
    "formal_notice": _l("Mise en demeure"),
    "late_payment": _l("Facture payée en retard"),
    "reversibility_request": _l("Demande des données"),
    "price_change": _l("Changement de prix"),
    "sla_measure": _l("Disponibilité mesurée"),
    "usage": _l("Consommation"),
    "force_majeure": _l("Force majeure"),
    "withdraw": _l("Rétractation"),
    "breach": _l("Manquement du client"),
    "inactivity": _l("Compte inactif"),
    "incident": _l("Incident"),
    "restore_request": _l("Demande de restauration"),
}
FIELDS: dict[str, Any] = {
    "on": _l("Le"),
    "by": _l("Par"),
    "reason": _l("Motif"),
    "received_on": _l("Reçu le"),
    "due_on": _l("Échéance de la facture"),
    "paid_on": _l("Payée le"),
    "amount_cents": _l("Montant TTC (en euros)"),
    "effective_on": _l("Prix voulu à partir du"),
    "service": _l("Service mesuré"),
    "measured_percent": _l("Disponibilité mesurée (en pour cent)"),
    "mean_month_cents": _l("Facture mensuelle moyenne (en euros)"),
    "invoice_cents": _l("Facture du mois (en euros)"),
    "promised_percent": _l("Disponibilité promise (en pour cent)"),
    "metered_average": _l("Consommation moyenne par mois"),
    "unit_price_micros": _l("Prix de l'unité (en millionièmes d'euro)"),
    "ended_on": _l("Finie le"),
    "activated": _l("Le service est déjà activé"),
    "severity": _l("Gravité"),
    "last_use_on": _l("Dernière utilisation le"),
    "opened_at": _l("Ticket ouvert à"),
    "answered_at": _l("Première réponse à"),
    "waiting_minutes": _l("Attente du client (en minutes)"),
    "kind": _l("Genre"),
    "cause": _l("Cause"),
}
CHOICES: dict[str, Any] = {
    "customer": _l("le client"), "provider": _l("le prestataire"),
    "none": _l("sans motif"), "breach": _l("manquement de l'autre partie"),
    "non_payment": _l("impayé"), "switch": _l("changement de fournisseur"),
    "in_house": _l("reprise en interne"), "receivership": _l("redressement judiciaire"),
    "end_of_business": _l("cessation d'activité"), "copy": _l("copie des données"),
    "destroy": _l("destruction"), "warning": _l("avertissement"), "immediate": _l("immédiat"),
    "1": _l("1, arrêt total"), "2": _l("2, service dégradé"), "3": _l("3, cas isolé"),
    "simple": _l("simple"), "complex": _l("complexe"),
}  # fmt: skip
LEGAL: dict[str, Any] = {
    "withdrawal.days": _l("Délai de rétractation"),
    "withdrawal.refund_days": _l("Délai du remboursement d'une rétractation"),
    "withdrawal.bank_fees_kept": _l("Frais retenus sur une rétractation"),
    "withdrawal.online_function": _l("Rétractation en ligne"),
    "renewal.reminder_from_months": _l("Rappel de reconduction, au plus tôt"),
    "renewal.reminder_to_months": _l("Rappel de reconduction, au plus tard"),
    "termination.channel": _l("Forme de la résiliation"),
    "vat.eu_consumer_threshold_cents": _l("Seuil de TVA des consommateurs de l'Union"),
    "vat.eu_business": _l("TVA d'une entreprise de l'Union"),
    "switch.notice_months": _l("Préavis d'un changement de fournisseur"),
    "switch.transition_days": _l("Transition d'un changement de fournisseur"),
    "switch.retrieval_days": _l("Récupération des données après la transition"),
    "reversibility.charge": _l("Frais d'un changement de fournisseur"),
    "reversibility.transfer_cents": _l("Frais du transfert des données"),
    "late.fixed_fee_cents": _l("Indemnité de recouvrement"),
    "late.rate_points_basis_points": _l("Majoration du taux de retard"),
    "invoice.due_days": _l("Délai de paiement"),
    "dsar.channels": _l("Forme d'une demande de droits"),
    "dsar.answer_months": _l("Réponse à une demande de droits"),
    "hosting.subprocessor_notice": _l("Annonce d'un nouveau sous-traitant"),
    "personal_data.authority_notice_hours": _l("Notification de violation à la CNIL"),
    "liability.cap_annual_fees": _l("Plafond de responsabilité, en années d'abonnement"),
    "liability.cap_hosting_months": _l("Plafond de responsabilité, en mois d'hébergement"),
    "liability.cap_paid_months": _l("Plafond de responsabilité, en mois payés"),
    "proof.records": _l("Preuve par les enregistrements du prestataire"),
    "jurisdiction.court": _l("Tribunal désigné"),
    "certificate.hds.referential": _l("Référentiel HDS"),
    "claim.delivery_days": _l("Délai de réclamation sur la livraison"),
    "claim.months": _l("Délai pour agir"),
    "mandate.structured_address": _l("Adresse structurée du mandat"),
}
_WORDS: dict[str, Any] = {  # choices of contract values; the rest is shown as its code
    "none": _l("rien"), "cost": _l("le coût seul"), "prorata": _l("au prorata"), "online": _l("en ligne"),
    "registered_letter": _l("lettre recommandée"), "letter": _l("lettre"), "email": _l("courriel"),
    "any": _l("tout moyen"), "reverse_charge": _l("autoliquidation"), "account": _l("compte client"),
    "provider": _l("ceux du prestataire"), "last_paid_day": _l("après le dernier jour payé"),
    "effective_day": _l("le jour de la fin"), "restitution": _l("à la restitution"),
    "none_with_number": _l("aucune, sur numéro de TVA"), "customer_space": _l("espace client"),
    "account_email": _l("courriel du compte"), "post": _l("courrier"),
    "letter_received": _l("réception de la lettre"),
}  # fmt: skip


def shown(unit: str, value: Any) -> str:
    """A contract's value with its unit, as people write it."""
    if value is None:
        return str(_("sans effet"))
    if unit == "flag":
        return str(_("oui") if value else _("non"))
    if unit.endswith("cents"):
        return eur(value)
    if unit in ("percent", "basis_points"):
        number = value if unit == "percent" else f"{value / 100:g}"
        return f"{number}\u00a0%"
    if isinstance(value, date):
        return plain_day(value)
    if isinstance(value, (tuple, list)):
        return ", ".join(str(_WORDS.get(each, each)) for each in value)
    return _counted(unit, value) if isinstance(value, int) else str(_WORDS.get(value, value))


def _counted(unit: str, n: int) -> str:
    texts = {
        "months": lambda: ngettext("%(num)d mois", "%(num)d mois", n),
        "days": lambda: ngettext("%(num)d jour", "%(num)d jours", n),
        "business_days": lambda: ngettext("%(num)d jour ouvré", "%(num)d jours ouvrés", n),
        "weeks": lambda: ngettext("%(num)d semaine", "%(num)d semaines", n),
        "years": lambda: ngettext("%(num)d an", "%(num)d ans", n),
        "hours": lambda: ngettext("%(num)d heure", "%(num)d heures", n),
        "business_hours": lambda: ngettext("%(num)d heure ouvrée", "%(num)d heures ouvrées", n),
        "minutes": lambda: ngettext("%(num)d minute", "%(num)d minutes", n),
    }
    return str(texts[unit]()) if unit in texts else str(n)
