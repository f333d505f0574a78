"""The list of resellers, and a filter that lists of several rooms share: by the legal entity."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from portal.access import Permission, may
from portal.accounts.models import Organisation
from portal.db import db
from portal.listing import FILE, NAME, WIDE, Cell, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.resellers.brand import supports_for
from portal.resellers.models import TOP_FIRST, LegalEntity
from portal.resellers.reseller import Reseller, ResellerState
from portal.words.states import look_of


def entity_choice(label: Any, column: Any, among: Callable[[Any], Any] = LegalEntity.visible_to) -> Choice:
    """column: the id of the entity in the listed table; among: the entities of a person.

    Nothing is to choose where there is one alone.
    """

    def options() -> Sequence[tuple[str, Any]]:
        rows = list(db.session.scalars(among(g.actor).order_by(*TOP_FIRST)))
        return [(row.uid, row.name) for row in rows] if len(rows) > 1 else []

    return Choice(
        "entity",
        label,
        options,
        lambda value: column.in_(select(LegalEntity.id).where(LegalEntity.uid == value)),
    )


def _above(row: Reseller) -> str:
    parent = row.organisation.parent
    return parent.name if parent else ""


def _support(rows: list[Reseller]) -> dict[int, Cell]:
    known = supports_for([row.org_path for row in rows])
    return {row.id: known[row.org_path].ways for row in rows}


RESELLERS: Listing[Reseller] = define(
    Listing(
        name="resellers",
        label=_l("Revendeurs"),
        endpoint="resellers.list_resellers",
        permission=Permission.RESELLER_READ,
        model=Reseller,
        query=lambda: Reseller.visible_to(g.actor),
        load=(joinedload(Reseller.organisation).joinedload(Organisation.parent),),
        columns=[
            Column(
                "name",
                _l("Revendeur"),
                lambda row: Link(row.name, url_for("resellers.show_reseller", uid=row.uid), row.town),
                rank=NAME,
            ),
            Column("legal_name", _l("Dénomination sociale"), lambda row: row.legal_name, rank=FILE),
            Column("siren", _l("SIREN"), lambda row: row.siren, rank=WIDE),
            Column("above", _l("Placé sous"), _above, rank=WIDE),
            Column("state", _l("État"), lambda row: Pill(row.shown_state())),
            Column("signed", _l("Contrat signé le"), lambda row: row.contract_signed_on, is_number=True),
            Column("ends", _l("Dernier jour"), lambda row: row.contract_ends_on, rank=FILE),
            Column("territory", _l("Territoire"), lambda row: row.territory, rank=FILE),
            Column("support", _l("Support"), many=_support, rank=FILE),
        ],
        order=(Reseller.org_path, Reseller.id),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(s, look_of(f"reseller_{s}").word) for s in ResellerState],
                lambda value: Reseller.state == ResellerState(value),
            )
        ],
        nothing=lambda: Nothing(
            _l("Pas encore de revendeur."),
            _l("Un revendeur enregistre ses clients et commande pour eux, dès que son contrat est signé."),
            _l("Enregistrer un revendeur"),
            url_for("resellers.new_reseller") if may(Permission.RESELLER_WRITE) else "",
        ),
    )
)
