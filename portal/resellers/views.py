"""Resellers of one's tree: listed, recorded below the provider or below another one, changed, stopped."""

from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import PROVIDER, Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.accounts.models import Organisation, OrganisationKind
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.resellers.brand import SUPPORT, Brand, set_support, support_for
from portal.resellers.forms import ConditionsForm, ContractForm, ResellerForm, StepForm
from portal.resellers.houses import IDENTITY, change_reseller, keep_contract, make_reseller
from portal.resellers.issuing import runs
from portal.resellers.lists import RESELLERS
from portal.resellers.panels import reseller_panel
from portal.resellers.reseller import Reseller
from portal.today.day import day

bp = Blueprint("resellers", __name__, url_prefix="/resellers")
bp.add_app_template_global(lambda entity: runs(g.actor, entity), "runs")
LARGEST_CONTRACT = 10 * 1024 * 1024
_ADDRESS = ("legal_name", "siren", "street", "postcode", "town")
_AGREED = ("territory", "contract_ends_on", "notes")
_REASONED = ("suspend", "default", "end")


@bp.url_value_preprocessor
def allow_a_contract(endpoint: str | None, values: Any) -> None:
    """Before anything reads the form: this one carries a file."""
    if endpoint == "resellers.upload_contract":
        request.max_content_length = LARGEST_CONTRACT + 4096


@bp.get("")
@requires(Permission.RESELLER_READ)
def list_resellers() -> Response:
    return list_page(RESELLERS, "resellers/list.html")


def _parent() -> Organisation:
    """Below whom: one's own house, or a reseller below it that the address names."""
    asked = request.values.get("below", "")
    if not asked:
        own: Organisation = g.actor.organisation
        return own
    parent: Organisation = get_or_404(Organisation.visible_to(g.actor), asked)
    if parent.kind == OrganisationKind.CUSTOMER or not parent.org_path.startswith(g.actor.org_path):
        abort(404)
    return parent


def _form(**keywords: Any) -> ResellerForm:
    """What was agreed is the provider's to type."""
    return (ConditionsForm if g.actor.role in PROVIDER else ResellerForm)(**keywords)


@bp.get("/new")
@requires(Permission.RESELLER_WRITE)
def new_reseller() -> Response:
    return _new_page(_parent(), _form())


def _new_page(parent: Organisation, form: ResellerForm, status: int = 200) -> Response:
    return make_response(render_template("resellers/new.html", form=form, parent=parent), status)


@bp.post("")
@requires(Permission.RESELLER_WRITE)
def create_reseller() -> Response:
    parent, form = _parent(), _form()
    if form.validate():
        with saving(form, WHOLE):
            identity = form.values(*_ADDRESS)
            made = make_reseller(parent, name=form.name.data, by=g.actor, **identity)
            _save(made, form)
    if form.errors or form.form_errors:
        return _new_page(_parent(), form, 422)
    return htmx.go(url_for(".show_reseller", uid=made.uid), toast=_("Le revendeur est enregistré."))


def _save(reseller: Reseller, form: ResellerForm) -> bool:
    """What the form says; whether anything changed."""
    values = form.values(*_ADDRESS)
    values["legal_name"] = values["legal_name"] or form.name.data
    if isinstance(form, ConditionsForm):
        values |= form.values("territory", "notes") | {"contract_ends_on": form.contract_ends_on.data}
    changed = change_reseller(reseller, form.name.data, values, by=g.actor)
    return set_support(reseller.organisation, form.values(*SUPPORT), by=g.actor) or changed


def _reseller(uid: str) -> Reseller:
    found: Reseller = get_or_404(Reseller.visible_to(g.actor), uid)
    return found


@bp.get("/<uid>")
@requires(Permission.RESELLER_READ)
def show_reseller(uid: str) -> Response:
    return _page(_reseller(uid), ContractForm(formdata=None), StepForm(formdata=None))


def _page(reseller: Reseller, contract: ContractForm, reason: StepForm, status: int = 200) -> Response:
    page = render_template(
        "resellers/show.html",
        reseller=reseller,
        support=support_for(reseller.org_path),
        above=reseller.organisation.parent,
        contract=contract,
        form=contract,
        reason=reason,
        panels=reseller_panel.shown(reseller),
        todo=day(of=reseller.organisation),
        events=timeline(reseller),
        is_below=reseller.organisation_id != g.actor.organisation_id,
    )
    return make_response(page, status)


@bp.get("/<uid>/identity")
@requires(Permission.RESELLER_WRITE)
def edit_reseller(uid: str) -> Response:
    reseller = _reseller(uid)
    brand = Brand.of(reseller.organisation)
    support = {name: getattr(brand, name, "") for name in SUPPORT}
    own = {name: getattr(reseller, name) for name in (*IDENTITY, *_AGREED)}
    return _edit_page(reseller, _form(formdata=None, data=own | support | {"name": reseller.name}))


def _edit_page(reseller: Reseller, form: ResellerForm, status: int = 200) -> Response:
    return make_response(render_template("resellers/edit.html", reseller=reseller, form=form), status)


@bp.post("/<uid>/identity")
@requires(Permission.RESELLER_WRITE)
def change(uid: str) -> Response:
    reseller, form = _reseller(uid), _form()
    if form.validate():
        with saving(form, WHOLE):
            changed = _save(reseller, form)
    if form.errors or form.form_errors:
        return _edit_page(_reseller(uid), form, 422)
    toast = _("Les changements sont enregistrés.") if changed else _("Rien n'a changé.")
    return htmx.go(url_for(".show_reseller", uid=uid), toast=toast)


@bp.post("/<uid>/contract")
@requires(Permission.RESELLER_STATE)
def upload_contract(uid: str) -> Response:
    reseller, form = _reseller(uid), ContractForm()
    if form.validate():
        with saving(form, WHOLE):
            content = form.contract.data.read()
            keep_contract(reseller, content, form.contract_signed_on.data, by=g.actor)
    if form.errors or form.form_errors:
        return _page(_reseller(uid), form, StepForm(formdata=None), 422)
    return htmx.go(url_for(".show_reseller", uid=uid), toast=_("Le contrat est déposé."))


@bp.post("/<uid>/steps/<verb>")
@requires(Permission.RESELLER_STATE)
def take_step(uid: str, verb: str) -> Response:
    reseller, form = _reseller(uid), StepForm()
    if verb not in Reseller.steps:
        abort(404)
    if asking := confirm_first(url_for(".show_reseller", uid=uid)):
        return asking
    if form.validate():
        with saving(form, WHOLE):
            reason = [form.reason.data or ""] if verb in _REASONED else []
            getattr(reseller, verb)(*reason, by=g.actor)
    if form.errors or form.form_errors:
        return _page(_reseller(uid), ContractForm(formdata=None), form, 422)
    return htmx.go(url_for(".show_reseller", uid=uid), toast=_("C'est fait."))
