"""From a subscription to the month of its services."""

from flask import url_for
from flask_babel import gettext as _

from portal.access import Permission, may
from portal.panels import Link
from portal.subscriptions.models import Subscription
from portal.subscriptions.panels import subscription_link


@subscription_link(rank=60)
def services_of(subscription: Subscription) -> list[Link] | None:
    if not may(Permission.SERVICE_LEVEL_READ):
        return None
    address = url_for("service_levels.show_level", uid=subscription.uid)
    return [Link(address, _("Disponibilité"), "activity")]
