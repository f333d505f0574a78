"""What higher packages show on an invoice's page, and say on its paper."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from blinker import Signal

from portal.billing.models import Charge, Invoice
from portal.panels import Panel, Place

invoice_panel: Place[Invoice, Panel] = Place()


@dataclass(frozen=True, slots=True)
class Paper:
    """An invoice that is about to be frozen, and what it carries; found: looked up once for all sentences."""

    invoice: Invoice
    charges: Sequence[Charge]
    found: dict[str, Any] = field(default_factory=dict)


invoices_begin = Signal()
"""Sent with the charges of all invoices that are about to be issued together: whoever says something on each
of them looks up at once what all of them need."""

invoice_mention: Place[Any, str] = Place()  # of a Paper
"""A sentence under the lines of the paper, in the language that is set."""

einvoice_note: Place[Any, list[tuple[str, str]]] = Place()  # of a Paper
"""Notes of its e-invoice, in the language that is set: subject (UNTDID 4451) and text."""
