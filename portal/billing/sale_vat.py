"""Decides the VAT of a sale from its customer, its issuer and its day; what is decided stays on the lines."""

from collections.abc import Iterable
from datetime import date

from sqlalchemy import extract, func, select

from portal.billing.credit_models import CreditNote
from portal.billing.elsewhere import sold_elsewhere_cents
from portal.billing.models import Invoice
from portal.billing.rules import Priced, as_sold, totals
from portal.billing.vat import OTHER_EU_STATES, Vat, is_sold_into_the_union, needs_declaration, vat_for
from portal.billing.vat_rates import vat_rates_on
from portal.billing.vat_territories import territory_at
from portal.customers.models import Customer, CustomerKind
from portal.customers.vat_checks import has_checked_number
from portal.db import db, scope
from portal.errors import Refused
from portal.resellers.models import LegalEntity
from portal.wording import N_

# A sum outside the scope of VAT: penalties and the fixed fee of a late payment (CGI art. 256, 266).
UNTAXED = Vat(0, "O", "", "", "")


def lies_outside(customer: Customer, on: date) -> bool:
    """Does her address lie in a part of a member state that is outside the Union for VAT on a (Paris) day?"""
    return territory_at(customer.country, customer.postcode, on) is not None


def may_declare(customer: Customer, on: date) -> bool:
    """Would a declaration to be outside the Union, which is not there yet, take the VAT off? (000-32)"""
    outside = lies_outside(customer, on)
    return customer.outside_eu_declared_at is None and needs_declaration(
        customer.country, outside_territory=outside
    )


class Sales:
    """The sales of one issuer on one (Paris) day, decided one after the other.

    What consumers of other member states have bought this year and the last is asked only when one of them
    buys; what is decided here counts at once.
    """

    def __init__(self, entity: LegalEntity, on: date) -> None:
        self.entity, self.on = entity, on
        self._rates = vat_rates_on(on)
        self._sold: dict[int, int] = {}  # to consumers of other member states, by year, in cents without VAT

    def vat_of(self, customer: Customer, lines: Iterable[Priced], *, declared: bool = False) -> Vat:
        """The VAT of these lines, sold together. declared: to be outside the Union, with this very order.

        Raises Refused where the rate of a state is not known: never zero by omission.

        Source: 000-24, 000-31, 000-32, 000-33; L3, L4.
        """
        if "FR" not in self._rates:
            raise Refused(N_("Aucun taux de TVA français n'est connu pour ce jour."))
        business = customer.kind != CustomerKind.CONSUMER
        outside = lies_outside(customer, self.on)
        net = self._net(lines) if customer.country in OTHER_EU_STATES and not outside else 0
        vat = vat_for(
            customer.country,
            business=business,
            vat_number_checked=business and has_checked_number(customer),
            outside_eu_declared=declared or customer.outside_eu_declared_at is not None,
            eu_consumer_sales_cents=self._sold_in(self.on.year) + net if net else 0,
            eu_consumer_sales_last_year_cents=self._sold_in(self.on.year - 1) if net else 0,
            french_rate_basis_points=self._rates["FR"],
            foreign_rates=self._rates,
            registered=self.entity.oss_since is not None and self.entity.oss_since <= self.on,
            outside_territory=outside,
        )
        if net and is_sold_into_the_union(customer.country, vat):
            self._sold[self.on.year] += net
        return vat

    def _net(self, lines: Iterable[Priced]) -> int:
        french = Vat(self._rates["FR"], "S", "", "", "FR")
        return totals([as_sold(line, french) for line in lines]).net_cents

    def _sold_in(self, year: int) -> int:
        if year not in self._sold:
            query = select(func.coalesce(func.sum(Invoice.net_cents), 0)).where(
                Invoice.legal_entity_id == self.entity.id,
                Invoice.union_country.is_not(None),
                extract("year", Invoice.issued_on) == year,
            )
            back = (
                select(func.coalesce(func.sum(CreditNote.net_cents), 0))
                .join(Invoice, Invoice.id == CreditNote.invoice_id)
                .where(
                    CreditNote.legal_entity_id == self.entity.id,
                    Invoice.union_country.is_not(None),
                    extract("year", CreditNote.issued_on) == year,
                )
            )
            with scope(self.entity.org_path):  # all that the issuer sold, also where a reseller's order asks
                own = int(db.session.scalar(query) or 0) - int(db.session.scalar(back) or 0)
                self._sold[year] = own + sold_elsewhere_cents(self.entity, year)
        return self._sold[year]
