"""What higher packages show on a customer's page, and why she cannot be put away yet."""

from portal.customers.models import Acceptance, Customer
from portal.panels import Panel, Place

customer_panel: Place[Customer, Panel] = Place()
holding: Place[Customer, str] = Place()
"""Why a customer is still alive: a sentence of what runs or is owed, in the reader's language."""

relying: Place[Acceptance, str] = Place()
"""Why an acceptance cannot be taken back: what rests on it, in the reader's language."""
