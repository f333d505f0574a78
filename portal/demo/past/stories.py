"""What happened to some of the cast, beside the months: prices, tickets, disputes, refunds, quotes."""

from datetime import timedelta
from functools import partial

from sqlalchemy import select

from portal import clock
from portal.access import Role
from portal.accounts.welcome import invite
from portal.billing.balance import UNDER_WAY, debits_of, position_of
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, share_of
from portal.billing.disputes import DisputeState, InvoiceDispute
from portal.billing.models import Invoice, InvoiceState, add_charge
from portal.billing.run import bill_customers
from portal.catalogue.models import Method
from portal.contracts.revisions import earliest_day, revise_price
from portal.db import db
from portal.demo.numbers import make_iban
from portal.demo.past.cast import CAST
from portal.demo.past.departure import tell_departure
from portal.demo.past.own_billing import pay_out, tell_commissions, tell_deposit
from portal.demo.past.people import sign
from portal.demo.past.stage import Stage
from portal.demo.past.tickets import tell_tickets
from portal.demo.past.vaults import tell_vaults
from portal.dunning.disputing import open_dispute
from portal.linked.visitor import Signer
from portal.links import Purpose, revoke_links
from portal.quotes.sending import send as send_quote
from portal.quotes.writing import Head, add_line, draft_quote
from portal.sepa.models import mandate_at_bank, open_mandate, request_mandate, usable_mandates
from portal.subscriptions.mandates import ask_for_mandate
from portal.subscriptions.ordering import place_order
from portal.terms.in_force import stack_in_force

OWN_PEOPLE = (
    (Role.CUSTOMER, "Direction, Savonnerie du Vallon", "direction"),
    (Role.SIGNATORY, "Signature, Savonnerie du Vallon", "signature"),
    (Role.BILLING, "Comptabilité, Savonnerie du Vallon", "compta"),
    (Role.TECHNICAL, "Informatique, Savonnerie du Vallon", "info"),
)
_SIGNER = Signer("Direction")
_NEW_PRICE = 650  # cents, instead of 600
_INSTALLATION = 31_200  # cents with VAT
_ERROR = 1_200  # cents of one user too many


def tell_stories(stage: Stage) -> None:
    """Put every story on its days."""
    stage.on(stage.day(6, 10), partial(_raise_price, stage))
    stage.on(stage.day(4, 21), partial(_grow, stage, 105, "WS-M", 8))
    stage.on(stage.day(2, 14), partial(_grow, stage, 101, "WS-M", 4))
    stage.on(stage.days_ago(8), partial(_grow, stage, 110, "WS-M", 3))
    for months_ago in range(17, 0, -1):
        stage.on(stage.day(months_ago, 26), partial(_sign_again, stage, 105))
    stage.on(stage.day(3, 12), partial(_dispute, stage, 107))
    stage.on(stage.day(3, 22), partial(_reject, stage, 107))
    stage.on(stage.days_ago(4), partial(_dispute, stage, 107))
    stage.on(stage.day(5, 18), partial(_credit, stage, 101))
    stage.on(stage.day(5, 24), partial(pay_out, stage))
    stage.on(stage.days_ago(6), partial(_credit, stage, 110))
    stage.on(stage.days_ago(3), partial(_quote, stage, 109))
    stage.on(stage.days_ago(8), partial(_order_unpaid, stage, 102))
    stage.on(stage.days_ago(3), partial(_pay_without_number, stage, 109))
    stage.on(stage.days_ago(20), partial(_let_in, stage, 113))
    stage.on(stage.days_ago(37), partial(_bill_installation, stage, 115))
    tell_commissions(stage)
    tell_deposit(stage)
    tell_tickets(stage)
    tell_vaults(stage)
    tell_departure(stage)


def _let_in(stage: Stage, serial: int) -> None:
    """A customer's own people: one in each role that her house can have."""
    if (customer := stage.customers.get(serial)) is None:
        return
    for role, who, box in OWN_PEOPLE:
        user, _address = invite(
            customer.organisation,
            email=f"{box}@savonnerie.example",
            name=who,
            role=role,
            by=stage.owner_of(customer),
        )
        user.password_hash, user.joined_at = stage.people["finance"].password_hash, clock.now()
        revoke_links(Purpose.WELCOME, user)


def _raise_price(stage: Stage) -> None:
    """Whoever runs at the old price is told, and owes the new one from the day that her contract gives.

    Source: 000-26.
    """
    product = stage.products["NB-WS-M"]
    by = stage.people["exploitation"]
    revise_price(product, unit_cents=_NEW_PRICE, effective_on=earliest_day(product), by=by)


def _grow(stage: Stage, serial: int, code: str, quantity: int) -> None:
    """She needs more, under the mandate that she has signed."""
    if (customer := stage.customers.get(serial)) is None:
        return
    by = stage.owner_of(customer)
    row = place_order(customer, stage.products[code], quantity, Method.DIRECT_DEBIT, by=by)
    ask_for_mandate(row, by=by)


def _sign_again(stage: Stage, serial: int) -> None:
    """Her mandate was stopped as a debit came back: she signs another one, and pays by wire meanwhile."""
    customer, member = stage.customers.get(serial), next(one for one in CAST if one.serial == serial)
    today = clock.today()
    if customer is None or usable_mandates([customer], stage.entity, today):
        return
    if mandate_at_bank(customer, stage.entity) is not None:
        return
    if open_mandate(customer, stage.entity) is None:
        request_mandate(customer, stage.entity, by=stage.owner_of(customer))
    sign(customer, member)
    mine = select(Invoice).where(Invoice.customer_id == customer.id, Invoice.state == InvoiceState.ISSUED)
    for invoice in db.session.scalars(mine.order_by(Invoice.id)):
        if any(debit.state in UNDER_WAY for debit in debits_of(invoice)):
            continue
        rest = position_of(invoice).rest
        stage.bank.take_wire(member.name, make_iban(serial), rest, f"Reglement {invoice.number}", today)


def _bill_installation(stage: Stage, serial: int) -> None:
    """Work at her place, by wire within thirty days, which she leaves unpaid."""
    if (customer := stage.customers.get(serial)) is None:
        return
    add_charge(
        customer,
        origin=f"demo:installation:{customer.uid}",
        label="Mise en service sur site",
        quantity=1,
        unit_cents=_INSTALLATION,
        includes_vat=True,
        method=Method.WIRE,
    )
    bill_customers([customer], stage.entity, clock.today())


def _last_invoice(stage: Stage, serial: int, state: InvoiceState) -> Invoice | None:
    if (customer := stage.customers.get(serial)) is None:
        return None
    mine = select(Invoice).where(Invoice.customer_id == customer.id, Invoice.state == state)
    return db.session.scalars(mine.order_by(Invoice.id.desc())).first()


def _dispute(stage: Stage, serial: int) -> None:
    """Source: 000-21."""
    if invoice := _last_invoice(stage, serial, InvoiceState.ISSUED):
        reason = "Cinq licences facturées, quatre installées à cette date."
        open_dispute(invoice, reason, by=_SIGNER, is_hers=True)


def _reject(stage: Stage, serial: int) -> None:
    """Source: 000-21."""
    if (customer := stage.customers.get(serial)) is None:
        return
    for dispute in _open_disputes(customer.id):
        words = "Les cinq postes sont livrés et activables depuis la commande : la facture est due."
        dispute.close(DisputeState.REJECTED, words, by=stage.people["finance"])


def _open_disputes(customer_id: int) -> list[InvoiceDispute]:
    query = select(InvoiceDispute).where(InvoiceDispute.customer_id == customer_id)
    return list(db.session.scalars(query.where(InvoiceDispute.state == DisputeState.OPEN)))


def _credit(stage: Stage, serial: int) -> None:
    """One user too many was billed and paid: a credit note, and the money is owed back."""
    if invoice := _last_invoice(stage, serial, InvoiceState.PAID):
        part = share_of(invoice, invoice.lines[0], _ERROR)
        by = stage.people["finance"]
        issue_credit_note(
            invoice,
            [part],
            origin=f"demo:{invoice.uid}",
            reason=CreditReason.ERROR,
            by=by,
            note="Un poste de trop",
        )


def _quote(stage: Stage, serial: int) -> None:
    """A seller's offer that its customer has not answered yet."""
    if (customer := stage.customers.get(serial)) is None:
        return
    seller = stage.people["commerce@sud"]
    quote = draft_quote(customer, Head(clock.today() + timedelta(days=30)), by=seller)
    add_line(quote, stage.products["NB-WS"], 3, Method.WIRE, by=seller)
    send_quote(quote, by=seller)


def _order_unpaid(stage: Stage, serial: int) -> None:
    """Another order, whose money has not come."""
    if (customer := stage.customers.get(serial)) is not None:
        customer.accept(stack_in_force("natso", clock.today()), by=_SIGNER, address="127.0.0.1")
        place_order(customer, stage.products["NB-SRV"], 1, Method.WIRE, by=stage.owner_of(customer))


def _pay_without_number(stage: Stage, serial: int) -> None:
    """A transfer that names nothing: somebody has to look."""
    member = next(one for one in CAST if one.serial == serial)
    stage.bank.take_wire(member.name, make_iban(serial), 12_500, "Acompte materiel", clock.today())
