"""What a credit note says (mentions: CGI ann. II art. 242 nonies A; EN 16931, BR-FR-CO-05)."""

from flask_babel import force_locale
from flask_babel import gettext as _

from portal.billing.credit_models import CreditNote
from portal.billing.documents import a_day, add_lines, locale_of, mentions, party
from portal.billing.rules import RateTotal, Totals
from portal.customers.references import printed_references
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for


def credit_draft(row: CreditNote, language: str) -> Draft:
    """The credit note as it is issued, with the number and the day of its invoice; called once, then."""
    invoice = row.invoice
    with force_locale(language):
        draft = Draft(
            _("Avoir"),
            issuer=party(row.parties["issuer"]),
            recipient=party(row.parties["buyer"]),
            meta=[
                (_("Numéro"), row.number),
                (_("Date d'émission"), a_day(row.issued_on, language)),
                (_("Sur la facture"), invoice.number),
                (_("Émise le"), a_day(invoice.issued_on, language)),
                *printed_references(invoice.parties.get("references", {})),
            ],
            legal=mentions(row.parties["issuer"]),
            language=locale_of(language),
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(invoice.org_path, language),
        )
        lines = [line.priced for line in row.lines]
        add_lines(draft, lines, Totals(tuple(line.net_cents for line in row.lines), _rates(row)), language)
        for mention in dict.fromkeys(line.line.vat_mention for line in row.lines if line.line.vat_mention):
            draft.text(mention)
        if row.note:
            draft.text(row.note)
        draft.text(_("Cet avoir vient en déduction de la facture ; ce qui a été payé en trop est remboursé."))
        return draft


def _rates(row: CreditNote) -> tuple[RateTotal, ...]:
    sums: dict[tuple[int, str], list[int]] = {}
    for each in row.lines:
        both = sums.setdefault((each.line.vat_basis_points, each.line.vat_category), [0, 0])
        both[0] += each.net_cents
        both[1] += each.vat_cents
    return tuple(RateTotal(*rate, *both) for rate, both in sorted(sums.items()))
