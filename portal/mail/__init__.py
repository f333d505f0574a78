"""Mails (courrier): rows first, queued in the business transaction and sent by the worker after the commit.

A fault of the relay is waited out for days; what a relay refuses for good is kept with its own words, for
whoever can mend it. The bodies are stored sealed, because mails carry activation keys and links.
"""

from portal.mail.again import never_again, send_again, why_not_again
from portal.mail.field import Mailable
from portal.mail.greeting import Addressee
from portal.mail.homes import link
from portal.mail.kinds import KINDS
from portal.mail.message import as_message, html_of
from portal.mail.rows import (
    IS_UNDELIVERED,
    UNDELIVERED,
    Letter,
    Mail,
    MailState,
    addressed,
    mails_about,
    queue_mail,
    sent_at_of,
)
from portal.mail.sending import send_mail

__all__ = [
    "IS_UNDELIVERED",
    "KINDS",
    "UNDELIVERED",
    "Addressee",
    "Letter",
    "Mail",
    "MailState",
    "Mailable",
    "addressed",
    "as_message",
    "html_of",
    "link",
    "mails_about",
    "never_again",
    "queue_mail",
    "send_again",
    "send_mail",
    "sent_at_of",
    "why_not_again",
]
