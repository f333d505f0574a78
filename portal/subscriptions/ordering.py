"""Place an order, and turn its payment into an invoice, keys and a running subscription."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import date, timedelta

from blinker import Namespace
from flask_babel import force_locale
from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.answers.rules.periods import price_kept_through
from portal.billing.disputes import open_disputes
from portal.billing.models import Invoice, Proforma
from portal.billing.payment_rules import (
    Document,
    OrderStep,
    Payment,
    check_no_payment_dispute,
    document_for,
    order_step,
)
from portal.billing.proformas import issue_proforma
from portal.billing.sale_vat import Sales, may_declare
from portal.catalogue.models import Method, Product
from portal.catalogue.price_lists import price_list, selling
from portal.certificates.models import certificate_for
from portal.customers.models import ContactRole, Customer, CustomerKind
from portal.customers.references import check_references, own_references, printed_references, references_for
from portal.customers.rules import check_reseller
from portal.db import db, new_uid
from portal.errors import Refused
from portal.i18n import plain_day
from portal.journal import record
from portal.mail import queue_mail
from portal.resellers.models import issuer_for
from portal.resellers.reseller import ResellerState, above, check_may_sell
from portal.subscriptions.models import Order
from portal.subscriptions.offered import Offered, offered_today
from portal.subscriptions.offers import check_means, check_offer, volume_of
from portal.subscriptions.order_numbers import number_for, ordered
from portal.subscriptions.order_states import state_for
from portal.subscriptions.paid_orders import DEFERRED, deliver_paid
from portal.subscriptions.suspended import suspended_of
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack

# Sent by an order, in the transaction that places it, with by= and acknowledged= (of place_order).
order_placed = Namespace().signal("order-placed")
_EARLY_DAYS = 31  # so long before its order a wire may have come, on a quote
_PRICE_LOCK_MONTHS = 2  # how long an offer stands where the contract does not say


def check_sale(
    customer: Customer,
    product: Product,
    method: Method,
    *,
    health_data: bool | None = None,
    terms: Stack | None = None,
) -> None:
    """May this be sold to this customer in this way? Raises Refused with the clause that says no.

    health_data: is it ordered for health data? None: as the customer has declared. terms: those of a quote;
    None: those in force.

    Source: 000-02, 001-32, 001-06, 001-09, 001-12, 001-14, 003-02, 003-49.
    """
    _check_resellers(customer.org_path)
    terms = terms or stack_in_force(product.terms_stack, clock.today())
    check_pays(customer)
    if not customer.has_accepted(terms):
        raise Refused(
            _("Le client n'a pas accepté les conditions %(terms)s en vigueur.", terms=terms.label),
            field="accepted",
        )
    health = customer.health_data if health_data is None else health_data
    check_offer(customer, product, terms, health_data=health)
    check_means(product, terms, method, customer)


def check_pays(customer: Customer) -> None:
    """No new order while a subscription is suspended for what is not paid. Raises Refused with the clause.

    Source: 003-15, 000-54, 001-45, 004-40.
    """
    suspended = suspended_of(customer)
    if suspended:
        clause = suspended[0].suspended_clause or _("mise en demeure restée sans effet")
        raise Refused(
            _("Les commandes sont bloquées : une somme due n'est pas payée (%(clause)s).", clause=clause)
        )


def check_undisputed(customer: Customer, terms: Stack, accepted_because: str) -> None:
    """Where the contract lets the provider refuse whoever disputes an earlier payment, a person decides.

    Raises Refused with the invoices, beside the field for the reason of who accepts.

    Source: 000-21.
    """
    if terms.find("order.refused_on_dispute") is None:
        return
    disputed = [each.invoice.number for each in open_disputes(customer)]
    try:
        check_no_payment_dispute(disputed, accepted_because)
    except Refused as refusal:
        raise Refused(refusal.template, field="accepted_because", **refusal.values) from refusal


def _check_resellers(path: str) -> None:
    """May those who stand between the customer and the provider sell?

    Source: 001-32.
    """
    for each in above(path):
        if each.state == ResellerState.DRAFT:
            check_reseller(each.contract_signed_on, clock.today())
    check_may_sell(path)


def place_order(
    customer: Customer,
    product: Product,
    quantity: int,
    method: Method,
    *,
    by: Actor,
    uid: str = "",
    volume_gb: int | None = None,
    health_data: bool | None = None,
    outside_eu: bool = False,
    early_request: str = "",
    accepted_because: str = "",
    references: Mapping[str, str | None] | None = None,
    offered: Offered | None = None,
    acknowledged: bool | None = None,
) -> Order:
    """Order a product at today's price, the reseller's own where it has one.

    Where the customer sends the money, the pro-forma leaves at once (000-17).

    volume_gb: as the order form says; otherwise that of the offer, for each unit (002-03, 004-09).
    health_data: is it ordered for health data? None: as the customer has declared (002-22).
    outside_eu: the customer declares it with this order, which is then sold without VAT (000-32).
    early_request: the words in which a consumer asks to begin before the delay to withdraw has ended (C.
    conso L221-25); of anybody else they mean nothing.
    accepted_because: why a person takes the order of a customer who disputes an earlier payment (000-21).
    references: the buyer's own (REFERENCES); what is None here follows the customer's.
    offered: price and terms of a quote that the customer has accepted; None: today's.
    acknowledged: does a person know what is promised beyond the purchase? None: nobody is asked.
    ``uid`` is the form's, chosen before it is sent: the same form cannot place two orders.
    """
    health = customer.health_data if health_data is None else health_data
    offered = offered or offered_today(customer, product)
    terms = offered.terms
    check_sale(customer, product, method, health_data=health, terms=terms)
    check_undisputed(customer, terms, accepted_because)
    check_references(customer, references_for(customer, references or {}))
    if outside_eu and may_declare(customer, clock.today()):
        customer.outside_eu_declared_at = clock.now()
        record(customer, "declare_outside_eu", by=by, country=customer.country)
    issuer = issuer_for(customer)
    order = Order(
        uid=uid or new_uid(),
        organisation=customer.organisation,
        customer_id=customer.id,
        product_id=product.id,
        legal_entity_id=issuer.id,
        state=state_for(method, Payment.WAITING, DEFERRED),
        ordered_on=clock.today(),
        product_name=product.name,
        plan=product.plan,
        terms_stack=product.terms_stack,
        terms_versions=terms.versions,
        billing_months=product.billing_months,
        quantity=quantity,
        unit_cents=offered.unit_cents,
        price_uid=offered.price_uid,
        includes_vat=product.price_includes_vat,
        vat_basis_points=product.vat_basis_points,
        method=method,
        gb_month_cents=offered.gb_month_cents,
        conditions=offered.conditions,
        volume_gb=volume_gb or volume_of(product, quantity),
        health_data=health,
        **(references or {}),
    )
    sales = Sales(issuer, clock.today())
    order.sale_vat = asdict(sales.vat_of(customer, [order.priced("")]))
    order.number = number_for(order, issuer)
    if early_request and customer.kind == CustomerKind.CONSUMER:
        order.begin_early_at, order.begin_early_text = clock.now(), early_request
    db.session.add(order)
    db.session.flush()
    record(order, "place", by=by, **({"reason": accepted_because} if accepted_because else {}))
    if order.begin_early_at is not None:
        record(order, "begin_early", by=by, note=order.begin_early_text)
    if document_for(method.value, Payment.WAITING, DEFERRED) is Document.PRO_FORMA:
        send_proforma(order)
    order_placed.send(order, by=by, acknowledged=acknowledged)
    return order


def kept_through(order: Order) -> date:
    """The last day on which the price of an order is kept.

    Source: 000-23.
    """
    lock = order.terms.find("price.lock_months")
    return price_kept_through(order.ordered_on, lock.value if lock else _PRICE_LOCK_MONTHS)


def send_proforma(order: Order) -> Proforma:
    customer, entity = order.customer, order.legal_entity
    through = kept_through(order)
    with force_locale(customer.language):
        line = order.sold
        notes = [_health_note(order)] if order.health_data else []
        found = references_for(customer, own_references(order))
        references = [ordered(order), *printed_references(found)]
        notes += [order.begin_early_text] if order.begin_early_text else []
    proforma = issue_proforma(
        customer,
        entity,
        line,
        order.vat,
        valid_through=through,
        subject=order,
        notes=notes,
        references=references,
        order_uid=order.uid,
        method=order.method,
    )
    queue_mail(
        customer.contact(ContactRole.BILLING),
        "subscriptions/mail_proforma.txt",
        about=order,
        owner=customer.organisation,
        language=customer.language,
        attach=[proforma.document] if proforma.document else [],
        order=order,
        proforma=proforma,
        entity=entity,
    )
    return proforma


def _health_note(order: Order) -> str:
    """What the paper of an order says of health data, with the certificate that covers them (002-22)."""
    under = certificate_for(order.terms_stack, order.ordered_on)
    if under is None:
        return _("Commandé pour héberger des données de santé.")
    return _(
        "Commandé pour héberger des données de santé, sous le certificat %(name)s, valable jusqu'au %(day)s.",
        name=under.label,
        day=under.valid_through.strftime("%d/%m/%Y"),
    )


def record_wire(order: Order, *, received_on: date, amount_cents: int, reference: str, by: Actor) -> Invoice:
    """The money of an order has arrived: paid invoice, keys, subscription and mail, all or nothing.

    A cheque has arrived when the bank has credited it.
    What is missing within the issuer's tolerance is let go; a surplus is owed to the customer. Raises
    Refused for less, for a day before the order or in the future, for a pro-forma whose price is not kept
    any more, or a reference recorded before.

    Source: 000-10, 000-18, 000-20.
    """
    proforma = order.proforma
    if proforma is None:
        raise Refused(_("Cette commande n'attend pas de paiement."))
    _check_day(order, proforma, received_on)
    enough = amount_cents >= proforma.gross_cents - order.legal_entity.wire_tolerance_cents
    payment = Payment.VALIDATED if enough else Payment.WAITING
    if order_step(order.method.value, payment, DEFERRED) is not OrderStep.PAID:
        raise Refused(_("Le montant ne correspond pas à la pro forma."), field="amount")
    return deliver_paid(
        order,
        cents=proforma.gross_cents,
        received_on=received_on,
        amount_cents=amount_cents,
        reference=reference,
        references=_references(order, proforma),
        by=by,
    )


def _check_day(order: Order, proforma: Proforma, received_on: date) -> None:
    """Raises Refused. Source: 000-23."""
    if received_on > clock.today():
        raise Refused(_("La date de réception est dans le futur."), field="received_on")
    if received_on < order.ordered_on - timedelta(_EARLY_DAYS):
        raise Refused(
            _(
                "Ce paiement précède de plus d'un mois la commande du %(day)s.",
                day=plain_day(order.ordered_on),
            ),
            field="received_on",
        )
    price = selling(price_list(order.customer.reseller_id), order.product, clock.today()).unit_cents
    if received_on > proforma.valid_through and price != order.unit_cents:
        raise Refused(
            _(
                "Le prix de cette pro forma était garanti jusqu'au %(day)s (000-23) et a changé depuis : "
                "passez une nouvelle commande.",
                day=plain_day(proforma.valid_through),
            ),
            field="received_on",
        )


def _references(order: Order, proforma: Proforma) -> list[tuple[str, str]]:
    with force_locale(order.customer.language):
        return [ordered(order), (_("Pro forma"), proforma.number)]
