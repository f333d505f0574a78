"""What the law says over the contracts: dated, by kind of customer, and for exits by reason.

Each rule is one figure of one article. ``applied`` puts the contract's value and the law's side by side and
says which one counts; where neither speaks, nothing is invented.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, Literal

from portal.terms.stack import Stack
from portal.terms.values import Value
from portal.wording import N_

Effect = Literal["at_least", "at_most", "replaces", "never"]

CONSUMER = frozenset({"consumer"})
NOT_IN_BUSINESS = frozenset({"consumer", "non_professional"})
IN_BUSINESS = frozenset({"business", "public_body"})
EVERYBODY = CONSUMER | NOT_IN_BUSINESS | IN_BUSINESS
SWITCHING = frozenset({"switch", "in_house"})  # to another provider, or back to one's own machines
ANY_REASON: frozenset[str] = frozenset()
SWITCH_EXEMPT = "switch.exempt"  # set by a signed amendment: custom-built services


@dataclass(frozen=True, slots=True)
class Statute:
    """One rule of law. ``value`` is in ``unit``; ``since`` and ``until`` are the first and last day."""

    id: str
    key: str
    unit: str
    effect: Effect
    value: Any
    article: str
    says: str
    customers: frozenset[str] = EVERYBODY
    reasons: frozenset[str] = ANY_REASON
    since: date = date(2000, 1, 1)
    until: date | None = None

    @property
    def reference(self) -> str:
        return f"{self.id}, {self.article}"

    def holds(self, on: date, customer: str, reason: str) -> bool:
        """Is this rule in force that day, for this customer and this reason to leave?"""
        return (
            self.since <= on
            and (self.until is None or on <= self.until)
            and customer in self.customers
            and (not self.reasons or reason in self.reasons)
        )


_DATA_ACT = date(2025, 9, 12)
_NO_CHARGE = date(2027, 1, 12)

RULES = (
    # Withdrawal
    Statute(
        "L1",
        "withdrawal.days",
        "days",
        "at_least",
        14,
        "C. conso L221-18",
        N_("Un consommateur a quatorze jours pour se rétracter."),
        CONSUMER,
        since=date(2014, 6, 14),
    ),
    Statute(
        "L1",
        "withdrawal.refund_days",
        "days",
        "at_most",
        14,
        "C. conso L221-24",
        N_("Le remboursement suit la rétractation de quatorze jours au plus."),
        CONSUMER,
        since=date(2014, 6, 14),
    ),
    Statute(
        "L1",
        "withdrawal.bank_fees_kept",
        "flag",
        "replaces",
        False,
        "C. conso L221-24",
        N_("Aucun frais ne peut être retenu sur le remboursement."),
        CONSUMER,
        since=date(2014, 6, 14),
    ),
    Statute(
        "L1",
        "withdrawal.online_function",
        "flag",
        "replaces",
        True,
        "C. conso L221-21, D221-5",
        N_("La rétractation se fait en ligne, en deux gestes, avec un accusé."),
        CONSUMER,
        since=date(2026, 6, 19),
    ),
    # Tacit renewal
    Statute(
        "L2",
        "renewal.reminder_from_months",
        "months",
        "replaces",
        3,
        "C. conso L215-1",
        N_("Le rappel part au plus tôt trois mois avant le dernier jour pour refuser."),
        NOT_IN_BUSINESS,
        since=date(2005, 2, 1),
    ),
    Statute(
        "L2",
        "renewal.reminder_to_months",
        "months",
        "replaces",
        1,
        "C. conso L215-1, L215-3",
        N_("Le rappel part au plus tard un mois avant ce jour ; sans lui, la sortie est libre."),
        NOT_IN_BUSINESS,
        since=date(2005, 2, 1),
    ),
    Statute(
        "L2",
        "termination.channel",
        "choice",
        "replaces",
        "online",
        "C. conso L215-1-1",
        N_("Un consommateur résilie en ligne ; la lettre recommandée ne peut être exigée."),
        CONSUMER,
        since=date(2023, 6, 1),
    ),
    # VAT
    Statute(
        "L3",
        "vat.eu_consumer_threshold_cents",
        "cents",
        "replaces",
        1_000_000,
        "CGI 259 D",
        N_("Au-delà de 10 000 € par an, la TVA est celle du pays du consommateur."),
        CONSUMER,
        since=date(2021, 7, 1),
    ),
    Statute(
        "L4",
        "vat.eu_business",
        "choice",
        "replaces",
        "reverse_charge",
        "CGI 283-2",
        N_("Numéro de TVA vérifié et mention « Autoliquidation »."),
        IN_BUSINESS,
    ),
    # Change of provider
    Statute(
        "L5",
        "switch.notice_months",
        "months",
        "at_most",
        2,
        "règlement (UE) 2023/2854, art. 25",
        N_("Pour changer de fournisseur, deux mois de préavis au plus."),
        EVERYBODY,
        SWITCHING,
        _DATA_ACT,
    ),
    Statute(
        "L5",
        "switch.transition_days",
        "days",
        "at_most",
        30,
        "règlement (UE) 2023/2854, art. 25",
        N_("La transition dure trente jours au plus."),
        EVERYBODY,
        SWITCHING,
        _DATA_ACT,
    ),
    Statute(
        "L5",
        "switch.retrieval_days",
        "days",
        "at_least",
        30,
        "règlement (UE) 2023/2854, art. 25",
        N_("Les données restent récupérables trente jours au moins après la transition."),
        EVERYBODY,
        SWITCHING,
        _DATA_ACT,
    ),
    Statute(
        "L5",
        "reversibility.charge",
        "choice",
        "replaces",
        "cost",
        "règlement (UE) 2023/2854, art. 29",
        N_(
            "Avant le 12 janvier 2027, les frais de changement ne dépassent pas leur coût, établi par une "
            "fiche de coût ; le transfert des données est à zéro."
        ),
        EVERYBODY,
        SWITCHING,
        _DATA_ACT,
        date(2027, 1, 11),
    ),
    Statute(
        "L5",
        "reversibility.charge",
        "choice",
        "replaces",
        "none",
        "règlement (UE) 2023/2854, art. 29",
        N_("Depuis le 12 janvier 2027, aucun frais de changement de fournisseur."),
        EVERYBODY,
        SWITCHING,
        _NO_CHARGE,
    ),
    Statute(
        "L5",
        "reversibility.transfer_cents",
        "cents",
        "replaces",
        0,
        "loi 2024-449, art. 27 ; arrêté du 17/11/2025",
        N_("Le transfert des données vers un autre fournisseur ne coûte rien."),
        EVERYBODY,
        SWITCHING,
        date(2025, 11, 17),
    ),
    # Late payment and terms of payment
    Statute(
        "L6",
        "late.fixed_fee_cents",
        "cents",
        "replaces",
        4_000,
        "C. com. L441-10, D441-5",
        N_("Quarante euros par facture en retard, entre professionnels, sans TVA."),
        IN_BUSINESS,
        since=date(2013, 1, 1),
    ),
    Statute(
        "L6",
        "late.fixed_fee_cents",
        "cents",
        "never",
        0,
        "C. com. L441-10",
        N_("Pas d'indemnité de recouvrement envers un consommateur ou un non-professionnel."),
        NOT_IN_BUSINESS,
    ),
    Statute(
        "L6",
        "late.rate_points_basis_points",
        "basis_points",
        "at_least",
        1_000,
        "C. com. L441-10",
        N_("Taux de la BCE du semestre majoré de dix points, à défaut d'un autre."),
        IN_BUSINESS,
        since=date(2009, 1, 1),
    ),
    Statute(
        "L6",
        "late.rate_points_basis_points",
        "basis_points",
        "never",
        0,
        "C. com. L441-10",
        N_("Pas de pénalité de retard du commerce envers un consommateur ou un non-professionnel."),
        NOT_IN_BUSINESS,
    ),
    Statute(
        "L7",
        "invoice.due_days",
        "days",
        "at_most",
        60,
        "C. com. L441-10",
        N_("Soixante jours au plus depuis la facture."),
        IN_BUSINESS,
        since=date(2009, 1, 1),
    ),
    # Personal data
    Statute(
        "L8",
        "dsar.channels",
        "list",
        "replaces",
        ("any",),
        "RGPD art. 12",
        N_("Une demande de droits se fait par tout moyen."),
        since=date(2018, 5, 25),
    ),
    Statute(
        "L8",
        "dsar.answer_months",
        "months",
        "at_most",
        1,
        "RGPD art. 12",
        N_("Elle reçoit une réponse en un mois."),
        since=date(2018, 5, 25),
    ),
    Statute(
        "L8",
        "hosting.subprocessor_notice",
        "flag",
        "replaces",
        True,
        "RGPD art. 28",
        N_("Un changement de sous-traitant s'annonce au responsable de traitement."),
        since=date(2018, 5, 25),
    ),
    Statute(
        "L8",
        "personal_data.authority_notice_hours",
        "hours",
        "at_most",
        72,
        "RGPD art. 33",
        N_("Le responsable prévient la CNIL sous soixante-douze heures."),
        since=date(2018, 5, 25),
    ),
    # Clauses that do not bind a consumer
    *(
        Statute(
            "L9",
            key,
            unit,
            "never",
            None,
            "C. conso L212-1, R212-1",
            N_("Cette clause ne lie pas un consommateur."),
            CONSUMER,
        )
        for key, unit in (
            ("liability.cap_annual_fees", "count"),
            ("proof.records", "choice"),
            ("jurisdiction.court", "text"),
            ("liability.cap_hosting_months", "months"),
            ("liability.cap_paid_months", "months"),
        )
    ),
    # Health data, conformity, limitation, addresses
    Statute(
        "L10",
        "certificate.hds.referential",
        "count",
        "at_least",
        2,
        "arrêté du 26/04/2024",
        N_("Le référentiel HDS 2 est exigé de tous depuis le 16 mai 2026."),
        since=date(2026, 5, 16),
    ),
    Statute(
        "L11",
        "claim.delivery_days",
        "days",
        "at_least",
        730,
        "C. conso L224-25-1 et suivants",
        N_("La garantie légale d'un service numérique dure deux ans ou le temps de la fourniture."),
        CONSUMER,
        since=date(2022, 1, 1),
    ),
    Statute(
        "L12",
        "claim.months",
        "months",
        "at_least",
        12,
        "C. civ. 2254",
        N_(
            "Un contrat ne réduit pas la prescription sous un an ; entre professionnels et consommateurs, "
            "il n'y touche pas (C. conso L218-1)."
        ),
        since=date(2008, 6, 19),
    ),
    Statute(
        "L13",
        "mandate.structured_address",
        "flag",
        "replaces",
        True,
        "EPC016-06, version 2025 1.1",
        N_("Une adresse non structurée est refusée depuis le 15 novembre 2026."),
        since=date(2026, 11, 15),
    ),
)


@dataclass(frozen=True, slots=True)
class Applied:
    """A contract's value and the law's, and which of the two counts."""

    value: Any
    by: Literal["contract", "law", "silent"]
    contract: Value | None
    law: Statute | None

    @property
    def clause(self) -> str:
        """Id of the clause or statute that counts; empty where both are silent."""
        if self.by == "law" and self.law:
            return self.law.id
        return self.contract.clause if self.contract else ""


@cache
def _by_key() -> Mapping[str, tuple[Statute, ...]]:
    found: dict[str, tuple[Statute, ...]] = {}
    for rule in RULES:
        found[rule.key] = (*found.get(rule.key, ()), rule)
    return found


def statute_for(key: str, *, on: date, customer: str, reason: str = "none") -> Statute | None:
    """The rule of law for a key on a day, for a kind of customer and a reason to leave; None where silent."""
    for rule in _by_key().get(key, ()):
        if rule.holds(on, customer, reason):
            return rule
    return None


def applied(stack: Stack, key: str, *, on: date, customer: str, reason: str = "none") -> Applied:
    """Contract and law side by side for one key, on a day.

    customer: "business", "consumer", "non_professional" or "public_body". reason: why the customer leaves.
    A contract that a signed amendment exempts (``switch.exempt``) is not touched by the switching rules.

    Source: L1 to L13.
    """
    value = stack.find(key)
    law = statute_for(key, on=on, customer=customer, reason=reason)
    exempt = stack.find(SWITCH_EXEMPT)
    if law is not None and law.id == "L5" and exempt is not None and exempt.value:
        law = None
    if law is None:
        return Applied(value and value.value, "contract" if value else "silent", value, None)
    if value is not None and respects(value.value, law):
        return Applied(value.value, "contract", value, law)
    return Applied(law.value, "law", value, law)


def respects(value: Any, law: Statute) -> bool:
    """Does a contract's value already give what the law asks for?"""
    if law.effect == "at_least":
        return bool(value >= law.value)
    if law.effect == "at_most":
        return bool(value <= law.value)
    return law.effect == "replaces" and bool(value == law.value)


def statutes_over(stack: Stack, *, on: date, customer: str, reason: str = "none") -> list[Applied]:
    """Every key of the contract that the law overrides for this customer, for the screen of both."""
    answers = [applied(stack, key, on=on, customer=customer, reason=reason) for key in _by_key()]
    return [each for each in answers if each.law is not None]
