"""Amounts and due dates of invoices, as pure functions."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from portal.deadlines import end_of_month
from portal.errors import Refused
from portal.money import line_net_cents, split_gross, vat_of
from portal.wording import N_


@dataclass(frozen=True)
class Priced:
    """One line to bill: a quantity at a unit price, with or without VAT inside."""

    label: str
    quantity: int
    unit_cents: int
    includes_vat: bool
    vat_basis_points: int


@dataclass(frozen=True)
class Totals:
    """Totals of a document in cents, and the net amount of each line."""

    line_net_cents: tuple[int, ...]
    net_cents: int
    vat_cents: int
    gross_cents: int


def totals(lines: Iterable[Priced]) -> Totals:
    """Net, VAT and gross of a document.

    VAT is rounded once per rate on the sum of that rate's lines. Prices that include VAT keep their
    total to the cent: net and VAT come out of it by difference.

    Raises Refused for an empty document, and for one that mixes prices with and without VAT at one rate.

    Source: 000-22, 001-16, 003-45; EN 16931 (VAT on the total of a rate).
    """
    lines = list(lines)
    if not lines:
        raise Refused(N_("Il n'y a rien à facturer."))
    nets, net, vat = [0] * len(lines), 0, 0
    for rate in sorted({line.vat_basis_points for line in lines}):
        chosen = [n for n, line in enumerate(lines) if line.vat_basis_points == rate]
        gross = [n for n in chosen if lines[n].includes_vat]
        plain = [n for n in chosen if not lines[n].includes_vat]
        for n in plain:
            nets[n] = line_net_cents(lines[n].quantity, lines[n].unit_cents)
        for n in gross:
            total = line_net_cents(lines[n].quantity, lines[n].unit_cents)
            nets[n], part = split_gross(total, rate)
            net, vat = net + nets[n], vat + part
        plain_net = sum(nets[n] for n in plain)
        net, vat = net + plain_net, vat + vat_of(plain_net, rate)
    return Totals(tuple(nets), net, vat, net + vat)


def due_on(issued_on: date, rule: str | None, days: int) -> date:
    """The day by which an invoice must be paid.

    rule: "end_of_month" where the contract says so, None where it gives no date.
    days: calendar days that the issuer grants where the contract is silent.

    Source: 003-47 (end of the month of issue); C. com. L441-10 (at most 60 days).
    """
    if rule == "end_of_month":
        return end_of_month(issued_on)
    if not 0 <= days <= 60:
        raise Refused(N_("Un délai de paiement ne dépasse pas 60 jours."))
    return issued_on + timedelta(days=days)
