"""What a platform has refused, said of nothing that is known, or does not answer."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.db import instant
from portal.platform.models import M, Platform, PlatformMessage, PlatformStatus, Way
from portal.today import Cost, Kind, Todo, waits

PATIENCE = timedelta(hours=12)  # a night, with a platform that does not answer

waits(
    Kind(
        name="platform.refused",
        label=_l("Envois que la plateforme refuse"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=lambda: PlatformMessage.visible_to(g.actor).where(PlatformMessage.state == M.REFUSED),
        order=(PlatformMessage.id,),
        tell=lambda row: Todo(
            what=_("La plateforme refuse : %(why)s", why=row.why),
            who=row.number,
            due=row.sent_at,
            url=url_for("platform.show_message", uid=row.uid),
            button=_("Regarder"),
        ),
        everything=lambda: url_for("platform.list_messages", state=M.REFUSED.value),
        entry="billing.list_invoices",
    )
)
waits(
    Kind(
        name="platform.status",
        label=_l("Statuts de la plateforme à regarder"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=lambda: PlatformStatus.visible_to(g.actor).where(
            PlatformStatus.why != "", PlatformStatus.closed_by == ""
        ),
        order=(PlatformStatus.id,),
        tell=lambda row: Todo(
            what=_("Statut à regarder : %(why)s", why=row.why),
            who=row.number,
            due=row.at,
            url=url_for("platform.show_status", uid=row.uid),
            button=_("Regarder"),
        ),
        everything=lambda: url_for("platform.list_messages"),
        entry="billing.list_invoices",
    )
)
waits(
    Kind(
        name="platform.away",
        label=_l("Plateformes qui ne répondent pas"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=lambda: Platform.visible_to(g.actor).where(
            Platform.way != Way.OFF, Platform.failing_since <= instant(PATIENCE)
        ),
        order=(Platform.id,),
        tell=lambda row: Todo(
            what=_("La plateforme ne répond pas (%(error)s)", error=row.fault),
            who=row.legal_entity.name,
            due=row.failing_since,
            url=url_for("platform.show_settings", uid=row.legal_entity.uid),
            button=_("Ouvrir"),
        ),
        everything=lambda: url_for("platform.list_messages"),
        entry="billing.list_invoices",
    )
)
