"""What a pro-forma and an invoice say (mentions: CGI ann. II art. 242 nonies A, C. com. L441-9)."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _

from portal.billing.rules import Priced, RateTotal, Totals, totals
from portal.billing.vat import Vat
from portal.catalogue.models import Method
from portal.customers.particulars import PRINTED
from portal.customers.references import printed_references
from portal.pdf.document import Column, Mark, Party
from portal.pdf.draft import Draft
from portal.resellers.brand_paper import mark_for
from portal.resellers.models import LegalEntity
from portal.sepa.formats.iban import in_fours

if TYPE_CHECKING:
    from portal.billing.models import Invoice


def party(data: dict[str, Any]) -> Party:
    """Name and address block of an issuer or buyer as kept with the document."""
    country = get_locale().territories.get(data["country"], data["country"])
    lines = [data["street"], f"{data['postcode']} {data['town']}", country]
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
    payee: LegalEntity,
    language: str,
    vat: Vat | None = None,
    notes: Sequence[str] = (),
    references: Sequence[tuple[str, str]] = (),
    method: Method = Method.WIRE,
    renewal: bool = False,
    mark: Mark | None = None,
) -> Draft:
    """A request for payment that is not an invoice; says so across the page, and never calls itself one.

    payee: whose account is to be credited. vat: as the order was placed with. notes: sentences under the
    lines. references: names and numbers for the head.
    """
    with force_locale(language):
        meta = [
            (_("Numéro"), number),
            (_("Date"), a_day(issued_on, language)),
            (
                _("À régler au plus tard le") if renewal else _("Prix garanti jusqu'au"),
                a_day(valid_through, language),
            ),
        ]
        draft = Draft(
            _("Pro forma"),
            issuer=party(parties["issuer"]),
            recipient=party(parties["buyer"]),
            meta=[*meta, *references],
            legal=mentions(parties["issuer"]),
            language=locale_of(language),
            page_label=_("Page {page} sur {pages}"),
            watermark=_("PRO FORMA - ce document n'est pas une facture"),
            mark=mark,
        )
        add_lines(draft, lines, sums, language)
        for note in [vat.mention] if vat and vat.mention else []:
            draft.text(note)
        for note in notes:
            draft.text(note)
        _how_to_pay(draft, payee, sums.gross_cents, number, method)
        if not renewal:
            draft.text(_("Les clés d'activation sont envoyées dès la réception du paiement."))
        return draft


def invoice_draft(
    invoice: "Invoice",
    language: str,
    payee: LegalEntity,
    references: Sequence[tuple[str, str]] = (),
    mentions_of_contract: Sequence[str] = (),
    *,
    by_wire: bool = False,
) -> Draft:
    """The invoice as it is issued; called once, then.

    payee: whose account a wire is to credit. references: of the papers that came before, with their names.
    mentions_of_contract: what its contracts say of it, in the customer's language.
    """
    with force_locale(language):
        meta = [
            (_("Numéro"), invoice.number),
            (_("Date d'émission"), a_day(invoice.issued_on, language)),
            (_("Date d'échéance"), a_day(invoice.due_on, language)),
        ]
        draft = Draft(
            _("Facture"),
            issuer=party(invoice.parties["issuer"]),
            recipient=party(invoice.parties["buyer"]),
            meta=[*meta, *references, *printed_references(invoice.parties.get("references", {}))],
            legal=mentions(invoice.parties["issuer"]),
            language=locale_of(language),
            page_label=_("Page {page} sur {pages}"),
            mark=mark_for(invoice.org_path, language),
        )
        lines = [row.priced for row in invoice.lines]
        sums = totals(lines)
        if sums.gross_cents != invoice.gross_cents:
            raise ValueError(f"{invoice.number}: lines of {sums.gross_cents}, total {invoice.gross_cents}")
        add_lines(draft, lines, sums, language)
        for text in [*dict.fromkeys(row.vat_mention for row in invoice.lines if row.vat_mention)]:
            draft.text(text)
        for text in (*_payment_texts(invoice, language, by_wire), *mentions_of_contract):
            draft.text(text)
        if invoice.paid_on is None and by_wire:
            _how_to_pay(draft, payee, invoice.gross_cents, invoice.number, invoice.method)
        return draft


def _how_to_pay(draft: Draft, payee: LegalEntity, cents: int, reference: str, method: Method) -> None:
    if method == Method.CHEQUE:
        _cheque(draft, payee, reference)
    else:
        _transfer(draft, payee, cents, reference, method)


def _cheque(draft: Draft, payee: LegalEntity, reference: str) -> None:
    draft.heading(_("Règlement par chèque"))
    address = f"{payee.name}, {payee.street}, {payee.postcode} {payee.town}"
    draft.text(_("À l'ordre de %(name)s, à adresser à : %(address)s.", name=payee.name, address=address))
    draft.text(_("Numéro à écrire au dos : %(number)s.", number=reference))


def _transfer(draft: Draft, payee: LegalEntity, cents: int, reference: str, method: Method) -> None:
    by_accountant = method == Method.ADMINISTRATIVE_MANDATE
    draft.heading(_("Règlement par mandat administratif") if by_accountant else _("Règlement par virement"))
    draft.transfer(
        [
            (_("Bénéficiaire"), payee.name),
            (_("IBAN"), in_fours(payee.iban)),
            (_("Banque"), payee.bank_name),
            (_("Référence à rappeler"), reference),
        ],
        (payee.name, payee.iban, cents, reference),
        caption=_("À lire avec l'application de votre banque"),
    )


def add_lines(draft: Draft, lines: Sequence[Priced], sums: Totals, language: str) -> None:
    columns = [
        Column(_("Désignation")),
        Column(_("Quantité"), 18),
        Column(_("Prix unitaire HT"), 28),
        Column(_("TVA"), 16),
        Column(_("Montant HT"), 28),
    ]
    rows = []
    for line, net in zip(lines, sums.line_net_cents, strict=True):
        label = line.label
        if line.includes_vat:
            label = _(
                "%(label)s (prix annoncé : %(price)s TTC)", label=label, price=_eur(line.unit_cents, language)
            )
        unit = _unit_price(net, line.quantity, language) if line.quantity else _eur(line.unit_cents, language)
        rows.append(
            (label, str(line.quantity), unit, _rate(line.vat_basis_points, language), _eur(net, language))
        )
    draft.line_table(columns, rows)
    draft.totals(
        [
            (_("Total HT"), _eur(sums.net_cents, language)),
            *(_rate_row(each, len(sums.rates), language) for each in sums.rates),
            (_("Total TTC"), _eur(sums.gross_cents, language)),
        ]
    )


def _rate_row(of_rate: RateTotal, rates: int, language: str) -> tuple[str, str]:
    """The VAT of one rate; with its base where there are several."""
    rate = _rate(of_rate.basis_points, language)
    label = (
        _("TVA %(rate)s sur %(base)s", rate=rate, base=_eur(of_rate.net_cents, language))
        if rates > 1
        else _("TVA %(rate)s", rate=rate)
    )
    return label, _eur(of_rate.vat_cents, language)


def _unit_price(net_cents: int, quantity: int, language: str) -> str:
    """Without VAT, with as many decimals as it takes for the quantity to give the line, four at most."""
    unit = Decimal(net_cents) / quantity
    exact = unit == unit.to_integral_value()
    shape = "#,##0.00" if exact else "#,##0.00##"
    return f"{format_decimal(unit.scaleb(-2), shape, locale=language)} €"


# By what an invoice was paid, or is to be; one without a usable mandate is paid by wire.
_PAID: dict[Method, Callable[[str], str]] = {
    Method.WIRE: lambda day: _("Facture acquittée le %(day)s par virement.", day=day),
    Method.DIRECT_DEBIT: lambda day: _("Facture acquittée le %(day)s par virement.", day=day),
    Method.CHEQUE: lambda day: _("Facture acquittée le %(day)s par chèque.", day=day),
    Method.ADMINISTRATIVE_MANDATE: lambda day: _(
        "Facture acquittée le %(day)s par mandat administratif.", day=day
    ),
    Method.CARD: lambda day: _("Facture acquittée le %(day)s par carte bancaire.", day=day),
}
_TO_PAY: dict[Method, Callable[[str], str]] = {
    Method.WIRE: lambda day: _("À régler par virement au plus tard le %(day)s.", day=day),
    Method.DIRECT_DEBIT: lambda day: _("À régler par virement au plus tard le %(day)s.", day=day),
    Method.CHEQUE: lambda day: _("À régler par chèque au plus tard le %(day)s.", day=day),
    Method.ADMINISTRATIVE_MANDATE: lambda day: _(
        "À régler par mandat administratif au plus tard le %(day)s.", day=day
    ),
    Method.CARD: lambda day: _("À régler par carte bancaire au plus tard le %(day)s.", day=day),
}


def _payment_texts(invoice: "Invoice", language: str, by_wire: bool) -> list[str]:
    texts = []
    if invoice.paid_on is not None:
        day = a_day(invoice.paid_on, language)
        texts.append(_PAID[invoice.method](day))
    elif not by_wire and invoice.method is not Method.CARD:
        texts.append(_("Réglée par prélèvement SEPA, annoncé par e-mail avant le débit."))
    else:
        texts.append(_TO_PAY[invoice.method](a_day(invoice.due_on, language)))
    texts.append(_("Nature de l'opération : prestation de services."))
    return texts


# A run writes the same days and prices thousands of times.


@lru_cache(maxsize=4096)
def a_day(value: date, language: str) -> str:
    return format_date(value, "long", locale=locale_of(language).replace("-", "_"))


@lru_cache(maxsize=64)
def _rate(basis_points: int, language: str) -> str:
    return f"{format_decimal(basis_points / 100, locale=language)} %"


@lru_cache(maxsize=4096)
def _eur(cents: int, language: str) -> str:
    return format_currency(cents / 100, "EUR", locale=language)


def locale_of(language: str) -> str:
    return {"fr": "fr-FR", "en": "en-GB"}[language]
