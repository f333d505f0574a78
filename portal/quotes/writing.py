"""Write a quote: its lines at the price of the day, and what the prospect wishes otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.actor import Actor
from portal.catalogue.models import Method, Product
from portal.contracts.amendments import check_condition, check_rank
from portal.customers.models import Customer
from portal.customers.references import own_references
from portal.db import db
from portal.errors import IllegalStep, Refused
from portal.journal import record
from portal.quotes.models import Quote, QuoteLine, QuoteState
from portal.resellers.models import issuer_for
from portal.subscriptions.offered import offered_today
from portal.subscriptions.offers import check_means, check_offer, volume_of
from portal.terms.values import as_json
from portal.wording import N_

MOST_LINES = 40


@dataclass(frozen=True, slots=True)
class Head:
    """What a quote says above its lines.

    valid_until: last Paris day to accept it. starts_on: the day of its orders; None for at once. references:
    the buyer's own (REFERENCES).
    """

    valid_until: date
    starts_on: date | None = None
    remark: str = ""
    references: Mapping[str, str | None] = field(default_factory=dict)

    def columns(self) -> dict[str, Any]:
        own = {"valid_until": self.valid_until, "starts_on": self.starts_on, "remark": self.remark}
        return {**own, **self.references}


def draft_quote(customer: Customer, head: Head, *, by: Actor) -> Quote:
    """A quote without lines yet.

    Raises Refused for days that are over or in the wrong order.
    """
    issuer = issuer_for(customer)
    quote = Quote(
        organisation=customer.organisation,
        customer=customer,
        legal_entity=issuer,
        state=QuoteState.DRAFT,
        number="",
        asked_by_id=by.id,
        **head.columns(),
    )
    check_days(quote)
    quote.begin_chain(quote=quote.uid)
    db.session.add(quote)
    db.session.flush()
    record(quote, "draft", by=by)
    return quote


def check_days(quote: Quote) -> None:
    """Raises Refused beside the field of the day that is wrong."""
    if quote.valid_until < clock.today():
        raise Refused(_("Le dernier jour pour accepter est passé."), field="valid_until")
    if quote.starts_on is not None and quote.starts_on < clock.today():
        raise Refused(_("Le jour de début est passé."), field="starts_on")


def check_draft(quote: Quote) -> None:
    """Raises IllegalStep for one that was sent: a new version takes its place."""
    if quote.state != QuoteState.DRAFT:
        raise IllegalStep(N_("Un devis envoyé ne change plus : faites-en une nouvelle version."))


def change_quote(quote: Quote, head: Head, *, by: Actor) -> None:
    """Raises Refused for days that are over, IllegalStep for a quote that was sent."""
    check_draft(quote)
    for name, value in head.columns().items():
        setattr(quote, name, value)
    check_days(quote)
    record(quote, "change", by=by)


def add_line(
    quote: Quote,
    product: Product,
    quantity: int,
    method: Method,
    *,
    by: Actor,
    volume_gb: int | None = None,
    health_data: bool = False,
) -> QuoteLine:
    """Offer so many units; volume_gb: as a whole, else that of the offer.

    Raises Refused with the clause that keeps this offer, or this means of payment, from this customer.

    Source: 001-01, 001-06, 002-22, 003-02, 000-16, 001-12, 001-14, 003-49.
    """
    check_draft(quote)
    if len(quote.lines) >= MOST_LINES:
        raise Refused(_("Un devis a %(n)d lignes au plus.", n=MOST_LINES), field="product")
    line = QuoteLine(
        organisation=quote.customer.organisation,
        product=product,
        quantity=quantity,
        method=method,
        volume_gb=volume_gb or volume_of(product, quantity),
        health_data=health_data,
        conditions={},
    )
    price_line(line, quote.customer)
    quote.lines.append(line)
    db.session.flush()
    _unagreed(quote)
    record(quote, "add_line", by=by, label=f"{quantity} × {product.name}")
    return line


def price_line(line: QuoteLine, customer: Customer) -> None:
    """Give a line of a draft the price and the terms of today. Raises Refused like :func:`add_line`."""
    product = line.product
    if not product.is_on_sale:
        raise Refused(_("%(product)s n'est plus en vente.", product=product.name), field="product")
    offered = offered_today(customer, product)
    check_offer(customer, product, offered.terms, health_data=line.health_data)
    check_means(product, offered.terms, line.method, customer)
    line.product_name, line.plan, line.terms_stack = product.name, product.plan, product.terms_stack
    line.terms_versions, line.billing_months = offered.terms.versions, product.billing_months
    line.unit_cents, line.price_uid = offered.unit_cents, offered.price_uid
    line.gb_month_cents, line.includes_vat = offered.gb_month_cents, product.price_includes_vat
    line.vat_basis_points = product.vat_basis_points


def remove_line(quote: Quote, line: QuoteLine, *, by: Actor) -> None:
    check_draft(quote)
    record(quote, "remove_line", by=by, label=f"{line.quantity} × {line.product_name}")
    quote.lines.remove(line)
    _unagreed(quote)


def wish(line: QuoteLine, key: str, typed: str, *, by: Actor) -> None:
    """Write a wish of the prospect as a special condition of a line, at the rank that its contract gives it.

    key, typed: of the contract's vocabulary, as for an amendment. Raises Refused where this contract does not
    let special conditions change it, beside ``key`` or ``value``.

    Source: 000-03, 001-03, 003-03, 004-01, 004-02.
    """
    quote = line.quote
    check_draft(quote)
    value = check_condition(line.texts, quote.title, key, typed)
    line.conditions = {**line.conditions, key: {"value": as_json(value.value), "clause": value.clause}}
    _unagreed(quote)
    record(quote, "wish", by=by, key=key, value=str(value.value))


def drop_wish(line: QuoteLine, key: str, *, by: Actor) -> None:
    check_draft(line.quote)
    line.conditions = {name: kept for name, kept in line.conditions.items() if name != key}
    _unagreed(line.quote)
    record(line.quote, "drop_wish", by=by, key=key)


def _unagreed(quote: Quote) -> None:
    """What the provider had agreed to is not this quote any more."""
    quote.conditions_agreed_by, quote.wants_agreement = "", quote.has_conditions


def agree_to_conditions(quote: Quote, *, by: Actor) -> None:
    """The provider, who is bound by them, agrees to the special conditions of a draft.

    Raises Refused where there are none, or somebody has agreed already.

    Source: 004-02.
    """
    check_draft(quote)
    if not quote.wants_agreement:
        raise Refused(_("Ce devis n'a pas de condition particulière à approuver."))
    quote.conditions_agreed_by, quote.wants_agreement = by.label, False
    record(quote, "agree", by=by)


def new_version(quote: Quote, *, by: Actor, days: int) -> Quote:
    """A draft with the same lines and wishes at the prices of the day; days: until its last one."""
    starts_on = quote.starts_on if quote.starts_on and quote.starts_on >= clock.today() else None
    last = clock.today() + timedelta(days)
    copy = draft_quote(quote.customer, Head(last, starts_on, quote.remark, own_references(quote)), by=by)
    copy.replaces_uid = quote.uid
    for line in quote.lines:
        again = add_line(
            copy,
            line.product,
            line.quantity,
            line.method,
            by=by,
            volume_gb=line.volume_gb,
            health_data=line.health_data,
        )
        again.conditions = {key: kept for key, kept in line.conditions.items() if _still_possible(again, key)}
    _unagreed(copy)
    return copy


def _still_possible(line: QuoteLine, key: str) -> bool:
    """A contract that has changed meanwhile may refuse what it let be changed before."""
    try:
        check_rank(line.texts, key, line.texts.find(key))
    except Refused:
        return False
    return True
