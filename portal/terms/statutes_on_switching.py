"""What the law says of a change of provider (L5): regulation (EU) 2023/2854, law 2024-449."""

from datetime import date

from portal.terms.statute import EVERYBODY, SWITCHING, Statute
from portal.wording import N_

_DATA_ACT = date(2025, 9, 12)
_NO_CHARGE = date(2027, 1, 12)

SWITCHING_RULES = (
    Statute(
        "L5",
        "switch.notice_months",
        "months",
        "at_most",
        2,
        N_("règlement (UE) 2023/2854, art. 25"),
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
        N_("règlement (UE) 2023/2854, art. 25"),
        N_("La transition dure trente jours au plus."),
        EVERYBODY,
        SWITCHING,
        _DATA_ACT,
    ),
    Statute(
        "L5",
        "switch.extended_months",
        "months",
        "at_most",
        7,
        N_("règlement (UE) 2023/2854, art. 25 (4)"),
        N_(
            "Le fournisseur qui ne peut finir à temps le dit et le justifie dans les quatorze jours "
            "ouvrés, pour "
            "sept mois au plus ; qui change de fournisseur prolonge une fois comme il le souhaite "
            "(art. 25 (5))."
        ),
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
        N_("règlement (UE) 2023/2854, art. 25"),
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
        N_("règlement (UE) 2023/2854, art. 29"),
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
        N_("règlement (UE) 2023/2854, art. 29"),
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
        N_("loi 2024-449, art. 27 ; arrêté du 17/11/2025"),
        N_("Le transfert des données vers un autre fournisseur ne coûte rien."),
        EVERYBODY,
        SWITCHING,
        date(2025, 11, 17),
    ),
)
