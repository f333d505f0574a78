"""An event that ends a contract by nature: day, document and letter, and what the contract answers."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import RadioField, SelectChoice, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.endings.nature import (
    EndByNature,
    causes_known,
    events_of,
    looked_at,
    note_answer,
    note_event,
    waiting_for,
)
from portal.forms import WHOLE, DayField, refusals_in, saving, trim
from portal.panels import Link, Panel
from portal.scans import LARGEST_SCAN
from portal.subscriptions.models import GOING_ON, Subscription
from portal.subscriptions.panels import subscription_link, subscription_panel
from portal.subscriptions.termination import Termination
from portal.words.clauses import CHOICES

bp = Blueprint("natural_ends", __name__)
_SCANS = {"accept": "application/pdf,image/jpeg,image/png"}
_ANSWERS = [
    SelectChoice("silent", _l("il n'a pas encore répondu")),
    SelectChoice("gives_up", _l("il ne continue pas le contrat")),
]


class EventForm(FlaskForm):
    cause = SelectField(_l("Événement"))
    whose = RadioField(
        _l("La lettre a été envoyée par"),
        choices=[SelectChoice("customer", _l("le client")), SelectChoice("provider", _l("le prestataire"))],
        default="customer",
    )
    event_on = DayField(_l("Jour de l'événement"), [InputRequired(_l("Recopiez ce jour de la pièce."))])
    administrator = SelectField(
        _l("En redressement judiciaire, réponse de l'administrateur"), choices=_ANSWERS, default="silent"
    )
    posted_on = DayField(_l("Recommandé posté le"), [InputRequired(_l("Recopiez le jour du cachet."))])
    received_on = DayField(_l("Reçu le"), [InputRequired(_l("Indiquez le jour de sa réception."))])

    @property
    def asked(self) -> dict[str, Any]:
        """What the engine is asked, besides the cause."""
        return {
            "posted_on": self.posted_on.data,
            "received_on": self.received_on.data,
            "by_provider": self.whose.data == "provider",
            "answer": self.administrator.data,
        }

    @property
    def typed(self) -> dict[str, str]:
        names = ("cause", "whose", "event_on", "administrator", "posted_on", "received_on")
        return {name: str(self[name].data) for name in names if self[name].data is not None}


class DeedForm(EventForm):
    tracking = StringField(
        _l("Numéro du recommandé"),
        [DataRequired(_l("Recopiez le numéro du recommandé.")), Length(max=40)],
        filters=[trim],
    )
    document = FileField(
        _l("Pièce : jugement, radiation, acte de cession"),
        [FileRequired(_l("Joignez la pièce qui montre l'événement."))],
        render_kw=_SCANS,
    )


class AnswerForm(FlaskForm):
    answer = RadioField(
        _l("Il a répondu"),
        [InputRequired(_l("Dites ce qu'il a décidé."))],
        choices=[
            SelectChoice("continues", _l("qu'il continue le contrat")),
            SelectChoice("gives_up", _l("qu'il ne le continue pas")),
        ],
    )
    answered_on = DayField(_l("Le"), [InputRequired(_l("Indiquez le jour de sa réponse."))])


@bp.url_value_preprocessor
def allow_a_scan(endpoint: str | None, values: object) -> None:
    """Before anything reads the form: it carries a file."""
    if endpoint == "natural_ends.create_end":
        request.max_content_length = LARGEST_SCAN + 65_536


def _fit(subscription: Subscription, form: EventForm) -> EventForm:
    known = causes_known(subscription)
    form.cause.choices = [SelectChoice(each, CHOICES[each]) for each in (known.value if known else ())]
    return form


def _preview(subscription: Subscription, form: EventForm) -> Termination | None:
    """What the form leads to, or None with the refusal beside its field."""
    if not (form.posted_on.data and form.received_on.data) or form.cause.errors:
        return None
    with refusals_in(form, WHOLE):
        return looked_at(subscription, form.cause.data, **form.asked)
    return None


def _page(
    subscription: Subscription, form: EventForm, deed: DeedForm, status: int = 200, answer: Any = None
) -> Response:
    asked = deed if deed.errors or deed.form_errors else form
    waiting = waiting_for(subscription)
    page = render_template(
        "endings/nature.html",
        subscription=subscription,
        form=form,
        deed=deed,
        known=causes_known(subscription),
        waiting=waiting,
        answer=answer or AnswerForm(formdata=None),
        result=None if waiting else _preview(subscription, asked),
        typed=asked.typed,
    )
    return make_response(page, status)


@bp.get("/subscriptions/<uid>/end-by-nature")
@requires(Permission.LETTER_RECORD)
def new_end(uid: str) -> Response:
    """What the event would mean, before it is noted."""
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = _fit(subscription, EventForm(request.args if request.args else None, meta={"csrf": False}))
    if request.args:
        form.validate()
    return _page(subscription, form, _fit(subscription, DeedForm(formdata=None)))


@bp.post("/subscriptions/<uid>/end-by-nature")
@requires(Permission.LETTER_RECORD)
def create_end(uid: str) -> Response:
    subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    form = _fit(subscription, DeedForm())
    if form.validate():
        with saving(form, WHOLE):
            note_event(
                subscription,
                form.cause.data,
                event_on=form.event_on.data,
                tracking=form.tracking.data,
                document=form.document.data.read(),
                by=g.actor,
                **form.asked,
            )
    if form.errors or form.form_errors:
        subscription = get_or_404(Subscription.visible_to(g.actor), uid)
        return _page(subscription, _fit(subscription, EventForm(meta={"csrf": False})), form, 422)
    return _back(subscription, _("L'événement est noté."))


@bp.post("/ends-by-nature/<uid>/answer")
@requires(Permission.LETTER_RECORD)
def answer_for_administrator(uid: str) -> Response:
    row = get_or_404(EndByNature.visible_to(g.actor).with_for_update(of=EndByNature), uid)
    subscription, form = row.subscription, AnswerForm()
    if form.validate():
        with saving(form, WHOLE):
            continues, day = form.answer.data == "continues", form.answered_on.data
            note_answer(row, continues=continues, answered_on=day, by=g.actor)
    if form.errors or form.form_errors:
        subscription = get_or_404(Subscription.visible_to(g.actor), subscription.uid)
        blank = EventForm(formdata=None, meta={"csrf": False}), DeedForm(formdata=None)
        return _page(subscription, *blank, status=422, answer=form)
    return _back(subscription, _("La réponse est notée."))


def _back(subscription: Subscription, toast: str) -> Response:
    return htmx.go(url_for("subscriptions.show_subscription", uid=subscription.uid), toast=toast)


@subscription_link(rank=45)
def nature_link(subscription: Subscription) -> list[Link] | None:
    if not may(Permission.LETTER_RECORD) or subscription.state not in GOING_ON:
        return None
    address = url_for("natural_ends.new_end", uid=subscription.uid)
    return [Link(address, _("Redressement, cessation, concurrent"), "calendar-x")]


@subscription_panel(rank=41)
def nature_panel(subscription: Subscription) -> Panel | None:
    rows = events_of(subscription)
    return Panel("endings/_nature.html", {"rows": rows, "subscription": subscription}) if rows else None
