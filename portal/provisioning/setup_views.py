"""Setting up the machines of a vault: commands, files, credentials shown once, the first report."""

from pathlib import Path
from typing import Any

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock, htmx
from portal.access import Permission, get_or_404, requires
from portal.accounts.confirming import confirm_first
from portal.backups.models import Machine
from portal.config import ROOT
from portal.db import db
from portal.engine.models import Vault
from portal.engine.panels import vault_panel
from portal.errors import Refused
from portal.journal import record
from portal.licensing.models import Activation, ActivationKey
from portal.panels import Panel
from portal.provisioning.acts import rotate
from portal.provisioning.machine_files import FOLDER, STATE, SYSTEMS, environment, files_of
from portal.provisioning.models import VaultHome, home_of, maintenances_of

bp = Blueprint("vault_setup", __name__, url_prefix="/vaults/<uid>/set-up")
SCRIPT = Path(ROOT) / "clients" / "report.sh"


def home_or_404(uid: str) -> VaultHome:
    vault = get_or_404(Vault.visible_to(g.actor), uid)
    if (home := home_of(vault)) is None:
        abort(404)
    return home


@bp.get("")
@requires(Permission.VAULT_READ)
def show(uid: str) -> Response:
    home = home_or_404(uid)
    names = {each.name for each in SYSTEMS}
    asked = request.args.get("system", "")
    return _page(home, asked if asked in names else SYSTEMS[0].name)


def _page(home: VaultHome, system: str, status: int = 200, **more: Any) -> Response:
    page = render_template(
        "provisioning/set_up.html",
        home=home,
        vault=home.vault,
        systems=SYSTEMS,
        system=next(each for each in SYSTEMS if each.name == system),
        files=files_of(home),
        folder=FOLDER,
        state=STATE,
        **first_report(home),
        **more,
    )
    return make_response(page, status)


def first_report(home: VaultHome) -> dict[str, Any]:
    """The machines of the subscription's keys: who has activated, and who has told of a backup."""
    source = home.subscription.order_uid
    keys = select(ActivationKey).where(ActivationKey.source_uid == source).order_by(ActivationKey.id)
    mine = select(Machine).join(Machine.activation).join(Activation.key)
    machines = mine.where(ActivationKey.source_uid == source).order_by(Machine.id)
    found = list(db.session.scalars(machines))
    return {
        "keys": list(db.session.scalars(keys)),
        "machines": found,
        "told": [one for one in found if one.ended_at is not None],
    }


@bp.get("/first-report")
@requires(Permission.VAULT_READ)
def wait(uid: str) -> Response:
    """The part of the page that looks again and again."""
    home = home_or_404(uid)
    page = render_template("provisioning/_first_report.html", vault=home.vault, **first_report(home))
    return make_response(page)


@bp.get("/file")
@requires(Permission.VAULT_READ)
def take_file(uid: str) -> Response:
    """The one that ``name`` asks for, or the script."""
    home, name = home_or_404(uid), request.args.get("name", "report.sh")
    content = SCRIPT.read_text() if name == "report.sh" else files_of(home).get(name)
    if content is None:
        abort(404)
    answer = Response(content, mimetype="text/plain")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@bp.post("/credentials")
@requires(Permission.VAULT_SET_UP)
def show_credentials(uid: str) -> Response:
    """Once: whoever comes second asks for new ones."""
    home = home_or_404(uid)
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    if home.secret is None or home.shown_at is not None:
        raise Refused(_("Ces identifiants ont déjà été montrés : demandez-en de nouveaux."))
    home.shown_at, home.shown_to = clock.now(), g.actor.label[:200]
    record(home.vault, "show_access", by=g.actor)
    db.session.commit()
    page = render_template(
        "provisioning/credentials.html",
        vault=home.vault,
        home=home,
        text=environment(home, str(home.secret)),
        folder=FOLDER,
    )
    answer = make_response(page)
    answer.headers["Cache-Control"] = "no-store"
    return answer


@bp.post("/rotation")
@requires(Permission.VAULT_SET_UP)
def renew(uid: str) -> Response:
    home = home_or_404(uid)
    if asking := confirm_first(url_for(".show", uid=uid)):
        return asking
    rotate(home, leaked=request.form.get("leaked") == "yes", by=g.actor)
    db.session.commit()
    return htmx.go(
        url_for(".show", uid=uid, _anchor="credentials"),
        toast=_("Les anciens identifiants n'ouvrent plus rien ; les nouveaux attendent d'être montrés."),
    )


@vault_panel()
def home_panel(vault: Vault) -> Panel | None:
    home = home_of(vault)
    if home is None:
        return None
    return Panel("provisioning/_vault_panel.html", {"home": home, "windows": maintenances_of(home)})
