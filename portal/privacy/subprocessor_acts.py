"""A change of sub-processors: announced to whom the contracts name, objected to, answered, made effective."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Select, select

from portal import clock, jobs
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.availability.promises import running
from portal.customers.models import ContactRole, Customer
from portal.customers.rules import check_subprocessor_change
from portal.db import db
from portal.engine.models import mail_contact
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.mail import Mail, queue_mail
from portal.privacy.subprocessors import (
    ChangeState,
    Listed,
    Objection,
    ObjectionState,
    SubProcessor,
    SubProcessorChange,
    SubProcessorNotice,
    taking_part,
)
from portal.subscriptions.models import Subscription
from portal.terms.law import statute_for
from portal.terms.stack import Stack
from portal.wording import N_

TELL = "privacy.tell_subprocessor"
_SAYS = ("personal_data.subprocessor_notice", "hosting.subprocessor_notice")


@dataclass(frozen=True, slots=True)
class Told:
    """One customer: under what she is told, and her mail; None where nothing was written yet."""

    customer: Customer
    grounds: str
    mail: Mail | None
    since_on: date  # first day of her first contract of these

    @property
    def told_on(self) -> date | None:
        """Paris day on which her mail left."""
        return clock.paris_day(self.mail.sent_at) if self.mail and self.mail.sent_at else None


def running_under(covers: list[str], on: date) -> Select[Any]:
    """The contracts of these names that run that day."""
    ids = [running(name, on, on + timedelta(days=1)).with_only_columns(Subscription.id) for name in covers]
    wanted = Subscription.id.in_(ids[0].union(*ids[1:]))
    return select(Subscription).where(wanted).order_by(Subscription.customer_id, Subscription.id)


def grounds_of(stacks: list[Stack]) -> str:
    """What makes the provider tell: clauses that promise it, and the law where a contract is silent.

    Source: 003-56; 001-19, whose silence the law overrides (L8, regulation (EU) 2016/679, art. 28 (2)).
    """
    found: list[str] = []
    for stack in stacks:
        promised = next((v for key in _SAYS if (v := stack.find(key)) is not None and v.value), None)
        law = statute_for(_SAYS[1], on=clock.today(), customer="business")
        found.append(promised.clause if promised else law.id if law else "")
    return ", ".join(dict.fromkeys(each for each in found if each))[:80]


def told_of_change(change: SubProcessorChange) -> list[Told]:
    """Everybody whom it concerns, in the order in which they are told."""
    by_customer: dict[int, list[Subscription]] = {}
    for row in db.session.scalars(running_under(change.covers, clock.today())):
        by_customer.setdefault(row.customer_id, []).append(row)
    notices = (
        select(SubProcessorNotice.customer_id, SubProcessorNotice.grounds, Mail)
        .join(Mail, Mail.uid == SubProcessorNotice.mail_uid)
        .where(SubProcessorNotice.change_id == change.id)
    )
    written = {found.customer_id: found for found in db.session.execute(notices)}
    return [
        Told(
            rows[0].customer,
            written[each].grounds if each in written else grounds_of([row.present_terms for row in rows]),
            written[each].Mail if each in written else None,
            min(row.held_since or row.started_on for row in rows),
        )
        for each, rows in sorted(by_customer.items())
    ]


def announce(change: SubProcessorChange, *, by: Actor) -> None:
    """Write to everybody whom it concerns, with the whole list as it will be; mails leave with the commit.

    Raises Refused once its day, or the last day to object, has come.

    Source: 003-56, L8.
    """
    if clock.today() > change.object_until:
        raise Refused(N_("Le dernier jour pour s'opposer est passé : planifiez un autre changement."))
    kept = [row for row in taking_part(change.effective_on, change.covers) if row.id != change.replaces_id]
    everybody: list[Listed] = [*kept, change]
    change.listed = [{"name": e.name, "country": e.country, "purpose": e.purpose} for e in everybody]
    check_subprocessor_change(clock.today(), change.effective_on, [row["name"] for row in change.listed])
    change._take("announce", by=by, on=change.effective_on.isoformat())
    change.announced_on = clock.today()
    ask_to_tell(change)


def ask_to_tell(change: SubProcessorChange) -> None:
    """One task a day while somebody is not told yet."""
    owner = db.session.get_one(Organisation, change.organisation_id)
    jobs.enqueue(TELL, f"{change.uid}:{clock.today().isoformat()}", owner, unit="customers")


def write_to(told: Told, change: SubProcessorChange) -> None:
    """Once for each customer and change. Source: 003-56."""
    values = {"change_id": change.id, "customer_id": told.customer.id}
    if db.session.scalar(select(SubProcessorNotice.id).filter_by(**values)) is not None:
        return
    customer = told.customer
    mail = queue_mail(
        mail_contact(customer, ContactRole.SIGNATORY),
        "privacy/mail_subprocessor.txt",
        about=change,
        owner=customer.organisation,
        language=customer.language,
        change=change,
        grounds=told.grounds,
    )
    row = SubProcessorNotice(
        organisation=customer.organisation, mail_uid=mail.uid, grounds=told.grounds, **values
    )
    db.session.add(row)


def object_to(
    change: SubProcessorChange, customer: Customer, words: str, received_on: date, *, by: Actor
) -> Objection:
    """A customer objects, from her space or by any means that the desk enters.

    received_on: Paris day. Raises Refused before it was announced, after the last day, a second time, and
    for a customer whom the change does not concern.

    Source: L8 (regulation (EU) 2016/679, art. 28 (2)).
    """
    if change.state != ChangeState.TOLD or not change.announced_on:
        raise Refused(N_("On ne s'oppose qu'à un changement annoncé, avant qu'il ait lieu."))
    if not change.announced_on <= received_on <= clock.today():
        raise Refused(N_("L'opposition est reçue entre l'annonce et aujourd'hui."), field="received_on")
    if received_on > change.object_until:
        raise Refused(N_("Le dernier jour pour s'opposer est passé."), field="received_on")
    if customer.id not in {each.customer.id for each in told_of_change(change)}:
        raise Refused(N_("Ce changement ne concerne pas ce client."), field="customer")
    if objection_of(change, customer) is not None:
        raise Refused(N_("Son opposition est déjà notée."), field="customer")
    row = Objection(
        organisation=customer.organisation,
        change=change,
        customer=customer,
        words=words,
        received_on=received_on,
        by_label=by.label,
        answer="",
        state=ObjectionState.OPEN,
    )
    db.session.add(row)
    db.session.flush()
    record(row, "object", by=by, on=received_on.isoformat())
    return row


def objection_of(change: SubProcessorChange, customer: Customer) -> Objection | None:
    query = select(Objection).filter_by(change_id=change.id, customer_id=customer.id)
    return db.session.scalars(query).one_or_none()


def objections_to(change: SubProcessorChange) -> list[Objection]:
    query = select(Objection).where(Objection.change_id == change.id).order_by(Objection.id)
    return list(db.session.scalars(query))


def answer_objection(row: Objection, answer: str, *, granted: bool, by: Actor) -> None:
    """The change does not count for her data, or it does; she reads either, and what her contract allows.

    None of the contracts gives a right to end for such a change: her mail says so, and names the ends that
    stand on the page of her contract.

    Source: L8 (regulation (EU) 2016/679, art. 28 (2)).
    """
    row._take("grant" if granted else "reject", by=by)
    row.answer, row.answered_at = answer, clock.now()
    customer = row.customer
    queue_mail(
        mail_contact(customer, ContactRole.SIGNATORY),
        "privacy/mail_objection.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        row=row,
    )


def make_effective(change: SubProcessorChange, *, by: Actor) -> SubProcessor:
    """The sub-processor takes part from its day on, and the one that it replaces no more.

    Raises Refused before its day, while a customer whose contract ran when it was announced has not been
    told (her mail has left), and while an objection waits for its answer.

    Source: 003-56, L8.
    """
    if clock.today() < change.effective_on:
        raise Refused(N_("Ce changement a son jour : il ne prend pas effet plus tôt."))
    names = [row["name"] for row in change.listed]
    for told in told_of_change(change):
        if told.since_on <= (change.announced_on or clock.today()):
            check_subprocessor_change(told.told_on, change.effective_on, names)
    if any(each.state == ObjectionState.OPEN for each in objections_to(change)):
        raise Refused(N_("Une opposition attend sa réponse."))
    change._take("take_effect", by=by)
    row = SubProcessor(
        organisation=db.session.get_one(Organisation, change.organisation_id),
        name=change.name,
        country=change.country,
        purpose=change.purpose,
        covers=list(change.covers),
        since_on=change.effective_on,
        told_how="",
    )
    db.session.add(row)
    db.session.flush()
    record(row, "register", by=by, since=row.since_on.isoformat())
    if change.replaces is not None and change.replaces.until_on is None:
        change.replaces.end(change.effective_on, by=by)
    return row


def begin_the_day() -> None:
    """Tell who became a customer meanwhile, and make effective what may be. One change is one step.

    Source: 003-56.
    """
    query = select(SubProcessorChange).where(SubProcessorChange.state == ChangeState.TOLD)
    for change in db.session.scalars(query.order_by(SubProcessorChange.effective_on, SubProcessorChange.id)):
        if any(each.mail is None for each in told_of_change(change)):
            ask_to_tell(change)
        if change.effective_on <= clock.today():
            _try(change)


def _try(change: SubProcessorChange) -> None:
    """What is refused stays announced, and waits on the list of the operator."""
    try:
        with db.session.begin_nested():
            make_effective(change, by=SYSTEM)
    except Refused:
        return
