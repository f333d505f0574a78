"""The paper of a changed account: which mandate, the former account and the new one, who confirmed."""

from datetime import UTC, date

from portal.deadlines import PARIS
from portal.pdf.document import Document, Mark, Party
from portal.sepa.formats.iban import in_fours
from portal.sepa.formats.values import Address, Creditor
from portal.sepa.mandate_text import Language
from portal.sepa.signing.mandate_pdf import ElectronicSignature

_LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "title": "Changement de compte à débiter",
        "rum": "Référence unique du mandat (RUM)",
        "ics": "Identifiant créancier SEPA (ICS)",
        "debtor": "Débiteur",
        "former": "Ancien compte",
        "account": "Nouveau compte (IBAN)",
        "text": "Le débiteur demande que les prélèvements de {creditor}, autorisés par le mandat signé le "
        "{day}, soient désormais présentés sur le nouveau compte ci-dessous, dont il est titulaire. "
        "Le mandat garde sa référence ; rien d'autre ne change.",
        "electronic": "Confirmation électronique",
        "name": "Nom",
        "role": "Qualité",
        "time": "Date et heure",
        "channel": "Code reçu à l'adresse",
        "hash": "SHA-256 du document présenté",
    },
    "en": {
        "title": "Change of the account to debit",
        "rum": "Unique mandate reference (RUM)",
        "ics": "SEPA creditor identifier (ICS)",
        "debtor": "Debtor",
        "former": "Former account",
        "account": "New account (IBAN)",
        "text": "The debtor asks that the direct debits of {creditor}, authorised by the mandate signed on "
        "{day}, be presented from now on to the new account below, which the debtor holds. The mandate "
        "keeps its reference; nothing else changes.",
        "electronic": "Electronic confirmation",
        "name": "Name",
        "role": "Position",
        "time": "Date and time",
        "channel": "Code received at",
        "hash": "SHA-256 of the document shown",
    },
}


def build_account_pdf(
    *,
    rum: str,
    creditor: Creditor,
    debtor: str,
    former: str,
    account: str,
    signed_on: date,
    language: Language = "fr",
    signature: ElectronicSignature | None = None,
    mark: Mark | None = None,
) -> bytes:
    """The document; ``former`` is masked, ``account`` is the whole IBAN. Same values, same bytes."""
    labels = _LABELS[language]
    address = creditor.address or Address(town="", country="")
    document = Document(
        labels["title"],
        issuer=Party(creditor.name, (address.street, f"{address.postcode} {address.town}")),
        legal=(f"{labels['rum']} : {rum}",),
        language={"fr": "fr-FR", "en": "en-GB"}[language],
        mark=mark,
    )
    document.fields([(labels["rum"], rum), (labels["ics"], creditor.ics)], label_mm=58)
    document.box([labels["text"].format(creditor=creditor.name, day=f"{signed_on:%d/%m/%Y}")])
    rows = [(labels["debtor"], debtor), (labels["former"], former)]
    document.fields([*rows, (labels["account"], in_fours(account))], label_mm=58)
    if signature is not None:
        utc, paris = signature.at.astimezone(UTC), signature.at.astimezone(PARIS)
        document.heading(labels["electronic"])
        document.fields(
            [
                (labels["name"], signature.signer),
                (labels["role"], signature.role),
                (labels["time"], f"{utc:%d/%m/%Y %H:%M:%S} UTC ({paris:%d/%m/%Y %H:%M:%S} Paris)"),
                (labels["channel"], signature.channel),
                (labels["hash"], signature.shown_sha256),
            ],
            label_mm=58,
        )
    return document.build()
