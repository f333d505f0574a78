"""What the law says over the contracts, one figure of one article a row."""

from datetime import date

from portal.terms.statute import BUSINESS, CONSUMER, IN_BUSINESS, NOT_IN_BUSINESS, PUBLIC, Statute
from portal.terms.statutes_on_switching import SWITCHING_RULES
from portal.wording import N_

RULES = (
    # Withdrawal
    Statute(
        "L1",
        "withdrawal.days",
        "days",
        "at_least",
        14,
        N_("C. conso L221-18"),
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
        N_("C. conso L221-24"),
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
        N_("C. conso L221-24"),
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
        N_("C. conso L221-21, D221-5"),
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
        N_("C. conso L215-1"),
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
        N_("C. conso L215-1, L215-3"),
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
        N_("C. conso L215-1-1, L215-3"),
        N_(
            "Consommateurs et non-professionnels résilient en ligne ; la lettre recommandée ne peut être "
            "exigée."
        ),
        NOT_IN_BUSINESS,
        since=date(2023, 6, 1),
    ),
    # VAT
    Statute(
        "L3",
        "vat.eu_consumer_threshold_cents",
        "cents",
        "replaces",
        1_000_000,
        N_("CGI 259 D"),
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
        N_("CGI 283-2"),
        N_("Numéro de TVA vérifié et mention « Autoliquidation »."),
        IN_BUSINESS,
    ),
    *SWITCHING_RULES,
    # Late payment and terms of payment
    Statute(
        "L6",
        "late.fixed_fee_cents",
        "cents",
        "replaces",
        4_000,
        N_("C. com. L441-10, D441-5"),
        N_("Quarante euros par facture en retard, entre professionnels, sans TVA."),
        BUSINESS,
        since=date(2013, 1, 1),
    ),
    Statute(
        "L6",
        "late.fixed_fee_cents",
        "cents",
        "replaces",
        4_000,
        N_("CCP L2192-13, D2192-35"),
        N_("Une personne publique doit quarante euros par facture en retard, sans TVA."),
        PUBLIC,
        since=date(2013, 5, 1),
    ),
    Statute(
        "L6",
        "late.fixed_fee_cents",
        "cents",
        "never",
        0,
        N_("C. com. L441-10"),
        N_("Pas d'indemnité de recouvrement envers un consommateur ou un non-professionnel."),
        NOT_IN_BUSINESS,
    ),
    Statute(
        "L6",
        "late.rate_points_basis_points",
        "basis_points",
        "default",
        1_000,
        N_("C. com. L441-10"),
        N_(
            "Taux de la BCE du semestre majoré de dix points, à défaut d'un autre ; un taux convenu ne "
            "descend "
            "pas sous trois fois l'intérêt légal."
        ),
        BUSINESS,
        since=date(2009, 1, 1),
    ),
    Statute(
        "L6",
        "late.rate_points_basis_points",
        "basis_points",
        "replaces",
        800,
        N_("CCP L2192-13, R2192-31"),
        N_(
            "Une personne publique doit le taux de la BCE majoré de huit points : un seul taux, celui du "
            "semestre "
            "où les intérêts ont commencé à courir."
        ),
        PUBLIC,
        since=date(2019, 4, 1),
    ),
    Statute(
        "L6",
        "late.single_rate",
        "flag",
        "replaces",
        True,
        N_("CCP R2192-31"),
        N_("Le taux du premier semestre de retard vaut jusqu'au paiement."),
        PUBLIC,
        since=date(2019, 4, 1),
    ),
    Statute(
        "L6",
        "late.rate_points_basis_points",
        "basis_points",
        "never",
        0,
        N_("C. com. L441-10"),
        N_("Pas de pénalité de retard du commerce envers un consommateur ou un non-professionnel."),
        NOT_IN_BUSINESS,
    ),
    Statute(
        "L7",
        "invoice.due_days",
        "days",
        "at_most",
        60,
        N_("C. com. L441-10"),
        N_("Soixante jours au plus depuis la facture."),
        BUSINESS,
        since=date(2009, 1, 1),
    ),
    Statute(
        "L7",
        "invoice.due_days",
        "days",
        "at_most",
        30,
        N_("CCP R2192-10"),
        N_(
            "Une personne publique paie en trente jours au plus ; un délai plus long, comme celui des "
            "hôpitaux, "
            "est un réglage du document."
        ),
        PUBLIC,
        since=date(2019, 4, 1),
    ),
    # Personal data
    Statute(
        "L8",
        "dsar.channels",
        "list",
        "replaces",
        ("any",),
        N_("RGPD art. 12"),
        N_("Une demande de droits se fait par tout moyen."),
        since=date(2018, 5, 25),
    ),
    Statute(
        "L8",
        "dsar.answer_months",
        "months",
        "at_most",
        1,
        N_("RGPD art. 12"),
        N_("Elle reçoit une réponse en un mois."),
        since=date(2018, 5, 25),
    ),
    Statute(
        "L8",
        "hosting.subprocessor_notice",
        "flag",
        "replaces",
        True,
        N_("RGPD art. 28"),
        N_("Un changement de sous-traitant s'annonce au responsable de traitement."),
        since=date(2018, 5, 25),
    ),
    Statute(
        "L8",
        "personal_data.authority_notice_hours",
        "hours",
        "at_most",
        72,
        N_("RGPD art. 33"),
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
            N_("C. conso L212-1, R212-1"),
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
        N_("arrêté du 26/04/2024"),
        N_("Le référentiel HDS 2 est exigé de tous depuis le 16 mai 2026."),
        since=date(2026, 5, 16),
    ),
    Statute(
        "L11",
        "claim.delivery_days",
        "days",
        "at_least",
        730,
        N_("C. conso L224-25-1 et suivants"),
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
        N_("C. civ. 2254, 2224"),
        N_(
            "Un contrat ne réduit pas la prescription sous un an ; une clause plus courte tombe, et les "
            "cinq ans "
            "ordinaires courent (C. com. L110-4). Envers un consommateur il n'y touche pas (C. conso L218-1)."
        ),
        since=date(2008, 6, 19),
        instead=60,
    ),
    Statute(
        "L13",
        "mandate.structured_address",
        "flag",
        "replaces",
        True,
        N_("EPC016-06, version 2025 1.1"),
        N_("Une adresse non structurée est refusée depuis le 15 novembre 2026."),
        since=date(2026, 11, 15),
    ),
)
