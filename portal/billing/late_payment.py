"""What a late payment costs a professional: penalties by half-year and the fixed fee, as pure functions.

Neither is owed by a consumer, neither bears VAT.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path

from portal.errors import Refused
from portal.money import line_net_cents
from portal.wording import N_

_FILE = Path(__file__).parent / "ecb_rates.toml"
_LEGAL = Path(__file__).parent / "legal_interest.toml"
_SEMESTER = re.compile(r"\d{4} S[12]").fullmatch
_KEYS = {"semester", "basis_points", "source", "entered"}


@dataclass(frozen=True)
class EcbRate:
    """The ECB's main refinancing rate on the first day of a half-year, and where it was read."""

    semester: str  # "2025 S2"
    basis_points: int
    source: str
    entered: date


@dataclass(frozen=True)
class Slice:
    """The days late of one half-year; cents are shares of the total, which is rounded once."""

    semester: str
    first_on: date
    last_on: date
    days: int
    rate_basis_points: int  # the ECB's rate and the margin
    cents: int


@dataclass(frozen=True)
class LatePayment:
    """What is owed on top of an invoice paid late, in cents without VAT, and how it was worked out."""

    slices: tuple[Slice, ...]
    penalty_cents: int
    recovery_fee_cents: int

    @property
    def total_cents(self) -> int:
        """Penalties and fixed fee together.

        Source: 003-51, 003-52.
        """
        return self.penalty_cents + self.recovery_fee_cents


def read_ecb_rates(path: Path) -> Mapping[str, EcbRate]:
    """The dated table of rates by half-year; raises ValueError naming the file and what is wrong.

    Source: 003-52; C. com. art. L441-10 II.
    """
    rates: dict[str, EcbRate] = {}
    for row in tomllib.loads(path.read_text()).get("rate", []):
        semester = str(row.get("semester"))
        complete = set(row) == _KEYS and type(row["entered"]) is date and bool(row["source"])
        if not complete or not _SEMESTER(semester) or type(row["basis_points"]) is not int:
            raise ValueError(f"{path.name} : ligne incomplète ou mal formée ({semester})")
        if semester in rates:
            raise ValueError(f"{path.name} : deux taux pour {semester}")
        rates[semester] = EcbRate(**row)
    return rates


@cache
def ecb_rates() -> Mapping[str, EcbRate]:
    """The table kept with the code.

    Source: 003-52.
    """
    return read_ecb_rates(_FILE)


@cache
def lowest_agreed_rates() -> Mapping[str, int]:
    """Three times the legal interest rate, in basis points by half-year: no agreed rate goes below.

    Source: L6, C. com. art. L441-10 II; C. mon. fin. art. L313-2.
    """
    rows = tomllib.loads(_LEGAL.read_text())["rate"]
    return {row["semester"]: 3 * row["basis_points"] for row in rows}


def semester_of(day: date) -> str:
    """The half-year of a day, as the table of rates names it: « 2025 S2 ».

    Source: 003-52; C. com. art. L441-10 II.
    """
    return f"{day.year} S{1 if day.month <= 6 else 2}"


def recovery_fee_cents(due_on: date, on: date, fee_cents: int, *, professional: bool) -> int:
    """The fixed fee for recovery, in cents without VAT, from the first day late; nothing from a consumer.

    due_on: last day for paying. on: day of payment, or today. fee_cents: once per invoice.

    Source: 003-51; L6, C. com. art. D441-5.
    """
    return fee_cents if professional and on > due_on else 0


def agreed_rate(
    semester: str,
    margin_basis_points: int,
    rates: Mapping[str, EcbRate],
    floors: Mapping[str, int] | None = None,
) -> int:
    """The rate of penalties of a half-year, in basis points a year: papers say it, fees are reckoned with it.

    margin_basis_points: added to the ECB's rate. floors: below which an agreed rate does not count.
    Raises Refused when the half-year has no rate, and names it.

    Source: 003-52; L6, C. com. art. L441-10 II; CCP art. R2192-31.
    """
    return max(_rate(rates, semester) + margin_basis_points, (floors or {}).get(semester, 0))


def penalty_slices(
    amount_cents: int,
    due_on: date,
    on: date,
    *,
    margin_basis_points: int,
    rates: Mapping[str, EcbRate],
    professional: bool,
    single_rate: bool = False,
    floors: Mapping[str, int] | None = None,
) -> tuple[Slice, ...]:
    """Penalties for the days late, cut at 30 June and 31 December; nothing from a consumer.

    single_rate: the rate of the half-year in which interest began counts for all days, as public bodies owe
    it. floors: basis points by half-year below which an agreed rate does not count; where one is not known,
    the agreed rate stands.

    amount_cents: VAT included, still owed through all these days. due_on: last day for paying.
    on: day of payment, or today, counted. margin_basis_points: added to the ECB's rate of the half-year.
    A year counts 365 days. The total is rounded once and the slices add up to it.
    Raises Refused when a half-year has no rate, and names it.

    Source: 003-52; L6, C. com. art. L441-10 II; CCP art. R2192-31.
    """
    slices: list[Slice] = []
    weight, total, first = 0, 0, due_on + timedelta(days=1)
    while professional and first <= on:
        half_year = date(first.year, 6, 30) if first.month <= 6 else date(first.year, 12, 31)
        last = on if single_rate else min(half_year, on)
        rate = agreed_rate(semester_of(first), margin_basis_points, rates, floors)
        days = (last - first).days + 1
        weight += rate * days
        so_far = line_net_cents(Decimal(amount_cents * weight) / (10_000 * 365), 1)
        slices.append(Slice(semester_of(first), first, last, days, rate, so_far - total))
        total, first = so_far, last + timedelta(days=1)
    return tuple(slices)


def late_payment(
    amount_cents: int,
    due_on: date,
    on: date,
    *,
    professional: bool,
    rates: Mapping[str, EcbRate],
    margin_basis_points: int,
    fee_cents: int,
    single_rate: bool = False,
    floors: Mapping[str, int] | None = None,
) -> LatePayment:
    """Everything that a late payment adds to an invoice, with its working; nothing from a consumer.

    amount_cents: VAT included. due_on: last day for paying. on: day of payment, or today.
    margin_basis_points, fee_cents: those of the contract, or of the law where it is silent.
    Raises Refused for an amount that is not positive, and when a half-year has no rate.

    Source: 003-51, 003-52; L6, C. com. art. L441-10 II and D441-5.
    """
    if amount_cents <= 0:
        raise Refused(N_("Il n'y a pas de pénalité sur une somme qui n'est pas due."))
    slices = penalty_slices(
        amount_cents,
        due_on,
        on,
        margin_basis_points=margin_basis_points,
        rates=rates,
        professional=professional,
        single_rate=single_rate,
        floors=floors,
    )
    fee = recovery_fee_cents(due_on, on, fee_cents, professional=professional)
    return LatePayment(slices, sum(each.cents for each in slices), fee)


def _rate(rates: Mapping[str, EcbRate], semester: str) -> int:
    if semester not in rates:
        raise Refused(
            N_("Le taux de la BCE du semestre %(semester)s n'est pas saisi : aucun calcul n'est possible."),
            semester=semester,
        )
    return rates[semester].basis_points
