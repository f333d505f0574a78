"""What a wish to change a subscription leads to today: the page that shows it and the act that does it read
it here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.answers.growth import growth_of
from portal.answers.state import State
from portal.billing.rules import GridStep, Priced, Totals, as_sold, totals
from portal.billing.sale_vat import Sales
from portal.billing.vat import Vat
from portal.catalogue.models import Method, Product
from portal.catalogue.price_lists import price_list, selling
from portal.changes.lengths import length_wanted, months_of
from portal.changes.rules import Piece, begun_anew, first_period_from, pieces
from portal.db import db
from portal.deadlines import add_months
from portal.engine.models import Vault
from portal.errors import Refused
from portal.i18n import plain_day
from portal.licensing.models import ActivationKey
from portal.licensing.rules import seats_for
from portal.subscriptions.case import bare_case
from portal.subscriptions.changes import ChangeKind, SubscriptionChange, billed_from
from portal.subscriptions.models import Subscription
from portal.subscriptions.offers import check_offer
from portal.subscriptions.renewals import renewal_of
from portal.subscriptions.termination import Notice, work_out
from portal.terms.values import Value

BYTES_PER_GB = 10**9


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for. unit_cents: agreed for a volume, for one unit and period; None: as listed."""

    kind: ChangeKind
    quantity: int | None = None
    volume_gb: int | None = None
    unit_cents: int | None = None
    product: Product | None = None
    at_once: bool = True
    method: Method | None = None  # with another length; None: as it is


@dataclass(frozen=True)
class Plan:
    """What follows from a wish; computed, never stored as such. Amounts in cents, VAT as the subscription's.

    coming, extra: with the VAT of today; None where there is nothing to pay, or its VAT cannot be said.
    """

    wish: Wish
    effective_on: date
    before: dict[str, Any]
    after: dict[str, Any]
    pieces: list[Piece]
    clauses: tuple[str, ...]
    committed_until: date | None
    signature: Value | None  # the clause that asks for the customer's
    coming: Totals | None
    extra: Totals | None
    machines_above: int  # active ones that would have no seat

    @property
    def charge_cents(self) -> int:
        return sum(piece.cents for piece in self.pieces)

    @property
    def costs_more(self) -> bool:
        """Does whoever confirms it owe more than before? Said on the button: C. conso L221-14."""
        return self.charge_cents > 0 or _price(self.after) > _price(self.before)

    @property
    def seen(self) -> str:
        """What a person has read before she agrees: another day or amount asks her again."""
        price = self.after["unit_cents"]
        return f"{self.effective_on}:{self.charge_cents}:{self.after['quantity']}:{price}"


def state_of(subscription: Subscription) -> dict[str, Any]:
    """What a change may change, in JSON's own types."""
    return {
        "quantity": subscription.quantity,
        "volume_gb": subscription.volume_gb,
        "unit_cents": subscription.unit_cents,
        "product": subscription.product.uid,
        "product_name": subscription.product_name,
        "plan": subscription.plan.value,
        "billing_months": subscription.billing_months,
        "method": subscription.method.value,
    }


def plan_change(subscription: Subscription, wish: Wish, *, but: SubscriptionChange | None = None) -> Plan:
    """Day, price and commitment of a wish, if it were agreed today.

    More counts from today, or from the next period; where the contract prices a larger scope, from the day
    that it gives. Less is a notice for a part: it counts from the end that a notice of today would have.
    but: the change itself, where it is planned again. Raises Refused beside the field that it is about.

    Source: 000-13, 000-14, 001-11, 001-13, 001-17, 004-35, 004-36.
    """
    _check_open(subscription, but)
    before = state_of(subscription)
    after = {**before, **_wanted(subscription, wish)}
    if after == before:
        raise Refused(_("Rien ne change : c'est ce qui est déjà prévu."), field=_FIELDS[wish.kind])
    difference = _price(after) - _price(before)
    larger = _is_larger(before, after, difference)
    if wish.kind == ChangeKind.LENGTH:
        larger = months_of(subscription, after["plan"]) > months_of(subscription, before["plan"])
    if not larger:
        _check_in_use(subscription, after)
    growth = growth_of(_today(subscription), clock.today()) if _is_scope(before, after) else None
    terms = subscription.present_terms
    clauses: tuple[str, ...] = ()
    committed_until = None
    if not larger:
        effective_on, clauses = _less_from(subscription)
    elif growth is not None and larger:
        effective_on = growth.price_from_on
        clauses = (terms.get("price.growth_applies").clause,)
        again = terms.find("price.growth_recommits")
        committed_until = growth.committed_until_on if again and again.value else None
    else:
        effective_on = clock.today() if wish.at_once else _next(subscription)
        said = terms.find("price.overuse") or terms.find("billing.from")
        clauses = (said.clause,) if said else ()
    if wish.kind == ChangeKind.LENGTH:
        clauses = (terms.get(f"plan.{after['plan']}.period_months").clause, *clauses)[:2]
        if larger:
            committed_until = add_months(effective_on, months_of(subscription, after["plan"]))
    owed = _owed(subscription, wish, before, after, effective_on)
    form = terms.find("amendment.form")
    return Plan(
        wish,
        effective_on,
        before,
        after,
        list(owed),
        clauses,
        committed_until,
        form if form is not None and form.value == "signed_writing" else None,
        _sums(subscription, _price(after)),
        _sums(subscription, sum(piece.cents for piece in owed)),
        machines_above(subscription, after["quantity"]),
    )


_FIELDS = {
    ChangeKind.SEATS: "quantity",
    ChangeKind.VOLUME: "volume_gb",
    ChangeKind.PLAN: "product",
    ChangeKind.LENGTH: "length",
}


def _owed(
    subscription: Subscription,
    wish: Wish,
    before: Mapping[str, Any],
    after: Mapping[str, Any],
    effective_on: date,
) -> Sequence[Piece]:
    anchor, months = billed_from(subscription, effective_on)
    billed = subscription.billed_before
    if wish.kind != ChangeKind.LENGTH:
        more = max(_price(after) - _price(before), 0)
        return pieces(anchor, months, effective_on=effective_on, billed_before=billed, difference_cents=more)
    if effective_on > clock.today() or not wish.at_once:
        return []  # it waits for its day, on which a period ends
    if billed < effective_on:
        raise Refused(
            _("La période en cours n'est pas encore facturée : changez à l'échéance."), field="when"
        )
    found = begun_anew(
        anchor,
        months,
        effective_on=effective_on,
        billed_before=billed,
        period_cents=_price(before),
        new_months=after["billing_months"],
        new_cents=_price(after),
    )
    if sum(piece.cents for piece in found) <= 0:
        raise Refused(_("Les jours déjà facturés valent davantage : changez à l'échéance."), field="when")
    return found


def _is_scope(before: Mapping[str, Any], after: Mapping[str, Any]) -> bool:
    """Does what the contract calls its scope grow? More machines in the same volume do not."""
    return bool((after["volume_gb"] or 0) > (before["volume_gb"] or 0))


def _price(said: Mapping[str, Any]) -> int:
    return int(said["quantity"] * said["unit_cents"])


def _is_larger(before: Mapping[str, Any], after: Mapping[str, Any], difference: int) -> bool:
    grown = (after["volume_gb"] or 0) - (before["volume_gb"] or 0)
    more = after["quantity"] - before["quantity"]
    return difference > 0 or (difference == 0 and (grown > 0 or more > 0))


def _today(subscription: Subscription) -> State:
    state = State(bare_case(subscription))
    state.move_to(max(clock.today(), subscription.started_on))
    return state


def _next(subscription: Subscription) -> date:
    """First day of the first period that has neither begun nor been billed."""
    day = max(subscription.billed_before, clock.today())
    return first_period_from(*billed_from(subscription, day), day)


def _less_from(subscription: Subscription) -> tuple[date, tuple[str, ...]]:
    """From when less may be paid, with the clauses of the notice."""
    result = work_out(subscription, Notice(clock.today()))
    ends = result.outcome.find("contract_ends")
    day = max(result.ends_on, subscription.billed_before)
    effective_on = first_period_from(*billed_from(subscription, day), day)
    return effective_on, tuple(ends.clauses) if ends else ()


def _check_open(subscription: Subscription, but: SubscriptionChange | None) -> None:
    """Raises Refused with what keeps this subscription from being changed now."""
    if subscription.is_over or subscription.state == "withdrawn":
        raise Refused(_("Cet abonnement est terminé."))
    if subscription.ends_on is not None:
        sentence = _("Une résiliation est en cours : ce contrat finit le %(day)s et ne change plus.")
        raise Refused(sentence % {"day": plain_day(subscription.ends_on)})
    if subscription.suspended_on is not None:
        clause = subscription.suspended_clause or _("mise en demeure restée sans effet")
        raise Refused(_("Cet abonnement est suspendu (%(clause)s) : il ne change pas.", clause=clause))
    asked = renewal_of(subscription)
    if asked is not None:
        sentence = _("La pro forma %(number)s attend son paiement : changez une fois la période payée.")
        raise Refused(sentence % {"number": asked.number})
    waiting = next((each for each in subscription.changes if each.is_open and each is not but), None)
    if waiting is not None:
        sentence = _("Un changement attend déjà, pour le %(day)s : annulez-le d'abord.")
        raise Refused(sentence % {"day": plain_day(waiting.effective_on)})


def _wanted(subscription: Subscription, wish: Wish) -> dict[str, Any]:
    if wish.kind == ChangeKind.SEATS:
        return _seats(subscription, wish.quantity)
    if wish.kind == ChangeKind.VOLUME:
        return _volume(subscription, wish)
    if wish.kind == ChangeKind.LENGTH:
        return length_wanted(subscription, wish.product, wish.method)
    return _edition(subscription, wish.product)


def _seats(subscription: Subscription, quantity: int | None) -> dict[str, Any]:
    if quantity is None:
        raise Refused(_("Indiquez une quantité, en chiffres."), field="quantity")
    included = subscription.product.included_gb
    if included and subscription.volume_gb == included * subscription.quantity:
        return {"quantity": quantity, "volume_gb": included * quantity}
    return {"quantity": quantity}


def _volume(subscription: Subscription, wish: Wish) -> dict[str, Any]:
    if subscription.volume_gb is None or subscription.gb_month_cents is not None:
        raise Refused(_("Ce contrat ne fixe pas de volume."), field="volume_gb")
    if wish.volume_gb is None:
        raise Refused(_("Un nombre de Go, au moins 1."), field="volume_gb")
    unit = wish.unit_cents if wish.unit_cents is not None else _listed(subscription, wish.volume_gb)
    if unit is None:
        raise Refused(_("La grille tarifaire ne va pas jusque là : indiquez le prix convenu."), field="price")
    floor = price_list(subscription.customer.reseller_id).floor(subscription.product, clock.today())
    if wish.unit_cents is not None and floor is not None and unit < floor:
        raise Refused(_("Ce prix est inférieur au prix plancher du fournisseur."), field="price")
    return {"volume_gb": wish.volume_gb, "unit_cents": unit}


def _listed(subscription: Subscription, volume_gb: int) -> int | None:
    """The public price list's, for one unit; never less than now for more volume."""
    grid = [GridStep(row.up_to_gb, row.cents) for row in subscription.product.volume_prices]
    reached = [each.cents for each in sorted(grid, key=lambda each: each.up_to) if volume_gb <= each.up_to]
    if not reached:
        return None
    listed = reached[0] // subscription.quantity
    return max(listed, subscription.unit_cents) if volume_gb > (subscription.volume_gb or 0) else listed


def editions_for(subscription: Subscription) -> list[Product]:
    """Other offers on sale under the same contract, for the same length and billing."""
    query = select(Product).where(
        Product.is_on_sale,
        Product.id != subscription.product_id,
        Product.terms_stack == subscription.terms_stack,
        Product.plan == subscription.plan,
        Product.billing_months == subscription.billing_months,
        Product.price_includes_vat == subscription.includes_vat,
        Product.has_keys == subscription.product.has_keys,
        Product.gb_month_cents.is_(None),
    )
    return list(db.session.scalars(query.order_by(Product.name, Product.id)))


def _edition(subscription: Subscription, product: Product | None) -> dict[str, Any]:
    if product is None or product not in editions_for(subscription):
        raise Refused(_("Choisissez une offre du même contrat et de la même durée."), field="product")
    customer, quantity = subscription.customer, subscription.quantity
    check_offer(customer, product, subscription.present_terms, health_data=subscription.health_data)
    price = selling(price_list(customer.reseller_id), product, clock.today())
    volume = product.included_gb * quantity if product.included_gb else subscription.volume_gb
    return {
        "product": product.uid,
        "product_name": product.name,
        "unit_cents": price.unit_cents,
        "volume_gb": volume,
    }


def keys_in_force(subscription: Subscription) -> list[ActivationKey]:
    query = select(ActivationKey).where(
        ActivationKey.source_uid == subscription.order_uid,
        ActivationKey.customer_id == subscription.customer_id,
        ActivationKey.revoked_at.is_(None),
    )
    return list(db.session.scalars(query.order_by(ActivationKey.id)))


def seats_of(subscription: Subscription, quantity: int) -> int:
    """Machines that so many units may activate (000-58)."""
    copies = subscription.present_terms.find("seats.archive_copies")
    return seats_for(quantity, copies.value if copies else 0).active


def machines_above(subscription: Subscription, quantity: int) -> int:
    """Active machines that so many units leave without a seat: the latest lose theirs after the grace.

    Source: 000-58, 002-18.
    """
    used = sum(key.seats_used for key in keys_in_force(subscription))
    return max(used - seats_of(subscription, quantity), 0) if used else 0


def _check_in_use(subscription: Subscription, after: Mapping[str, Any]) -> None:
    """Raises Refused for less volume than is stored; of seats, see :func:`machines_above`."""
    query = select(func.sum(Vault.bytes_stored)).where(Vault.subscription_uid == subscription.uid)
    stored = int(db.session.scalar(query) or 0) // BYTES_PER_GB
    if after["volume_gb"] is not None and stored > after["volume_gb"]:
        sentence = _("%(n)d Go sont déjà stockés : le volume ne peut pas être plus petit.", n=stored)
        raise Refused(sentence, field="volume_gb")


def _sums(subscription: Subscription, cents: int) -> Totals | None:
    """An amount with the VAT that its invoice will bear, decided as for a sale of today."""
    if cents <= 0:
        return None
    line = Priced("", 1, cents, subscription.includes_vat, subscription.vat_basis_points)
    try:
        vat = Sales(subscription.legal_entity, clock.today()).vat_of(subscription.customer, [line])
    except Refused:  # the rate of a state is missing: the run will ask
        vat = Vat(0, "O", "", "", "")
    return totals([as_sold(line, vat)])
