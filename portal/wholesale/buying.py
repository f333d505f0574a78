"""A run of the provider's: the customers that resellers bill themselves are bought for, once each charge.

The reseller stands there as a customer of its own, so that its invoice has number, chain, e-invoice, due day
and reminders like any other. Lines, charges and invoice are one transaction: killed, nothing is half.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, NamedTuple

from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy import Select, func, or_, select

from portal.accounts.models import Organisation, OrganisationKind
from portal.billing.models import Charge, Invoice, add_charge, charges_due, run_begins
from portal.books.covered import charges_within
from portal.catalogue.models import Method, Product
from portal.catalogue.price_lists import PriceKind, ResellerPrice, price_list
from portal.customers.models import ContactRole, Customer, CustomerKind, find_double, onboard
from portal.db import db, within
from portal.journal import SYSTEM
from portal.margins.sums import is_counted, parts_of
from portal.resellers.billers import BillingMode, mode_under
from portal.resellers.models import LegalEntity, entities, issuers_of, name_entity
from portal.subscriptions.called_off import is_called_off
from portal.wholesale.models import WholesaleBuyer, WholesaleLine, buyer_of

_IDENTITY = ("name", "siren", "vat_number", "street", "postcode", "town", "country")


class Part(NamedTuple):
    """What one charge of a customer costs the reseller; unit_cents without VAT, None where none is agreed."""

    charge: Charge
    product: Product
    is_change: bool
    quantity: int
    unit_cents: int | None


@run_begins.connect
def enter_buyers(_sender: Any, *, entity: LegalEntity) -> None:
    """A record for each reseller that has an entity of its own and a price of the provider's."""
    if entity.organisation.kind != OrganisationKind.PROVIDER:
        return
    every = entities()
    agreed = select(ResellerPrice.organisation_id).where(ResellerPrice.kind == PriceKind.WHOLESALE)
    agreed_with = set(db.session.scalars(agreed.distinct()))
    for own in every:
        if mode_under(own) is BillingMode.RESELLER and own.organisation_id in agreed_with:
            seller = next(
                (
                    each
                    for each in every
                    if mode_under(each) is BillingMode.PROVIDER and own.org_path.startswith(each.org_path)
                ),
                None,
            )
            if seller is not None and seller.id == entity.id:
                values = {name: getattr(own, name) for name in _IDENTITY}
                enter_buyer(own.organisation, seller, values, own.email)


def enter_buyer(
    reseller: Organisation, seller: LegalEntity, values: dict[str, Any], email: str
) -> WholesaleBuyer:
    """The customer record that stands for a reseller, with these values of its identity; made once."""
    known = buyer_of(reseller)
    if known is not None:
        for name, value in values.items():
            setattr(known.customer, name, value)
        return known
    customer = find_double(reseller.id, values["siren"], None) or onboard(
        reseller,
        contacts=dict.fromkeys(ContactRole, (values["name"], email, "")),
        by=SYSTEM,
        kind=CustomerKind.BUSINESS,
        siret=None,
        health_data=False,
        language="fr",
        **values,
    )
    name_entity(customer.organisation, seller)
    buyer = WholesaleBuyer(organisation=reseller, customer=customer)
    db.session.add(buyer)
    db.session.flush()
    return buyer


@charges_due.connect
def buy(_sender: Any, *, customers: Sequence[Customer], until: date) -> None:
    """Owe, for a reseller among these customers, what its own customers are owed up to a day."""
    wanted = WholesaleBuyer.customer_id.in_([customer.id for customer in customers])
    for buyer in db.session.scalars(select(WholesaleBuyer).where(wanted)).all():
        _buy(buyer, until)


def _buy(buyer: WholesaleBuyer, until: date) -> None:
    charges_due.send(None, customers=customers_billed_by(buyer.organisation), until=until)
    db.session.flush()
    sums: dict[tuple[int, bool, int], list[Part]] = defaultdict(list)
    for part in parts_to_buy(buyer.organisation, until):
        if part.unit_cents is not None:
            key = part.product.id, part.is_change, 0 if part.is_change else part.unit_cents
            sums[key].append(part)
    for parts in sums.values():
        _owe(buyer, parts, f"{until:%Y-%m}")


def _owe(buyer: WholesaleBuyer, parts: Sequence[Part], month: str) -> None:
    """One line of the invoice, and its lines of the annex."""
    first = parts[0]
    with force_locale(buyer.customer.language):
        label = first.product.name
        if first.is_change:
            label = _("%(product)s, changements en cours de période", product=label)
    quantity, cents = sum(part.quantity for part in parts), first.unit_cents
    if first.is_change:
        quantity, cents = 1, sum(part.unit_cents or 0 for part in parts)
    origin = f"wholesale:{buyer.uid}:{month}:{first.charge.id}"
    add_charge(
        buyer.customer,
        origin=origin,
        label=label[:300],
        quantity=quantity,
        unit_cents=cents,
        includes_vat=False,
        method=Method.WIRE,
    )
    bought_by = db.session.scalars(select(Charge.id).where(Charge.origin == origin)).one()
    for part in parts:
        db.session.add(
            WholesaleLine(
                organisation=buyer.organisation,
                month=month,
                charge_id=part.charge.id,
                bought_by_id=bought_by,
                customer_id=part.charge.customer_id,
                customer_name=part.charge.customer.name,
                subscription_uid=part.charge.origin.split(":")[1],
                label=part.charge.label,
                quantity=part.quantity,
                unit_cents=part.unit_cents or 0,
            )
        )
    db.session.flush()


def customers_billed_by(reseller: Organisation) -> list[Customer]:
    """Those whom an entity of this reseller's invoices now."""
    query = select(Customer).where(within(Customer, reseller.org_path), Customer.archived_at.is_(None))
    found = list(db.session.scalars(query.order_by(Customer.id)))
    issuers = issuers_of(found)
    return [each for each in found if issuers[each.org_path].organisation_id == reseller.id]


def parts_to_buy(reseller: Organisation, until: date) -> Iterator[Part]:
    """What no invoice to the reseller carries yet of what it invoices, or will, up to a day.

    What another house has invoiced stays there, and what it has invoiced itself stays its own, wherever the
    customer is now. What begins before its first agreed price was bought in another way; what was called off
    never begins.
    """
    since = db.session.scalar(
        select(func.min(ResellerPrice.effective_on)).where(
            ResellerPrice.organisation_id == reseller.id, ResellerPrice.kind == PriceKind.WHOLESALE
        )
    )
    if since is None:
        return
    now = {customer.id for customer in customers_billed_by(reseller)}
    for charge, product, part in parts_of(_unbought(reseller), price_list(reseller.id)):
        if is_called_off(charge.origin):
            continue
        begins = date.fromisoformat(charge.origin.rpartition(":")[2])
        if since <= begins <= until and (charge.invoice_id is not None or charge.customer_id in now):
            yield _part(charge, product, part.quantity, part.bought)


def _part(charge: Charge, product: Product, quantity: int, bought: int | None) -> Part:
    is_change = charge.origin.startswith("change:")
    counted = 1 if is_change else quantity
    return Part(charge, product, is_change, counted, None if bought is None else bought // counted)


def _unbought(reseller: Organisation) -> Select[Any]:
    own = select(LegalEntity.id).where(LegalEntity.organisation_id == reseller.id)
    below = select(Customer.id).where(within(Customer, reseller.org_path))
    pending = Charge.invoice_id.is_(None) & Charge.customer_id.in_(below)
    query = select(Charge).outerjoin(Invoice, Invoice.id == Charge.invoice_id)
    query = query.where(is_counted(), Charge.dropped_on.is_(None))
    query = query.where(or_(pending, Invoice.legal_entity_id.in_(own)))
    query = query.where(~select(WholesaleLine.id).where(WholesaleLine.charge_id == Charge.id).exists())
    return query.order_by(Charge.id)


@charges_within(rank=10)
def bought_within(charge: Charge) -> Sequence[tuple[Charge, int]] | None:
    """What a charge of a bulk invoice stands for: what each customer owes, and what that was bought for."""
    query = select(WholesaleLine, Charge).join(Charge, Charge.id == WholesaleLine.charge_id)
    rows = db.session.execute(query.where(WholesaleLine.bought_by_id == charge.id).order_by(WholesaleLine.id))
    return [(own, line.net_cents) for line, own in rows] or None
