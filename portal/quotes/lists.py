"""The list of quotes (devis)."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload, selectinload

from portal.access import Permission, may
from portal.customers.lists import customer_column
from portal.listing import NAME, WIDE, Choice, Column, Euros, Link, Listing, Nothing, Period, Pill, define
from portal.quotes.models import Quote, QuoteState, shown_to
from portal.quotes.money import money_of
from portal.words.states import look_of


def _total(quote: Quote) -> Any:
    cents = money_of(quote).gross_cents
    return "" if cents is None else Euros(cents)


QUOTES: Listing[Quote] = define(
    Listing(
        name="quotes",
        label=_l("Devis"),
        endpoint="quotes.list_quotes",
        permission=Permission.QUOTE_READ,
        model=Quote,
        query=lambda: shown_to(g.actor),
        load=(joinedload(Quote.customer), joinedload(Quote.legal_entity), selectinload(Quote.lines)),
        columns=[
            Column(
                "number",
                _l("Devis"),
                lambda row: Link(
                    row.title,
                    url_for("quotes.show_quote", uid=row.uid),
                    ", ".join(f"{line.quantity} × {line.product_name}" for line in row.lines[:2]),
                ),
                rank=NAME,
            ),
            customer_column(lambda row: (row.customer, row.customer.name)),
            Column("state", _l("État"), lambda row: Pill(row.state)),
            Column("sent_on", _l("Envoyé le"), lambda row: row.sent_on, rank=WIDE, is_number=True),
            Column("valid_until", _l("Valable jusqu'au"), lambda row: row.valid_until, is_number=True),
            Column("gross", _l("Montant TTC"), _total, is_number=True),
        ],
        order=(Quote.id.desc(),),
        filters=[
            Choice(
                "state",
                _l("État"),
                lambda: [(state, look_of(state).word) for state in QuoteState],
                lambda value: Quote.state == QuoteState(value),
            ),
            Period("valid", _l("Valable jusqu'au"), Quote.valid_until),
        ],
        nothing=lambda: Nothing(
            _l("Aucun devis."),
            _l("Un devis s'écrit depuis la fiche d'un client."),
            _l("Choisir un client"),
            url_for("customers.list_customers") if may(Permission.CUSTOMER_READ) else "",
        ),
    )
)
