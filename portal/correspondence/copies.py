"""Faithful copies of notices: what was said, and when our own mail server said that it was gone."""

from datetime import datetime

from flask_babel import gettext as _

from portal.customers.models import Customer
from portal.errors import Refused
from portal.mail import Mail
from portal.mail.addresses import recipient_of
from portal.mail.message import as_message
from portal.panels import Place
from portal.terms.rules import notified_at
from portal.terms.values import Value

# What a contract of hers says of the clock that counts (003-42), from the room that knows her contracts.
notice_clock: Place[Customer, Value] = Place()

# Notices, formal notices and reminders; none of them carries a key, a code or a personal link.
OFFICIAL = frozenset(
    {
        "availability/mail_extended",
        "contracts/mail_price",
        "contracts/mail_price_recalled",
        "contracts/mail_recalled",
        "contracts/mail_terms",
        "dunning/mail_formal",
        "dunning/mail_reinstated",
        "dunning/mail_reminder",
        "dunning/mail_second",
        "dunning/mail_suspended",
        "endings/mail_dropped",
        "endings/mail_end",
        "endings/mail_nature",
        "endings/mail_reinstated",
        "endings/mail_suspended",
        "endings/mail_warning",
        "privacy/mail_subprocessor",
        "subscriptions/mail_notice",
        "subscriptions/mail_renewal",
    }
)


def notice_time(mail: Mail) -> datetime | None:
    """When (UTC) a notice was given; None for another mail, and while it has not left.

    Source: 003-42.
    """
    return notified_at(mail.sent_at, None) if mail.kind in OFFICIAL and mail.sent_at else None


def copy_of(mail: Mail) -> bytes:
    """The notice as a mail program opens it (RFC 5322), with what the relay answered, and when (UTC).

    Raises Refused for a mail that is no notice, and for one that has not left.

    Source: 003-42.
    """
    at, to = notice_time(mail), recipient_of(mail.recipient)
    if at is None or to is None:
        raise Refused(_("Seule une notification partie de notre serveur a une copie."))
    message = as_message(mail, to)
    message["X-Accepted-At"] = at.isoformat()
    message["X-Relay-Answer"] = " ".join(mail.server_answer.split())
    return message.as_bytes()
