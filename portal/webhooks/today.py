"""What waits about webhooks: an address that answers no more."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.today import Cost, Kind, Todo, waits
from portal.webhooks.models import W, Webhook

waits(
    Kind(
        name="webhooks.stopped",
        label=_l("Webhooks arrêtés"),
        cost=Cost.PEOPLE,
        permission=Permission.WEBHOOK_WRITE,
        rows=lambda: Webhook.visible_to(g.actor).where(
            Webhook.organisation_id == g.actor.organisation_id, Webhook.state == W.STOPPED
        ),
        order=(Webhook.failing_since, Webhook.id),
        tell=lambda row: Todo(
            what=_("Webhook arrêté : personne ne répond"),
            who=row.host,
            url=url_for("webhooks.show", uid=row.uid),
            button=_("Ouvrir"),
            due=row.failing_since,
        ),
        everything=lambda: url_for("webhooks.list_webhooks"),
        entry="account.show",
    )
)
