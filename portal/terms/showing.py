"""How an answer of a contract is written on screens, in mails and on paper: its label, its value, its
notes.
"""

from datetime import date

from flask import Flask
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from portal.i18n import eur, plain_day, translated
from portal.terms.answered import Answered
from portal.terms.law import parts_for, parts_of
from portal.words.clauses import ANSWERS, UNKNOWN
from portal.words.values import written


def label(answer: Answered) -> str:
    return str(ANSWERS[answer.what])


def tax(answer: Answered) -> str:
    """« HT » or « TTC » beside an amount; empty where it bears no VAT or nobody knows."""
    if answer.includes_vat is None or not isinstance(answer.value, int):
        return ""
    return str(_("TTC") if answer.includes_vat else _("HT"))


def shown(answer: Answered) -> str:
    """The value in the reader's language: a day, an amount with its tax, a choice of the contract."""
    value = answer.value
    if value is None:
        return str(UNKNOWN.get(answer.what, _("à calculer")))
    if isinstance(value, date):
        return plain_day(value)
    if isinstance(value, int):
        most = _("au plus") + " " if answer.is_ceiling else ""
        return " ".join(filter(None, (f"{most}{eur(value)}", tax(answer))))
    return written("choice", value)


def remark(parts: list[str]) -> Markup:
    """Remarks on a contract's value in the reader's language; those of another document stay as written."""
    return Markup(" ").join(map(_in_her_language, parts))


def _in_her_language(part: str) -> str:
    said = translated(part)
    foreign = said == part and str(get_locale()) != "fr"
    return Markup('<span lang="fr">{}</span>').format(part) if foreign else said


def noted(note: str) -> Markup:
    """The whole note of a contract's value, see :func:`remark`."""
    return remark(parts_of(note))


def notes_for(answer: Answered, customer: str = "", reason: str = "none") -> list[Markup]:
    """What the sources of an answer say of themselves; to a known customer, only what concerns her."""
    if not customer:
        return [noted(note) for note in answer.notes]
    parts = [part for note in answer.notes for part in parts_for(note, customer, ("none", reason))]
    return [remark([part]) for part in dict.fromkeys(parts)]


def init_app(app: Flask) -> None:
    app.jinja_env.filters.update(answer_label=label, shown=shown, tax=tax, noted=noted, notes_for=notes_for)
