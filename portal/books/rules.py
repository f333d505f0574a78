"""How an invoiced amount is spread over the days that it was invoiced for."""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from typing import NamedTuple

from portal.answers.rules.consumers import used_share_cents


class Stretch(NamedTuple):
    """A part of an invoiced line and its days. cents: its weight; below zero for days taken back.

    ends_on: first day that is not of it.
    """

    cents: int
    starts_on: date
    ends_on: date


class Spread(NamedTuple):
    """Cents without VAT: what is earned at the end of a day, and what is deferred beyond it."""

    earned: int
    deferred: int


class Credited(NamedTuple):
    """What credit notes took back of a line, in cents above zero.

    evenly: of all its days (a mistake, a gesture). unused: of the days after an end, which come last.
    at_once: for what lies behind (a service credit), whatever the days of this line are.
    """

    evenly: int = 0
    unused: int = 0
    at_once: int = 0


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Whole cents by weight that add up to the total; what rounding leaves goes to the largest remainders.

    total, weights: cents. Weights may be below zero; where they come to nothing, the first takes all.

    Source: EN 16931 (a document's parts come to its total).
    """
    whole = sum(weights)
    if not whole:
        return [total, *[0] * (len(weights) - 1)]
    exact = [Fraction(total * weight, whole) for weight in weights]
    parts = [share.__floor__() for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda n: (parts[n] - exact[n], n))
    for n in by_remainder[: total - sum(parts)]:
        parts[n] += 1
    return parts


def earned_cents(cents: int, starts_on: date, ends_on: date, on: date) -> int:
    """What of an amount is earned at the end of a day: its days so far, the day included, rounded down.

    Counted as the contract counts the days of a period that is used in part. ends_on: first day that is not
    of it. An amount without days is earned at once.

    Source: PCG art. 944-48 (account 487); L1 (C. conso L221-25), 004-35 (a price counts by days).
    """
    days = (ends_on - starts_on).days
    done = min(max((on + timedelta(1) - starts_on).days, 0), days)
    if days <= 0:
        return cents
    return used_share_cents(cents, done, days) if cents >= 0 else -used_share_cents(-cents, done, days)


def spread(net_cents: int, stretches: Sequence[Stretch], credited: Credited, on: date) -> Spread:
    """What of an invoiced line is earned at the end of a day; the rest, less what was credited, is deferred.

    net_cents: of the line, without VAT. stretches: its days, one at least. Both results always come to
    net_cents less all that was credited.

    Source: PCG art. 944-48; C. com. art. L123-21 (only what is realised is a profit).
    """
    rest = net_cents - credited.evenly
    parts = allocate(rest, [each.cents for each in stretches])
    done = sum(
        earned_cents(cents, each.starts_on, each.ends_on, on)
        for cents, each in zip(parts, stretches, strict=True)
    )
    left = rest - credited.unused
    earned = min(done, left)
    return Spread(earned - credited.at_once, left - earned)
