"""The mandate form, on paper to sign by hand or with the trace of an electronic signature."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache

from portal.deadlines import PARIS
from portal.pdf.document import Document, Mark, Party
from portal.sepa.formats.iban import in_fours
from portal.sepa.formats.values import Address
from portal.sepa.mandate_text import Language, MandateText

_LABELS: dict[Language, dict[str, str]] = {
    "fr": {
        "rum": "Référence unique du mandat (RUM)",
        "ics": "Identifiant créancier SEPA (ICS)",
        "creditor": "Créancier",
        "debtor": "Débiteur",
        "name": "Nom",
        "address": "Adresse",
        "iban": "Compte à débiter (IBAN)",
        "kind": "Type de paiement",
        "recurrent": "Récurrent",
        "one_off": "Ponctuel",
        "place": "Fait à",
        "date": "Le",
        "signature": "Signature du débiteur",
        "electronic": "Signature électronique",
        "role": "Qualité",
        "time": "Date et heure",
        "channel": "Code reçu à l'adresse",
        "hash": "SHA-256 du document présenté",
        "text": "Texte du mandat",
    },
    "en": {
        "rum": "Unique mandate reference (RUM)",
        "ics": "SEPA creditor identifier (ICS)",
        "creditor": "Creditor",
        "debtor": "Debtor",
        "name": "Name",
        "address": "Address",
        "iban": "Account to debit (IBAN)",
        "kind": "Type of payment",
        "recurrent": "Recurrent",
        "one_off": "One-off",
        "place": "Signed in",
        "date": "Date",
        "signature": "Signature of the debtor",
        "electronic": "Electronic signature",
        "role": "Position",
        "time": "Date and time",
        "channel": "Code received at",
        "hash": "SHA-256 of the document shown",
        "text": "Mandate text",
    },
}


_BLANK_IBAN = " ".join(["_ _ _ _"] * 7)  # to be written by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class MandateForm:
    """What stands on a mandate."""

    rum: str
    ics: str
    creditor_name: str
    creditor_address: Address
    debtor_name: str
    debtor_address: Address
    debtor_iban: str
    text: MandateText
    recurrent: bool = True
    place: str = ""
    signed_on: date | None = None
    mark: Mark | None = None  # of whom the debtor knows; the creditor stays named as the scheme wants it


@dataclass(frozen=True, slots=True, kw_only=True)
class ElectronicSignature:
    """How a person agreed on a screen; the rest of the proof is in the evidence file."""

    signer: str
    role: str
    at: datetime  # aware
    channel: str  # masked address that received the one-time code
    shown_sha256: str  # of the document that was on the screen


@lru_cache(maxsize=64)  # looked at, agreed to and signed within minutes; some 45 kB each
def build_mandate_pdf(form: MandateForm, signature: ElectronicSignature | None = None) -> bytes:
    """The form, with room to sign by hand unless ``signature`` is given.

    Source: 003-77, 003-78; EPC016-06 (the mandate stands apart from other texts).
    """
    labels = _LABELS[form.text.language]
    document = Document(
        form.text.title,
        issuer=Party(form.creditor_name, _address_lines(form.creditor_address)),
        legal=(f"{labels['rum']} : {form.rum}", f"{labels['text']} : {form.text.version}"),
        language={"fr": "fr-FR", "en": "en-GB"}[form.text.language],
        mark=form.mark,
    )
    document.fields([(labels["rum"], form.rum), (labels["ics"], form.ics)], label_mm=58)
    document.box(form.text.for_creditor(form.creditor_name))
    for who, name, address in (
        ("creditor", form.creditor_name, form.creditor_address),
        ("debtor", form.debtor_name, form.debtor_address),
    ):
        document.heading(labels[who])
        rows = [(labels["name"], name), (labels["address"], "\n".join(_address_lines(address)))]
        if who == "debtor":
            rows.append((labels["iban"], in_fours(form.debtor_iban) or _BLANK_IBAN))
            rows.append((labels["kind"], labels["recurrent" if form.recurrent else "one_off"]))
        document.fields(rows, label_mm=58)
    _sign(document, form, signature, labels)
    document.text(form.text.note, "small")
    return document.build()


def _sign(
    document: Document, form: MandateForm, signature: ElectronicSignature | None, labels: dict[str, str]
) -> None:
    if signature is None:
        day = f"{form.signed_on:%d/%m/%Y}" if form.signed_on else "____ / ____ / ________"
        place = form.place or "_" * 24
        document.gap(3)
        line = f"{labels['place']} {place}\u00a0\u00a0\u00a0\u00a0\u00a0\u00a0{labels['date']} {day}"
        document.box([line, f"{labels['signature']} :"], height_mm=20)
        return
    if signature.at.tzinfo is None:
        raise ValueError("the instant of a signature must be aware")
    document.heading(labels["electronic"])
    utc, paris = signature.at.astimezone(UTC), signature.at.astimezone(PARIS)
    rows = [
        (labels["name"], signature.signer),
        (labels["role"], signature.role),
        (labels["time"], f"{utc:%d/%m/%Y %H:%M:%S} UTC ({paris:%d/%m/%Y %H:%M:%S} Paris)"),
        (labels["channel"], signature.channel),
        (labels["hash"], signature.shown_sha256),
    ]
    if form.place:
        rows.insert(2, (labels["place"], form.place))
    document.fields(rows, label_mm=58)


def _address_lines(address: Address) -> tuple[str, ...]:
    street = f"{address.building} {address.street}".strip()
    town = f"{address.postcode} {address.town}".strip()
    return tuple(line for line in (street, town, address.country) if line)
