"""Who is looked up, whose address an invoice cannot rely on, and the address that it bears."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, Select, and_, or_, select

from portal import clock
from portal.actor import Actor
from portal.customers.models import Customer, CustomerKind
from portal.db import db
from portal.eaddresses.models import EAddress, EAddressDirectory, EAddressLine, Way
from portal.eaddresses.rules import Standing, may_be_address
from portal.resellers.models import LegalEntity

_HERE = ("FR", "MC", "GP", "MQ", "RE", "GF", "YT")  # whose companies the French directory has


def is_looked_up() -> ColumnElement[bool]:
    """Of a customer: a French business or body with a SIREN, still there. Nobody else is in the directory."""
    return and_(
        Customer.kind.in_([CustomerKind.BUSINESS, CustomerKind.PUBLIC_BODY]),
        Customer.country.in_(_HERE),
        Customer.siren.is_not(None),
        Customer.archived_at.is_(None),
    )


def has_no_good_line() -> ColumnElement[bool]:
    """Of an address: no line of today's directory has it. As :func:`standing_of` says of one, for lists."""
    today = clock.today()
    line = select(EAddressLine.id).where(
        EAddressLine.directory_id == EAddress.directory_id,
        EAddressLine.siren == EAddress.siren,
        EAddressLine.address == EAddress.address,
        EAddressLine.gone_at.is_(None),
        or_(EAddressLine.valid_from.is_(None), EAddressLine.valid_from <= today),
        or_(EAddressLine.valid_through.is_(None), EAddressLine.valid_through >= today),
    )
    return ~line.exists()


def looked_up(actor: Actor) -> Select[tuple[EAddress]]:
    """The addresses that count: of customers who are looked up, by a directory that is on."""
    on = select(EAddressDirectory.id).where(EAddressDirectory.way != Way.OFF)
    own = select(Customer.id).where(Customer.id == EAddress.customer_id, is_looked_up())
    return EAddress.visible_to(actor).where(own.exists(), EAddress.directory_id.in_(on))


def to_settle(actor: Actor, entity: LegalEntity | None = None) -> Select[tuple[EAddress]]:
    """Those to settle before the next invoices, of one issuer or of all."""
    query = looked_up(actor).where(has_no_good_line())
    if entity is None:
        return query
    own = select(EAddressDirectory.id).where(EAddressDirectory.legal_entity_id == entity.id)
    return query.where(EAddress.directory_id.in_(own))


def directory_of(entity: LegalEntity) -> EAddressDirectory | None:
    query = select(EAddressDirectory).where(EAddressDirectory.legal_entity_id == entity.id)
    return db.session.scalars(query).one_or_none()


def written_address(customer: Customer) -> str:
    """The address (BT-49) that an e-invoice to her bears now: the chosen one, else her SIREN; "" without."""
    row: EAddress | None = getattr(customer, "eaddress", None)
    siren = customer.siren or ""
    if row is not None and siren and row.siren == siren and may_be_address(row.address, siren):
        return row.address
    return siren


def held_back(customers: Iterable[Customer], entity: LegalEntity) -> dict[int, Standing]:
    """Whom the monthly run leaves out and why, by id, where the issuer wants that; else nobody.

    Source: CGI art. 289 (an invoice is due whatever the directory says), so that it is off by default.
    """
    directory = directory_of(entity)
    if directory is None or directory.way == Way.OFF or not directory.holds_back:
        return {}
    query = select(EAddress).join(Customer, Customer.id == EAddress.customer_id)
    query = query.where(EAddress.customer_id.in_([customer.id for customer in customers]))
    rows = db.session.scalars(query.where(is_looked_up(), has_no_good_line()))
    return {row.customer_id: row.standing() for row in rows}
