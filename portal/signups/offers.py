"""Which house a page belongs to, and what may be asked for there."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import g
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.accounts.models import Organisation
from portal.catalogue.models import Method, Product
from portal.catalogue.price_lists import price_list, selling
from portal.customers.models import CustomerKind
from portal.db import EVERYTHING, db, scope
from portal.errors import Refused
from portal.resellers.hosts import path_here
from portal.resellers.models import issuer_for
from portal.resellers.reseller import check_may_sell
from portal.signups.models import SignUpKind, SignUpOffer, settings
from portal.subscriptions.offers import ways_to_pay
from portal.terms.in_force import stack_in_force
from portal.terms.texts import texts_of

_SAID = {"demo": SignUpKind.TRIAL, "web": SignUpKind.WEB, "quote": SignUpKind.QUOTE}  # in the contracts


@dataclass(frozen=True, slots=True)
class Offered:
    """One offer on the page of a house. unit_cents: for its billing period, VAT as the product says.

    means: how each kind of customer may pay for it.
    """

    product: Product
    days: int
    seats: int
    kinds: frozenset[SignUpKind]
    unit_cents: int
    means: Mapping[CustomerKind, tuple[Method, ...]]

    @property
    def every_means(self) -> list[Method]:
        """Those of any kind of customer, in the order of the forms."""
        return [each for each in Method if any(each in some for some in self.means.values())]


def house_here() -> Organisation | None:
    """Who serves whoever signs up at the host that is asked; None where nobody does, or the page is closed.

    A brand's host belongs to that house, the portal's own to the one that the operator has chosen.

    Source: 000-09, 001-08, 001-32.
    """
    chosen = settings()
    if chosen is None or not chosen.is_open:
        return None
    path = path_here()
    with scope(EVERYTHING):
        query = select(Organisation).where(Organisation.org_path == path)
        house = db.session.scalars(query).one_or_none() if path else chosen.house
        try:
            if house is not None:
                check_may_sell(house.org_path)
        except Refused:
            return None
    if house is not None:
        g.linked_path = house.org_path  # whose face the page shows
    return house


def offers_here(house: Organisation) -> list[Offered]:
    """What may be asked for at a house today, on sale and at its own price.

    Source: 000-09, 001-08.
    """
    with scope(EVERYTHING):
        query = select(SignUpOffer).join(Product, Product.id == SignUpOffer.product_id)
        query = query.where(Product.is_on_sale).options(joinedload(SignUpOffer.product))
        rows = list(db.session.scalars(query.order_by(Product.name, Product.id)))
        found = [_offered(row, house) for row in rows]
    return [each for each in found if each is not None and each.kinds]


def _offered(row: SignUpOffer, house: Organisation) -> Offered | None:
    try:
        price = selling(price_list(house.id), row.product, clock.today()).unit_cents
    except Refused:  # a price below the floor is nobody's
        return None
    means = {kind: methods_for(row.product, house, kind) for kind in CustomerKind}
    kinds = kinds_of(row) if any(means.values()) else kinds_of(row) - {SignUpKind.WEB}
    return Offered(row.product, row.trial_days, row.trial_seats, kinds, price, means)


def kinds_of(row: SignUpOffer) -> frozenset[SignUpKind]:
    """What the operator has switched on, as far as the contract of the offer names it, where it names any.

    Nothing that is made under its terms, as long as they cannot be read.

    Source: 001-08, 001-09.
    """
    readable = has_texts(row.product)
    switched = {
        SignUpKind.TRIAL: row.trial_days > 0 and readable,
        SignUpKind.WEB: row.may_order and readable,
        SignUpKind.QUOTE: row.may_ask,
    }
    said = stack_in_force(row.product.terms_stack, clock.today()).find("signup.leads")
    named = {_SAID[each] for each in said.value if each in _SAID} if said else set(SignUpKind)
    return frozenset(kind for kind, on in switched.items() if on and kind in named)


def has_texts(product: Product) -> bool:
    """Are the words of the contract in force here, for somebody to read who has met nobody of the house?

    Source: 001-09.
    """
    return not lacking_texts(product)


def lacking_texts(product: Product) -> list[str]:
    """Versions in force of the offer's contract whose words nobody has kept yet, in its order."""
    documents = stack_in_force(product.terms_stack, clock.today()).documents
    kept = texts_of(documents)
    return [each.version for each in documents if each.sha256 not in kept]


def methods_for(product: Product, house: Organisation, kind: CustomerKind) -> tuple[Method, ...]:
    """Means of payment that somebody of this kind may choose for an order on the web at this house.

    Source: 000-16, 001-12, 001-14, 003-49.
    """
    terms = stack_in_force(product.terms_stack, clock.today())
    with scope(EVERYTHING):  # who bills at the house may stand above it
        return ways_to_pay(product, terms, kind, issuer_for(house))
