"""Why something was asked, or came back: codes in words that a person understands."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.words.clauses import CHOICES

# Of a notice or a handover. Some are kept as a code; what a person typed is shown as it stands.
_OF_AN_END = (
    "breach non_payment switch in_house receivership end_of_business competitor_control terms_refused "
    "force_majeure misuse grave_breach danger damage inactivity service_withdrawn"
)
REASONS: dict[str, Any] = {
    "none": "",
    **{code: CHOICES[code] for code in _OF_AN_END.split()},
    "copy": _l("copie des données"),
    "destroy": _l("destruction"),
}
REVERSIBILITY_REASONS = {
    "switch": _l("changement de fournisseur"),
    "in_house": _l("reprise chez soi"),
    "copy": _l("copie des données"),
    "destroy": _l("destruction sans copie"),
    "unclaimed": _l("données non demandées"),
}

# Of a credit note.
CREDIT_REASONS: dict[str, Any] = {
    "withdrawal": _l("rétractation"),
    "terms_refused": _l("refus de nouvelles conditions"),
    "free_exit": _l("fin du contrat, part non utilisée"),
    "assigned": _l("contrat cédé, jours qui suivent"),
    "provider_end": _l("fin décidée par le prestataire"),
    "service_credit": _l("crédit de service"),
    "error": _l("facturé par erreur"),
    "not_done": _l("prestation non effectuée"),
    "goodwill": _l("geste commercial"),
}

# Of a returned debit (EPC173-14).
BANK_REASONS: dict[str, Any] = {
    "AC01": _l("le numéro de compte n'est pas le bon"),
    "AC04": _l("le compte est clos"),
    "AC06": _l("le compte est bloqué"),
    "AC13": _l("le compte est celui d'un particulier"),
    "AG01": _l("ce compte n'accepte pas les prélèvements"),
    "AG02": _l("le code de l'opération est faux"),
    "AM04": _l("le solde du compte ne suffisait pas"),
    "AM05": _l("la banque y voit un double"),
    "BE05": _l("la banque ne reconnaît pas le créancier"),
    "DU01": _l("la banque avait déjà ce fichier"),
    "DU02": _l("la banque avait déjà ce lot"),
    "DU03": _l("la banque avait déjà cette opération"),
    "DU04": _l("la banque avait déjà cette référence"),
    "DU05": _l("la banque avait déjà cette instruction"),
    "CNOR": _l("la banque du créancier n'est pas joignable"),
    "DNOR": _l("la banque du débiteur n'est pas joignable"),
    "DT01": _l("la date est fausse"),
    "FF01": _l("le fichier est mal formé"),
    "FF05": _l("l'instrument local est faux"),
    "FOCR": _l("rappelé à notre demande"),
    "MD01": _l("aucun mandat valable, ou débit contesté"),
    "MD02": _l("les données du mandat ne sont pas les bonnes"),
    "MD06": _l("le remboursement a été demandé à la banque"),
    "MD07": _l("le titulaire du compte est décédé"),
    "MS02": _l("le débiteur a refusé le débit"),
    "MS03": _l("la banque ne donne pas de motif"),
    "RC01": _l("le code de la banque est faux"),
    "RR01": _l("l'identité du débiteur manque"),
    "RR02": _l("le nom ou l'adresse du débiteur manque"),
    "RR03": _l("le nom ou l'adresse du créancier manque"),
    "RR04": _l("motif réglementaire"),
    "SL01": _l("la banque du débiteur filtre ce créancier"),
    "TM01": _l("le fichier est arrivé trop tard"),
}


def reason_words(code: str) -> Any:
    """The reason in words; the code itself when it is not one of the scheme's."""
    return BANK_REASONS.get(code) or (_l("motif %(code)s", code=code) if code else _l("sans motif donné"))


# (table, verb) of an event -> the codes of its reason, where they are not those of a notice
_OF_EVENTS: dict[tuple[str, str], dict[str, Any]] = {
    ("invoice", "credit_note"): CREDIT_REASONS,
    ("directory", "save"): {"only": _l("seule entrée"), "on": _l("ouvert"), "off": _l("fermé")},
}


def said_reason(event: tuple[str, str], reason: str) -> str:
    """Why something happened: the words of a code, a sentence of the portal in the reader's language, or what
    a person typed.
    """
    words = _OF_EVENTS.get(event, REASONS)
    if reason in words:
        return str(words[reason])
    return str(_(reason)) if reason else ""
