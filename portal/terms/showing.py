"""How an answer of a contract is written on screens, in mails and on paper: its label, its value, its
notes.
"""

import re
from datetime import date

from flask import Flask, g, has_app_context
from flask_babel import get_locale
from flask_babel import gettext as _
from markupsafe import Markup

from portal.access import PROVIDER
from portal.i18n import eur, plain_day, told, translated
from portal.terms.answered import Answered
from portal.terms.law import parts_for, parts_of
from portal.wording import Sentence
from portal.words.clauses import ANSWERS, UNKNOWN
from portal.words.term_keys import term_group, term_name
from portal.words.values import written

_CODE = re.compile(r"^[AL]\d{1,2}\s?:\s")


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


def reads_notes() -> bool:
    """Does staff read this? A customer reads no editor's note, on a page, in a mail or on paper."""
    actor = g.get("actor") if has_app_context() else None
    return actor is not None and not actor.is_customer


def reads_keys() -> bool:
    """Does somebody of the provider read this, who writes and uploads the files that have these keys?"""
    return reads_notes() and g.actor.role in PROVIDER


def remark(parts: list[str]) -> Markup:
    """An editor's remarks on a contract's value, for staff alone, in the reader's language.

    Those of another document stay as written.
    """
    if not reads_notes():
        return Markup()
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
    if not reads_notes():
        return []
    if not customer:
        return [noted(note) for note in answer.notes]
    parts = [part for note in answer.notes for part in parts_for(note, customer, ("none", reason))]
    return [remark([part]) for part in dict.fromkeys(parts)]


def rule_told(sentence: Sentence) -> str:
    """What a rule adds in words; the code of its point is for staff."""
    return told(sentence) if reads_notes() else uncoded(sentence)


def uncoded(sentence: Sentence) -> str:
    """The same without its code whoever acts: in mails to customers."""
    bare = _CODE.sub("", told(sentence))
    return bare[:1].upper() + bare[1:]


def init_app(app: Flask) -> None:
    app.jinja_env.globals.update(reads_keys=reads_keys)
    app.jinja_env.filters.update(
        answer_label=label,
        shown=shown,
        tax=tax,
        noted=noted,
        notes_for=notes_for,
        rule_told=rule_told,
        uncoded=uncoded,
        term_name=term_name,
        term_group=term_group,
    )
