"""Tickets as the tests open them: from the space, at the telephone, by mail."""

from email.message import EmailMessage
from typing import Any

from sqlalchemy import select

from portal import jobs
from portal.access import Role
from portal.accounts.models import User
from portal.catalogue.models import Plan
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, set_scope
from portal.mail import Mail
from portal.subscriptions.models import Subscription
from portal.tickets.models import Ticket
from tests import vaulting
from tests.builders import House, a_customer, a_user

PLANS = {"numspot": Plan.MONTHLY, "dobaas": Plan.THREE_YEARS}


def a_contract(house: House, terms: str, **values: Any) -> tuple[Subscription, User]:
    """A running contract, and a person of its customer's."""
    customer = a_customer(house.reseller, accepted=terms, **values)
    subscription = vaulting.a_subscription(customer, terms=terms, plan=PLANS.get(terms, Plan.ANNUAL))
    return subscription, a_person(customer)


def a_person(customer: Customer) -> User:
    user = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    return user


def opened(client: Any, **values: Any) -> Any:
    data = {"kind": "incident", "severity": "1", "subject": "Plus de sauvegarde", "text": "Rien depuis 8 h."}
    return client.post("/tickets/new", data=data | values)


def called(client: Any, subscription: Subscription, **values: Any) -> Any:
    customer = subscription.customer
    data = {
        "caller": customer.contacts[0].uid,
        "called_back": "y",
        "kind": "incident",
        "severity": "1",
        "subject": "Plus d'accès",
        "text": "Le service est coupé.",
        "subscription": subscription.uid,
    }
    return client.post(f"/tickets/call/{customer.uid}", data=data | values)


def the_ticket() -> Ticket:
    return db.session.scalars(select(Ticket).order_by(Ticket.id.desc())).first()


def mails(kind: str) -> list[Mail]:
    query = select(Mail).where(Mail.kind == f"tickets/mail_{kind}").order_by(Mail.id)
    return list(db.session.scalars(query))


def tick() -> None:
    """The worker's duties of this minute."""
    db.session.commit()
    jobs.run_periodic()
    set_scope(EVERYTHING)


def a_mail(sender: str, subject: str, text: str = "Bonjour", **heads: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = sender, subject
    message["To"] = "tickets@portal.example"
    message["Message-ID"] = heads.pop("message_id", "<one@client.example>")
    for name, value in heads.items():
        message[name.replace("_", "-")] = value
    message.set_content(text)
    return message
