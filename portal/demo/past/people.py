"""The customers of the past: how one comes, orders, signs, pays and adds machines."""

from datetime import date, timedelta

from sqlalchemy import select

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.billing.balance import position_of
from portal.billing.models import Invoice, InvoiceState
from portal.catalogue.models import Method, Product
from portal.customers.models import ContactRole, Customer, CustomerKind, onboard
from portal.db import db
from portal.demo.numbers import make_iban, make_siren, make_vat
from portal.demo.past.bank import Bank
from portal.demo.past.cast import Member
from portal.journal import SYSTEM
from portal.resellers.models import issuer_for
from portal.sepa.models import open_mandate
from portal.sepa.signing.documents import freeze_shown, sign_mandate
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.models import Order, OrderState
from portal.subscriptions.ordering import place_order
from portal.terms.in_force import stack_in_force

VISITOR = {"ip": "127.0.0.1", "user_agent": "demo", "language": "fr"}


def join(member: Member, house: Organisation, by: Actor) -> Customer:
    """She is entered by her reseller, and accepts the contract of what she will buy."""
    siren = make_siren(member.serial)
    people = {
        ContactRole.BILLING: ("Service comptable", f"compta@{member.box}", ""),
        ContactRole.TECHNICAL: ("Service informatique", f"info@{member.box}", ""),
        ContactRole.INCIDENT: ("Astreinte", f"astreinte@{member.box}", ""),
        ContactRole.SIGNATORY: ("Direction", f"direction@{member.box}", ""),
    }
    return onboard(
        house,
        contacts=people,
        by=by,
        kind=CustomerKind.BUSINESS,
        name=member.name,
        siren=siren,
        siret=None,
        vat_number=make_vat(siren),
        street=member.street,
        postcode=member.postcode,
        town=member.town,
        country="FR",
        health_data=False,
        language="fr",
    )


def order(customer: Customer, member: Member, product: Product, by: Actor) -> Order:
    """What she buys; by direct debit with the mandate that she signs at once."""
    customer.accept(stack_in_force(product.terms_stack, clock.today()), by=SYSTEM, address="127.0.0.1")
    method = Method(member.means)
    row = place_order(customer, product, member.quantity, method, by=by)
    if method is Method.DIRECT_DEBIT:
        ask_for_mandate(row, by=by)
        sign(customer, member)
    return row


def sign(customer: Customer, member: Member) -> None:
    """The mandate that waits, as the pages on her phone do."""
    mandate = open_mandate(customer, issuer_for(customer))
    assert mandate is not None and mandate.link is not None
    iban = make_iban(member.serial)
    mandate.enter_account(iban=iban, name=customer.name[:70], address=mandate.address, visitor=VISITOR)
    mandate.signer_name, mandate.signer_role = "Direction", "Gérance"
    mandate.signer_email = mandate.link.recipient
    freeze_shown(mandate)
    sign_mandate(mandate, mandate.link, VISITOR)


def pay(member: Member, customer: Customer, bank: Bank, day: date, stops_on: date | None) -> None:
    """A transfer for each paper that she pays by now, with its number; each once.

    stops_on: from this day on she pays no invoice that is issued.
    """
    orders = select(Order).where(Order.customer_id == customer.id, Order.state == OrderState.AWAITING_PAYMENT)
    for waiting in db.session.scalars(orders.order_by(Order.id)):
        if waiting.proforma is not None and waiting.ordered_on + timedelta(days=2) <= day:
            _transfer(member, bank, waiting.proforma.gross_cents, waiting.proforma.number, day)
    mine = select(Invoice).where(Invoice.customer_id == customer.id, Invoice.state == InvoiceState.ISSUED)
    for invoice in db.session.scalars(mine.order_by(Invoice.id)):
        if stops_on is not None and invoice.issued_on >= stops_on:
            continue
        if invoice.due_on + timedelta(days=member.late) <= day:
            _transfer(member, bank, position_of(invoice).rest, invoice.number, day)


def _transfer(member: Member, bank: Bank, cents: int, number: str, day: date) -> None:
    bank.take_wire(member.name, make_iban(member.serial), cents, f"Reglement {number}", day)
