"""Drills on the page of a vault: the option, the last ones, and one that is done again."""

from datetime import date, timedelta

from flask import Blueprint, Response, g, request, url_for
from flask_babel import gettext as _

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.assurance.drill_jobs import do_again
from portal.assurance.drill_papers import excluded_from_plan, exit_words
from portal.assurance.drill_years import choose_drills, price_for, year_of
from portal.assurance.drills import DrillKind, DrillPlan, VaultDrill, drills_of, plan_of
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.engine.panels import vault_panel
from portal.errors import Refused
from portal.panels import Panel

bp = Blueprint("drills", __name__, url_prefix="/vaults/<uid>/drills")
_SHOWN = 4


def _vault(uid: str) -> Vault:
    found: Vault = get_or_404(Vault.visible_to(g.actor), uid)
    if found.state != VaultState.ACTIVE:
        raise Refused(_("Ce coffre n'est plus actif."))
    return found


@bp.post("")
@requires(Permission.VAULT_WRITE)
def choose(uid: str) -> Response:
    is_on = request.form.get("is_on") == "yes"
    choose_drills(_vault(uid), is_on, by=g.actor)
    db.session.commit()
    toast = (
        _("Les essais annuels commencent demain.")
        if is_on
        else _("Les essais annuels ne se renouvellent plus.")
    )
    return htmx.go(url_for("vaults.show_vault", uid=uid, _anchor="drills"), toast=toast)


@bp.post("/<drill_uid>/again")
@requires(Permission.VAULT_WRITE)
def again(uid: str, drill_uid: str) -> Response:
    vault = _vault(uid)
    drill = get_or_404(VaultDrill.visible_to(g.actor).where(VaultDrill.vault_id == vault.id), drill_uid)
    do_again(drill, by=g.actor)
    db.session.commit()
    return htmx.go(url_for("vaults.show_vault", uid=uid, _anchor="drills"), toast=_("L'essai est redemandé."))


def _next_on(plan: DrillPlan, rows: list[VaultDrill]) -> date:
    """The day of this year's, as long as they have not begun."""
    due = plan.due_on(clock.today())
    return plan.next_on(clock.today()) if any(row.due_on >= due for row in rows) else due


@vault_panel(rank=22)
def drills_panel(vault: Vault) -> Panel:
    plan, rows = plan_of(vault), drills_of(vault)[:_SHOWN]
    is_on = plan is not None and plan.is_on
    year = year_of(plan) if plan is not None else None
    return Panel(
        "assurance/_drills_panel.html",
        {
            "vault": vault,
            "is_on": is_on,
            "excluded": excluded_from_plan(vault),
            "year": year,
            "last_day": year.ends_on - timedelta(1) if year else None,
            "price": price_for(vault, clock.today()),
            "next_on": _next_on(plan, rows) if plan is not None and is_on else None,
            "rows": [(row, exit_words(row) if row.kind == DrillKind.EXIT else "") for row in rows],
            "is_active": vault.state == VaultState.ACTIVE,
        },
    )
