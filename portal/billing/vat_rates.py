"""Standard rates of VAT by state and day: those that ship with the portal, then those that finance enters."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from flask_babel import gettext as _
from sqlalchemy import String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column

from portal import clock
from portal.actor import Actor
from portal.billing.vat import FRANCE, OTHER_EU_STATES
from portal.db import Row, db
from portal.errors import Refused

_FILE = Path(__file__).parent / "vat_rates.toml"
_STATES = OTHER_EU_STATES | {"FR"}


@dataclass(frozen=True)
class VatRate:
    """The standard rate of a state from a day on, and where it was read."""

    country: str
    valid_from: date
    basis_points: int
    source: str


class EnteredVatRate(Row, db.Model):
    """A rate that finance has read; never changed, so what was invoiced stands."""

    __tablename__ = "vat_rate"
    __table_args__ = (UniqueConstraint("country", "valid_from"),)

    country: Mapped[str] = mapped_column(String(2))
    valid_from: Mapped[date]
    basis_points: Mapped[int]
    source: Mapped[str] = mapped_column(String(300))
    entered_by: Mapped[str] = mapped_column(String(200))


@cache
def shipped_rates() -> tuple[VatRate, ...]:
    """Raises ValueError for a line that is not whole."""
    rows = tomllib.loads(_FILE.read_text())["rate"]
    rates = [VatRate(row["country"], row["from"], row["basis_points"], row["source"]) for row in rows]
    if any(type(rate.valid_from) is not date or type(rate.basis_points) is not int for rate in rates):
        raise ValueError(f"{_FILE.name} : ligne mal formée")
    return tuple(rates)


def known_vat_rates() -> list[VatRate]:
    """All of them, by state, the oldest first."""
    entered = [
        VatRate(row.country, row.valid_from, row.basis_points, row.source)
        for row in db.session.scalars(select(EnteredVatRate))
    ]
    return sorted([*shipped_rates(), *entered], key=lambda rate: (rate.country, rate.valid_from))


def vat_rates_on(day: date) -> Mapping[str, int]:
    """Basis points by state on a (Paris) day; a state without a rate on that day is not there."""
    return {rate.country: rate.basis_points for rate in known_vat_rates() if rate.valid_from <= day}


def enter_vat_rate(country: str, valid_from: date, basis_points: int, source: str, *, by: Actor) -> None:
    """Keep the standard rate of a state from a day on.

    Raises Refused for a place that is no member state, a day that has begun (invoices may bear the rate
    before), a day that has its rate, and an absurd rate.
    """
    state = "FR" if country in FRANCE else country
    if not re.fullmatch("[A-Z]{2}", state) or state not in _STATES:
        raise Refused(_("Choisissez un État de l'Union."), field="country")
    known = [rate for rate in known_vat_rates() if rate.country == state]
    if known and valid_from <= clock.today():
        raise Refused(
            _("Un taux se saisit avant le jour où il s'applique : des factures portent déjà l'autre."),
            field="valid_from",
        )
    if any(rate.valid_from == valid_from for rate in known):
        raise Refused(
            _("Cet État a déjà un taux à partir de ce jour ; il ne change pas."), field="valid_from"
        )
    if not 1 <= basis_points <= 4_000:
        raise Refused(_("Un taux normal est compris entre 0 et 40 %%."), field="rate")
    row = EnteredVatRate(country=state, valid_from=valid_from, basis_points=basis_points)
    row.source, row.entered_by = source.strip(), by.label
    db.session.add(row)
