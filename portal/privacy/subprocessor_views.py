"""The register of sub-processors, and its changes: planned, announced, objected to, made effective."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import get_locale
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.customers.models import Customer
from portal.db import db
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.mail import Mail
from portal.paging import page_of
from portal.privacy.choosing import customer_named
from portal.privacy.subprocessor_acts import (
    announce,
    answer_objection,
    make_effective,
    object_to,
    objections_to,
)
from portal.privacy.subprocessor_forms import (
    ChangeForm,
    EndForm,
    ObjectionAnswerForm,
    ObjectionForm,
    PresentForm,
    ReasonForm,
)
from portal.privacy.subprocessors import (
    Objection,
    SubProcessor,
    SubProcessorChange,
    SubProcessorNotice,
    plan_change,
    register_present,
    taking_part,
)

bp = Blueprint("sub_processors", __name__, url_prefix="/privacy/sub-processors")


@bp.app_template_filter()
def country_name(code: str) -> str:
    """A country of ISO 3166-1 by its name in the reader's language."""
    return str(get_locale().territories.get(code, code))


@bp.get("")
@requires(Permission.PRIVACY_READ)
def list_processors() -> str:
    changes = SubProcessorChange.visible_to(g.actor)
    newest = SubProcessorChange.effective_on.desc(), SubProcessorChange.id.desc()
    everyone = SubProcessor.visible_to(g.actor)
    return render_template(
        "privacy/processors.html",
        rows=page_of(everyone, SubProcessor.name, SubProcessor.id, name="processors"),
        changes=page_of(changes, *newest, name="changes"),
        today=clock.today(),
    )


@bp.get("/new")
@requires(Permission.PRIVACY_WRITE)
def new_processor() -> str:
    return render_template("privacy/processor_new.html", form=PresentForm(formdata=None))


@bp.post("")
@requires(Permission.PRIVACY_WRITE)
def create_processor() -> Response:
    form = PresentForm()
    if form.validate():
        with saving(form, WHOLE):
            said = form.since_on.data, form.told_on.data, form.told_how.data
            register_present(g.actor.organisation, form.entry(), *said, by=g.actor)
    if form.errors or form.form_errors:
        return make_response(render_template("privacy/processor_new.html", form=form), 422)
    return htmx.go(url_for(".list_processors"), toast=_("Le sous-traitant est dans le registre."))


@bp.get("/<uid>")
@requires(Permission.PRIVACY_READ)
def show_processor(uid: str) -> Response:
    return _processor_page(uid, EndForm(formdata=None))


def _processor_page(uid: str, form: EndForm, status: int = 200) -> Response:
    row = get_or_404(SubProcessor.visible_to(g.actor), uid)
    page = render_template(
        "privacy/processor.html", row=row, form=form, events=timeline(row), today=clock.today()
    )
    return make_response(page, status)


@bp.post("/<uid>/end")
@requires(Permission.PRIVACY_WRITE)
def end_processor(uid: str) -> Response:
    row, form = get_or_404(SubProcessor.visible_to(g.actor), uid), EndForm()
    if form.validate():
        with saving(form, WHOLE):
            row.end(form.until_on.data, by=g.actor)
    if form.errors or form.form_errors:
        return _processor_page(uid, form, 422)
    return htmx.go(url_for(".show_processor", uid=uid), toast=_("Sa fin est notée."))


def _change_form(form: ChangeForm) -> ChangeForm:
    return form.offer(taking_part(clock.today()))


@bp.get("/changes/new")
@requires(Permission.PRIVACY_WRITE)
def new_change() -> str:
    return render_template("privacy/processor_change_new.html", form=_change_form(ChangeForm(formdata=None)))


@bp.post("/changes")
@requires(Permission.PRIVACY_WRITE)
def create_change() -> Response:
    form = _change_form(ChangeForm())
    if form.validate():
        with saving(form, WHOLE):
            old = form.replaces.data
            before = get_or_404(SubProcessor.visible_to(g.actor), old) if old else None
            said = form.entry(), form.effective_on.data, form.object_until.data
            row = plan_change(g.actor.organisation, *said, replaces=before, by=g.actor)
    if form.errors or form.form_errors:
        page = render_template("privacy/processor_change_new.html", form=_change_form(form))
        return make_response(page, 422)
    return htmx.go(
        url_for(".show_change", uid=row.uid), toast=_("Le changement est préparé ; rien n'est parti.")
    )


def _change(uid: str) -> SubProcessorChange:
    found: SubProcessorChange = get_or_404(SubProcessorChange.visible_to(g.actor), uid)
    return found


def _page(uid: str, status: int = 200, **typed: Any) -> Response:
    row = _change(uid)
    forms = {
        "objection": ObjectionForm(formdata=None),
        "answer": ObjectionAnswerForm(formdata=None),
        "ending": ReasonForm(formdata=None),
    }
    mine = SubProcessorNotice.visible_to(g.actor).where(SubProcessorNotice.change_id == row.id)
    notices = page_of(mine, SubProcessorNotice.id, name="notices")
    wanted = [each.mail_uid for each in notices]
    sent = db.session.scalars(Mail.visible_to(g.actor).where(Mail.uid.in_(wanted)))
    page = render_template(
        "privacy/processor_change.html",
        row=row,
        notices=notices,
        letters={mail.uid: mail for mail in sent},
        objections=objections_to(row),
        events=timeline(row),
        today=clock.today(),
        **{**forms, **typed},
    )
    return make_response(page, status)


@bp.get("/changes/<uid>")
@requires(Permission.PRIVACY_READ)
def show_change(uid: str) -> Response:
    return _page(uid)


def _done(uid: str, name: str, form: Any, toast: str) -> Response:
    if form.errors or form.form_errors:
        return _page(uid, 422, **{name: form})
    return htmx.go(url_for(".show_change", uid=uid), toast=toast)


@bp.post("/changes/<uid>/announcement")
@requires(Permission.SUBPROCESSOR_TELL)
def announce_change(uid: str) -> Response:
    """It leaves to every customer of these contracts: who sends it has just proved who she is."""
    if asking := confirm_first(url_for(".show_change", uid=uid)):
        return asking
    row, form = _change(uid), ReasonForm(formdata=None)
    with saving(form, WHOLE):
        announce(row, by=g.actor)
    return _done(uid, "ending", form, _("L'annonce part aux clients de ces contrats."))


@bp.post("/changes/<uid>/effect")
@requires(Permission.PRIVACY_WRITE)
def take_effect(uid: str) -> Response:
    row, form = _change(uid), ReasonForm(formdata=None)
    with saving(form, WHOLE):
        make_effective(row, by=g.actor)
    return _done(uid, "ending", form, _("Le changement a pris effet."))


@bp.post("/changes/<uid>/drop")
@requires(Permission.PRIVACY_WRITE)
def drop_change(uid: str) -> Response:
    row, form = _change(uid), ReasonForm()
    if form.validate():
        with saving(form, WHOLE):
            row.drop(form.why.data or "", by=g.actor)
    return _done(uid, "ending", form, _("Ce changement n'a pas lieu."))


@bp.post("/changes/<uid>/objections")
@requires(Permission.PRIVACY_WRITE)
def enter_objection(uid: str) -> Response:
    row, form = _change(uid), ObjectionForm()
    if form.validate():
        with saving(form, WHOLE):
            customer: Customer = customer_named(form.customer.data, g.actor)
            object_to(row, customer, form.words.data, form.received_on.data, by=g.actor)
    return _done(uid, "objection", form, _("L'opposition est notée."))


@bp.post("/objections/<uid>/answer")
@requires(Permission.PRIVACY_WRITE)
def answer(uid: str) -> Response:
    row, form = get_or_404(Objection.visible_to(g.actor), uid), ObjectionAnswerForm()
    change = row.change.uid
    if form.validate():
        with saving(form, WHOLE):
            granted = form.decision.data == "granted"
            answer_objection(row, form.answer.data, granted=granted, by=g.actor)
    return _done(change, "answer", form, _("La réponse part."))
