"""Amounts and due dates of invoices, as pure functions."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from portal.billing.vat import Vat
from portal.deadlines import add_months, end_of_month
from portal.errors import Refused
from portal.money import line_net_cents, split_gross, vat_of
from portal.wording import N_

# C. com. art. L441-10 I.
LONGEST_TERM_DAYS = 60
LONGEST_END_OF_MONTH_DAYS = 45


@dataclass(frozen=True)
class Priced:
    """One line to bill: a quantity at a unit price, with or without VAT inside.

    vat_basis_points: of the sale; before that is decided, what a price with VAT has inside.
    category: of EN 16931.
    """

    label: str
    quantity: int
    unit_cents: int
    includes_vat: bool
    vat_basis_points: int
    category: str = "S"


@dataclass(frozen=True)
class RateTotal:
    """What the lines of one rate and category come to, in cents."""

    basis_points: int
    category: str
    net_cents: int
    vat_cents: int


@dataclass(frozen=True)
class Totals:
    """Totals of a document in cents, the net amount of each line, and those of each rate."""

    line_net_cents: tuple[int, ...]
    rates: tuple[RateTotal, ...]

    @property
    def net_cents(self) -> int:
        """Source: EN 16931, BT-109."""
        return sum(each.net_cents for each in self.rates)

    @property
    def vat_cents(self) -> int:
        """Source: EN 16931, BT-110."""
        return sum(each.vat_cents for each in self.rates)

    @property
    def gross_cents(self) -> int:
        """Source: EN 16931, BT-112."""
        return self.net_cents + self.vat_cents


def as_sold(line: Priced, vat: Vat) -> Priced:
    """The line with the VAT of the sale.

    A price announced with French VAT keeps its total to the cent where that VAT applies; elsewhere the unit
    price without it is what is sold, and the VAT of the sale, if any, comes on top.

    Source: 000-22, 000-31 to 000-33, 001-16.
    """
    rate, category = vat.rate_basis_points, vat.category
    if line.includes_vat and line.vat_basis_points != rate:
        net, _inside = split_gross(line.unit_cents, line.vat_basis_points)
        return replace(line, unit_cents=net, includes_vat=False, vat_basis_points=rate, category=category)
    return replace(line, vat_basis_points=rate, category=category)


def totals(lines: Iterable[Priced]) -> Totals:
    """Net, VAT and gross of a document.

    VAT is rounded once per rate on the sum of that rate's lines. Prices that include VAT keep their
    total to the cent: net and VAT come out of it by difference.

    Raises Refused for an empty document.

    Source: 000-22, 001-16, 003-45; EN 16931 (VAT on the total of a rate).
    """
    lines = list(lines)
    if not lines:
        raise Refused(N_("Il n'y a rien à facturer."))
    nets, rates = [0] * len(lines), []
    for rate, category in sorted({(line.vat_basis_points, line.category) for line in lines}):
        chosen = [
            n for n, line in enumerate(lines) if (line.vat_basis_points, line.category) == (rate, category)
        ]
        vat = 0
        gross = [n for n in chosen if lines[n].includes_vat]
        plain = [n for n in chosen if not lines[n].includes_vat]
        for n in plain:
            nets[n] = line_net_cents(lines[n].quantity, lines[n].unit_cents)
        for n in gross:
            total = line_net_cents(lines[n].quantity, lines[n].unit_cents)
            nets[n], part = split_gross(total, rate)
            vat += part
        vat += vat_of(sum(nets[n] for n in plain), rate)
        rates.append(RateTotal(rate, category, sum(nets[n] for n in chosen), vat))
    return Totals(tuple(nets), tuple(rates))


def due_on(issued_on: date, rule: str | None, days: int) -> date:
    """The day by which an invoice must be paid.

    rule: "end_of_month" where the contract says so, an ISO day where it names one, None where it is silent.
    A day that has passed is the day of issue: nobody pays before there is an invoice. days: calendar days
    that the issuer grants where the contract is silent.

    Source: 001-14 (a day); 003-47 (end of the month of issue); C. com. L441-10 (at most 60 days).
    """
    if rule == "end_of_month":
        return end_of_month(issued_on)
    if rule is not None:
        return max(date.fromisoformat(rule), issued_on)
    check_payment_terms(days, end_of_month=False)
    return issued_on + timedelta(days=days)


def check_payment_terms(days: int, *, end_of_month: bool) -> None:
    """Refuse terms of payment that are longer than the law allows.

    days: calendar days from the issue of the invoice; end_of_month: counted to the end of a month.
    Raises Refused beyond 60 days, or 45 days end of month.

    Source: 003-47; L7, C. com. art. L441-10 I.
    """
    if end_of_month and not 0 <= days <= LONGEST_END_OF_MONTH_DAYS:
        raise Refused(N_("Un délai de paiement fin de mois ne dépasse pas 45 jours."))
    if not end_of_month and not 0 <= days <= LONGEST_TERM_DAYS:
        raise Refused(N_("Un délai de paiement ne dépasse pas 60 jours."))


def dispute_closes_on(issued_on: date, days: int) -> date:
    """Last day on which an invoice may be disputed.

    issued_on: not counted. days: calendar days.

    Source: 003-53.
    """
    return issued_on + timedelta(days=days)


def is_deemed_accepted(issued_on: date, on: date, days: int, disputed_on: date | None) -> bool:
    """Is an invoice accepted for good on that day, because nobody disputed it in time?

    days: calendar days after the issue. disputed_on: None when it was not disputed.

    Source: 003-53.
    """
    closes_on = dispute_closes_on(issued_on, days)
    return on > closes_on and (disputed_on is None or disputed_on > closes_on)


def earliest_price_change(told_on: date, months: int) -> date:
    """First day on which a new price may apply after the customer was told by e-mail.

    months: notice of the contract; the day is clamped to the end of its month.

    Source: 000-26.
    """
    return add_months(told_on, months)


def check_price_change(told_on: date | None, effective_on: date, months: int) -> None:
    """Refuse a new price of which the customer was not told early enough, or not at all.

    months: notice of the contract.
    Raises Refused.

    Source: 000-26.
    """
    if told_on is None:
        raise Refused(N_("Le client n'a pas été informé du nouveau prix."))
    if effective_on < earliest_price_change(told_on, months):
        raise Refused(
            N_("Le nouveau prix ne peut pas s'appliquer avant le %(day)s."),
            day=f"{earliest_price_change(told_on, months):%d/%m/%Y}",
        )


BYTES_PER_GB = 10**9


@dataclass(frozen=True)
class GridStep:
    """One line of a public price list: the price for a quantity up to this one."""

    up_to: int
    cents: int


def revised_price_cents(contracted: int, used: int, price_cents: int, grid: Sequence[GridStep]) -> int:
    """The price for what is really used: the contract's, or the grid's when usage is above the contract.

    contracted, used: licences, or volume in one unit. price_cents: price of the contract for a period.
    grid: public price list in force, in any order. The revision only ever raises the price.
    Raises Refused when the grid does not reach that far.

    Source: 001-17.
    """
    if used <= contracted:
        return price_cents
    steps = [step for step in sorted(grid, key=lambda step: step.up_to) if used <= step.up_to]
    if not steps:
        raise Refused(N_("La grille tarifaire ne va pas jusqu'à %(used)d."), used=used)
    return max(price_cents, steps[0].cents)


def metered_gb(daily_bytes: int, days: int) -> int:
    """GB-months of a month on demand: whole GB (10^9 bytes), rounded down in the customer's favour.

    daily_bytes: what was stored, added up over the days of the month that were measured; a day without
    measure counts for nothing. days: length of the month.

    Source: 003-48.
    """
    return daily_bytes // (days * BYTES_PER_GB)


def is_unusual(used_gb: int, usual_gb: int, percent: int) -> bool:
    """Does a running month go so far beyond the usual that it may be billed before it ends?

    used_gb: GB-months so far. usual_gb: the mean of whole months before, at least one counted. percent: of
    the usual, above which it is unusual, as the issuer has chosen; 0 for never.

    Source: 003-46 (which leaves open how far).
    """
    return percent > 0 and used_gb * 100 > max(usual_gb, 1) * percent


def bill_on(period_starts_on: date, period_ends_on: date, *, fixed_term: bool) -> date:
    """The day from which a period is billed: in advance for a fixed term, in arrears on demand.

    period_ends_on: first day after the period.

    Source: 003-45.
    """
    return period_starts_on if fixed_term else period_ends_on


def next_quarter(day: date) -> date:
    """First day of the calendar quarter after that of ``day``.

    Source: 004-36.
    """
    return add_months(day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1), 3)


@dataclass(frozen=True)
class Growth:
    """What a larger scope changes: the day of the new price, and the new end of the commitment."""

    price_from_on: date
    committed_until_on: date


def scope_growth(grown_on: date, next_due_on: date, initial_months: int) -> Growth:
    """When a larger scope (disk, history, frequency) is priced, and until when the customer is committed.

    next_due_on: first due date of an invoice after the change; the next calendar quarter comes at the
    latest. initial_months: length of the initial commitment, which begins again on the day of the price.
    Raises Refused when the due date is not after the change.

    Source: 004-36.
    """
    if next_due_on <= grown_on:
        raise Refused(N_("La prochaine échéance doit suivre l'augmentation du périmètre."))
    price_from = min(next_due_on, next_quarter(grown_on))
    return Growth(price_from, add_months(price_from, initial_months))


def physical_medium_line(
    label: str, quantity: int, unit_cents: int | None, *, includes_vat: bool, vat_basis_points: int
) -> Priced:
    """The line that bills data handed back on a physical medium.

    quantity: media. unit_cents: price of one, None when the price list gives none.
    Raises Refused without a medium or without a price: it is billed, never given away by oversight.

    Source: 001-22.
    """
    if quantity < 1:
        raise Refused(N_("Indiquez au moins un support."))
    if unit_cents is None:
        raise Refused(N_("Le prix du support physique n'est pas fixé."))
    return Priced(label, quantity, unit_cents, includes_vat, vat_basis_points)
