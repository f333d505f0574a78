"""Moving a vault: begun, followed, stopped and taken back on its page; the end of the old place ordered."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first, confirm_order
from portal.db import db
from portal.engine.models import Vault
from portal.engine.panels import vault_panel
from portal.errors import Refused
from portal.forms import saving
from portal.panels import Panel
from portal.provisioning.acts import open_stores
from portal.provisioning.forms import MoveForm
from portal.provisioning.models import VaultHome, VaultStore, home_of
from portal.provisioning.moves import MoveState, VaultMove, moves_of
from portal.provisioning.moving import begin_move, cancel_move, go_on, stores_for
from portal.provisioning.setup_views import home_or_404

bp = Blueprint("vault_moves", __name__, url_prefix="/vaults/<uid>/moves")


@bp.get("/new")
@requires(Permission.STORE_WRITE)
def new(uid: str) -> Response:
    return _form_page(home_or_404(uid), None)


def _form_page(home: VaultHome, form: MoveForm | None, status: int = 200) -> Response:
    stores = stores_for(home, open_stores())
    form = form or MoveForm(formdata=None).offer([store for store, _why in stores])
    page = render_template(
        "provisioning/move.html",
        home=home,
        vault=home.vault,
        form=form,
        stores=stores,
        has_stores=bool(stores),
    )
    return make_response(page, status)


@bp.post("")
@requires(Permission.STORE_WRITE)
def begin(uid: str) -> Response:
    home = home_or_404(uid)
    form = MoveForm().offer([store for store, _why in stores_for(home, open_stores())])
    if asking := confirm_first(url_for(".new", uid=uid)):
        return asking
    if form.validate():
        store = db.session.scalars(select(VaultStore).where(VaultStore.uid == form.store.data)).one()
        with saving(form, "store"):
            begin_move(home, store, form.reason.data.strip(), by=g.actor)
    if form.errors:
        return _form_page(home_or_404(uid), form, 422)
    return _back(uid, _("La copie commence ; les nouvelles sauvegardes attendent."))


def _back(uid: str, toast: str) -> Response:
    return htmx.go(url_for("vaults.show_vault", uid=uid, _anchor="moves"), toast=toast)


def _move(uid: str, move_uid: str) -> VaultMove:
    home = home_or_404(uid)
    query = VaultMove.visible_to(g.actor).where(VaultMove.home_id == home.id)
    found: VaultMove = get_or_404(query, move_uid)
    return found


@bp.post("/<move_uid>/cancellation")
@requires(Permission.STORE_WRITE)
def cancel(uid: str, move_uid: str) -> Response:
    cancel_move(_move(uid, move_uid), by=g.actor)
    db.session.commit()
    return _back(uid, _("Le coffre reste où il est ; la copie est retirée."))


@bp.post("/<move_uid>/retry")
@requires(Permission.STORE_WRITE)
def retry(uid: str, move_uid: str) -> Response:
    move = _move(uid, move_uid)
    if move.state == MoveState.UNDOING and move.fault is not None:
        move.fault = None
        move.start()
    else:
        go_on(move, by=g.actor)
    db.session.commit()
    return _back(uid, _("Le travail reprend."))


@bp.post("/<move_uid>/end-of-old-place")
@requires(Permission.STORE_WRITE)
def order_end(uid: str, move_uid: str) -> Response:
    """For good: the name of the vault is typed, and the order confirmed word for word."""
    move = _move(uid, move_uid)
    if request.form.get("confirm", "").strip() != move.vault.name:
        raise Refused(_("Pour confirmer, tapez le nom du coffre : %(name)s.", name=move.vault.name))
    back = url_for("vaults.show_vault", uid=uid)
    if asking := confirm_order(move, "clear_old_place", _ordered(move), back):
        return asking
    move.order_end(by=g.actor)
    db.session.commit()
    if move.state == MoveState.ORDERED:
        return _back(uid, _("L'ancienne place sera effacée ; l'ordre se retire d'ici là."))
    return _back(uid, _("Une deuxième personne doit maintenant l'ordonner."))


def _ordered(move: VaultMove) -> dict[str, Any]:
    return {"vault": move.vault.uid, "store": move.from_store.name, "objects": move.objects or 0}


@bp.post("/<move_uid>/recall")
@requires(Permission.STORE_WRITE)
def recall(uid: str, move_uid: str) -> Response:
    _move(uid, move_uid).recall(by=g.actor)
    db.session.commit()
    return _back(uid, _("L'ordre est retiré : l'ancienne place reste."))


@vault_panel(rank=15)
def moves_panel(vault: Vault) -> Panel | None:
    home = home_of(vault)
    if home is None:
        return None
    return Panel("provisioning/_moves_panel.html", {"vault": vault, "home": home, "moves": moves_of(home)})
