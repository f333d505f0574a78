"""The names that people read for a contract's values, and for the points on which the law speaks."""

from typing import Any

from flask_babel import lazy_gettext as _l

from portal.words.term_keys_on_data import DATA
from portal.words.term_keys_on_ending import ENDING
from portal.words.term_keys_on_selling import SELLING
from portal.words.term_keys_on_service import SERVICE

TERM_KEYS: dict[str, Any] = {**SELLING, **ENDING, **DATA, **SERVICE}

GROUPS: dict[str, Any] = {  # the first part of a key: what its values are about
    "acceptance": _l("Acceptation"),
    "amendment": _l("Avenants"),
    "audit": _l("Audit"),
    "backup": _l("Sauvegarde"),
    "beta": _l("Services bêta"),
    "billing": _l("Facturation"),
    "breach": _l("Manquement"),
    "certificate": _l("Certificats"),
    "claim": _l("Réclamations"),
    "confidentiality": _l("Confidentialité"),
    "console": _l("Console d'administration"),
    "contact": _l("Coordonnées"),
    "credentials": _l("Identifiants"),
    "customer": _l("Souscripteur"),
    "delivery": _l("Livraison"),
    "document": _l("Document"),
    "dsar": _l("Demandes de droits"),
    "early_end": _l("Sortie anticipée"),
    "edition": _l("Éditions"),
    "encryption": _l("Chiffrement"),
    "erasure": _l("Effacement"),
    "export": _l("Exportations"),
    "force_majeure": _l("Force majeure"),
    "health_data": _l("Données de santé"),
    "hosting": _l("Hébergement"),
    "inactivity": _l("Inactivité"),
    "infringement": _l("Contrefaçon"),
    "insurance": _l("Assurance"),
    "intervention": _l("Interventions"),
    "invoice": _l("Factures"),
    "jurisdiction": _l("Juridiction"),
    "keys": _l("Clés"),
    "late": _l("Retard de paiement"),
    "liability": _l("Responsabilité"),
    "licence": _l("Licence"),
    "maintenance": _l("Maintenance"),
    "mandate": _l("Mandat de prélèvement"),
    "notice": _l("Notifications"),
    "offer": _l("Offres"),
    "order": _l("Commande"),
    "payment": _l("Paiement"),
    "pentest": _l("Tests d'intrusion"),
    "personal_data": _l("Données personnelles"),
    "plan": _l("Formules"),
    "price": _l("Prix"),
    "proof": _l("Preuve"),
    "rank": _l("Rang des documents"),
    "receivership": _l("Redressement judiciaire"),
    "reception": _l("Réception"),
    "registration": _l("Inscription"),
    "renewal": _l("Reconduction"),
    "resale": _l("Revente"),
    "restore": _l("Restauration"),
    "reversibility": _l("Réversibilité"),
    "seats": _l("Postes"),
    "sepa": _l("Prélèvement SEPA"),
    "service": _l("Service"),
    "signup": _l("Adhésion"),
    "sla": _l("Niveaux de service"),
    "software": _l("Logiciel"),
    "start": _l("Début"),
    "support": _l("Support"),
    "suspension": _l("Suspension"),
    "switch": _l("Changement de fournisseur"),
    "termination": _l("Résiliation"),
    "terms": _l("Conditions"),
    "ticket": _l("Tickets"),
    "transfer": _l("Cession"),
    "use": _l("Usage"),
    "vat": _l("TVA"),
    "version": _l("Version"),
    "withdrawal": _l("Rétractation"),
}


def term_name(key: str) -> str:
    """The name of a value in the reader's language; a key that no vocabulary knows stays as it is."""
    return str(TERM_KEYS.get(key, key))


def term_group(noun: str) -> str:
    """What the values of a key's first part are about, in the reader's language."""
    return str(GROUPS.get(noun, noun))
