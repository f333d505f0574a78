"""What higher packages show on an invoice's page."""

from portal.billing.models import Invoice
from portal.panels import Panel, Place

invoice_panel: Place[Invoice, Panel] = Place()
