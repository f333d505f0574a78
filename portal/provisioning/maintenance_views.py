"""The hours in which a customer makes room in her vault: asked for, keys shown once, closed early."""

from typing import Any

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.db import db
from portal.forms import saving
from portal.provisioning.forms import MaintenanceForm
from portal.provisioning.machine_files import FOLDER, environment
from portal.provisioning.maintenance import close_maintenance, open_maintenance, show_keys
from portal.provisioning.models import Maintenance, VaultHome
from portal.provisioning.setup_views import home_or_404

bp = Blueprint("vault_maintenance", __name__, url_prefix="/vaults/<uid>/maintenance")


def _maintenance_page(home: VaultHome, form: MaintenanceForm, status: int = 200) -> Response:
    page = render_template("provisioning/maintenance.html", home=home, vault=home.vault, form=form)
    return make_response(page, status)


@bp.get("/new")
@requires(Permission.VAULT_SET_UP)
def new_maintenance(uid: str) -> Response:
    return _maintenance_page(home_or_404(uid), MaintenanceForm(formdata=None, hours=4))


@bp.post("")
@requires(Permission.VAULT_SET_UP)
def start_maintenance(uid: str) -> Response:
    """Of a server its secret is on the answer, and nowhere else; of a bucket, once the worker has made it."""
    home, form = home_or_404(uid), MaintenanceForm()
    if asking := confirm_first(url_for(".new_maintenance", uid=uid)):
        return asking
    if form.validate():
        with saving(form, "hours"):
            row = open_maintenance(home, hours=form.hours.data, reason=form.reason.data.strip(), by=g.actor)
    if form.errors:
        return _maintenance_page(home_or_404(uid), form, 422)
    if row.secret is None:
        return htmx.go(
            url_for("vaults.show_vault", uid=uid),
            toast=_("L'hébergeur prépare les clés de cet accès : elles se montrent ici dans un instant."),
        )
    return _secret_page(row)


def _row(home: VaultHome, uid: str) -> Maintenance:
    found: Maintenance = get_or_404(
        Maintenance.visible_to(g.actor).where(Maintenance.home_id == home.id), uid
    )
    return found


@bp.post("/<row_uid>/keys")
@requires(Permission.VAULT_SET_UP)
def take_keys(uid: str, row_uid: str) -> Response:
    """Of a bucket: once."""
    home = home_or_404(uid)
    if asking := confirm_first(url_for("vaults.show_vault", uid=uid)):
        return asking
    row = _row(home, row_uid)
    show_keys(row, by=g.actor)
    db.session.commit()
    return _secret_page(row)


def _secret_page(row: Maintenance) -> Response:
    home, secret = row.home, str(row.secret)
    assert home.store is not None
    address = home.store.address_of(home.user, secret, maintenance=True)
    text = environment(home, secret, address=address, access_key=row.access_key)
    values: dict[str, Any] = {"home": home, "vault": home.vault, "text": text, "folder": FOLDER, "row": row}
    answer = make_response(render_template("provisioning/credentials.html", **values))
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/<row_uid>/closing")
@requires(Permission.VAULT_SET_UP)
def end_maintenance(uid: str, row_uid: str) -> Response:
    home = home_or_404(uid)
    close_maintenance(_row(home, row_uid), by=g.actor)
    db.session.commit()
    return htmx.go(url_for("vaults.show_vault", uid=uid), toast=_("L'accès de maintenance est fermé."))
