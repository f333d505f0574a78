"""Values of e-invoices, one of each case, without a row."""

from dataclasses import replace
from typing import Any

from portal.facturx.values import EInvoice, Line, Payment, Tax

SELLER = {
    "name": "DROPCLOUD SAS",
    "street": "1 rue de la Paix",
    "postcode": "75002",
    "town": "Paris",
    "country": "FR",
    "siren": "451600977",
    "vat_number": "FR63451600977",
    "legal_form": "SAS au capital de 100 000 €",
}
BUYER = {
    "name": "Boulangerie Martin",
    "street": "3 rue du Four",
    "postcode": "75006",
    "town": "Paris",
    "country": "FR",
    "siren": "552100554",
}
BERLIN = BUYER | {"country": "DE", "postcode": "10115", "town": "Berlin", "siren": None}
GENEVA = BUYER | {"country": "CH", "postcode": "1201", "town": "Genève", "siren": None}
NOTES = [
    ("PMD", "En cas de retard : pénalités de 12,15 % par an."),
    ("PMT", "Indemnité forfaitaire de recouvrement de 40 €."),
    ("AAB", "Pas d'escompte pour paiement anticipé."),
]


def domestic(**changes: Any) -> EInvoice:
    """Two lines at 20 %, to be paid by a transfer."""
    values: dict[str, Any] = {
        "type": "380",
        "frame": "S1",
        "number": "FA-2026-000123",
        "issued_on": "2026-11-23",
        "due_on": "2026-12-23",
        "seller": SELLER,
        "buyer": BUYER,
        "lines": [Line("Sauvegarde", 3, "10.00", 3000, "S", 2000), Line("Poste", 1, "9.99", 999, "S", 2000)],
        "taxes": [Tax("S", 2000, 3999, 800)],
        "notes": [*NOTES, ("BAR", "B2B")],
        "payment": Payment("30", iban="FR7630006000011234567890189", account="DROPCLOUD SAS"),
        "delivered_on": "2026-11-23",
        "terms": "À régler par virement.",
    }
    return EInvoice(**(values | changes))


def paid() -> EInvoice:
    return domestic(frame="S2", paid_cents=4799, due_on="2026-11-23")


def debited() -> EInvoice:
    return domestic(payment=Payment("59", mandate="NB-000001", creditor="FR15ZZZ588627"))


def credit_note() -> EInvoice:
    return domestic(type="381", number="AV-2026-000001", preceding=("FA-2026-000123", "2026-11-23"))


def _untaxed(category: str, why: str, buyer: dict[str, Any]) -> EInvoice:
    lines = [Line("Sauvegarde", 1, "10.00", 1000, category, 0)]
    buyer = buyer | {"email": "buyer@client.example"}
    if category == "AE":
        buyer |= {"vat_number": "DE123456789"}
    notes = [*NOTES, ("BAR", "B2BINT")]
    return domestic(lines=lines, taxes=[Tax(category, 0, 1000, 0, why)], buyer=buyer, notes=notes)


def reversed_charge() -> EInvoice:
    return _untaxed("AE", "Autoliquidation", BERLIN)


def outside() -> EInvoice:
    return _untaxed("O", "TVA non applicable - art. 259-1 du CGI", GENEVA)


def exported() -> EInvoice:
    return _untaxed("G", "TVA non applicable - art. 259-1 du CGI", GENEVA)


def exempt() -> EInvoice:
    lines = [Line("Formation", 1, "10.00", 1000, "E", 0)]
    return domestic(lines=lines, taxes=[Tax("E", 0, 1000, 0, "Exonération - art. 261-4-4° du CGI")])


def intra_union() -> EInvoice:
    each = _untaxed("K", "Livraison intracommunautaire - art. 262 ter I du CGI", BERLIN)
    return replace(each, buyer=each.buyer | {"vat_number": "DE123456789"})


def split_price() -> EInvoice:
    """9.99 with VAT is 8.33 and 1.66, a cent less than 20 % of 8.33."""
    lines = [Line("Poste", 1, "8.33", 833, "S", 2000)]
    return domestic(lines=lines, taxes=[Tax("S", 2000, 833, 166, slack_cents=1)])


def public_body() -> EInvoice:
    return domestic(
        buyer=BUYER | {"siret": BUYER["siren"] + "00013"},
        references={"service_code": "SERV1", "commitment_number": "ENG-42", "purchase_order": "BC 7"},
    )


def many_units() -> EInvoice:
    """0.07 EUR for 123 457 units: no price of six decimals gives the line."""
    lines = [Line("Octets", 123_457, "8641.96", 864_196, "S", 2000, base=123_457)]
    return domestic(lines=lines, taxes=[Tax("S", 2000, 864_196, 172_839)])
