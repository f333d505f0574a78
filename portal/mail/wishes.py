"""What a person may decline of the notices to her, and what a customer may have sent to others."""

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.access import CUSTOMERS, Role


@dataclass(frozen=True, slots=True)
class Group:
    """Notices of one matter. readers: the roles that get them. why: why not to decline; "" where one may."""

    name: str
    label: Any
    readers: frozenset[Role]
    why: Any = ""


@dataclass(frozen=True, slots=True)
class Topic:
    """Mails to a customer of one matter. role: the contact who gets them unless she wishes otherwise."""

    name: str
    label: Any
    role: str
    hint: Any = ""


_SECURITY = _l("Toujours : qui entre à votre place ne doit pas pouvoir le taire.")

GROUPS = (
    Group(
        "money",
        _l("Argent : remises à relire, mandats bientôt caducs"),
        frozenset({Role.FINANCE, Role.OWNER, Role.ACCOUNTANT}),
    ),
    Group(
        "months",
        _l("Compte rendu mensuel des sauvegardes de vos clients"),
        frozenset({Role.OWNER, Role.SUPPORT}),
    ),
    Group(
        "orders",
        _l("Commandes : réponses aux conditions que vous avez demandées"),
        frozenset({Role.OPERATOR, Role.OWNER, Role.SALES}),
    ),
    Group(
        "safety",
        _l("Sauvegardes du portail et dépôts en double"),
        frozenset({Role.OPERATOR}),
        _l("Toujours : les données de tous les clients en dépendent (RGPD, art. 32)."),
    ),
    Group(
        "certificates",
        _l("Certificats d'hébergement à renouveler"),
        frozenset({Role.OPERATOR}),
        _l("Toujours : pas de données de santé sans certificat (code de la santé publique, L. 1111-8)."),
    ),
    Group(
        "incident",
        _l("Incidents de sauvegarde, au contact que votre organisation a choisi"),
        frozenset(CUSTOMERS - {Role.BILLING}),
        _l("Toujours : votre contrat le veut (000-44, 001-30)."),
    ),
    Group(
        "debit",
        _l("Annonces de prélèvement, au contact que votre organisation a choisi"),
        frozenset(CUSTOMERS - {Role.TECHNICAL}),
        _l("Toujours : un prélèvement s'annonce avant d'être fait (003-50)."),
    ),
    Group(
        "notice",
        _l("Nouvelles conditions, nouveaux prix, résiliations, au signataire"),
        frozenset(CUSTOMERS - {Role.TECHNICAL}),
        _l("Toujours : ces messages font courir un délai de votre contrat."),
    ),
    Group(
        "security",
        _l("Sécurité : mot de passe, seconds facteurs, nouvel appareil"),
        frozenset(Role),
        _SECURITY,
    ),
)
_DECLINABLE = frozenset(group.name for group in GROUPS if not group.why)

TOPICS = (
    Topic("invoice", _l("Factures et avoirs"), "billing", _l("par exemple votre comptable")),
    Topic("proforma", _l("Factures pro forma"), "billing"),
    Topic("debit", _l("Annonces de prélèvement et impayés"), "billing"),
    Topic("mandate", _l("Mandats signés"), "signatory"),
    Topic("incident", _l("Incidents de sauvegarde"), "incident"),
    Topic("report", _l("Comptes rendus de sauvegarde"), "technical"),
)


def groups_for(role: Role) -> list[Group]:
    """What somebody in this role is written about."""
    return [group for group in GROUPS if role in group.readers]


def declined_of(role: Role, wanted: list[str]) -> list[str]:
    """The groups that are declined by who ticked ``wanted``: those alone that she gets and may decline."""
    own = (group.name for group in groups_for(role))
    return [name for name in own if name in _DECLINABLE and name not in wanted]


def is_declined(group: str, declined: list[str]) -> bool:
    """Whatever a row says, what law, contract or safety ask for is never declined."""
    return group in _DECLINABLE and group in declined
