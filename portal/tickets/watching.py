"""The wall opens tickets: a machine that is red or silent has one, until a good run."""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.backups.health import Health
from portal.backups.models import Machine
from portal.backups.signals import machine_reported, machine_silent
from portal.db import db
from portal.journal import SYSTEM
from portal.tickets.acts import close_ticket, open_ticket, open_ticket_of
from portal.tickets.kinds import Side, Source, TicketKind, Told
from portal.tickets.models import Ticket
from portal.tickets.severities import severity_of_a_machine
from portal.words.states import look_of

RED = (Health.DAMAGED, Health.FAILED, Health.LOCKED)


@machine_reported.connect
def look_at_machine(machine: Machine) -> None:
    """Red opens a ticket or goes on with it, a good run closes it; what lies between changes nothing."""
    db.session.flush()
    health = machine.health
    if health in RED:
        with force_locale(machine.customer.language):
            word = look_of(f"backup_{health.value}").word
            tell(machine, _("Sauvegarde de %(machine)s : %(state)s", machine=machine.name, state=word))
    elif health == Health.FRESH and (ticket := open_ticket_of(machine)) is not None:
        _close(ticket, machine)


@machine_silent.connect
def look_at_silence(machine: Machine) -> None:
    db.session.flush()
    with force_locale(machine.customer.language):
        tell(machine, _("Sauvegarde de %(machine)s : plus de nouvelles", machine=machine.name))


def tell(machine: Machine, what: str) -> None:
    """Once: the same fault again adds nothing, another one a line."""
    ticket = open_ticket_of(machine)
    if ticket is not None:
        if ticket.messages[-1].text != what:
            ticket.write(Side.PORTAL, what, by=SYSTEM)
        return
    subscription = machine.subscription
    stack = subscription.terms.on(clock.today()) if subscription else None
    open_ticket(
        machine.customer,
        kind=TicketKind.INCIDENT,
        subject=what,
        text=what,
        source=Source.WALL,
        subscription=subscription
        if subscription and subscription.customer_id == machine.customer_id
        else None,
        severity=severity_of_a_machine(subscription, stack) if subscription and stack else None,
        machine=machine,
        by=SYSTEM,
    )


def _close(ticket: Ticket, machine: Machine) -> None:
    with force_locale(machine.customer.language):
        text = _("%(machine)s a de nouveau été sauvegardée sans incident.", machine=machine.name)
        close_ticket(ticket, text, Told.MAIL, "", by=SYSTEM)
