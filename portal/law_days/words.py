"""The questions that a contract is asked about a change, and what it answers, in words."""

from typing import Any

from flask import Blueprint
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.i18n import said, told
from portal.law_days.asking import Differing, Pair, Told
from portal.law_days.models import LawDay, LawDayKind
from portal.terms.answered import Answered
from portal.terms.showing import shown
from portal.words.clauses import ANSWERS

QUESTION_WORDS: dict[str, Any] = {
    "leave": _l("Congé donné ce jour-là"),
    "switch": _l("Changement de fournisseur notifié ce jour-là"),
    "in_house": _l("Retour sur ses propres machines notifié ce jour-là"),
    "data": _l("Données demandées ce jour-là pour un autre fournisseur"),
    "late": _l("Retards de paiement des douze derniers mois, échus ce jour-là"),
}


def value_of(answer: Answered | None) -> str:
    return shown(answer) if answer is not None else "–"


def sides(row: Differing) -> tuple[list[str], list[str]]:
    """The answers that differ, before and after, each as one line."""
    before, after = [], []
    for pair in row.pairs:
        before.append(_line(pair, pair.before))
        after.append(_line(pair, pair.after))
    for side, said_there, lines in (
        (row.before, row.said_no_more, before),
        (row.after, row.newly_said, after),
    ):
        lines += [told(sentence) for sentence in said_there]
        if refused := refusal_of(side):
            lines.append(refused)
    return before, after


def _line(pair: Pair, answer: Answered | None) -> str:
    return f"{ANSWERS[pair.what]}{_(' : ')}{value_of(answer)}"


def refusal_of(side: Told) -> str:
    """Why the rules refuse this question that day; "" where they answer it."""
    return said(side.refusal) if side.refusal is not None else ""


def name_of(row: LawDay) -> str:
    if row.kind == LawDayKind.TERMS:
        return str(_("Nouvelle version : %(version)s", version=row.version))
    return str(_("Changement de la loi"))


def init_words(bp: Blueprint) -> None:
    bp.add_app_template_filter(lambda name: str(QUESTION_WORDS[name]), "law_question")
    bp.add_app_template_filter(lambda what: str(ANSWERS[what]), "answer_name")
    bp.add_app_template_filter(value_of, "answer_value")
    bp.add_app_template_filter(refusal_of, "refusal_of")
    bp.add_app_template_filter(name_of, "law_day_name")
