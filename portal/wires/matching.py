"""What a transfer may pay: named in its text, known by its payer, or simply of its amount."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy import Select, false, func, literal, select

from portal.billing.balance import WITH_THE_BANK, debits_of, position_of
from portal.billing.carried import BalanceKind, BalanceState, CarriedBalance
from portal.billing.models import Charge, Invoice, InvoiceState, Payment, Proforma
from portal.customers.models import Customer
from portal.db import db
from portal.i18n import eur
from portal.paging import first_of
from portal.refunds.accounts import account_of
from portal.resellers.models import issuer_for
from portal.sepa.formats.payers import payer_word
from portal.sepa.models import Mandate
from portal.subscriptions.models import Order, OrderState, Subscription
from portal.wires.models import IncomingTransfer, TransferBooking
from portal.wires.rules import Owed, certain, numbers_in

_OFFERED = 8  # proposals on one page
_SHORTEST = 4  # signs of a number of the former system, below which any text has it
_LOOKED_AT = 40  # invoices of one amount, or of one customer


class Target(NamedTuple):
    """What money may be booked on: an invoice, an order that waits for it, or the pro-forma of a renewal."""

    owed: Owed
    row: Invoice | Order | Proforma | CarriedBalance

    @property
    def id(self) -> str:
        """As a form names it."""
        return f"{self.row.__tablename__}:{self.row.uid}"

    @property
    def place(self) -> tuple[str, int]:
        """In the order in which rows are locked."""
        return self.row.__tablename__, self.row.id

    @property
    def is_invoice(self) -> bool:
        return isinstance(self.row, Invoice)

    @property
    def customer(self) -> Customer:
        return db.session.get_one(Customer, self.row.customer_id)

    @property
    def address(self) -> str:
        """Of its page."""
        if isinstance(self.row, Invoice):
            return url_for("billing.show_invoice", uid=self.row.uid)
        if isinstance(self.row, CarriedBalance):
            return url_for("customers.show_customer", uid=self.row.customer.uid)
        if isinstance(self.row, Order):
            return url_for("subscriptions.show_order", uid=self.row.uid)
        return url_for("subscriptions.show_subscription", uid=self.row.subscription_uid)


class Proposal(NamedTuple):
    """A target with the words why it is proposed, and what booking all of the transfer on it would mean."""

    target: Target
    because: str
    effect: str


def of_invoice(invoice: Invoice) -> Target:
    """An invoice that is paid owes nothing: what comes in for it is owed back."""
    rest = position_of(invoice).rest if invoice.state == InvoiceState.ISSUED else 0
    return Target(Owed(invoice.number, max(rest, 0), invoice.customer_id), invoice)


def of_order(order: Order) -> Target:
    assert order.proforma is not None
    return Target(Owed(order.proforma.number, order.proforma.gross_cents, order.customer_id), order)


def of_renewal(paper: Proforma) -> Target:
    return Target(Owed(paper.number, paper.gross_cents, paper.customer_id), paper)


def of_balance(balance: CarriedBalance) -> Target:
    rest = balance.gross_cents if balance.state == BalanceState.OWED else 0
    return Target(Owed(balance.number, rest, balance.customer_id), balance)


def balances_for(transfer: IncomingTransfer) -> tuple[list[Target], list[Target]]:
    """Open invoices of the former system: those whose number is in the text, and those of the amount."""
    told = _folded(f"{transfer.text} {transfer.end_to_end_id}")
    plain = func.upper(CarriedBalance.number)
    for sign in (" ", "-", "/", "."):
        plain = func.replace(plain, sign, "")
    cents, tolerance = transfer.free_cents, transfer.legal_entity.wire_tolerance_cents
    is_open = select(CarriedBalance).where(
        CarriedBalance.kind == BalanceKind.INVOICE,
        CarriedBalance.state == BalanceState.OWED,
        CarriedBalance.org_path.startswith(transfer.legal_entity.org_path),
    )
    by_number = is_open.where(literal(told).contains(plain)) if told else is_open.where(false())
    by_amount = is_open.where(CarriedBalance.gross_cents.between(cents - tolerance, cents + tolerance))
    rows = [
        [
            of_balance(row)
            for row in first_of(query.order_by(CarriedBalance.due_on, CarriedBalance.id), _LOOKED_AT)
        ]
        for query in (by_number, by_amount)
    ]
    ours = [[each for each in found if _is_billed_by(transfer, each)] for found in rows]
    return [each for each in ours[0] if len(_folded(each.owed.number)) >= _SHORTEST], ours[1]


def _is_billed_by(transfer: IncomingTransfer, target: Target) -> bool:
    return issuer_for(target.customer).id == transfer.legal_entity_id


def _folded(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign not in " -/.")


def sure_balance(transfer: IncomingTransfer) -> list[Target]:
    """The one invoice of the former system that a transfer names, where it pays just that."""
    by_number, _by_amount = balances_for(transfer)
    return by_number if len(by_number) == 1 and by_number[0].owed.rest_cents == transfer.free_cents else []


def named(transfer: IncomingTransfer) -> list[list[Target]]:
    """For each number of its text, what bears it: invoices in any state, orders that wait."""
    return [
        [target for number in readings for target in numbered(transfer, number)]
        for readings in numbers_in(transfer.text, transfer.end_to_end_id)
    ]


def numbered(transfer: IncomingTransfer, number: str) -> list[Target]:
    """What bears a number at the creditor of a transfer; a pro-forma that was paid leads to its invoice."""
    entity_id = transfer.legal_entity_id
    invoices = select(Invoice).where(Invoice.legal_entity_id == entity_id, Invoice.number == number)
    found = [of_invoice(row) for row in db.session.scalars(invoices)]
    papers = select(Proforma).where(Proforma.legal_entity_id == entity_id, Proforma.number == number)
    for paper in db.session.scalars(papers):
        found += _renewed(paper) if paper.subscription_uid else _ordered(paper)
    return found


def _ordered(paper: Proforma) -> list[Target]:
    order = db.session.scalars(select(Order).where(Order.uid == paper.order_uid)).one()
    if order.state in (OrderState.AWAITING_PAYMENT, OrderState.LAPSED):
        return [of_order(order)]
    paid = select(Invoice).where(Invoice.order_uid == order.uid).order_by(Invoice.id)
    return [of_invoice(row) for row in db.session.scalars(paid)]


def _renewed(paper: Proforma) -> list[Target]:
    """The pro-forma of a renewal, or the invoice of its period once there is one."""
    query = select(Subscription.billed_before).where(Subscription.uid == paper.subscription_uid)
    if db.session.scalar(query) == paper.period_on:
        return [of_renewal(paper)]
    origin = f"subscription:{paper.subscription_uid}:{paper.period_on}"
    billed = select(Invoice).join(Charge, Charge.invoice_id == Invoice.id).where(Charge.origin == origin)
    return [of_invoice(row) for row in db.session.scalars(billed)]


def sure_targets(transfer: IncomingTransfer, readings: list[list[Target]]) -> list[Target]:
    """What the worker books by itself: numbers whose rests add up to what came in."""
    is_open = [[each for each in targets if each.owed.rest_cents > 0] for targets in readings]
    owed = certain(
        transfer.free_cents,
        [[each.owed for each in targets] for targets in is_open],
        transfer.legal_entity.wire_tolerance_cents,
    )
    by_number = {each.owed.number: each for targets in is_open for each in targets}
    return [by_number[each.number] for each in owed]


def reason_of(transfer: IncomingTransfer, readings: list[list[Target]]) -> str:
    """Why somebody has to look, in a sentence."""
    targets = [each for found in readings for each in found]
    if not targets:
        if not readings:
            return _("Aucun numéro de facture dans le libellé.")
        return _("Aucune facture ni commande en attente ne porte ce numéro.")
    (first, *others) = targets
    if others:
        return _("Les montants ne s'accordent pas : plusieurs numéros dans le libellé.")
    return effect_of(transfer, first)


def effect_of(transfer: IncomingTransfer, target: Target) -> str:
    """What booking all of a transfer on a target means, in a sentence."""
    came, rest, number = transfer.free_cents, target.owed.rest_cents, target.owed.number
    tolerance = transfer.legal_entity.wire_tolerance_cents
    if isinstance(target.row, CarriedBalance) and abs(came - rest) > tolerance:
        return _(
            "%(number)s est un solde repris de %(sum)s : il se règle en entier.", number=number, sum=eur(rest)
        )
    if not target.is_invoice and came < rest - tolerance:
        return _("Trop peu pour %(number)s : il manque %(sum)s.", number=number, sum=eur(rest - came))
    if isinstance(target.row, Invoice) and any(row.state in WITH_THE_BANK for row in debits_of(target.row)):
        return _("Un prélèvement de %(number)s est chez la banque : attendez sa réponse.", number=number)
    if rest == 0:
        return _("%(number)s est déjà payée : tout est dû au client.", number=number)
    if came > rest:
        return _("Paie %(number)s ; %(sum)s de trop sont dus au client.", number=number, sum=eur(came - rest))
    if came < rest - tolerance:
        return _("Paiement partiel de %(number)s : il reste %(sum)s.", number=number, sum=eur(rest - came))
    return _("Paie %(number)s en entier.", number=number)


def already_noted(transfer: IncomingTransfer) -> Invoice | None:
    """The invoice on which somebody has noted a payment with the bank's very reference of this transfer."""
    if not transfer.reference:
        return None
    query = select(Invoice).join(Payment, Payment.invoice_id == Invoice.id)
    query = query.where(
        Payment.legal_entity_id == transfer.legal_entity_id, Payment.reference == transfer.reference
    )
    return db.session.scalars(query.limit(1)).first()


def proposals(transfer: IncomingTransfer) -> list[Proposal]:
    """What a person may book it on with one button, the likeliest first."""
    found: dict[str, Proposal] = {}

    def offer(targets: Iterable[Target], because: str) -> None:
        for each in targets:
            if len(found) < _OFFERED:
                found.setdefault(each.id, Proposal(each, because, effect_of(transfer, each)))

    offer((each for targets in named(transfer) for each in targets), _("son numéro est dans le libellé"))
    numbered_before, alike_before = balances_for(transfer)
    offer(numbered_before, _("son numéro est dans le libellé"))
    known = {each.id: each for each in known_payers(transfer)}
    own = [each for customer in known.values() for each in open_of(transfer, customer)]
    same, other = _by_amount(transfer, own)
    offer(same, _("même montant, payeur connu"))
    alike = list(_of_amount(transfer))
    offer(
        [each for each in alike if _is_payer(transfer, each.customer)],
        _("même montant, même nom ou même compte"),
    )
    offer(other, _("payeur connu"))
    offer(alike, _("même montant"))
    offer(alike_before, _("même montant"))
    return list(found.values())


def _by_amount(transfer: IncomingTransfer, targets: list[Target]) -> tuple[list[Target], list[Target]]:
    tolerance = transfer.legal_entity.wire_tolerance_cents
    same = [each for each in targets if abs(each.owed.rest_cents - transfer.free_cents) <= tolerance]
    return same, [each for each in targets if each not in same]


def known_payers(transfer: IncomingTransfer) -> list[Customer]:
    """Customers whom this account or this name has paid for before, or whose mandate has the account."""
    ids: set[int] = set()
    if transfer.iban_index:
        mandates = select(Mandate.customer_id).where(Mandate.iban_index == transfer.iban_index)
        ids |= set(first_of(mandates.distinct(), _LOOKED_AT))
    for column in (IncomingTransfer.iban_index, IncomingTransfer.payer_word):
        value = getattr(transfer, column.key)
        if value:
            earlier = select(IncomingTransfer.customer_id).where(column == value)
            earlier = earlier.where(IncomingTransfer.customer_id.is_not(None))
            ids |= set(first_of(earlier.distinct(), _LOOKED_AT))
    query = select(Customer).where(Customer.id.in_(ids)).order_by(Customer.id)
    return list(db.session.scalars(query)) if ids else []


def _is_payer(transfer: IncomingTransfer, customer: Customer) -> bool:
    if transfer.payer_word and payer_word(customer.name) == transfer.payer_word:
        return True
    account = account_of(customer, transfer.legal_entity_id) if transfer.iban else None
    return account is not None and account.iban == transfer.iban


def open_of(transfer: IncomingTransfer, customer: Customer) -> list[Target]:
    """What a customer may pay to the creditor of a transfer, the oldest first."""
    invoices = _open_invoices(transfer).where(Invoice.customer_id == customer.id)
    orders = _open_orders(transfer).where(Order.customer_id == customer.id)
    renewals = _open_renewals(transfer).where(Proforma.customer_id == customer.id)
    return [
        *map(of_invoice, first_of(invoices.order_by(Invoice.due_on, Invoice.id), _LOOKED_AT)),
        *map(of_order, first_of(orders.order_by(Order.id), _LOOKED_AT)),
        *map(of_renewal, first_of(renewals.order_by(Proforma.id), _LOOKED_AT)),
    ]


def _of_amount(transfer: IncomingTransfer) -> Iterable[Target]:
    cents, tolerance = transfer.free_cents, transfer.legal_entity.wire_tolerance_cents
    near = (cents - tolerance, cents + tolerance)
    invoices = _open_invoices(transfer).where(Invoice.gross_cents.between(*near))
    orders = _open_orders(transfer).where(Proforma.gross_cents.between(*near))
    rows = first_of(invoices.order_by(Invoice.due_on, Invoice.id), _LOOKED_AT)
    for target in map(of_invoice, rows):
        if abs(target.owed.rest_cents - cents) <= tolerance:
            yield target
    yield from map(of_order, first_of(orders.order_by(Order.id), _LOOKED_AT))
    renewals = _open_renewals(transfer).where(Proforma.gross_cents.between(*near))
    yield from map(of_renewal, first_of(renewals.order_by(Proforma.id), _LOOKED_AT))


def _open_invoices(transfer: IncomingTransfer) -> Select[Any]:
    return select(Invoice).where(
        Invoice.legal_entity_id == transfer.legal_entity_id, Invoice.state == InvoiceState.ISSUED
    )


def _open_orders(transfer: IncomingTransfer) -> Select[Any]:
    query = select(Order).join(Proforma, Proforma.order_uid == Order.uid)
    return query.where(
        Order.legal_entity_id == transfer.legal_entity_id, Order.state == OrderState.AWAITING_PAYMENT
    )


def _open_renewals(transfer: IncomingTransfer) -> Select[Any]:
    query = select(Proforma).join(Subscription, Subscription.uid == Proforma.subscription_uid)
    return query.where(
        Proforma.legal_entity_id == transfer.legal_entity_id, Subscription.billed_before == Proforma.period_on
    )


def booking_of(payment: Payment) -> TransferBooking | None:
    query = select(TransferBooking).where(TransferBooking.payment_id == payment.id)
    return db.session.scalars(query).one_or_none()
