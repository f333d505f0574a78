"""Reports that are to be told soon, or are late."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.ereporting.models import EReport, R
from portal.today import Cost, Kind, Todo, waits
from portal.words.ereporting import REPORT_KINDS

SOON = timedelta(days=3)  # before the last day


def _open() -> Select[tuple[EReport]]:
    query = EReport.visible_to(g.actor).where(EReport.state.in_([R.READY, R.REFUSED]))
    return query.where(EReport.due_on <= clock.today() + SOON).options(joinedload(EReport.legal_entity))


def _tell(row: EReport) -> Todo:
    late = row.due_on < clock.today()
    words = _("E-reporting en retard : %(number)s") if late else _("E-reporting à déposer : %(number)s")
    return Todo(
        what=words % {"number": f"{row.number}, {str(REPORT_KINDS[row.kind]).lower()}"},
        who=row.legal_entity.name,
        due=row.due_on,
        url=url_for("ereporting.show_report", uid=row.uid),
        button=_("Regarder"),
    )


waits(
    Kind(
        name="ereport.due",
        label=_l("Déclarations d'e-reporting à déposer"),
        cost=Cost.RIGHT,
        permission=Permission.PAYMENT_WRITE,
        rows=_open,
        order=(EReport.due_on, EReport.id),
        tell=_tell,
        everything=lambda: url_for("ereporting.list_reports"),
        entry="billing.list_invoices",
    )
)
