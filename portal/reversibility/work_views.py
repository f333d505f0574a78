"""Work beside a handover: the data reloaded on a new system, or a copy on a physical medium."""

from flask import Blueprint, Response, g, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.db import db
from portal.desk.models import WorkKind, WorkOrder, open_work, work_about
from portal.desk.panels import work_subject
from portal.panels import Link
from portal.reversibility.models import ReversibilityCase, find_case

bp = Blueprint("handover_work", __name__, url_prefix="/reversibility")
bp.add_app_template_global(work_about, "work_about")
_VALUE = {
    WorkKind.RELOAD: "reversibility.reload_price_day",
    WorkKind.MEDIUM: "restore.physical_medium_billed",
}


def _open(case: ReversibilityCase, kind: WorkKind, what: str) -> Response:
    """At the prices of the contract of the day on which reversibility was notified."""
    source = case.subscription.terms.on(case.requested_on).find(_VALUE[kind])
    row = open_work(
        case.customer,
        kind,
        case.uid,
        what,
        subscription_uid=case.subscription.uid,
        clause=source.clause if source else "",
        asked_on=case.requested_on,
        by=g.actor,
    )
    db.session.commit()
    return htmx.go(url_for("work_orders.show", uid=row.uid))


def _get(uid: str) -> ReversibilityCase:
    row: ReversibilityCase = get_or_404(ReversibilityCase.visible_to(g.actor), uid)
    return row


@bp.post("/<uid>/reload")
@requires(Permission.RESTORE_WORK)
def reload(uid: str) -> Response:
    """Source: 002-21, 004-34."""
    case = _get(uid)
    what = _("Rechargement de « %(vault)s » sur le nouveau système", vault=case.vault.name)
    return _open(case, WorkKind.RELOAD, what)


@bp.post("/<uid>/medium")
@requires(Permission.RESTORE_WORK)
def medium(uid: str) -> Response:
    """Source: 001-22."""
    case = _get(uid)
    return _open(case, WorkKind.MEDIUM, _("« %(vault)s » sur un support physique", vault=case.vault.name))


@work_subject(rank=20)
def case_of(order: WorkOrder) -> Link | None:
    if order.kind == WorkKind.RESTORE or (case := find_case(order.subject_uid)) is None:
        return None
    words = _("Réversibilité de « %(vault)s »", vault=case.vault.name)
    return Link(url_for("reversibility.show_case", uid=case.uid), words, "box-arrow-right")
