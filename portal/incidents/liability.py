"""Caps on the provider's liability, and a term that force majeure makes longer."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from portal.errors import Refused
from portal.incidents.instants import utc
from portal.money import line_net_cents
from portal.wording import N_

NOT_AGAINST_CONSUMERS = N_("Un plafond de responsabilité n'est pas opposable à un consommateur.")
NOT_FOR_GROSS_FAULT = N_("Aucun plafond ne s'applique à une faute lourde ou à une atteinte aux personnes.")


class Basis(StrEnum):
    """What a cap is counted on."""

    ANNUAL_FEE = "annual_fee"
    HALF_CASHED = "half_cashed"
    LAST_MONTH = "last_month"
    LOSS = "loss"
    BELOW_THRESHOLD = "below_threshold"
    HOSTING_MONTH = "hosting_month"
    PAID_MONTHS = "paid_months"
    NONE = "none"


@dataclass(frozen=True)
class LiabilityCap:
    """The most that may be owed, in cents; None when no cap applies, and then the reason in words."""

    cents: int | None
    basis: Basis
    reason: str = ""


def annual_fee_cap(annual_fee_cents: int, *, consumer: bool, gross_fault: bool) -> LiabilityCap:
    """The yearly fee of the subscription, as a cap; none against a consumer.

    annual_fee_cents: what the customer pays for a year. gross_fault: the contracts say nothing of it, the
    law lifts the cap.

    Source: 000-50, 001-35; L9, C. conso. R212-1, C. civ. art. 1231-3.
    """
    return _unless(consumer, gross_fault, annual_fee_cents, Basis.ANNUAL_FEE)


def general_cap(
    *,
    cashed_cents: int,
    cashed_share_basis_points: int,
    last_month_cents: int,
    months: int,
    loss_cents: int,
    threshold_cents: int,
    consumer: bool,
    gross_fault: bool,
) -> LiabilityCap:
    """The lowest of a share of what was cashed, so many times the last month, and the direct loss.

    cashed_cents: cashed without VAT in the 12 months before the event; cashed_share_basis_points: 5000 for
    half of it. last_month_cents: last month of the faulty service alone; months: times it counts.
    loss_cents: direct loss; below threshold_cents nothing is owed, from it on the whole loss up to the cap.
    gross_fault: gross fault or harm to persons. Not for a cause that service credits already cover.

    Source: 003-35, 003-36; L9, C. conso. R212-1.
    """
    candidates = [
        (line_net_cents(Decimal(cashed_share_basis_points).scaleb(-4), cashed_cents), Basis.HALF_CASHED),
        (line_net_cents(months, last_month_cents), Basis.LAST_MONTH),
        (loss_cents, Basis.LOSS),
    ]
    cents, basis = min(candidates, key=_amount)
    if loss_cents < threshold_cents:
        cents, basis = 0, Basis.BELOW_THRESHOLD
    return _unless(consumer, gross_fault, cents, basis)


def hosting_caps(
    *, monthly_hosting_cents: int, months: int, paid_cents: int, consumer: bool, gross_fault: bool
) -> tuple[LiabilityCap, LiabilityCap]:
    """The two caps that the same contract prints, in its order; a person chooses, the software does not.

    monthly_hosting_cents: hosting fee of a month; months: how many the first cap allows.
    paid_cents: paid for the obligation in the months before the event that the second cap names.
    gross_fault: lifts the first cap; the second one says nothing of it, and the law lifts it too.

    Source: 004-22, 004-26; L9, C. conso. R212-1.
    """
    return (
        _unless(consumer, gross_fault, line_net_cents(months, monthly_hosting_cents), Basis.HOSTING_MONTH),
        _unless(consumer, gross_fault, paid_cents, Basis.PAID_MONTHS),
    )


def extended_end(ends_at: datetime, unavailable: Iterable[tuple[datetime, datetime]]) -> datetime:
    """The end of a fixed-term order, later by the time for which its resources could not be had.

    unavailable: start and end of each outage of force majeure; they do not overlap.
    Raises Refused for an outage that ends before it starts.

    Source: 003-37.
    """
    end = utc(ends_at)
    for first, last in unavailable:
        if utc(last) < utc(first):
            raise Refused(N_("Une interruption ne peut pas finir avant d'avoir commencé."))
        end += utc(last) - utc(first)
    return end


def _amount(candidate: tuple[int, Basis]) -> int:
    return candidate[0]


def _unless(consumer: bool, gross_fault: bool, cents: int, basis: Basis) -> LiabilityCap:
    if consumer:
        return LiabilityCap(None, Basis.NONE, NOT_AGAINST_CONSUMERS)
    if gross_fault:
        return LiabilityCap(None, Basis.NONE, NOT_FOR_GROSS_FAULT)
    return LiabilityCap(cents, basis)
