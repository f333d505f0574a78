"""What is asked of a contract: a day to leave, or any question that the simulator answers."""

import re
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, SelectChoice, SelectField, StringField
from wtforms import Field as FormField
from wtforms.validators import InputRequired
from wtforms.widgets import DateInput, DateTimeLocalInput

from portal.answers.case import CaseError, Event
from portal.errors import Refused
from portal.forms import DayField
from portal.i18n import said, told
from portal.money import parse_euros
from portal.simulator.question import Field, fields_of, read_event
from portal.subscriptions.notice_fields import NoticeForm
from portal.subscriptions.termination import Notice
from portal.terms.stack import Stack
from portal.wording import Sentence
from portal.words.choices import CAUSES
from portal.words.clauses import CHOICES, FIELDS, QUESTIONS


class LeaveForm(NoticeForm):
    """The same question as that of a notice, of a day that may be still to come."""

    day = DayField(_l("Partir en donnant congé le"), [InputRequired(_l("Indiquez un jour."))])

    def notice(self, reason: str) -> Notice:
        day: date = self.day.data
        return self.notice_on(day, reason)


def question_form(what: str, stack: Stack, data: Any) -> FlaskForm:
    """The fields of one kind of question, filled from the address; read with :func:`read_question`."""
    made = {field.name: _made(field, stack) for field in fields_of(what)}
    form: FlaskForm = type("QuestionForm", (FlaskForm,), made)(data, meta={"csrf": False})
    return form


def _made(field: Field, stack: Stack) -> FormField:
    label = FIELDS[field.name]
    options = _options(field, stack)
    if options:
        return SelectField(label, choices=options)
    if field.type == "flag":
        return BooleanField(label)
    widget = {"day": DateInput(), "instant": DateTimeLocalInput()}.get(field.type)
    numeric = {"inputmode": "decimal"} if field.type in ("whole", "number", "percent") else {}
    return StringField(label, widget=widget, render_kw=numeric)


def _options(field: Field, stack: Stack) -> list[SelectChoice]:
    if field.name == "cause":
        return [SelectChoice(code, word) for code, word in CAUSES.items()]
    if field.name == "service":
        found = re.compile(r"sla\.(\w+)\.percent").fullmatch
        return [
            SelectChoice(each[1], each[1].replace("_", " "))
            for each in map(found, sorted(stack.values))
            if each
        ]
    return [SelectChoice(str(each), CHOICES[str(each)]) for each in field.choices]


def read_question(what: str, form: FlaskForm) -> Event | None:
    """The event that the form describes, as the simulator reads it; None with sentences beside fields."""
    raw: dict[str, Any] = {"what": what}
    for field in fields_of(what):
        try:
            raw[field.name] = _raw(field, form[field.name].data)
        except Refused as refusal:
            form[field.name].errors = [said(refusal)]
        if field.required and raw.get(field.name) is None and not form[field.name].errors:
            form[field.name].errors = [_("Ce champ est nécessaire.")]
    if any(field.errors for field in form):
        return None
    try:
        return read_event(raw)
    except CaseError as refusal:
        place(form, refusal)
        return None


def _raw(field: Field, typed: Any) -> Any:
    """What was typed in the type that the simulator reads; as it stands when it is not of that type."""
    if isinstance(typed, bool):
        return typed
    text = (typed or "").strip()
    if not text:
        return None
    if field.name.endswith("_cents"):
        return parse_euros(text)
    if field.type == "whole":
        return int(text) if re.fullmatch(r"\d{1,15}", text) else text
    if field.type in ("number", "percent"):
        return _decimal(text)
    return next((each for each in field.choices if str(each) == text), text)


def _decimal(text: str) -> Any:
    try:
        number = Decimal(text.replace(",", ".").replace("\u00a0", "").replace(" ", ""))
    except InvalidOperation:
        return text
    return number if number.is_finite() else text


def place(form: FlaskForm, refusal: Refused, where: str = "on") -> None:
    """Show a rule's refusal beside the field that it is about; beside the day when it names none."""
    about = refusal.about if isinstance(refusal, CaseError) else refusal.field
    field = form[about] if about and about in form else form[where]
    field.errors = [*field.errors, in_words(refusal)]


def in_words(refusal: Refused) -> str:
    """The refusal without the codes of the question, for somebody who sees the form."""
    reason = refusal.values.get("sentence")
    if isinstance(reason, Sentence):
        text = told(reason)
        return text[:1].upper() + text[1:]
    return said(Refused(refusal.template, **_labelled(refusal)))


def _labelled(refusal: Refused) -> dict[str, Any]:
    values = dict(refusal.values)
    if isinstance(refusal, CaseError) and "where" in values:
        values["where"] = FIELDS.get(refusal.about, values["where"])
    for name in ("then", "first", "what"):
        if name in values:
            values[name] = (FIELDS | QUESTIONS).get(str(values[name]), values[name])
    return values
