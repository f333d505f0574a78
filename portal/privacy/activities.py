"""What the portal processes by itself, in the words of article 30."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

CONTROLLER, PROCESSOR = "controller", "processor"

MEASURES: Mapping[str, Any] = {
    "roles": _l("accès par rôle, cloisonné par maison"),
    "factor": _l("second facteur et preuve d'identité avant les actes graves"),
    "sealed": _l("colonnes sensibles et fichiers chiffrés au repos"),
    "journal": _l("journal chaîné de ce qui est fait"),
    "client": _l("sauvegardes chiffrées avant leur envoi, avec une clé que le client peut garder seul"),
    "copies": _l("copies vérifiées et restaurations essayées"),
}
_USUAL = ("roles", "factor", "sealed", "journal")


@dataclass(frozen=True, slots=True)
class Activity:
    """One activity. kinds: rows of the table of what is kept. kept: where none of them applies. covers: the
    contract whose sub-processors take part."""

    code: str
    role: str
    name: Any
    purpose: Any
    persons: Any
    data: Any
    kinds: tuple[str, ...] = ()
    recipients: Any = ""
    kept: Any = ""
    measures: tuple[str, ...] = _USUAL
    covers: str = ""


ACTIVITIES = (
    Activity(
        "contracts",
        CONTROLLER,
        _l("Clients et contrats"),
        _l("Conclure les contrats et les exécuter (RGPD 6(1)(b))"),
        _l("Contacts et signataires des clients"),
        _l("Nom, e-mail, téléphone, adresse de la maison, signature et sa preuve"),
        ("contact", "acceptance", "contract"),
        _l("Le revendeur du client"),
    ),
    Activity(
        "invoices",
        CONTROLLER,
        _l("Factures et comptabilité"),
        _l("Facturer et tenir les livres (RGPD 6(1)(c))"),
        _l("Clients, contacts de facturation"),
        _l("Nom, adresse, montants, paiements"),
        ("invoice",),
        _l("Administration fiscale, banque"),
    ),
    Activity(
        "debits",
        CONTROLLER,
        _l("Prélèvements et mandats"),
        _l("Encaisser par prélèvement et le prouver (RGPD 6(1)(b))"),
        _l("Titulaires de compte, signataires"),
        _l("Compte bancaire, mandat, preuve de la signature"),
        ("mandate",),
        _l("Banque"),
    ),
    Activity(
        "support",
        CONTROLLER,
        _l("Assistance"),
        _l("Répondre aux tickets et tenir les délais promis (RGPD 6(1)(b))"),
        _l("Personnes qui écrivent ou téléphonent"),
        _l("Nom, messages, pièces jointes, heures"),
        ("ticket", "mail"),
        _l("Le revendeur du client"),
    ),
    Activity(
        "accounts",
        CONTROLLER,
        _l("Accès au portail et sécurité"),
        _l("Ouvrir l'accès, le protéger et garder la trace des actes (RGPD 6(1)(c) et (f))"),
        _l("Personnes qui ont un accès"),
        _l("E-mail, adresses IP, navigateurs, essais, actes"),
        ("account", "sign_in_address", "sign_in_attempt", "journal"),
    ),
    Activity(
        "persons",
        CONTROLLER,
        _l("Demandes de personnes et violations"),
        _l("Répondre aux droits et notifier les violations (RGPD 6(1)(c))"),
        _l("Personnes qui demandent, personnes concernées"),
        _l("E-mail, demande, réponse, contrôle d'identité"),
        ("person_request", "breach_log"),
        _l("Autorité de contrôle"),
    ),
    Activity(
        "reports",
        PROCESSOR,
        _l("Surveillance des sauvegardes"),
        _l("Prévenir d'une sauvegarde qui manque ou échoue, sur instruction du client"),
        _l("Utilisateurs des machines sauvegardées"),
        _l("Nom de la machine, heures, tailles, incidents"),
        ("machine_report",),
        _l("Le client et son revendeur"),
    ),
    Activity(
        "handover",
        PROCESSOR,
        _l("Choix de ce qui est rendu"),
        _l("Rendre d'un coffre ce que le client choisit, sur son instruction"),
        _l("Utilisateurs des machines sauvegardées, signataires"),
        _l("Noms des machines et des dossiers, choix, nom de la personne qui choisit"),
        ("handover_choice",),
        _l("Le client et son revendeur"),
    ),
)


def hosting(contract: str, label: str) -> Activity:
    """The hosting of backups under one contract.

    Source: regulation (EU) 2016/679, art. 30 (2); 001-38, 003-56.
    """
    return Activity(
        f"hosting.{contract}",
        PROCESSOR,
        _l("Hébergement des sauvegardes : %(contract)s", contract=label),
        _l("Garder et rendre les données que le client sauvegarde, sur son instruction"),
        _l("Toute personne dont le client sauvegarde les données"),
        _l("Contenu chiffré, que le prestataire ne lit pas"),
        (),
        _l("Le client ; les sous-traitants du contrat"),
        _l("la durée du contrat, puis les délais d'effacement du contrat"),
        ("client", "copies", *_USUAL),
        contract,
    )
