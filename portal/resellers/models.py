"""Legal entities, with the SEPA identity they collect under and their number series."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint, select, true, update
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Organisation, OrganisationKind
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.jobs import insert_once


class LegalEntity(Tenant, db.Model):
    """Who issues invoices and collects debits (entité juridique): never a setting, always a row (A20)."""

    __tablename__ = "legal_entity"
    seen_from_below: ClassVar[bool] = True  # customers read who bills them

    name: Mapped[str] = mapped_column(String(70))
    legal_form: Mapped[str] = mapped_column(String(60))  # "SAS au capital de 100 000 €"
    siren: Mapped[str] = mapped_column(String(9))
    rcs_town: Mapped[str] = mapped_column(String(60))
    vat_number: Mapped[str] = mapped_column(String(14))
    street: Mapped[str] = mapped_column(String(70))
    postcode: Mapped[str] = mapped_column(String(16))
    town: Mapped[str] = mapped_column(String(35))
    country: Mapped[str] = mapped_column(String(2))
    email: Mapped[str] = mapped_column(String(254))
    ics: Mapped[str] = mapped_column(String(35))  # identifiant créancier SEPA
    iban_sealed: Mapped[str] = mapped_column(String(300))
    iban = Sealed()
    bank_name: Mapped[str] = mapped_column(String(70))
    mandate_prefix: Mapped[str] = mapped_column(String(10))  # first part of every RUM
    notice_days: Mapped[int] = mapped_column(default=14)  # debits are told so many days before (003-50)
    lead_days: Mapped[int] = mapped_column(default=2)  # TARGET days between hand-in and debit
    cutoff_hour: Mapped[int] = mapped_column(default=24)  # Paris hour after which the bank counts tomorrow
    message_version: Mapped[str] = mapped_column(String(2), default="08")  # of pain.008.001: 08 or 02
    max_rows: Mapped[int] = mapped_column(default=50_000)  # debits in one bank file
    max_bytes: Mapped[int] = mapped_column(BigInteger, default=50_000_000)  # of one bank file
    one_booking: Mapped[bool] = mapped_column(default=True)  # one credit for each group of debits
    writes_first: Mapped[bool] = mapped_column(default=False)  # FRST for a mandate's first debit
    hybrid_addresses: Mapped[bool] = mapped_column(default=False)  # street as a free line
    two_people_over_cents: Mapped[int] = mapped_column(BigInteger, default=1_000_000)  # for the download
    # A higher limit, asked by one person; it counts once another one has agreed.
    two_people_asked_cents: Mapped[int | None] = mapped_column(BigInteger)
    two_people_asked_by_id: Mapped[int | None]
    file_writer: Mapped[str] = mapped_column(String(10), default="portal")  # or sepaxml, for small files
    freeze_day: Mapped[int | None]  # day of the month on which the portal freezes by itself
    # From that day consumers of other member states bear the VAT of their state, whatever was sold (OSS).
    oss_since: Mapped[date | None]
    wire_tolerance_cents: Mapped[int] = mapped_column(
        BigInteger, default=100
    )  # missing by wire, and not asked for again
    # Of the usual month, above which a running one may be billed before it ends (003-46); 0 for never.
    interim_percent: Mapped[int] = mapped_column(default=200, server_default="200")
    key_grace_days: Mapped[int] = mapped_column(default=14, server_default="14")
    quote_days: Mapped[int] = mapped_column(default=30, server_default="30")  # a new quote may be accepted
    due_follows_debit: Mapped[bool] = mapped_column(default=False)  # where the notice of a debit wants longer
    is_default: Mapped[bool] = mapped_column(default=False)  # bills where several stand at one node
    # Has a second person agreed to the account of a new one? Until then it bills and debits nobody.
    is_open: Mapped[bool] = mapped_column(default=True, server_default=true())

    organisation: Mapped[Organisation] = relationship(foreign_keys="LegalEntity.organisation_id")


class NumberSeries(Tenant, db.Model):
    """A numbering of one legal entity; the row lock is what keeps invoice numbers without gaps."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("legal_entity_id", "prefix", "year"),)
    seen_from_below: ClassVar[bool] = True  # a reseller's order takes the issuer's next number

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    prefix: Mapped[str] = mapped_column(String(6))  # FA, AV, PF, RUM
    year: Mapped[int]
    last: Mapped[int] = mapped_column(default=0)
    taken_over: Mapped[int] = mapped_column(default=0)  # last number of the system before; 0 for none
    head: Mapped[str] = mapped_column(String(64), default="", server_default="")  # hash of its last row
    last_on: Mapped[date | None]  # Paris day of its last paper, where the order of days is that of numbers


def next_number(entity: LegalEntity, prefix: str, year: int) -> str:
    """The next number of a series, such as ``FA-2026-000123``, inside the present transaction."""
    return next_numbers(entity, prefix, year, 1)[0]


def next_numbers(entity: LegalEntity, prefix: str, year: int, count: int) -> list[str]:
    """The next numbers of a series, inside the present transaction.

    Call it as late as possible: the counter stays locked until the commit, and a rollback gives the
    numbers back, so that the sequence has no gap (CGI ann. II art. 242 nonies A, I-7°).
    """
    where = (
        NumberSeries.legal_entity_id == entity.id,
        NumberSeries.prefix == prefix,
        NumberSeries.year == year,
    )
    statement = (
        update(NumberSeries)
        .where(*where)
        .values(last=NumberSeries.last + count)
        .returning(NumberSeries.last)
        .execution_options(synchronize_session=False)
    )
    last = db.session.scalar(statement)
    if last is None:
        _open_series(entity, prefix, year)
        last = db.session.execute(statement).scalar_one()
    return numbers_after(prefix, year, last - count, count)


def numbers_after(prefix: str, year: int, last: int, count: int) -> list[str]:
    """The numbers that follow the last one of a series."""
    return [f"{prefix}-{year}-{number:06d}" for number in range(last + 1, last + count + 1)]


def _open_series(entity: LegalEntity, prefix: str, year: int) -> None:
    row: Any = NumberSeries(
        organisation=entity.organisation,
        legal_entity_id=entity.id,
        prefix=prefix,
        year=year,
        last=0,
        taken_over=0,
        head="",
    )
    columns = (c.key for c in NumberSeries.__table__.columns if c.key != "id")
    values = {name: getattr(row, name) for name in columns}
    insert_once(NumberSeries, values, ["legal_entity_id", "prefix", "year"])


class IssuerChoice(Tenant, db.Model):
    """The legal entity that bills an organisation and what lies below it, where it is named (émetteur)."""

    __tablename__ = "issuer_choice"
    __table_args__ = (UniqueConstraint("organisation_id"),)
    seen_from_below: ClassVar[bool] = True  # a customer's order asks what was named for its reseller

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))

    legal_entity: Mapped[LegalEntity] = relationship()


def issuer_for(customer: Any) -> LegalEntity:
    """The legal entity that bills this customer: the one that is named for it or nearest above, else the
    nearest one above it in the tree.
    """
    return issuers_of([customer])[customer.org_path]


def issuers_of(owners: Sequence[Any]) -> dict[str, LegalEntity]:
    """The same for many, by their paths. Raises LookupError for one that has no entity above."""
    lowest_first = entities()
    named = _named_above({owner.org_path for owner in owners}) if len(lowest_first) > 1 else {}
    return {each.org_path: _issuer(each.org_path, named, lowest_first) for each in owners}


def _issuer(path: str, named: dict[str, LegalEntity], lowest_first: list[LegalEntity]) -> LegalEntity:
    for above in lineage(path):
        if above in named:
            return named[above]
    for entity in lowest_first:
        if path.startswith(entity.org_path):
            return entity
    raise LookupError(f"no legal entity above {path}")


def lineage(path: str) -> list[str]:
    """The paths of a node and of all above it, the node's own first."""
    nodes = path.strip("/").split("/")
    return [f"/{'/'.join(nodes[:count])}/" for count in range(len(nodes), 0, -1)]


def _named_above(paths: set[str]) -> dict[str, LegalEntity]:
    every = sorted({above for path in paths for above in lineage(path)})
    query = select(IssuerChoice).where(IssuerChoice.org_path.in_(every))
    return {row.org_path: row.legal_entity for row in db.session.scalars(query)}


def name_entity(organisation: Organisation, entity: LegalEntity) -> None:
    """What lies below an organisation is billed by this entity, but for what is named further down."""
    query = select(IssuerChoice).where(IssuerChoice.organisation_id == organisation.id)
    row = db.session.scalars(query.limit(1)).one_or_none()
    if row is None:
        db.session.add(IssuerChoice(organisation=organisation, legal_entity_id=entity.id))
    else:
        row.legal_entity_id = entity.id
    db.session.flush()


def pin_issuers(path: str) -> None:
    """Customers who are there keep the entity that bills them, whatever is named or made above them next."""
    customers = select(Organisation).where(
        Organisation.kind == OrganisationKind.CUSTOMER, Organisation.org_path.startswith(path)
    )
    own = select(IssuerChoice.organisation_id)
    rows = list(db.session.scalars(customers.where(Organisation.id.not_in(own))))
    try:
        known = issuers_of(rows)
    except LookupError:  # nobody bills there yet
        return
    for each in rows:
        db.session.add(IssuerChoice(organisation=each, legal_entity_id=known[each.org_path].id))
    db.session.flush()


# From the top of the tree down: for the provider's people their own issuer, not that of some reseller.
TOP_FIRST = (db.func.length(LegalEntity.org_path), LegalEntity.is_default.desc(), LegalEntity.name)


def entities() -> list[LegalEntity]:
    """Every legal entity that may bill, the lowest in the tree first; of one node, the default one first."""
    order = db.func.length(LegalEntity.org_path).desc(), LegalEntity.is_default.desc(), LegalEntity.id
    return list(db.session.scalars(select(LegalEntity).where(LegalEntity.is_open).order_by(*order)))
