"""What a customer may order, by which means, and what it would cost: asked by the form and by the order."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import gettext as _

from portal import clock
from portal.accounts.models import OrganisationKind
from portal.answers.case import Case
from portal.answers.run import answer
from portal.billing.payment_rules import check_method
from portal.billing.rates import known_rates
from portal.billing.rules import Priced, Totals, as_sold, totals
from portal.billing.sale_vat import Sales
from portal.billing.vat import Vat
from portal.cardpay import is_configured
from portal.catalogue.models import Method, Product, list_products
from portal.catalogue.price_lists import PriceList, price_list, selling
from portal.certificates.models import check_health_sale
from portal.customers.models import Customer, CustomerKind
from portal.customers.rules import check_buyer, check_health_data
from portal.db import EVERYTHING, scope
from portal.deadlines import add_months
from portal.errors import Refused
from portal.resellers.models import LegalEntity, issuer_for
from portal.subscriptions.supported import Supported, supported_by
from portal.terms.answered import Answered
from portal.terms.in_force import stack_in_force
from portal.terms.stack import Stack

_PROMISES = ("renewal", "term_ends", "last_notice_day")  # what is said of the contract before it is made
_HOSTING_LAW = "L10, CSP art. L1111-8"  # where the contract says nothing


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as one customer sees it today: how he may pay for it, or the rule that keeps it from him."""

    product: Product
    terms: Stack
    methods: tuple[Method, ...]
    refusal: Refused | None
    prices: PriceList  # of the reseller; its customer never sees it

    @property
    def unit_cents(self) -> int:
        """Today's price of one unit for its billing period, VAT as the product says."""
        return selling(self.prices, self.product, clock.today()).unit_cents

    @property
    def supported(self) -> Supported | None:
        """Systems and sources that its contract names."""
        return supported_by(self.terms)

    def bought_cents(self, quantity: int) -> int | None:
        """What the reseller pays for one of so many units; None where nothing is agreed."""
        return self.prices.wholesale(self.product, quantity, clock.today())


@dataclass(frozen=True, slots=True)
class Quote:
    """What so many units would cost for one billing period, and until when that period and contract run."""

    offer: Offer
    quantity: int
    volume_gb: int | None
    line: Priced  # as it is sold
    vat: Vat
    sums: Totals
    paid_through: date
    promises: tuple[Answered, ...]


def check_offer(customer: Customer, product: Product, terms: Stack, *, health_data: bool) -> None:
    """Is this offer open to this customer? Raises Refused with the clause that says no.

    health_data: is it ordered for health data? They go into an offer that is made for them, under a
    certificate that is valid today, and into no other one.

    Source: 001-01, 001-06, 002-22, 003-02, L10.
    """
    businesses_only = terms.find("customer.businesses_only")
    if businesses_only:
        check_buyer(
            is_consumer=customer.kind == CustomerKind.CONSUMER,
            businesses_only=businesses_only.value,
            clause=businesses_only.clause,
        )
    said = terms.find("health_data.allowed") or terms.find("health_data.needs_signed_order")
    clause = said.clause if said else _HOSTING_LAW
    if product.for_health_data:
        check_health_sale(product.terms_stack, clock.today(), written_on_order=health_data, clause=clause)
    else:
        check_health_data(stores_health_data=health_data, allowed=False, clause=clause)


def check_means(product: Product, terms: Stack, method: Method, customer: Customer) -> None:
    """Raises Refused for a means of payment that the contract does not have for this plan, or this customer.

    Source: 000-16, 001-12, 001-14, 003-49.
    """
    check_way(product, terms, method, kind=customer.kind, issuer=issuer_for(customer))


def check_way(
    product: Product,
    terms: Stack,
    method: Method,
    *,
    kind: CustomerKind | None = None,
    issuer: LegalEntity | None = None,
) -> None:
    """The same for somebody who is no customer yet; issuer: who would bill her. None: it is not known.

    Only a public body pays through a public accountant. By card pays who is billed by the provider itself,
    where a gateway is set up and the contract names cards.

    Source: 000-16, 001-12, 001-14, 003-49.
    """
    if method == Method.ADMINISTRATIVE_MANDATE and kind not in (None, CustomerKind.PUBLIC_BODY):
        raise Refused(_("Seul un organisme public paie par mandat administratif."), field="method")
    allowed = terms.find(f"plan.{product.plan.value}.payment_methods") or terms.find("payment.methods")
    if allowed:
        check_method(method.value, allowed.value, allowed.clause)
    if method == Method.DIRECT_DEBIT and issuer is not None and not issuer.ics:
        raise Refused(_("%(name)s n'a pas d'ICS et ne prélève personne.", name=issuer.name), field="method")
    if method == Method.CARD and not (allowed and _takes_cards(issuer)):
        raise Refused(_("Le paiement par carte n'est pas proposé ici."), field="method")


def _takes_cards(issuer: LegalEntity | None) -> bool:
    """The gateway pays into one account, which is the provider's."""
    if issuer is None:
        return is_configured()
    with scope(EVERYTHING):  # the issuer's node lies above who is asking
        ours = issuer.organisation.kind == OrganisationKind.PROVIDER
    return ours and is_configured()


def ways_to_pay(
    product: Product, terms: Stack, kind: CustomerKind, issuer: LegalEntity
) -> tuple[Method, ...]:
    """Every means that :func:`check_way` lets pass, in the order of the forms."""
    return tuple(method for method in Method if _passes(product, terms, method, kind, issuer))


def _passes(product: Product, terms: Stack, method: Method, kind: CustomerKind, issuer: LegalEntity) -> bool:
    try:
        check_way(product, terms, method, kind=kind, issuer=issuer)
    except Refused:
        return False
    return True


def offer_of(customer: Customer, product: Product, health_data: bool, prices: PriceList) -> Offer:
    terms = stack_in_force(product.terms_stack, clock.today())
    methods = ways_to_pay(product, terms, customer.kind, issuer_for(customer))
    try:
        check_offer(customer, product, terms, health_data=health_data)
        selling(prices, product, clock.today())
        if not methods:
            check_means(product, terms, Method.WIRE, customer)
    except Refused as refusal:
        return Offer(product, terms, methods, refusal, prices)
    return Offer(product, terms, methods, None, prices)


def offers_for(customer: Customer, *, health_data: bool) -> list[Offer]:
    """Everything on sale, for this customer. health_data: is it to hold health data?"""
    prices = price_list(customer.reseller_id)
    return [offer_of(customer, product, health_data, prices) for product in list_products()]


def quote(
    customer: Customer, offer: Offer, quantity: int, volume_gb: int | None, *, outside_eu: bool = False
) -> Quote:
    """The price of an order placed today; volume_gb: as the order says, else that of the offer (002-03).

    outside_eu: the customer declares to be outside the Union. Raises Refused where its VAT cannot be said.
    """
    product, today = offer.product, clock.today()
    line = Priced(
        product.name, quantity, offer.unit_cents, product.price_includes_vat, product.vat_basis_points
    )
    vat = Sales(issuer_for(customer), today).vat_of(customer, [line], declared=outside_eu)
    line = as_sold(line, vat)
    through = add_months(today, product.billing_months) - timedelta(days=1)
    return Quote(
        offer,
        quantity,
        volume_gb or volume_of(product, quantity),
        line,
        vat,
        totals([line]),
        through,
        _promises(customer, offer, quantity, through),
    )


def volume_of(product: Product, quantity: int) -> int | None:
    """What so many units pay for, in GB; None where volume is not priced."""
    return product.included_gb * quantity if product.included_gb else None


def _promises(
    customer: Customer, offer: Offer, quantity: int, through: date, wanted: Collection[str] = _PROMISES
) -> tuple[Answered, ...]:
    """What the engine says of a contract that begins today; nothing where it cannot be asked."""
    product, today, cents = offer.product, clock.today(), quantity * offer.unit_cents
    try:
        outcome = answer(
            Case(
                stack=offer.terms,
                customer=customer.kind.value,
                plan=product.plan.value,
                started_on=today,
                monthly_fee_cents=cents // product.billing_months,
                as_of=today,
                paid_through=through,
                billing_months=product.billing_months,
                billing_cents=cents,
                includes_vat=product.price_includes_vat,
                rates=known_rates(),
            )
        )
    except Refused:
        return ()
    found = (outcome.find(name) for name in wanted)
    return tuple(each for each in found if each is not None)
