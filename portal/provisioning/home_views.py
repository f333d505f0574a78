"""The vault of a subscription: made in a store that suits its contract, given keys, opened to make room."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, get_or_404, may, requires
from portal.db import db
from portal.forms import saving
from portal.panels import Link, Panel
from portal.provisioning.acts import choose_store, has_storage, new_home, objection, open_stores, type_keys
from portal.provisioning.forms import KeysForm, PlaceForm
from portal.provisioning.models import HomeState, VaultHome, VaultStore
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link, subscription_panel

bp = Blueprint("vault_homes", __name__)


def _subscription(uid: str) -> Subscription:
    found: Subscription = get_or_404(Subscription.visible_to(g.actor), uid)
    return found


def home_for(subscription: Subscription) -> VaultHome | None:
    query = select(VaultHome).where(VaultHome.subscription_id == subscription.id)
    return db.session.scalars(query).one_or_none()


def _place_page(row: Subscription, form: PlaceForm, status: int = 200) -> Response:
    stores = open_stores()
    page = render_template(
        "provisioning/place.html",
        subscription=row,
        form=form,
        stores=[(store, objection(store, row)) for store in stores],
    )
    return make_response(page, status)


@bp.get("/subscriptions/<uid>/vault-place")
@requires(Permission.VAULT_WRITE)
def choose(uid: str) -> Response:
    return _place_page(_subscription(uid), PlaceForm(formdata=None).offer(open_stores()))


@bp.post("/subscriptions/<uid>/vault-place")
@requires(Permission.VAULT_WRITE)
def create(uid: str) -> Response:
    row, form = _subscription(uid), PlaceForm().offer(open_stores())
    if form.validate():
        with saving(form, "store"):
            home = home_for(row) or new_home(row)
            if home.state != HomeState.WAITING:
                new_home(row)  # which refuses
            choose_store(home, _store(form.store.data), by=g.actor)
    if form.errors:
        return _place_page(_subscription(uid), form, 422)
    return htmx.go(url_for("subscriptions.show_subscription", uid=uid), toast=_("Le coffre se prépare."))


def _store(uid: str) -> VaultStore:
    return db.session.scalars(select(VaultStore).where(VaultStore.uid == uid)).one()


def _home(uid: str) -> VaultHome:
    found: VaultHome = get_or_404(VaultHome.visible_to(g.actor), uid)
    return found


def _keys_page(home: VaultHome, form: KeysForm, status: int = 200) -> Response:
    return make_response(render_template("provisioning/keys.html", home=home, form=form), status)


@bp.get("/vault-homes/<uid>/keys")
@requires(Permission.VAULT_WRITE)
def edit_keys(uid: str) -> Response:
    return _keys_page(_home(uid), KeysForm(formdata=None))


@bp.post("/vault-homes/<uid>/keys")
@requires(Permission.VAULT_WRITE)
def save_keys(uid: str) -> Response:
    home, form = _home(uid), KeysForm()
    if form.validate():
        with saving(form, "access_key"):
            type_keys(home, form.access_key.data.strip(), form.secret.data.strip(), by=g.actor)
    if form.errors:
        return _keys_page(_home(uid), form, 422)
    return htmx.go(
        url_for("subscriptions.show_subscription", uid=home.subscription.uid),
        toast=_("Clés gardées, scellées."),
    )


@subscription_link()
def place_link(subscription: Subscription) -> list[Link]:
    """Where a store is described and the subscription has no vault of its own yet."""
    if not may("vault:write") or subscription.ends_on is not None or not has_storage(subscription):
        return []
    home = home_for(subscription)
    if not open_stores() or (home is not None and home.state != HomeState.WAITING):
        return []
    return [Link(url_for("vault_homes.choose", uid=subscription.uid), _("Créer le coffre"), "device-hdd")]


@subscription_panel(rank=60)
def home_panel(subscription: Subscription) -> Panel | None:
    home = home_for(subscription)
    return Panel("provisioning/_home_panel.html", {"home": home}) if home is not None else None
