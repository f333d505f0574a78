"""The choices of a ticket's kind and severity, in the words of its contract."""

from typing import Any

from flask_babel import gettext as _

from portal.tickets.forms import GradeForm
from portal.tickets.models import Ticket
from portal.tickets.severities import kinds_of, severities_of
from portal.words.choices import TICKET_KINDS


def grade_form(ticket: Ticket, typed: Any = None) -> GradeForm:
    """typed: what was sent; None shows the ticket as it is."""
    stack = ticket.subscription.terms.on(ticket.opened_on) if ticket.subscription else None
    form = GradeForm(formdata=typed, kind=ticket.kind.value, severity=str(ticket.severity or ""))
    form.kind.choices = [(each.value, TICKET_KINDS[each]) for each in kinds_of(stack)]
    table = severities_of(stack) if stack else []
    form.severity.choices = [("", _("sans")), *((str(number), words) for number, words in table)]
    return form
