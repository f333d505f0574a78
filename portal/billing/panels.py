"""What higher packages show on an invoice's page, and say on its paper."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from portal.billing.models import Charge, Invoice
from portal.panels import Panel, Place

invoice_panel: Place[Invoice, Panel] = Place()


class Paper(NamedTuple):
    """An invoice that is about to be frozen, and what it carries."""

    invoice: Invoice
    charges: Sequence[Charge]


invoice_mention: Place[Any, str] = Place()  # of a Paper
"""A sentence under the lines of the paper, in the language that is set."""
