"""Stores: described by the operator, with what their servers must be started with."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.db import new_uid
from portal.forms import WHOLE, saving
from portal.journal import timeline
from portal.listing.page import list_page
from portal.paging import page_of
from portal.provisioning.acts import objection
from portal.provisioning.describing import describe_again, describe_store
from portal.provisioning.forms import StoreForm
from portal.provisioning.lists import STORES
from portal.provisioning.models import MACHINES, MAINTENANCE, StoreKind, VaultHome, VaultStore

bp = Blueprint("stores", __name__, url_prefix="/stores")


@bp.get("")
@requires(Permission.STORE_READ)
def list_stores() -> Response:
    return list_page(STORES, "provisioning/stores.html")


def _store(uid: str) -> VaultStore:
    found: VaultStore = get_or_404(VaultStore.visible_to(g.actor), uid)
    return found


def _form_page(form: StoreForm, store: VaultStore | None, status: int = 200) -> Response:
    return make_response(render_template("provisioning/store_form.html", form=form, store=store), status)


@bp.get("/new")
@requires(Permission.STORE_WRITE)
def new() -> Response:
    return _form_page(StoreForm(formdata=None, is_open=True), None)


@bp.post("")
@requires(Permission.STORE_WRITE)
def create() -> Response:
    form = StoreForm()
    if form.validate():
        with saving(form, WHOLE):
            store = describe_store(form.told(), g.actor.organisation, by=g.actor)
            _ask_for_files(store)
    if form.errors or form.form_errors:
        return _form_page(form, None, 422)
    return htmx.go(url_for(".show", uid=store.uid), toast=_("Le magasin est décrit."))


def _ask_for_files(store: VaultStore) -> None:
    kinds = {StoreKind.REST: "stores.doors", StoreKind.S3: "stores.lock"}
    if store.kind in kinds:
        jobs.enqueue(kinds[store.kind], f"{store.uid}:{new_uid()}", g.actor.organisation)


@bp.get("/<uid>")
@requires(Permission.STORE_READ)
def show(uid: str) -> Response:
    store = _store(uid)
    homes = select(VaultHome).where(VaultHome.store_id == store.id)
    page = render_template(
        "provisioning/store.html",
        store=store,
        objection=objection,
        homes=page_of(homes, VaultHome.id, name="homes"),
        events=timeline(store),
        machines=store.folder / MACHINES,
        maintenance=store.folder / MAINTENANCE,
    )
    return make_response(page)


@bp.get("/<uid>/edit")
@requires(Permission.STORE_WRITE)
def edit(uid: str) -> Response:
    store = _store(uid)
    form = StoreForm(formdata=None, obj=store)
    form.kind.data = store.kind.value
    return _form_page(form, store)


@bp.post("/<uid>")
@requires(Permission.STORE_WRITE)
def save(uid: str) -> Response:
    form = StoreForm()
    if form.validate():
        with saving(form, WHOLE):
            store = _store(uid)
            describe_again(store, form.told(), by=g.actor)
            _ask_for_files(store)
    if form.errors or form.form_errors:
        return _form_page(form, _store(uid), 422)
    return htmx.go(url_for(".show", uid=uid), toast=_("Le magasin est décrit."))
