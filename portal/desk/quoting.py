"""A quote of work leaves, and comes back accepted or refused."""

from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import User
from portal.actor import Actor
from portal.customers.models import ContactRole
from portal.db import EVERYTHING, db, scope
from portal.desk.models import WorkOrder, last_day
from portal.errors import Refused
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail


def send_quote(order: WorkOrder, *, by: Actor) -> None:
    """Its link goes to who signs for the customer. Raises Refused without a line.

    Source: 002-10, 004-10.
    """
    if not order.quote_lines:
        raise Refused(_("Ajoutez au moins une ligne au devis."))
    order._take("quote", by=by, cents=order.quoted_cents)
    order.quoted_at, order.valid_until = clock.now(), last_day()
    revoke_links(Purpose.ACCEPT_WORK, order)
    contact, owner = order.customer.contact(ContactRole.SIGNATORY), order.customer.organisation
    days = (order.valid_until - clock.today()).days + 1
    _row, token = make_link(Purpose.ACCEPT_WORK, order, owner=owner, recipient=contact.email, days=days)
    queue_mail(
        contact,
        "desk/mail_quote.txt",
        about=order,
        owner=owner,
        language=order.customer.language,
        urgent=True,
        order=order,
        cents=order.quoted_cents,
        last_day=order.valid_until,
        address=link(f"/work-quote/{token}"),
    )


def tell_customer(order: WorkOrder, template: str) -> None:
    """She reads when the work will be done, or that it is tomorrow."""
    queue_mail(
        order.customer.contact(ContactRole.TECHNICAL),
        template,
        about=order,
        owner=order.customer.organisation,
        language=order.customer.language,
        order=order,
    )


def tell_technician(order: WorkOrder) -> None:
    """The technician's reminder. Her house lies above the customer's."""
    with scope(EVERYTHING):
        person = db.session.get(User, order.technician_id) if order.technician_id else None
        if person is None or not person.is_enabled:
            return
        queue_mail(
            person,
            "desk/mail_tomorrow_staff.txt",
            about=order,
            owner=person.organisation,
            language=person.language or "fr",
            order=order,
        )
        db.session.flush()
