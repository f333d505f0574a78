"""What higher packages show on a subscription's page: their part of it, and where else to go from there."""

from portal.panels import Link, Panel, Place
from portal.subscriptions.models import Subscription

subscription_panel: Place[Subscription, Panel] = Place()
subscription_link: Place[Subscription, list[Link]] = Place()
