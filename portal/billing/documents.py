"""What a pro-forma and an invoice say (mentions: CGI ann. II art. 242 nonies A, C. com. L441-9)."""

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask_babel import force_locale
from flask_babel import gettext as _

from portal.billing.rules import Priced, Totals
from portal.customers.particulars import PRINTED
from portal.pdf.document import Column, Mark, Party
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for

if TYPE_CHECKING:
    from portal.billing.models import Invoice


def party(data: dict[str, Any]) -> Party:
    """Name and address block of an issuer or buyer as kept with the document."""
    lines = [data["street"], f"{data['postcode']} {data['town']}", data["country"]]
    for each in PRINTED:
        if value := data.get(each.name):
            lines.append(each.printed % {"value": value})
    return Party(data["name"], tuple(lines))


def mentions(issuer: dict[str, Any]) -> list[str]:
    """The foot of every page: legal form, register, VAT."""
    register = f"RCS {issuer['rcs_town']} {issuer['siren']}"
    return [f"{issuer['name']} · {issuer['legal_form']} · {register} · {issuer['email']}"]


def proforma_draft(
    number: str,
    parties: dict[str, Any],
    lines: Sequence[Priced],
    sums: Totals,
    *,
    issued_on: date,
    valid_through: date,
    bank: Sequence[tuple[str, str]],
    language: str,
    notes: Sequence[str] = (),
    mark: Mark | None = None,
) -> Draft:
    """A request for payment that is not an invoice; says so across the page.

    notes: sentences under the lines.
    """
    with force_locale(language):
        meta = [
            (_("Numéro"), number),
            (_("Date"), _day(issued_on, language)),
            (_("Prix garanti jusqu'au"), _day(valid_through, language)),
        ]
        draft = Draft(
            _("Facture pro forma"),
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=meta,
            legal=mentions(parties["issuer"]),
            language=_locale(language),
            page_label=_("Page {page} sur {pages}"),
            watermark=_("PRO FORMA - ce document n'est pas une facture"),
            mark=mark,
        )
        _table(draft, lines, sums, language)
        for note in notes:
            draft.text(note)
        draft.heading(_("Règlement par virement"))
        draft.fields([*bank, (_("Référence à rappeler"), number)])
        draft.text(_("Les clés d'activation sont envoyées dès la réception du virement."))
        return draft


def invoice_draft(invoice: "Invoice", language: str, mentions_of_contract: Sequence[str] = ()) -> Draft:
    """The invoice as it is issued; called once, then."""
    with force_locale(language):
        meta = [
            (_("Numéro"), invoice.number),
            (_("Date d'émission"), _day(invoice.issued_on, language)),
            (_("Échéance"), _day(invoice.due_on, language)),
        ]
        draft = Draft(
            _("Facture"),
            issuer=party(invoice.parties["issuer"]),
            recipient=party(invoice.parties["buyer"]),
            meta=meta,
            legal=mentions(invoice.parties["issuer"]),
            language=_locale(language),
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(invoice.org_path, language),
        )
        lines = [
            Priced(row.label, row.quantity, row.unit_cents, row.includes_vat, row.vat_basis_points)
            for row in invoice.lines
        ]
        nets = tuple(row.net_cents for row in invoice.lines)
        sums = Totals(nets, invoice.net_cents, invoice.vat_cents, invoice.gross_cents)
        _table(draft, lines, sums, language)
        for text in (*_payment_texts(invoice, language), *mentions_of_contract):
            draft.text(text)
        return draft


def _table(draft: Draft, lines: Sequence[Priced], sums: Totals, language: str) -> None:
    columns = [
        Column(_("Désignation")),
        Column(_("Quantité"), 18),
        Column(_("Prix unitaire"), 28),
        Column(_("TVA"), 16),
        Column(_("Montant HT"), 28),
    ]
    rows = []
    for line, net in zip(lines, sums.line_net_cents, strict=True):
        price = _eur(line.unit_cents, language)
        unit = _("%(price)s TTC", price=price) if line.includes_vat else _("%(price)s HT", price=price)
        rate = f"{format_decimal(line.vat_basis_points / 100, locale=language)} %"
        rows.append((line.label, str(line.quantity), unit, rate, _eur(net, language)))
    draft.line_table(columns, rows)
    draft.totals(
        [
            (_("Total HT"), _eur(sums.net_cents, language)),
            (_("TVA"), _eur(sums.vat_cents, language)),
            (_("Total TTC"), _eur(sums.gross_cents, language)),
        ]
    )


def _payment_texts(invoice: "Invoice", language: str) -> list[str]:
    texts = []
    if invoice.paid_on is not None:
        day = _day(invoice.paid_on, language)
        texts.append(_("Facture acquittée le %(day)s par virement.", day=day))
    elif invoice.method == "direct_debit":
        texts.append(_("Réglée par prélèvement SEPA, annoncé par e-mail avant le débit."))
    else:
        texts.append(_("À régler par virement avant le %(day)s.", day=_day(invoice.due_on, language)))
    texts.append(_("Nature de l'opération : prestation de services."))
    if invoice.parties["buyer"]["kind"] == "business":
        texts.append(
            _(
                "En cas de retard : pénalités au taux de la BCE majoré de 10 points et indemnité "
                "forfaitaire de recouvrement de 40 € (C. com. L441-10). Pas d'escompte pour paiement "
                "anticipé."
            )
        )
    if invoice.parties["buyer"]["kind"] == "public_body":
        texts.append(
            _(
                "En cas de retard : intérêts moratoires au taux de la BCE majoré de 8 points et indemnité "
                "forfaitaire de recouvrement de 40 € (CCP L2192-13, R2192-31, D2192-35). Pas d'escompte "
                "pour paiement anticipé."
            )
        )
    return texts


# A run writes the same days and prices thousands of times.


@lru_cache(maxsize=4096)
def _day(value: date, language: str) -> str:
    return format_date(value, "long", locale=language)


@lru_cache(maxsize=4096)
def _eur(cents: int, language: str) -> str:
    return format_currency(cents / 100, "EUR", locale=language)


def _locale(language: str) -> str:
    return {"fr": "fr-FR", "en": "en-GB"}[language]
