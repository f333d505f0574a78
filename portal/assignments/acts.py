"""Ask for an assignment, have both sign it, decide it for the provider."""

from datetime import date, datetime, time, timedelta
from typing import Any

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.accounts.models import User
from portal.actor import Actor
from portal.assignments.models import (
    AssignmentState,
    ContractAssignment,
    RequestOf,
    Side,
    open_assignment,
    open_wish,
)
from portal.assignments.paper import deed_pdf
from portal.assignments.planning import Plan, plan_assignment
from portal.blobs import Document, keep
from portal.catalogue.models import Method
from portal.customers.models import ContactRole, Customer, Means, TermsProof
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.linked.visitor import Signer
from portal.links import Purpose, make_link, revoke_links
from portal.mail import link, queue_mail
from portal.sepa.models import mandate_at_bank, open_mandate, request_mandate
from portal.subscriptions.models import Subscription

LINK_DAYS = 30


def ask_assignment(
    subscription: Subscription, transferee: Customer, effective_on: date, seen: str, *, by: Actor
) -> ContractAssignment:
    """Ask both customers for their signed request, as it was shown.

    Raises Refused like :func:`plan_assignment`, where one is open already, and when it would cost something
    else by now.

    Source: 004-44; C. civ. 1216.
    """
    held = select(Subscription).where(Subscription.id == subscription.id).with_for_update(of=Subscription)
    db.session.scalars(held.execution_options(populate_existing=True)).one()
    if open_assignment(subscription) is not None:
        raise Refused(_("Une cession de ce contrat est déjà demandée."))
    plan = plan_assignment(subscription, transferee, effective_on)
    check_seen(plan, seen)
    row = ContractAssignment(
        organisation=subscription.customer.organisation.parent,
        subscription=subscription,
        transferor=subscription.customer,
        transferee=transferee,
        effective_on=plan.effective_on,
        state=AssignmentState.ASKED,
        lapses_at=_lapses_at(plan),
        consents={},
    )
    db.session.add(row)
    db.session.flush()
    row._take("ask", by=by, seen=plan.seen)
    record(subscription, "assignment_asked", by=by, to=transferee.name, effective_on=str(plan.effective_on))
    if wish := open_wish(subscription):
        wish._take("take_up", by=by)
        wish.assignment_uid = row.uid
    send_links(row, by=by)
    return row


def check_seen(plan: Plan, seen: str) -> None:
    """Raises Refused when another day or amount counts than a person has read."""
    if seen != plan.seen:
        raise Refused(_("Le montant ou le jour a changé depuis l'affichage de la page : relisez-les."))


def _lapses_at(plan: Plan) -> datetime:
    """After thirty days, and on the day of the assignment at the latest: nothing passes backwards."""
    first = datetime.combine(plan.effective_on, time(), tzinfo=clock.PARIS)
    return min(clock.now() + timedelta(days=LINK_DAYS), first)


def replan(row: ContractAssignment) -> Plan:
    """What it leads to, if it is agreed today. Raises Refused like :func:`plan_assignment`."""
    return plan_assignment(row.subscription, row.transferee, row.effective_on)


def send_links(row: ContractAssignment, *, by: Actor) -> None:
    """A link to each signatory who has not signed; the ones before stop working."""
    row._take("resend", by=by)
    for side in Side:
        if not row.has_signed(side):
            _send(row, side)


def _send(row: ContractAssignment, side: Side) -> None:
    customer = row.party(side)
    contact = customer.contact(ContactRole.SIGNATORY)
    subject = RequestOf(row, side)
    _row, token = make_link(
        Purpose.ASSIGN, subject, owner=row.organisation, recipient=contact.email, days=LINK_DAYS
    )
    row.consents = {**row.consents, side.value: {"address": contact.email}}
    queue_mail(
        contact,
        "assignments/mail_sign.txt",
        about=row,
        owner=customer.organisation,
        language=customer.language,
        urgent=True,
        assignment=row,
        side=side.value,
        url=link(f"/assignment/{token}"),
        last_day=clock.paris_day(row.lapses_at - timedelta(seconds=1)),
    )


def sign(
    row: ContractAssignment, side: Side, name: str, seen: str, *, by: Actor, visitor: dict[str, str]
) -> None:
    """One of the two has typed her code; with the second signature the request goes to the provider.

    The transferee accepts the documents of the contract with it, and is asked for a mandate of her own where
    the contract is debited. Raises Refused when another day or amount counts than she has read.

    Source: 004-44; C. civ. 1216.
    """
    check_seen(replan(row), seen)
    row._take("consent", by=by, party=side, ip=visitor["ip"])
    at = clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
    held = row.consents.get(side, {})
    row.consents = {**row.consents, side.value: {**held, "name": name, "at": at, **visitor}}
    revoke_links(Purpose.ASSIGN, RequestOf(row, side))
    if row.is_signed:
        row._take("submit", by=SYSTEM)


def agree(row: ContractAssignment, seen: str, *, frees: bool, by: Actor) -> None:
    """The provider consents in writing: the deed is sealed, both and the reseller get it, the day is fixed.

    frees: is the transferor released from what falls due later? Without it she stays liable beside the other.
    Raises Refused where nobody may pass it any more, and for a day that has come.

    Source: 004-44; C. civ. 1216, 1216-1.
    """
    check_seen(replan(row), seen)
    row._take("agree", by=by, frees=str(frees))
    row.decided_by, row.decided_at, row.frees = by.label, clock.now(), frees
    record(
        row.subscription,
        "assignment_agreed",
        by=by,
        to=row.transferee.name,
        effective_on=str(row.effective_on),
    )
    _accept_terms(row)
    _ask_for_mandate(row)
    row.document = _deed(row, row.organisation)
    _tell_reseller(row, "assignments/mail_agreed.txt", attach=[row.document])
    for side in Side:
        customer = row.party(side)
        _tell(row, "assignments/mail_agreed.txt", customer, attach=[_deed(row, customer.organisation)])


def _accept_terms(row: ContractAssignment) -> None:
    """The transferee has signed for the very documents of the contract (000-02)."""
    signed, stack = row.consents[Side.TRANSFEREE], row.subscription.present_terms
    if not row.transferee.has_accepted(stack):
        by = Signer(f"{signed['name']} ({signed['address']})"[:200])
        row.transferee.accept(stack, by=by, address=signed["ip"], proof=TermsProof(Means.CODE))


def _ask_for_mandate(row: ContractAssignment) -> None:
    """A mandate is one debtor's: the transferee signs her own before the day, or gets pro-formas."""
    subscription, entity = row.subscription, row.subscription.legal_entity
    if subscription.method != Method.DIRECT_DEBIT or mandate_at_bank(row.transferee, entity) is not None:
        return
    if replan(row).needs_mandate and open_mandate(row.transferee, entity) is None:
        request_mandate(row.transferee, entity, by=SYSTEM)


def _deed(row: ContractAssignment, owner: Any) -> Document:
    customer = row.transferor
    with force_locale(customer.language):
        content = deed_pdf(row)
    return keep(
        content,
        owner=owner,
        subject=row,
        kind="assignment",
        filename=f"cession-{row.effective_on.isoformat()}.pdf",
        media_type="application/pdf",
    )


def refuse(row: ContractAssignment, reason: str, *, by: Actor, party: str = "provider") -> None:
    """One of the two does not sign, or the provider does not consent: the contract stays where it is."""
    row._take("refuse", by=by, party=party, reason=reason)
    row.refusal_reason = reason
    _close(row, by)


def cancel(row: ContractAssignment, *, by: Actor) -> None:
    row._take("cancel", by=by)
    _close(row, by)


def lapse(row: ContractAssignment, why: str = "") -> None:
    """Nobody has answered in time, or the contract could not pass on its day."""
    row._take("lapse", by=SYSTEM, **({"reason": why} if why else {}))
    row.refusal_reason = why or None
    _close(row, SYSTEM)


def _close(row: ContractAssignment, by: Actor) -> None:
    for side in Side:
        revoke_links(Purpose.ASSIGN, RequestOf(row, side))
    record(row.subscription, "assignment_closed", by=by, to=row.transferee.name)
    tell_all(row, "assignments/mail_closed.txt")


def tell_all(row: ContractAssignment, template: str) -> None:
    _tell_reseller(row, template)
    for side in Side:
        _tell(row, template, row.party(side))


def _tell(
    row: ContractAssignment, template: str, customer: Customer, attach: list[Document] | None = None
) -> None:
    queue_mail(
        customer.contact(ContactRole.SIGNATORY),
        template,
        about=row,
        owner=customer.organisation,
        language=customer.language,
        attach=attach or [],
        assignment=row,
        is_transferee=customer.id == row.transferee_id,
        is_house=False,
    )


def _tell_reseller(row: ContractAssignment, template: str, attach: list[Document] | None = None) -> None:
    query = select(User).where(
        User.organisation_id == row.organisation_id, User.role == Role.OWNER, User.works()
    )
    for owner in db.session.scalars(query.order_by(User.id)):
        queue_mail(
            owner,
            template,
            about=row,
            owner=row.organisation,
            language=owner.language or "fr",
            attach=attach or [],
            assignment=row,
            is_transferee=False,
            is_house=True,
        )
