"""The sheets of the workbook and their columns, which a file may call otherwise."""

import re
from typing import NamedTuple

from portal.search.words import fold


class Head(NamedTuple):
    """One column: its name in the code, as it is written in the template, and what the example says."""

    key: str
    title: str
    example: str = ""
    is_required: bool = False


class Sheet(NamedTuple):
    key: str
    title: str
    heads: tuple[Head, ...]

    @property
    def required(self) -> list[Head]:
        return [head for head in self.heads if head.is_required]


_REFERENCE = Head("reference", "Référence", "C-0042", True)


def _contact(key: str, title: str, name: str = "", email: str = "", phone: str = "") -> tuple[Head, ...]:
    needed = key == "billing"
    return (
        Head(f"{key}-name", f"{title} : nom", name, needed),
        Head(f"{key}-email", f"{title} : e-mail", email, needed),
        Head(f"{key}-phone", f"{title} : téléphone", phone),
    )


CUSTOMERS = Sheet(
    "customers",
    "Clients",
    (
        _REFERENCE,
        Head("reseller", "Revendeur"),
        Head("billed_by", "Facturé par"),
        Head("kind", "Type", "entreprise", True),
        Head("name", "Raison sociale", "Boulangerie Martin", True),
        Head("siren", "SIREN", "732829320"),
        Head("siret", "SIRET"),
        Head("vat_number", "Numéro de TVA"),
        Head("street", "Numéro et rue", "3 rue du Four", True),
        Head("postcode", "Code postal", "75006", True),
        Head("town", "Ville", "Paris", True),
        Head("country", "Pays", "FR"),
        Head("language", "Langue", "fr"),
        Head("health_data", "Données de santé", "non", True),
        *_contact("billing", "Facturation", "Camille Martin", "compta@client.example", "0102030405"),
        *_contact("technical", "Technique"),
        *_contact("incident", "Incidents"),
        *_contact("signatory", "Signataire"),
    ),
)
TERMS = Sheet(
    "terms",
    "Conditions",
    (
        _REFERENCE,
        Head("stack", "Contrat", "dropcloud", True),
        Head("versions", "Versions"),
        Head("signed_on", "Signé le", "12/03/2024", True),
        Head("signer", "Signataire", "Camille Martin", True),
    ),
)
SUBSCRIPTIONS = Sheet(
    "subscriptions",
    "Abonnements",
    (
        _REFERENCE,
        Head("product", "Produit", "WS-M", True),
        Head("quantity", "Quantité", "5", True),
        Head("volume_gb", "Volume (Go)"),
        Head("started_on", "Début", "01/04/2024", True),
        Head("billed_before", "Facturé avant le", "01/12/2026", True),
        Head("versions", "Versions"),
        Head("unit_cents", "Prix unitaire (centimes)", "1200", True),
        Head("method", "Moyen de paiement", "prélèvement", True),
    ),
)
KEYS = Sheet(
    "keys",
    "Clés",
    (
        _REFERENCE,
        Head("code", "Clé", "", True),
        Head("product", "Produit", "WS-M", True),
        Head("seats", "Postes", "5", True),
        Head("seats_used", "Postes activés", "4"),
        Head("valid_through", "Valable jusqu'au", "30/11/2026", True),
    ),
)
MANDATES = Sheet(
    "mandates",
    "Mandats",
    (
        _REFERENCE,
        Head("rum", "RUM", "ANCIEN-000123", True),
        Head("ics", "ICS"),
        Head("holder", "Titulaire", "Boulangerie Martin", True),
        Head("iban", "IBAN", "FR7630006000011234567890189", True),
        Head("scheme", "Schéma", "CORE", True),
        Head("signed_on", "Signé le", "12/03/2024", True),
        Head("presented_on", "Dernier prélèvement", "05/11/2026"),
    ),
)
VAULTS = Sheet(
    "vaults",
    "Coffres",
    (_REFERENCE, Head("name", "Nom", "Comptabilité", True), Head("location", "Emplacement", "", True)),
)
INVOICES = Sheet(
    "invoices",
    "Factures ouvertes",
    (
        _REFERENCE,
        Head("number", "Numéro", "2026-0815", True),
        Head("issued_on", "Date", "01/11/2026", True),
        Head("due_on", "Échéance", "30/11/2026", True),
        Head("net", "HT", "100,00", True),
        Head("vat", "TVA", "20,00", True),
        Head("gross", "TTC", "120,00", True),
    ),
)
CREDITS = Sheet(
    "credits",
    "Avoirs",
    (
        _REFERENCE,
        Head("number", "Numéro", "AV-2026-12", True),
        Head("issued_on", "Date", "02/11/2026", True),
        Head("gross", "TTC", "24,00", True),
    ),
)
SERIES = Sheet(
    "series",
    "Séries",
    (
        Head("prefix", "Préfixe", "FA", True),
        Head("year", "Année", "2026", True),
        Head("last", "Dernier numéro", "815", True),
    ),
)
SHEETS = (CUSTOMERS, TERMS, SUBSCRIPTIONS, KEYS, MANDATES, VAULTS, INVOICES, CREDITS, SERIES)
OLD = Sheet(  # of the parallel month: lines of invoices of the former system
    "old",
    "Factures",
    (
        _REFERENCE,
        Head("label", "Libellé"),
        Head("net", "HT", "100,00", True),
        Head("vat", "TVA", "20,00"),
        Head("gross", "TTC", "120,00", True),
    ),
)
BY_KEY = {sheet.key: sheet for sheet in SHEETS}
_NO_SIGN = re.compile(r"[^a-z0-9]")


def plain(title: str) -> str:
    """A title without case, accents and signs: « Données de santé » -> « donneesdesante »."""
    return _NO_SIGN.sub("", fold(title))


def sheet_called(title: str) -> Sheet | None:
    """The sheet of this name, in French or by its key."""
    wanted = plain(title)
    return next((each for each in SHEETS if wanted in (plain(each.title), plain(each.key))), None)


def key_of(sheet: Sheet, title: str, chosen: dict[str, str]) -> str:
    """The column that a title of the file means; chosen: what a person has said of it, by plain title."""
    wanted = plain(title)
    if wanted in chosen:
        return chosen[wanted]
    found = (head.key for head in sheet.heads if wanted in (plain(head.title), plain(head.key)))
    return next(found, "")
