"""The wall of vaults, and one vault."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template
from sqlalchemy import Select, func, select

from portal import clock
from portal.access import Permission, get_or_404, requires
from portal.customers.models import Customer
from portal.customers.panels import customer_panel
from portal.db import db
from portal.engine.lists import VAULTS
from portal.engine.models import OpeningState, Vault, VaultOpening, vaults_of
from portal.engine.panels import vault_panel
from portal.journal import timeline
from portal.listing.page import list_page
from portal.paging import page_of
from portal.panels import Panel

bp = Blueprint("vaults", __name__, url_prefix="/vaults")


@bp.get("")
@requires(Permission.VAULT_READ)
def list_vaults() -> Response:
    """Those that were backed up least recently first."""
    return list_page(VAULTS, "vaults/list.html", figures=_figures(Vault.visible_to(g.actor)))


def _figures(seen: Select[Any]) -> dict[str, Any]:
    """Of all the vaults, not of those on the page."""
    numbers = seen.with_only_columns(
        func.count().label("count"),
        func.coalesce(func.sum(Vault.bytes_stored), 0).label("bytes"),
        func.count(Vault.measure_fault).label("faults"),
    )
    now_open = select(func.count(VaultOpening.vault_id.distinct())).where(
        VaultOpening.vault_id.in_(seen.with_only_columns(Vault.id)),
        VaultOpening.state == OpeningState.OPEN,
        VaultOpening.until > clock.now(),
    )
    return {**db.session.execute(numbers).one()._asdict(), "open": db.session.scalar(now_open)}


@bp.get("/<uid>")
@requires(Permission.VAULT_READ)
def show_vault(uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    query = select(VaultOpening).where(VaultOpening.vault_id == vault.id)
    openings = page_of(query, VaultOpening.id.desc(), name="openings")
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
