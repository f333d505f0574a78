"""The list of transfers that came in (virements reçus)."""

from typing import Any

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.listing import (
    FILE,
    NAME,
    WIDE,
    Cell,
    Choice,
    Column,
    Euros,
    Link,
    Listing,
    Nothing,
    Period,
    Pill,
    define,
)
from portal.resellers.issuing import issuers_to_run, run_by
from portal.resellers.lists import entity_choice
from portal.wires.models import IncomingTransfer, WireState
from portal.words.states import look_of


def _states() -> list[tuple[str, Any]]:
    return [(state, look_of(state).word) for state in WireState]


def _transfer(row: IncomingTransfer) -> Link:
    return Link(row.payer or _("payeur inconnu"), url_for("wires.show", uid=row.uid), row.text[:80])


def _customer(row: IncomingTransfer) -> Cell:
    if row.customer is None:
        return None
    return Link(row.customer.name, url_for("customers.show_customer", uid=row.customer.uid))


WIRES: Listing[IncomingTransfer] = define(
    Listing(
        name="wires",
        label=_l("Virements reçus"),
        endpoint="wires.list_wires",
        permission=Permission.WIRE_READ,
        model=IncomingTransfer,
        query=lambda: run_by(IncomingTransfer, g.actor),
        load=(
            joinedload(IncomingTransfer.customer),
            joinedload(IncomingTransfer.legal_entity),
            joinedload(IncomingTransfer.bank_file),
        ),
        columns=[
            Column("payer", _l("Payeur"), _transfer, rank=NAME),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("why", _l("À regarder"), lambda row: row.why, rank=WIDE),
            Column("customer", _l("Client"), _customer, rank=WIDE),
            Column("text", _l("Libellé"), lambda row: row.text, rank=FILE),
            Column("reference", _l("Référence bancaire"), lambda row: row.reference, rank=FILE),
            Column("account", _l("Compte du payeur"), lambda row: row.iban_masked, rank=FILE),
            Column("entity", _l("Émetteur"), lambda row: row.legal_entity.name, rank=FILE),
            Column("file", _l("Fichier"), lambda row: row.bank_file.filename, rank=FILE),
            Column("booked_on", _l("Comptabilisé"), lambda row: row.booked_on, is_number=True),
            Column("amount", _l("Montant"), lambda row: Euros(row.amount_cents), is_number=True),
        ],
        order=(IncomingTransfer.id.desc(),),
        filters=[
            Choice("state", _l("État"), _states, lambda value: IncomingTransfer.state == WireState(value)),
            entity_choice(_l("Émetteur"), IncomingTransfer.legal_entity_id, issuers_to_run),
            Period("booked", _l("Comptabilisé"), IncomingTransfer.booked_on),
        ],
        total=IncomingTransfer.amount_cents,
        nothing=lambda: Nothing(
            _l("Aucun virement."),
            _l("Ils arrivent avec le prochain relevé de la banque (camt.053 ou camt.054)."),
            _l("Importer un fichier"),
            url_for("returns.list_files"),
        ),
    )
)
