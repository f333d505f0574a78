"""Where an offer is hosted, under whose jurisdiction, and what keeps other states' access away; with history.

Source: Data Act (regulation 2023/2854) art. 28 and 32; 001-18, 004-05.
"""

from collections.abc import Sequence
from datetime import date
from typing import ClassVar

from flask_babel import get_locale
from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.catalogue.models import Product
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.terms.in_force import stack_in_force
from portal.terms.values import Value


class HostingPlace(Tenant, db.Model):
    """One version of what is said of an offer's place, from a day on; nothing of it is ever changed."""

    __tablename__ = "hosting_place"
    seen_from_below: ClassVar[bool] = True

    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"), index=True)
    place: Mapped[str] = mapped_column(String(140))  # town, or towns
    state: Mapped[str] = mapped_column(String(2))  # ISO 3166, whose courts and authorities are competent
    operator: Mapped[str] = mapped_column(String(140))  # who runs the data centre
    measures: Mapped[str] = mapped_column(Text, default="")  # against access by other states (art. 32)
    version: Mapped[str] = mapped_column(String(40))  # of what is said, as its provider names it
    effective_on: Mapped[date]
    entered_by: Mapped[str] = mapped_column(String(200))

    product: Mapped[Product] = relationship()

    @property
    def state_name(self) -> str:
        return territory_name(self.state)


def territory_name(state: str) -> str:
    """Of an ISO 3166 code, in the reader's language."""
    return str(get_locale().territories.get(state, state))


def places_of(product_id: int) -> Sequence[HostingPlace]:
    """All that was ever said of it, what counts last first."""
    query = select(HostingPlace).where(HostingPlace.product_id == product_id)
    return db.session.scalars(query.order_by(HostingPlace.effective_on.desc(), HostingPlace.id.desc())).all()


def place_on(places: Sequence[HostingPlace], day: date) -> HostingPlace | None:
    return next((each for each in places if each.effective_on <= day), None)


def promised_state(product: Product) -> Value | None:
    """The only state in which the contract of today lets the data lie.

    Source: 001-18, 004-05.
    """
    return stack_in_force(product.terms_stack, clock.today()).find("hosting.region")


def set_place(
    product: Product,
    *,
    place: str,
    state: str,
    operator: str,
    measures: str,
    version: str,
    effective_on: date,
    elsewhere: bool,
    by: Actor,
) -> HostingPlace:
    """What is said from a day on. elsewhere: its provider knows that the contract names another state.

    Raises Refused for a day that has passed, a version that is taken, and another state than the contract's
    as long as it is not known.

    Source: Data Act art. 28; 001-18, 004-05.
    """
    promised = promised_state(product)
    if promised is not None and state != promised.value and not elsewhere:
        name = get_locale().territories.get(promised.value, promised.value)
        values = {"state": name, "clause": promised.clause}
        sentence = _("Le contrat garde les données en %(state)s (%(clause)s) : confirmez plus bas.", **values)
        raise Refused(sentence, field="state")
    if effective_on < clock.today():
        raise Refused(_("Ce jour est passé."), field="effective_on")
    if any(each.version == version for each in places_of(product.id)):
        raise Refused(_("Cette version existe déjà."), field="version")
    row = HostingPlace(
        organisation=db.session.get_one(Organisation, product.organisation_id),
        product_id=product.id,
        place=place,
        state=state,
        operator=operator,
        measures=measures,
        version=version,
        effective_on=effective_on,
        entered_by=by.label[:200],
    )
    db.session.add(row)
    db.session.flush()
    record(product, "set_hosting", by=by, place=place, state=state, version=version)
    return row
