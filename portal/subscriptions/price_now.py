"""What a subscription's next period costs with the VAT of today, decided as its invoice decides it."""

from typing import NamedTuple

from portal import clock
from portal.billing.rules import Totals, as_sold, totals
from portal.billing.sale_vat import Sales
from portal.billing.vat import Vat
from portal.errors import Refused
from portal.subscriptions.models import Subscription


class SoldNow(NamedTuple):
    """vat: None where it cannot be said, because the rate of a state is missing; the sums then bear none."""

    vat: Vat | None
    sums: Totals
    why: Refused | None = None


def sold_now(subscription: Subscription) -> SoldNow:
    """Source: 000-24, 000-31, 000-32, 000-33."""
    line = subscription.priced("")
    try:
        vat = Sales(subscription.legal_entity, clock.today()).vat_of(subscription.customer, [line])
    except Refused as refusal:
        return SoldNow(None, totals([as_sold(line, Vat(0, "O", "", "", ""))]), refusal)
    return SoldNow(vat, totals([as_sold(line, vat)]))
