"""What higher packages show on the pages of a subscription and an order, and where else to go from there."""

from portal.panels import Link, Panel, Place
from portal.subscriptions.models import Order, Subscription

subscription_panel: Place[Subscription, Panel] = Place()
subscription_link: Place[Subscription, list[Link]] = Place()
order_panel: Place[Order, Panel] = Place()
order_link: Place[Order, list[Link]] = Place()
