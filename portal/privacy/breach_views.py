"""The room of a personal data breach: opened, written, told by mail and phone, closed with its log."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import ngettext

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.customers.models import Customer
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.paging import page_of
from portal.privacy.choosing import Through, add_customers, remove_customer
from portal.privacy.closing import CHANNELS, PARTS, close, drop
from portal.privacy.forms import (
    AuthorityForm,
    BreachForm,
    CallForm,
    CustomerForm,
    CustomersForm,
    PartsForm,
    WhyForm,
)
from portal.privacy.models import Breach, note_call, open_breach
from portal.privacy.rules import clock_look
from portal.privacy.telling import notify, told_of

bp = Blueprint("breaches", __name__, url_prefix="/privacy/breaches")


@bp.get("")
@requires(Permission.PRIVACY_READ)
def list_breaches() -> str:
    rows = page_of(Breach.visible_to(g.actor), Breach.known_at.desc(), Breach.id.desc())
    return render_template("privacy/breaches.html", rows=rows)


@bp.get("/new")
@requires(Permission.PRIVACY_WRITE)
def new_breach() -> str:
    return render_template("privacy/breach_new.html", form=BreachForm(formdata=None))


@bp.post("")
@requires(Permission.PRIVACY_WRITE)
def create_breach() -> Response:
    form = BreachForm()
    if form.validate():
        with saving(form, WHOLE):
            row = open_breach(g.actor.organisation, form.name.data, form.known_at.found, by=g.actor)
    if form.errors or form.form_errors:
        return make_response(render_template("privacy/breach_new.html", form=form), 422)
    return htmx.go(url_for(".show_breach", uid=row.uid), toast=_("Les horloges courent."))


def _breach(uid: str) -> Breach:
    found: Breach = get_or_404(Breach.visible_to(g.actor), uid)
    return found


def _page(row: Breach, status: int = 200, **typed: Any) -> Response:
    forms = {
        "parts": PartsForm(formdata=None, obj=row),
        "customers": CustomersForm(formdata=None),
        "call": CallForm(formdata=None),
        "authority": AuthorityForm(formdata=None),
        "ending": WhyForm(formdata=None),
    }
    page = render_template(
        "privacy/breach.html",
        breach=row,
        told=told_of(row),
        authority_look=clock_look(row.authority_due_at, row.authority_at, clock.now()),
        part_names=PARTS,
        channel_names=CHANNELS,
        events=timeline(row),
        **{**forms, **typed},
    )
    return make_response(page, status)


@bp.get("/<uid>")
@requires(Permission.PRIVACY_READ)
def show_breach(uid: str) -> Response:
    return _page(_breach(uid))


@bp.post("/<uid>/parts")
@requires(Permission.PRIVACY_WRITE)
def write_parts(uid: str) -> Response:
    row, form = _breach(uid), PartsForm()
    if form.validate():
        with saving(form, WHOLE):
            row.write(form.parts(), by=g.actor)
    return _done(uid, "parts", form, _("C'est gardé ; rien n'est parti."))


def _done(uid: str, name: str, form: Any, toast: str) -> Response:
    """The page with what was refused, or anew with what was done."""
    if form.errors or form.form_errors:
        return _page(_breach(uid), 422, **{name: form})
    return htmx.go(url_for(".show_breach", uid=uid), toast=toast)


@bp.post("/<uid>/customers")
@requires(Permission.PRIVACY_WRITE)
def choose_customers(uid: str) -> Response:
    row, form, count = _breach(uid), CustomersForm(), 0
    if form.validate():
        with saving(form, "name"):
            count = add_customers(row, Through(form.through.data), form.name.data, by=g.actor)
    return _done(
        uid, "customers", form, ngettext("%(num)d client ajouté.", "%(num)d clients ajoutés.", count)
    )


@bp.post("/<uid>/customers/removal")
@requires(Permission.PRIVACY_WRITE)
def take_off_customer(uid: str) -> Response:
    row, form = _breach(uid), CustomerForm()
    customer = get_or_404(Customer.visible_to(g.actor), form.customer.data or "")
    with saving(form, WHOLE):
        remove_customer(row, customer, by=g.actor)
    return _done(uid, "customers", form, _("Ce client n'est plus sur la liste."))


@bp.post("/<uid>/notice")
@requires(Permission.BREACH_TELL)
def tell_breach(uid: str) -> Response:
    """Only a person sends it, who has just proved who she is."""
    if asking := confirm_first(url_for(".show_breach", uid=uid)):
        return asking
    row = _breach(uid)
    form = PartsForm(formdata=None, obj=row)
    with saving(form, WHOLE):
        notify(row, by=g.actor)
    return _done(uid, "parts", form, _("La notification part aux clients touchés."))


@bp.post("/<uid>/calls")
@requires(Permission.PRIVACY_WRITE)
def log_call(uid: str) -> Response:
    row, form = _breach(uid), CallForm()
    touched = {each.customer.uid: each.customer for each in told_of(row)}
    customer = touched.get(form.customer.data or "")
    if customer is None:
        form.form_errors.append(_("Choisissez un client touché."))
    elif form.validate():
        with saving(form, "called_at"):
            args = form.called_at.found, form.spoken_with.data or ""
            note_call(row, customer, *args, reached=form.reached.data, by=g.actor)
    return _done(uid, "call", form, _("L'appel est noté."))


@bp.post("/<uid>/authority")
@requires(Permission.PRIVACY_WRITE)
def note_authority(uid: str) -> Response:
    row, form = _breach(uid), AuthorityForm()
    if form.validate():
        with saving(form, "at"):
            said = form.reference.data or "", form.why.data or ""
            row.note_authority(form.at.instant, *said, by=g.actor)
    return _done(uid, "authority", form, _("C'est noté."))


@bp.post("/<uid>/closing")
@requires(Permission.PRIVACY_WRITE)
def close_breach(uid: str) -> Response:
    row, form = _breach(uid), WhyForm()
    if form.validate():
        with saving(form, WHOLE):
            close(row, form.why.data or "", by=g.actor)
    return _done(uid, "ending", form, _("La violation est close, son journal est scellé."))


@bp.post("/<uid>/drop")
@requires(Permission.PRIVACY_WRITE)
def drop_breach(uid: str) -> Response:
    row, form = _breach(uid), WhyForm()
    if form.validate():
        with saving(form, WHOLE):
            drop(row, form.why.data or "", by=g.actor)
    return _done(uid, "ending", form, _("La décision est gardée, et le journal scellé."))
