"""The wall of vaults, and one vault."""

from flask import Blueprint, Response, g, make_response, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.access import Permission, get_or_404, requires
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.engine.models import Vault, VaultOpening, vaults_of
from portal.engine.panels import vault_panel
from portal.journal import timeline
from portal.panels import Panel

bp = Blueprint("vaults", __name__, url_prefix="/vaults")
LIMIT = 200


@bp.get("")
@requires(Permission.VAULT_READ)
def list_vaults() -> Response:
    query = Vault.visible_to(g.actor).options(joinedload(Vault.customer)).order_by(Vault.newest_at, Vault.id)
    vaults = list(db.session.scalars(query.limit(LIMIT)))
    total = sum(vault.bytes_stored or 0 for vault in vaults)
    return make_response(render_template("vaults/list.html", vaults=vaults, total=total, limit=LIMIT))


@bp.get("/<uid>")
@requires(Permission.VAULT_READ)
def show_vault(uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    query = select(VaultOpening).where(VaultOpening.vault_id == vault.id).order_by(VaultOpening.id.desc())
    openings = list(db.session.scalars(query.limit(20)))
    return make_response(
        render_template(
            "vaults/show.html",
            vault=vault,
            openings=openings,
            events=timeline(vault),
            panels=vault_panel.shown(vault),
        )
    )


@customer_panel(rank=30)
def vaults_panel(customer: Customer) -> Panel:
    return Panel("vaults/_panel.html", {"vaults": vaults_of(customer)})
