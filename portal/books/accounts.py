"""The chart of accounts of an issuer: French defaults, and what its accountant wants instead, by day."""

from collections import defaultdict
from datetime import date
from typing import Any, NamedTuple

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ForeignKey, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.actor import Actor
from portal.billing.closings import closed_through
from portal.db import Tenant, db
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity

_SHORTEST, _LONGEST = 3, 12  # digits of an account


class Account(NamedTuple):
    """Number and label (CompteNum, CompteLib)."""

    number: str
    label: str


# By use: its default, and the class that its number begins with (PCG art. 933-1).
DEFAULTS = {
    "customer": (Account("411000", "Clients"), "41"),
    "doubtful": (Account("416000", "Clients douteux"), "416"),
    "sales": (Account("706000", "Prestations de services"), "70"),
    "sales_union": (Account("706100", "Prestations de services, Union européenne"), "70"),
    "sales_abroad": (Account("706200", "Prestations de services, hors Union"), "70"),
    "untaxed": (Account("758000", "Indemnités et produits divers"), "7"),
    "vat": (Account("445710", "TVA collectée"), "4457"),
    "vat_union": (Account("445720", "TVA collectée, guichet unique (OSS)"), "4457"),
    "deferred": (Account("487000", "Produits constatés d'avance"), "487"),
    "bank": (Account("512000", "Banque"), "51"),
    "commission": (Account("622200", "Commissions et courtages sur ventes"), "62"),
    "let_go": (Account("658000", "Écarts de règlement"), "6"),
}
USES = {
    "customer": _l("Clients"),
    "doubtful": _l("Clients douteux"),
    "sales": _l("Ventes en France"),
    "sales_union": _l("Ventes aux entreprises de l'Union (autoliquidation)"),
    "sales_abroad": _l("Ventes hors de l'Union"),
    "untaxed": _l("Sommes hors champ de la TVA"),
    "vat": _l("TVA collectée"),
    "vat_union": _l("TVA des autres États (OSS)"),
    "deferred": _l("Produits constatés d'avance"),
    "bank": _l("Banque"),
    "commission": _l("Commissions des revendeurs"),
    "let_go": _l("Écarts de règlement"),
}


def shown(account: Account) -> str:
    """Number and label for a person: a default one in her language, a chosen one as it was typed."""
    word = next(
        (USES[use] for use, (default, _start) in DEFAULTS.items() if default == account), account.label
    )
    return f"{account.number} {word}"


class BookAccount(Tenant, db.Model):
    """Another account for one use, from a Paris day on."""

    __tablename__ = "book_account"
    __table_args__ = (UniqueConstraint("legal_entity_id", "use", "since"),)

    legal_entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    use: Mapped[str] = mapped_column(String(20))  # of DEFAULTS
    since: Mapped[date]
    number: Mapped[str] = mapped_column(String(_LONGEST))
    label: Mapped[str] = mapped_column(String(100))

    legal_entity: Mapped[LegalEntity] = relationship()


class Chart:
    """The accounts of an entity, asked for each entry on its own day."""

    def __init__(self, entity: LegalEntity) -> None:
        query = select(BookAccount).where(BookAccount.legal_entity_id == entity.id)
        self.rows: dict[str, list[BookAccount]] = defaultdict(list)
        for row in db.session.scalars(query.order_by(BookAccount.since.desc())):
            self.rows[row.use].append(row)

    def at(self, use: str, on: date) -> Account:
        """The account of a use on a Paris day."""
        for row in self.rows.get(use, ()):
            if row.since <= on:
                return Account(row.number, row.label)
        return DEFAULTS[use][0]


def set_account(entity: LegalEntity, use: str, values: dict[str, Any], *, by: Actor) -> None:
    """Book one use on another account from a day on; the same day again corrects it.

    values: number, label, since. Raises Refused beside its field for a number of another class, and for a
    day of a closed month: what was closed is told as it was.

    Source: PCG art. 933-1; LPF art. A47 A-1.
    """
    number, since = values["number"], values["since"]
    if not (number.isdigit() and _SHORTEST <= len(number) <= _LONGEST):
        raise Refused(_("Un compte a de trois à douze chiffres."), field="number")
    if not number.startswith(DEFAULTS[use][1]):
        raise Refused(_("Ce compte commence par %(start)s.", start=DEFAULTS[use][1]), field="number")
    closed = closed_through(entity.id)
    if closed is not None and since <= closed:
        raise Refused(_("Ce jour tombe dans un mois clôturé."), field="since")
    query = select(BookAccount).where(
        BookAccount.legal_entity_id == entity.id, BookAccount.use == use, BookAccount.since == since
    )
    row = db.session.scalars(query).one_or_none()
    row = row or BookAccount(
        organisation=entity.organisation, legal_entity_id=entity.id, use=use, since=since
    )
    row.number, row.label = number, values["label"]
    db.session.add(row)
    record(entity, "book_account", by=by, use=use, number=number, since=since.isoformat())
