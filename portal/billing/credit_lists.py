"""The list of credit notes (avoirs)."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.billing.credit_models import CreditNote, CreditReason
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Period, define
from portal.resellers.lists import entity_choice
from portal.words.reasons import CREDIT_REASONS

CREDIT_NOTES: Listing[CreditNote] = define(
    Listing(
        name="credit-notes",
        label=_l("Avoirs"),
        endpoint="credit_notes.list_credit_notes",
        permission=Permission.INVOICE_READ,
        model=CreditNote,
        query=lambda: CreditNote.visible_to(g.actor),
        load=(
            joinedload(CreditNote.customer),
            joinedload(CreditNote.invoice),
            joinedload(CreditNote.document),
        ),
        columns=[
            Column(
                "number",
                _l("Numéro"),
                lambda row: (
                    Link(row.number, url_for("home.download", uid=row.document.uid))
                    if row.document
                    else row.number
                ),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.parties["buyer"]["name"])),
            Column(
                "invoice",
                _l("Sur la facture"),
                lambda row: Link(row.invoice.number, url_for("billing.show_invoice", uid=row.invoice.uid)),
            ),
            Column("reason", _l("Motif"), lambda row: str(CREDIT_REASONS[row.reason])),
            Column("clause", _l("Clause"), lambda row: row.clause or "–", rank=WIDE),
            Column("issued_on", _l("Émis le"), lambda row: row.issued_on, is_number=True),
            Column("gross", _l("Montant TTC"), lambda row: Euros(row.gross_cents), is_number=True),
        ],
        order=(CreditNote.id.desc(),),
        filters=[
            Choice(
                "reason",
                _l("Motif"),
                lambda: [(each, CREDIT_REASONS[each]) for each in CreditReason],
                lambda value: CreditNote.reason == CreditReason(value),
            ),
            entity_choice(_l("Émetteur"), CreditNote.legal_entity_id),
            Period("issued", _l("Émis"), CreditNote.issued_on),
        ],
        total=CreditNote.gross_cents,
        nothing=lambda: Nothing(
            _l("Aucun avoir."), _l("Il s'établit depuis une facture, ou à la fin d'un contrat.")
        ),
    )
)
