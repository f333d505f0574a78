"""Who gets which mails of a customer: her contacts, her accountant, whoever she names."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.actor import Actor
from portal.customers.models import ContactRole, Customer
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.mail import Addressee, Letter, addressed
from portal.mail.addresses import recipient_of
from portal.mail.greeting import Reachable
from portal.mail.wishes import TOPICS, Topic
from portal.once import known_beforehand, once
from portal.wording import N_

MOST = 5  # further addresses of one topic


class MailRecipient(Tenant, db.Model):
    """One of those who get the mails of one topic; a topic without any goes to its contact, as of old."""

    __tablename__ = "mail_recipient"

    topic: Mapped[str] = mapped_column(String(20))
    contact: Mapped[ContactRole | None]  # whose address may change later
    email: Mapped[str | None] = mapped_column(String(254))  # of somebody who is no contact


def recipients_of(customer: Customer) -> dict[str, tuple[list[str], list[str]]]:
    """By topic: the contacts by role, and the further addresses; where nothing was said, its own contact."""
    query = select(MailRecipient).where(MailRecipient.organisation_id == customer.organisation_id)
    found: dict[str, tuple[list[str], list[str]]] = {}
    for row in db.session.scalars(query.order_by(MailRecipient.id)):
        contacts, others = found.setdefault(row.topic, ([], []))
        if row.contact is not None:
            contacts.append(row.contact.value)
        if row.email is not None:
            others.append(row.email)
    return {topic.name: found.get(topic.name, ([topic.role], [])) for topic in TOPICS}


def choose_recipients(
    customer: Customer, topic: Topic, contacts: Iterable[str], others: Iterable[str], *, by: Actor
) -> None:
    """Raises Refused for a topic that nobody would get any more, and for what is no address."""
    roles = [role for role in ContactRole if role.value in set(contacts)]
    emails = list(dict.fromkeys(each.strip().lower() for each in others if each.strip()))
    if not roles and not emails:
        raise Refused(
            N_("Personne ne recevrait plus « %(what)s » : gardez au moins un destinataire."), what=topic.label
        )
    if len(emails) > MOST:
        raise Refused(N_("Cinq autres adresses au plus pour chaque sujet."))
    for each in emails:
        if recipient_of(each) is None:
            raise Refused(N_("Cette adresse e-mail n'est pas valable : %(email)s"), email=each)
    own = MailRecipient.organisation_id == customer.organisation_id, MailRecipient.topic == topic.name
    db.session.execute(delete(MailRecipient).where(*own))
    if (roles, emails) == ([ContactRole(topic.role)], []):
        return  # as of old
    house = customer.organisation
    db.session.add_all(MailRecipient(organisation=house, topic=topic.name, contact=role) for role in roles)
    db.session.add_all(MailRecipient(organisation=house, topic=topic.name, email=each) for each in emails)


def note_choice(customer: Customer, *, by: Actor) -> None:
    """The journal of the customer keeps what holds from now on."""
    db.session.flush()
    told = {name: [*contacts, *others] for name, (contacts, others) in recipients_of(customer).items()}
    record(customer, "choose_recipients", by=by, recipients=told)


def _chosen(organisation_ids: Sequence[Any]) -> dict[Any, list[MailRecipient]]:
    found: dict[Any, list[MailRecipient]] = {each: [] for each in organisation_ids}
    query = select(MailRecipient).where(MailRecipient.organisation_id.in_(found))
    for row in db.session.scalars(query.order_by(MailRecipient.id)):
        found[row.organisation_id].append(row)
    return found


def look_up_recipients(customers: Iterable[Customer]) -> None:
    """One query for the wishes of all who are about to be written to."""
    chosen = _chosen([customer.organisation_id for customer in customers])
    known_beforehand({("recipients", each): rows for each, rows in chosen.items()})


@addressed()
def by_wish(letter: Letter) -> list[Reachable] | None:
    """To whom a mail of a topic goes; None where it was not to go to that topic's contact anyway."""
    organisation_id = getattr(letter.owner, "id", None)
    chosen = once(("recipients", organisation_id), lambda: _chosen([organisation_id])[organisation_id])
    rows = [row for row in chosen if row.topic == letter.kind.topic]
    if not rows:
        return None
    query = select(Customer).where(Customer.organisation_id == letter.owner.id)
    customer = db.session.scalars(query).one_or_none()
    if customer is None or letter.to.email != customer.contact(ContactRole(letter.kind.role)).email:
        return None
    people: list[Any] = [customer.contact(row.contact) for row in rows if row.contact is not None]
    people += [Addressee(row.email) for row in rows if row.email is not None]
    return list({each.email: each for each in reversed(people)}.values())[::-1]
