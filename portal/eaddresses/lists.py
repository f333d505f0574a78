"""The electronic addresses that e-invoices bear: those to settle first of all."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from portal.access import Permission
from portal.customers.lists import customer_column
from portal.eaddresses.models import EAddress, EAddressDirectory
from portal.eaddresses.queries import has_no_good_line, looked_up
from portal.listing import NAME, WIDE, Choice, Column, Link, Listing, Nothing, Pill, define
from portal.resellers.lists import entity_choice
from portal.words.eaddresses import remedy

TO_SETTLE, GOOD = "to_settle", "good"


def _standings() -> list[tuple[str, Any]]:
    return [(TO_SETTLE, _l("à régler")), (GOOD, _l("dans l'annuaire"))]


EADDRESSES: Listing[EAddress] = define(
    Listing(
        name="eaddresses",
        label=_l("Adresses électroniques"),
        endpoint="eaddresses.list_addresses",
        permission=Permission.BILLING_READ,
        model=EAddress,
        query=lambda: looked_up(g.actor),
        load=(joinedload(EAddress.customer), selectinload(EAddress.lines)),
        columns=[
            Column(
                "address",
                _l("Adresse"),
                lambda row: Link(row.address, url_for("eaddresses.show_address", uid=row.uid)),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("standing", _l("État"), lambda row: Pill(row.shown_state())),
            Column("remedy", _l("À faire"), lambda row: str(remedy(row.shown_state())), rank=WIDE),
            Column("answered_at", _l("Réponse du"), lambda row: row.answered_at, is_number=True),
            Column("source", _l("Source"), lambda row: row.source or None, rank=WIDE),
        ],
        order=(EAddress.id.desc(),),
        filters=[
            Choice(
                "standing",
                _l("État"),
                _standings,
                lambda value: has_no_good_line() if value == TO_SETTLE else ~has_no_good_line(),
            ),
            entity_choice(
                _l("Émetteur"),
                select(EAddressDirectory.legal_entity_id)
                .where(EAddressDirectory.id == EAddress.directory_id)
                .scalar_subquery(),
            ),
        ],
        nothing=lambda: Nothing(
            _l("Aucune adresse électronique n'a été cherchée."),
            _l("Les entreprises et organismes français sont cherchés quand un annuaire est choisi."),
        ),
    )
)
