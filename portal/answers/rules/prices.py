"""From which day a new price applies to one subscription."""

from datetime import date, timedelta

from portal.answers.rules.periods import period_at
from portal.billing.rules import earliest_price_change


def first_day_of_new_price(
    anchor: date,
    months: int,
    *,
    billed_before: date,
    effective_on: date,
    told_on: date,
    notice_months: int,
    kept_through: date | None,
) -> date:
    """First day of the first period at the new price: a period begun keeps the price it began with.

    anchor: first day of the contract. months: length of a billed period. billed_before: first day that no
    charge covers. effective_on: the day chosen for the new price. told_on: Paris day of the e-mail.
    notice_months: notice of the contract. kept_through: last day of the price kept from the order, if any.

    Source: 000-23, 000-26.
    """
    locked = kept_through + timedelta(days=1) if kept_through else effective_on
    bound = max(billed_before, effective_on, earliest_price_change(told_on, notice_months), locked)
    period = period_at(anchor, months, bound)
    return period.starts_on if period.starts_on >= bound else period.ends_on
