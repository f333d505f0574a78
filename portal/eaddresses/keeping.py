"""Keeps what the directory says, and which address a customer's invoices bear."""

from collections.abc import Iterable

from sqlalchemy import Select, select, update

from portal import clock
from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.customers.models import Customer
from portal.db import db
from portal.eaddresses.csv_lines import Told
from portal.eaddresses.models import EAddress, EAddressDirectory, EAddressLine, Way
from portal.eaddresses.queries import is_looked_up
from portal.eaddresses.rules import REFRESH, Line
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.paging import chunk_of
from portal.resellers.models import issuers_of
from portal.wording import N_

_AT_ONCE = 200  # customers or companies of one turn


def keep_told(directory: EAddressDirectory, told: Told) -> None:
    """Each company of an answer has the lines of that answer, no others; what it had before is kept as gone.

    Kept twice, the second time changes nothing but the day.
    """
    siren = sorted(told.lines)
    for start in range(0, len(siren), _AT_ONCE):
        _keep_some(directory, siren[start : start + _AT_ONCE], told)


def _keep_some(directory: EAddressDirectory, some: list[str], told: Told) -> None:
    now = clock.now()
    owner = db.session.get_one(Organisation, directory.organisation_id)
    query = select(EAddressLine).where(
        EAddressLine.directory_id == directory.id, EAddressLine.siren.in_(some)
    )
    known = {(row.siren, row.address): row for row in db.session.scalars(query)}
    for siren in some:
        for line in told.lines[siren] or [Line("")]:
            row = known.pop((siren, line.address), None)
            if row is None:
                row = EAddressLine(
                    organisation=owner, directory_id=directory.id, siren=siren, address=line.address
                )
                db.session.add(row)
            row.siret, row.service, row.platform = line.siret, line.service, line.platform
            row.valid_from, row.valid_through = line.valid_from, line.valid_through
            row.seen_at, row.source, row.gone_at = now, told.source, None
    for row in known.values():
        row.gone_at = row.gone_at or now
    _answered(directory, some, told.source)


def _answered(directory: EAddressDirectory, some: list[str], source: str) -> None:
    now = clock.now()
    own = EAddress.directory_id == directory.id, EAddress.siren.in_(some)
    db.session.flush()
    db.session.execute(
        update(EAddress).where(*own).values(asked_at=now, answered_at=now, source=source),
        execution_options={"synchronize_session": "fetch"},
    )


def enrol(directory: EAddressDirectory, after: int = 0) -> int:
    """Enter those who are looked up and were not yet, or have another SIREN now; some of them.

    after: the last one's number of the turn before. Returns that of this turn, 0 when there are no more.
    """
    some = chunk_of(_newcomers(directory).where(Customer.id > after).order_by(Customer.id), _AT_ONCE)
    issuers = issuers_of(some) if some else {}
    for customer in some:
        if issuers[customer.org_path].id == directory.legal_entity_id:
            _enrol(directory, customer)
    return some[-1].id if some else 0


def has_newcomers(directory: EAddressDirectory) -> bool:
    return bool(chunk_of(_newcomers(directory), 1))


def _newcomers(directory: EAddressDirectory) -> Select[tuple[Customer]]:
    same = EAddress.customer_id == Customer.id, EAddress.siren == Customer.siren
    known = select(EAddress.id).where(*same, EAddress.directory_id == directory.id)
    own = Customer.org_path.startswith(directory.org_path, autoescape=True)
    return select(Customer).where(is_looked_up(), own, ~known.exists())


def _enrol(directory: EAddressDirectory, customer: Customer) -> None:
    """What the directory has said of her company already counts at once."""
    siren = customer.siren or ""
    row = db.session.scalars(select(EAddress).where(EAddress.customer_id == customer.id)).one_or_none()
    if row is None:
        row = EAddress(organisation=customer.organisation, customer_id=customer.id)
        db.session.add(row)
    if row.siren != siren:
        if row.siren:
            record(row, "follow", by=SYSTEM, changed={"siren": [row.siren, siren]})
        row.siren, row.address, row.chosen_by = siren, siren, ""
    row.directory_id = directory.id  # also where another issuer bills her now
    row.asked_at = row.answered_at = None
    row.source = ""
    said = select(EAddressLine).where(EAddressLine.directory_id == directory.id, EAddressLine.siren == siren)
    last = db.session.scalars(said.order_by(EAddressLine.seen_at.desc(), EAddressLine.id.desc())).first()
    if last is not None:
        row.answered_at, row.source = last.seen_at, last.source


def due(directory: EAddressDirectory) -> Select[tuple[EAddress]]:
    """Those to ask about over HTTP: never asked, or a month ago."""
    if directory.way != Way.HTTP:
        return select(EAddress).where(EAddress.id < 0)
    own = select(Customer.id).where(Customer.id == EAddress.customer_id, is_looked_up())
    old = EAddress.asked_at.is_(None) | (EAddress.asked_at <= clock.now() - REFRESH)
    return select(EAddress).where(EAddress.directory_id == directory.id, old, own.exists())


def asked_of(directory: EAddressDirectory) -> Iterable[str]:
    """Each company that somebody waits for, once; what is answered meanwhile is due no more."""
    while some := chunk_of(due(directory).order_by(EAddress.id), 1):
        yield some[0].siren


def choose_line(row: EAddress, address: str, *, by: Actor) -> None:
    """The e-invoices of this customer bear another of her addresses from now on.

    Raises Refused, beside the field, for one that is no line of her company today. Her SIREN is the default.

    Source: EN 16931 (BT-49); AFNOR XP Z12-012 (BR-FR-21).
    """
    known = {line.address for line in row.lines if line.address and line.gone_at is None}
    if address != row.siren and address not in known:
        raise Refused(N_("L'annuaire n'a pas cette adresse pour cette entreprise."), field="address")
    if address == row.address:
        return
    record(row, "choose", by=by, changed={"address": [row.address, address]})
    row.address, row.chosen_by = address, by.label if address != row.siren else ""


def ask_again(row: EAddress, *, by: Actor) -> None:
    """The directory is asked about her at once, over HTTP. Raises Refused where it is reached by files."""
    if row.directory.way != Way.HTTP:
        raise Refused(N_("Cet annuaire se lit dans des fichiers : déposez-en un plus récent."))
    row.asked_at, row.directory.next_at = None, None
    record(row, "ask", by=by)
