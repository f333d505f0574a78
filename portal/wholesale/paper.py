"""What the annex of a bulk invoice says: each customer, what runs for her, what it cost."""

from collections.abc import Sequence

from babel.numbers import format_currency
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.billing.documents import a_day, locale_of, mentions, party
from portal.billing.models import Invoice
from portal.billing.panels import Paper, invoice_mention
from portal.pdf.document import Column
from portal.pdf.draft import Draft
from portal.wholesale.models import WholesaleLine


@invoice_mention(rank=20)
def says_annex(paper: Paper) -> str | None:
    """A bulk invoice says that its annex has the customers one by one."""
    if not any(charge.origin.startswith("wholesale:") for charge in paper.charges):
        return None
    return _("Le détail par client est dans l'annexe de cette facture.")


def annex_draft(invoice: Invoice, lines: Sequence[WholesaleLine]) -> Draft:
    """From rows that never change: always the same paper."""
    language = invoice.customer.language
    with force_locale(language):
        draft = Draft(
            _("Annexe par client"),
            issuer=party(invoice.parties["issuer"]),
            recipient=party(invoice.parties["buyer"]),
            meta=[
                (_("De la facture"), invoice.number),
                (_("Date d'émission"), a_day(invoice.issued_on, language)),
            ],
            legal=mentions(invoice.parties["issuer"]),
            language=locale_of(language),
            page_label=_("Page {page} sur {pages}"),
        )
        columns = [
            Column(_("Client")),
            Column(_("Désignation"), 62),
            Column(_("Quantité"), 18),
            Column(_("Prix unitaire HT"), 28),
            Column(_("Montant HT"), 28),
        ]
        rows = [
            (
                line.customer_name,
                line.label,
                str(line.quantity),
                format_currency(line.unit_cents / 100, "EUR", locale=language),
                format_currency(line.net_cents / 100, "EUR", locale=language),
            )
            for line in lines
        ]
        draft.line_table(columns, rows)
        total = sum(line.net_cents for line in lines)
        draft.totals([(_("Total HT"), format_currency(total / 100, "EUR", locale=language))])
        return draft
