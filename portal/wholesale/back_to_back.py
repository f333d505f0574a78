"""What a contract promises a customer beyond the one under which its reseller buys, as pure functions."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from portal.answers.case import Case, leave
from portal.answers.outcome import Outcome
from portal.answers.rules.consumers import used_share_cents
from portal.deadlines import add_months
from portal.errors import Refused
from portal.simulator.run import simulate
from portal.terms.answered import Answered, answered
from portal.terms.stack import Stack
from portal.terms.values import Value

_RESELLER, _CONSUMER = "business", "consumer"  # kinds of customers
_LEAVES_AFTER = 3  # of a year: the example of a customer who leaves after its first months
_NOT_LEVELS = ("example", "durability", "measured", "iops")
# What the customer may count on longer than the reseller, and what she gets sooner than it does.
_LONGER = ("reversibility.window_days", "price.revision_notice_months")
_SOONER = ("reversibility.delivery_days", "reversibility.delivery_business_days")


@dataclass(frozen=True, slots=True)
class Sale:
    """What is sold, and bought for it, in cents of a billing period without VAT.

    bought_cents: None where no price is agreed. starts_on: Paris day.
    """

    customer: str  # its kind
    plan: str
    billing_months: int
    sold_cents: int
    bought_cents: int | None
    starts_on: date


@dataclass(frozen=True, slots=True)
class Wider:
    """One promise to the customer that the purchase does not cover; bought: None where it is silent.

    cents: what the reseller bears in the example of the page; None where nothing can be priced.
    """

    topic: str  # of portal.words.promises
    sold: Answered
    bought: Answered | None
    cents: int | None = None


def wider(bought: Stack, sold: Stack, sale: Sale) -> list[Wider]:
    """What ``sold`` promises beyond ``bought``; nothing where both are the same documents.

    Source: C. civ. art. 1103, 1199 (each contract binds its own parties only).
    """
    if bought.values == sold.values:
        return []
    found = [*_ends(bought, sold, sale), *_levels(bought, sold)]
    return [*found, *_liability(bought, sold, sale), *_values(bought, sold)]


def _ask(terms: Stack, sale: Sale, customer: str) -> Outcome | None:
    """The engine's answers for a customer of a kind who leaves; None where these terms cannot say."""
    gives_notice = leaves_on(sale)
    paid = add_months(sale.starts_on, sale.billing_months) - timedelta(1)
    try:
        return simulate(
            Case(
                stack=terms,
                customer=customer,
                plan=sale.plan,
                started_on=sale.starts_on,
                monthly_fee_cents=sale.sold_cents // sale.billing_months,
                as_of=gives_notice,
                events=(leave(gives_notice, "none"),),
                paid_through=max(paid, gives_notice),
                billing_months=sale.billing_months,
                billing_cents=sale.sold_cents,
                includes_vat=False,
            )
        )
    except Refused:
        return None


def leaves_on(sale: Sale) -> date:
    """The Paris day of the notice in the example."""
    return add_months(sale.starts_on, max(1, 12 // _LEAVES_AFTER))


def _ends(bought: Stack, sold: Stack, sale: Sale) -> Iterator[Wider]:
    ours, theirs = _ask(bought, sale, _RESELLER), _ask(sold, sale, sale.customer)
    if ours is None or theirs is None:
        return
    before, after = _days(ours), _days(theirs)
    if (late := after.get("last_notice_day")) and (own := before.get("last_notice_day")) and late.on > own.on:
        yield Wider("notice", late, own)
    end, own_end = after.get("contract_ends"), before.get("contract_ends")
    if end and own_end and end.on < own_end.on:
        yield Wider("end", end, own_end, _borne(sale, end.on, own_end.on))
    if end and own_end and (kept := after.get("data_erased")):
        own_kept = before.get("data_erased")
        if own_kept is None or kept.on - end.on > own_kept.on - own_end.on:
            yield Wider("retention", kept, own_kept)


def _days(outcome: Outcome) -> dict[str, Answered]:
    found: dict[str, Answered] = {}
    for each in outcome.calendar:
        if each.sources and isinstance(each.value, date):
            found.setdefault(each.what, each)
    return found


def _borne(sale: Sale, first: date, last: date) -> int | None:
    """What is bought for days that are sold no more, counted by days as a price is."""
    if sale.bought_cents is None:
        return None
    period = (add_months(sale.starts_on, sale.billing_months) - sale.starts_on).days
    return used_share_cents(sale.bought_cents, (last - first).days, period)


def _levels(bought: Stack, sold: Stack) -> Iterator[Wider]:
    """The service levels that are higher, or that the purchase does not promise at all."""
    levels = {key: value for key, value in sold.values.items() if _is_level(key)}
    more = [value for key, value in levels.items() if _is_higher(value, bought.find(key))]
    if more:
        own = [value for each in more if (value := bought.find(each.key)) is not None]
        yield Wider("availability", answered("promise", None, *more), _said(*own))


def _is_level(key: str) -> bool:
    is_percent = key.startswith("sla.") and key.endswith("percent")
    return is_percent and not any(word in key for word in _NOT_LEVELS)


def _is_higher(value: Value, own: Value | None) -> bool:
    return own is None or float(value.value) > float(own.value)


def _said(*values: Value) -> Answered | None:
    return answered("promise", None, *values) if values else None


def liability_cap(terms: Stack, yearly_cents: int) -> tuple[int | None, list[Value]]:
    """The most that a contract makes its provider owe, with its values; None where nothing caps it.

    yearly_cents: what the contract costs in a year, without VAT. The lowest of its caps counts.

    Source: 000-50, 001-35, 003-35, 004-22, 004-26.
    """
    caps: list[tuple[int, Value]] = []
    for key, cents in (
        ("liability.cap_annual_fees", yearly_cents),
        ("liability.cap_hosting_months", yearly_cents // 12),
        ("liability.cap_paid_months", yearly_cents // 12),
    ):
        if (value := terms.find(key)) is not None:
            caps.append((value.value * cents, value))
    if (share := terms.find("liability.cap_share_of_cashed_basis_points")) is not None:
        caps.append((yearly_cents * share.value // 10_000, share))
    lowest = min((cents for cents, _value in caps), default=None)
    return lowest, [value for cents, value in caps if cents == lowest]


def _liability(bought: Stack, sold: Stack, sale: Sale) -> Iterator[Wider]:
    own, own_values = liability_cap(bought, (sale.bought_cents or 0) * 12 // sale.billing_months)
    cap, values = liability_cap(sold, sale.sold_cents * 12 // sale.billing_months)
    if sale.customer == _CONSUMER:  # no cap counts against her (L9)
        cap = None
    if own is None or sale.bought_cents is None:
        return
    if cap is None:
        yield Wider("liability", answered("promise", None), answered("promise", own, *own_values))
    elif cap > own and {v.key: v.value for v in values} != {v.key: v.value for v in own_values}:
        yield Wider(
            "liability", answered("promise", cap, *values), answered("promise", own, *own_values), cap - own
        )


def _values(bought: Stack, sold: Stack) -> Iterator[Wider]:
    for key in (*_LONGER, *_SOONER):
        value, own = sold.find(key), bought.find(key)
        if value is None:
            continue
        more = own is None or (value.value > own.value if key in _LONGER else value.value < own.value)
        if more:
            yield Wider(key, answered("promise", None, value), _said(*filter(None, [own])))
