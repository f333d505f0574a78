"""The wall of vaults, and one vault."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.access import Permission, get_or_404, requires
from portal.customers.models import Customer
from portal.customers.views import customer_panel
from portal.db import db
from portal.engine.models import Vault, VaultOpening, vaults_of
from portal.journal import timeline

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
            panels=[make(vault) for make in _panels],
        )
    )


# Higher packages show their part of a vault's page: f(vault) -> (template, context).
_panels: list[Any] = []


def vault_panel(function: Any) -> Any:
    _panels.append(function)
    return function


@customer_panel
def vaults_panel(customer: Customer) -> tuple[str, dict[str, object]]:
    return "vaults/_panel.html", {"vaults": vaults_of(customer)}
