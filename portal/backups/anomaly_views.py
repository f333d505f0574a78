"""Somebody has looked at what was not plausible."""

from flask import Response, g, url_for
from flask_babel import gettext as _

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.backups.anomalies import BackupAnomaly
from portal.backups.forms import ReviewForm
from portal.backups.views import bp, machine_page
from portal.db import db


@bp.post("/anomalies/<uid>/seeing")
@requires(Permission.BACKUP_WORK)
def see_anomaly(uid: str) -> Response:
    row = get_or_404(BackupAnomaly.visible_to(g.actor), uid)
    form = ReviewForm()
    if not form.validate():
        return machine_page(row.machine, anomaly=form, status=422, wrong=uid)
    row.see(form.note.data.strip(), by=g.actor)
    db.session.commit()
    return htmx.go(url_for(".show_machine", uid=row.machine.uid), toast=_("Anomalie regardée."))
