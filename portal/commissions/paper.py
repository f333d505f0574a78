"""What a statement of commission says."""

from typing import Any

from babel.numbers import format_currency
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.billing.documents import a_day, locale_of, mentions, party
from portal.commissions.models import CommissionStatement
from portal.i18n import month_name
from portal.pdf.document import Column
from portal.pdf.draft import Draft


def statement_draft(row: CommissionStatement, parties: dict[str, Any], language: str) -> Draft:
    """As it is issued; called once, then."""

    def euros(cents: int) -> str:
        return format_currency(cents / 100, "EUR", locale=language)

    with force_locale(language):
        draft = Draft(
            _("Relevé de commission"),
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=[
                (_("Numéro"), row.number),
                (_("Date"), a_day(row.issued_on, language)),
                (_("Mois"), month_name(row.month)),
            ],
            legal=mentions(parties["issuer"]),
            language=locale_of(language),
            page_label=_("Page {page} sur {pages}"),
        )
        columns = [
            Column(_("Client")),
            Column(_("Offre"), 44),
            Column(_("Facture"), 32),
            Column(_("Payé, HT"), 24),
            Column(_("Acheté, HT"), 24),
            Column(_("Marge"), 24),
        ]
        draft.line_table(
            columns,
            [
                (
                    line.customer_name,
                    line.product_name,
                    line.invoice_number,
                    euros(line.sold_cents),
                    euros(line.bought_cents),
                    euros(line.margin_cents),
                )
                for line in row.lines
            ],
        )
        carried = [(_("Repris du relevé précédent"), euros(row.carried_cents))] if row.carried_cents else []
        left = [(_("À reporter sur le prochain relevé"), euros(row.left_cents))] if row.left_cents else []
        draft.totals(
            [
                (_("Marge du mois, HT"), euros(row.margin_cents)),
                *carried,
                *left,
                (_("Commission à payer, HT"), euros(row.payable_cents)),
            ]
        )
        draft.text(_("Seul ce que les clients ont payé compte ; un paiement revenu ou un avoir le reprend."))
        draft.text(_("Ce relevé n'est pas une facture : la TVA s'ajoute sur celle du revendeur."))
        return draft
