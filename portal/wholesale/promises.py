"""Compares, when something is sold, what is promised to the customer with what its reseller bought."""

from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.billing.rules import Priced, totals
from portal.catalogue.models import Product
from portal.catalogue.price_lists import price_list
from portal.customers.models import Customer
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.journal import record
from portal.resellers.billers import BillingMode, mode_under
from portal.resellers.models import issuer_for
from portal.resellers.reseller import Reseller
from portal.subscriptions.models import Order, Subscription
from portal.subscriptions.ordering import order_placed
from portal.subscriptions.panels import Selling
from portal.terms.in_force import stack_in_force
from portal.terms.shipped import CONTRACTS
from portal.wholesale.back_to_back import Sale, Wider, wider
from portal.wholesale.models import BuyingTerms, buying_terms_of


def wider_for(selling: Selling) -> list[Wider]:
    """What this sale promises beyond its purchase; nothing where the provider itself bills the customer."""
    if mode_under(issuer_for(selling.customer)) != BillingMode.RESELLER:
        return []
    product, today = selling.product, clock.today()
    with scope(EVERYTHING):  # what its reseller pays lies above the customer
        terms = buying_terms_of(selling.customer.reseller_id)
        unit = price_list(selling.customer.reseller_id).wholesale(product, selling.quantity, today)
    bought = stack_in_force((terms and terms.stack) or product.terms_stack, today)
    sale = Sale(
        selling.customer.kind.value,
        product.plan.value,
        product.billing_months,
        _net(product, selling.quantity, selling.unit_cents),
        None if unit is None else _net(product, selling.quantity, unit),
        today,
    )
    return wider(bought, selling.terms, sale)


def _net(product: Product, quantity: int, cents: int) -> int:
    rate, inside = product.vat_basis_points, product.price_includes_vat
    return totals([Priced("", quantity, cents, inside, rate)]).net_cents


def selling_of(row: Order | Subscription) -> Selling:
    """An order, or what runs, as it was sold, with its special conditions and all that was signed since."""
    return Selling(row.customer, row.product, row.quantity, row.unit_cents, row.terms)


def is_refused(customer: Customer) -> bool:
    """Does the provider refuse orders of this reseller's that promise more than it buys?"""
    with scope(EVERYTHING):
        terms = buying_terms_of(customer.reseller_id)
    return terms is not None and terms.refuses


def check_promises(selling: Selling, acknowledged: bool | None) -> list[Wider]:
    """What is promised beyond the purchase, once a person has said that she knows, or where nobody is asked.

    acknowledged: None where nobody can be asked. Raises Refused where the provider wants no such order, and
    beside ``acknowledged`` where it was not said.
    """
    found = wider_for(selling)
    if found and is_refused(selling.customer):
        raise Refused(
            _("Ce contrat promet au client plus que ce que le revendeur achète : le fournisseur le refuse.")
        )
    if found and acknowledged is False:
        raise Refused(
            _("Ce contrat promet au client plus que ce que le revendeur achète : dites que vous le savez."),
            field="acknowledged",
        )
    return found


@order_placed.connect
def note_promises(order: Order, *, by: Actor, acknowledged: bool | None = None) -> None:
    """Keep with the order what it promises beyond the purchase, and who knew."""
    found = check_promises(selling_of(order), acknowledged)
    note_wider(order, found, by=by)


def note_wider(row: object, found: list[Wider], *, by: Actor) -> None:
    """In the journal of an order or a quote: the topics, and the euros of the example."""
    if found:
        cents = sum(each.cents or 0 for each in found)
        record(row, "promise_more", by=by, topics=", ".join(each.topic for each in found), cents=cents)


def set_buying_terms(reseller: Reseller, stack: str, *, refuses: bool, by: Actor) -> None:
    """Say under which contract a reseller buys. stack: "" for that of what it sells.

    Raises Refused beside its field for a contract that is unknown.
    """
    if stack and stack not in CONTRACTS:
        raise Refused(_("Ce contrat n'existe pas."), field="stack")
    organisation: Organisation = reseller.organisation
    row = buying_terms_of(organisation.id) or BuyingTerms(organisation=organisation)
    row.stack, row.refuses = stack, refuses
    db.session.add(row)
    record(reseller, "buying_terms", by=by, contract=stack, refuses=refuses)
