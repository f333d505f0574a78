"""On the page of a vault: its verifications, and the packs of its customer; a verification asked for now."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx, jobs
from portal.access import Permission, get_or_404, requires
from portal.assurance.jobs import begin_verification
from portal.assurance.models import EvidencePack, VaultVerification, VerificationState
from portal.db import db
from portal.engine.models import Vault, VaultState
from portal.engine.panels import vault_panel
from portal.errors import Refused
from portal.journal import record
from portal.paging import first_of
from portal.panels import Panel

bp = Blueprint("assurance", __name__, url_prefix="/vaults")
_VERIFICATIONS, _PACKS = 3, 12  # that the page shows


@vault_panel(rank=20)
def assurance_panel(vault: Vault) -> Panel:
    verified = select(VaultVerification).where(VaultVerification.vault_id == vault.id)
    packs = select(EvidencePack).where(EvidencePack.customer_id == vault.customer_id)
    rows = first_of(verified.order_by(VaultVerification.id.desc()), _VERIFICATIONS)
    running = next((row for row in rows if row.state == VerificationState.RUNNING), None)
    return Panel(
        "assurance/_panel.html",
        {
            "vault": vault,
            "rows": rows,
            "task": jobs.find_task("vault.verify", running.uid) if running else None,
            "may_begin": running is None and vault.state == VaultState.ACTIVE,
            "packs": first_of(packs.order_by(EvidencePack.month.desc()), _PACKS),
        },
    )


@bp.post("/<uid>/verification")
@requires(Permission.VAULT_WRITE)
def verify_now(uid: str) -> Response:
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    db.session.execute(select(Vault.id).where(Vault.id == vault.id).with_for_update())
    query = select(VaultVerification.id).where(VaultVerification.vault_id == vault.id)
    if db.session.scalar(query.where(VaultVerification.state == VerificationState.RUNNING)):
        raise Refused(_("Un contrôle est déjà en cours."))
    if vault.state != VaultState.ACTIVE:
        raise Refused(_("Ce coffre n'est plus actif."))
    begin_verification(vault)
    record(vault, "ask_verification", by=g.actor)
    db.session.commit()
    return htmx.go(url_for("vaults.show_vault", uid=uid), toast=_("Le contrôle commence."))
