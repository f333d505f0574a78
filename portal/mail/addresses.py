"""Which address mails come from, and what an address means that somebody typed."""

from email.headerregistry import Address
from email.utils import parseaddr
from functools import cache

from email_validator import EmailNotValidError, validate_email
from flask import current_app


def own_address() -> Address:
    """The address that mails come from, ``MAIL_FROM``: bare, or with a name before it."""
    return _parsed(str(current_app.config["MAIL_FROM"]))


@cache
def _parsed(mail_from: str) -> Address:
    name, spec = parseaddr(mail_from)
    local, _at, host = spec.rpartition("@")
    return Address(display_name=name, username=local, domain=host)


def recipient_of(typed: str) -> Address | None:
    """The one mailbox that an address means, its host as IDNA; None for what cannot be mailed.

    A list of addresses, a quoted local part and an IP address in brackets cannot. The local part may hold
    letters beyond ASCII (RFC 6531): whether the relay takes them is known only when it is asked.
    """
    try:
        found = validate_email(typed, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    return Address(username=found.local_part, domain=found.ascii_domain)
