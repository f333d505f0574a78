"""What a ticket may be: its kinds, where it came from, its states, its limits."""

from enum import StrEnum


class TicketKind(StrEnum):
    INCIDENT = "incident"
    QUESTION = "question"  # no incident: as soon as the hours of support allow (003-74)
    CONFORMITY = "conformity"  # what was received is not what was ordered, or something is missing (000-30)
    DAMAGE = "malfunction"  # or damage: a claim by registered letter (000-49, 001-34)
    CERTIFICATE = "certificate"  # of the provider's insurance (003-38, 004-46)
    AUDIT = "audit"  # by a third party, on a wished day (001-20, 003-40)
    PENTEST = "pentest"  # penetration test, on a wished day (003-41)


CLAIMS = (TicketKind.CONFORMITY, TicketKind.DAMAGE)
ON_A_DAY = (TicketKind.AUDIT, TicketKind.PENTEST)


class Source(StrEnum):
    SPACE = "space"
    PHONE = "phone"
    MAIL = "mail"
    WALL = "wall"  # a machine that is red or silent


IN_WRITING = (Source.SPACE, Source.MAIL)


class TicketState(StrEnum):
    OPEN = "ticket_open"
    ANSWERED = "ticket_answered"  # somebody works on it
    WAITING = "ticket_waiting"  # the customer owes an answer: the clock of the solution stands still
    INTERRUPTED = "ticket_interrupted"  # checked: the service is interrupted (004 art. 9.01)
    SOLVED = "ticket_solved"  # the service is back, the customer has not been told
    CLOSED = "ticket_closed"
    CONTESTED = "ticket_contested"  # the customer contests the closing: the same ticket goes on


class Side(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    HOUSE = "house"
    PORTAL = "portal"


class Told(StrEnum):
    """How the customer was told of the closing."""

    MAIL = "mail"
    PHONE = "phone"


PREFIX = "TK"  # of the series of numbers
LONGEST = 10_000  # characters of a message
MOST_FILES = 5  # with one message
OPENED_PER_HOUR = 20  # by one customer
WRITTEN_PER_HOUR = 60  # messages of one customer
