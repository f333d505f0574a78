"""Taking back an import: everything that it wrote goes, as long as nothing was built on it.

What was written lies under the organisations of its customers, so whatever else lies there holds it. The
journal stays, and moves to who did the import.
"""

from collections.abc import Iterator
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Table, delete, func, select, update

from portal.accounts.models import Organisation
from portal.actor import Actor
from portal.billing.carried import BalanceState, CarriedBalance
from portal.customers.models import Acceptance, Customer, Means
from portal.customers.words import CustomerWord
from portal.db import Base, db
from portal.errors import Refused
from portal.i18n import said
from portal.journal import JournalEntry
from portal.moving.models import Moving, MovingRow
from portal.resellers.models import LegalEntity
from portal.search.models import SearchKey
from portal.sepa.models.entity import give_back_series
from portal.subscriptions.models import Subscription, SubscriptionState

# What an import writes, or the portal by itself because of it; each goes with its customer.
WRITTEN = {
    "contact",
    "acceptance",
    "subscription",
    "activation_key",
    "mandate",
    "mandate_event",
    "vault",
    "usage_sample",
    "carried_balance",
    "eaddress",
    "issuer_choice",
    "task",
    "customer",
}
_EACH_A_ROW = ("subscription", "activation_key", "mandate", "vault", "carried_balance")
_STAYS = {"journal_entry", "organisation"}
_HOLDS = {
    "charge": _l("une ligne est à facturer"),
    "invoice": _l("une facture est émise"),
    "customer_order": _l("une commande est passée"),
    "collection": _l("un prélèvement est annoncé"),
    "activation": _l("une machine a activé une clé"),
    "machine": _l("une machine a rendu compte"),
    "user_account": _l("une personne du client a un accès"),
    "mail": _l("un e-mail est parti au client"),
    "note": _l("une note est écrite"),
}
_AT_ONCE = 400  # organisations in one statement


def customers_of(moving: Moving) -> list[tuple[int, int, str]]:
    """Number, organisation and path of each customer that the import made and that is still there."""
    made = select(MovingRow.subject_uid).where(
        MovingRow.moving_id == moving.id, MovingRow.sheet == "customers"
    )
    query = select(Customer.id, Customer.organisation_id, Customer.org_path).where(Customer.uid.in_(made))
    return [tuple(row) for row in db.session.execute(query.order_by(Customer.id))]


def undo(moving: Moving, *, by: Actor) -> None:
    """Everything goes, in the present transaction. Raises Refused, and nothing has gone."""
    made = customers_of(moving)
    own = set(db.session.scalars(select(MovingRow.subject_uid).where(MovingRow.moving_id == moving.id)))
    for some in _portions(made):
        if reason := _held_by(some, own):
            raise Refused(_("Rien n'est annulé : %(reason)s.", reason=reason))
    _give_series_back(moving, by)
    for some in _portions(made):
        _remove(moving, some)
    moving.finish_undo(by=by, customers=len(made))


def _give_series_back(moving: Moving, by: Actor) -> None:
    """All of them, the last taken over first, or none. Raises Refused once one has given a number."""
    own = MovingRow.moving_id == moving.id, MovingRow.sheet == "series"
    with db.session.begin_nested():
        for row in db.session.scalars(select(MovingRow).where(*own).order_by(MovingRow.id.desc())).all():
            if row.series is None:  # of an import that did not keep how the series stood
                raise Refused(
                    _("Une série de numéros a été reprise : elle se corrige sur la fiche de l'émetteur.")
                )
            entity = db.session.scalars(select(LegalEntity).where(LegalEntity.uid == row.subject_uid)).one()
            try:
                give_back_series(entity, **row.series, by=by)
            except Refused as refusal:
                raise Refused(_("Rien n'est annulé : %(reason)s.", reason=said(refusal))) from None


def _portions(made: list[tuple[int, int, str]]) -> Iterator[list[tuple[int, int, str]]]:
    for start in range(0, len(made), _AT_ONCE):
        yield made[start : start + _AT_ONCE]


def _tables() -> list[Table]:
    """Those whose rows belong to an organisation, who refers to others first."""
    tables = reversed(Base.metadata.sorted_tables)
    return [table for table in tables if "organisation_id" in table.c and table.name not in _STAYS]


def _held_by(some: list[tuple[int, int, str]], own: set[str]) -> str:
    """Why these customers must stay; "" when nothing holds them."""
    numbers, houses = [number for number, _house, _path in some], [house for _number, house, _path in some]
    for table in _tables():
        here: Any = table.c.organisation_id.in_(houses)
        if table.name not in WRITTEN:
            if "customer_id" in table.c:
                here |= table.c.customer_id.in_(numbers)
            if db.session.execute(select(table.c.id).where(here).limit(1)).first():
                return str(_HOLDS.get(table.name) or _("quelque chose a été fait depuis sous ces clients"))
        elif table.name in _EACH_A_ROW:
            uids = set(db.session.scalars(select(table.c.uid).where(here)))
            if uids - own:
                return _("quelque chose a été fait depuis sous ces clients")
    return _changed(numbers)


def _changed(numbers: list[int]) -> str:
    """What was signed, ended or paid since."""
    signed = select(Acceptance.id).where(
        Acceptance.customer_id.in_(numbers), Acceptance.means != Means.TAKEN_OVER
    )
    ended = select(Subscription.id).where(
        Subscription.customer_id.in_(numbers), Subscription.state != SubscriptionState.ACTIVE
    )
    paid = select(CarriedBalance.id).where(
        CarriedBalance.customer_id.in_(numbers), CarriedBalance.state != BalanceState.OWED
    )
    if db.session.execute(signed.limit(1)).first():
        return _("un client a accepté des conditions")
    if db.session.execute(ended.limit(1)).first():
        return _("un abonnement est résilié")
    return _("un solde repris est réglé") if db.session.execute(paid.limit(1)).first() else ""


def _remove(moving: Moving, some: list[tuple[int, int, str]]) -> None:
    """In the order in which rows refer to each other."""
    houses, paths = [house for _number, house, _path in some], [path for _number, _house, path in some]

    def run(statement: Any) -> None:
        db.session.execute(statement.execution_options(synchronize_session=False))

    guarded = _remove_guarded(houses)
    for table in _tables():
        if table.name in WRITTEN - guarded and table.name != "customer":
            run(delete(table).where(table.c.organisation_id.in_(houses)))
    run(delete(CustomerWord).where(CustomerWord.org_path.in_(paths)))
    run(delete(SearchKey).where(SearchKey.org_path.in_(paths)))
    run(delete(Customer).where(Customer.organisation_id.in_(houses)))
    place = {"organisation_id": moving.organisation_id, "org_path": moving.org_path}
    run(update(JournalEntry).where(JournalEntry.organisation_id.in_(houses)).values(**place))
    run(delete(Organisation).where(Organisation.id.in_(houses)))


def _remove_guarded(houses: list[int]) -> set[str]:
    """The names of the tables of evidence, emptied: on PostgreSQL the portal's role may not do it itself."""
    if db.session.connection().dialect.name != "postgresql":
        return set()
    db.session.flush()
    for house in houses:
        db.session.execute(select(func.remove_undone_evidence(house)))
    return {"acceptance", "mandate_event"}
