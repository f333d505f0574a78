"""The monthly reports that a person may see, and whether they are mailed to her."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy import select

from portal import htmx
from portal.access import Permission, requires
from portal.assurance.months import BackupMonth, choose_months, wants_months
from portal.customers.models import Customer
from portal.db import db
from portal.paging import page_of

bp = Blueprint("backup_reports", __name__, url_prefix="/backup-reports")


def _own() -> Customer | None:
    """The customer who is signed in."""
    if not g.actor.is_customer:
        return None
    return db.session.scalars(select(Customer).where(Customer.org_path == g.actor.org_path)).one_or_none()


@bp.get("")
@requires(Permission.BACKUP_READ)
def show() -> Response:
    rows = page_of(BackupMonth.visible_to(g.actor), BackupMonth.month.desc(), BackupMonth.id, name="months")
    own = _own()
    wanted = own is not None and wants_months(own)
    page = render_template("assurance/months.html", rows=rows, own=own, wanted=wanted)
    return make_response(page)


@bp.post("/choice")
@requires(Permission.BACKUP_CHOOSE)
def choose() -> Response:
    """A customer's own: staff say no in « My account »."""
    if (own := _own()) is None:
        abort(404)
    wanted = request.form.get("wanted") == "yes"
    choose_months(own, wanted, by=g.actor)
    db.session.commit()
    yes, no = _("Le compte rendu du mois viendra par e-mail."), _("Il ne viendra plus par e-mail.")
    return htmx.go(url_for(".show"), toast=yes if wanted else no)
