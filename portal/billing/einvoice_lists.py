"""The list of e-invoices (factures électroniques): valid, refused, closed."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.billing.einvoice_models import EInvoiceRecord, EInvoiceState
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Choice, Column, Link, Listing, Nothing, Period, Pill, define
from portal.resellers.lists import entity_choice
from portal.words.states import look_of

EINVOICES: Listing[EInvoiceRecord] = define(
    Listing(
        name="einvoices",
        label=_l("Factures électroniques"),
        endpoint="einvoices.list_einvoices",
        permission=Permission.BILLING_READ,
        model=EInvoiceRecord,
        query=lambda: EInvoiceRecord.visible_to(g.actor),
        load=(joinedload(EInvoiceRecord.customer),),
        columns=[
            Column(
                "number",
                _l("Numéro"),
                lambda row: Link(row.number, url_for("einvoices.show_einvoice", uid=row.uid)),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("rules", _l("Règles non tenues"), lambda row: rules_of(row) or "–", rank=WIDE),
            Column("issued_on", _l("Émise le"), lambda row: row.issued_on, is_number=True),
        ],
        order=(EInvoiceRecord.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(each, look_of(each).word) for each in EInvoiceState],
                lambda value: EInvoiceRecord.state == EInvoiceState(value),
            ),
            entity_choice(_l("Émetteur"), EInvoiceRecord.legal_entity_id),
            Period("issued", _l("Émise"), EInvoiceRecord.issued_on),
        ],
        nothing=lambda: Nothing(
            _l("Aucune facture électronique."),
            _l("Leur premier jour se choisit dans les réglages de facturation de l'émetteur."),
        ),
    )
)


def rules_of(row: EInvoiceRecord) -> str:
    """The names of the broken rules."""
    return ", ".join(dict.fromkeys(rule for rule, _said in row.findings))
