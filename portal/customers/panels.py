"""What higher packages show on a customer's page."""

from portal.customers.models import Customer
from portal.panels import Panel, Place

customer_panel: Place[Customer, Panel] = Place()
