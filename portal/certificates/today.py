"""Certificates whose end comes near, or has passed, and that nothing follows yet."""

from datetime import timedelta
from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, select
from sqlalchemy.orm import aliased

from portal import clock
from portal.access import Permission
from portal.certificates.models import ALERT_DAYS, HostingCertificate
from portal.today import Cost, Kind, Todo, waits


def ending() -> Select[Any]:
    """Those that end within the first alert, were not withdrawn and are not renewed.

    Source: 001-01, 002-22.
    """
    newer = aliased(HostingCertificate)
    followed = select(newer.id).where(newer.follows_id == HostingCertificate.id).exists()
    return select(HostingCertificate).where(
        HostingCertificate.withdrawn_on.is_(None),
        HostingCertificate.valid_through <= clock.today() + timedelta(days=max(ALERT_DAYS)),
        ~followed,
    )


def _rows() -> Select[Any]:
    ids = ending().with_only_columns(HostingCertificate.id)
    return HostingCertificate.visible_to(g.actor).where(HostingCertificate.id.in_(ids))


def _what(row: HostingCertificate) -> str:
    if row.valid_through < clock.today():
        return _("Certificat %(name)s terminé : les ventes qu'il couvrait sont fermées", name=row.label)
    return _("Certificat %(name)s à renouveler", name=row.label)


waits(
    Kind(
        name="certificate.ending",
        label=_l("Certificats à renouveler"),
        cost=Cost.RIGHT,
        permission=Permission.CERTIFICATE_WRITE,
        rows=_rows,
        order=(HostingCertificate.valid_through, HostingCertificate.id),
        tell=lambda row: Todo(
            what=_what(row),
            who=", ".join(row.contracts),
            url=url_for("certificates.show", uid=row.uid),
            button=_("Renouveler"),
            due=row.valid_through,
        ),
        everything=lambda: url_for("certificates.list_certificates"),
        entry="certificates.list_certificates",
    )
)
