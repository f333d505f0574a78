"""Mandates signed elsewhere, from a CSV file: each line judged first, then all written or none.

Judging writes nothing. A line is good when a debit could rest on its mandate as far as the file can tell.
"""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import func, select

from portal import clock
from portal.actor import Actor
from portal.customers.models import Customer, CustomerKind
from portal.db import db
from portal.errors import Refused
from portal.i18n import plain_day, said
from portal.resellers.models import LegalEntity
from portal.sepa.formats import epc
from portal.sepa.formats.iban import mask, parse_iban
from portal.sepa.formats.latin import has_letters, to_latin
from portal.sepa.models import AmendmentKind, AmendmentState, Mandate, MandateAmendment, MandateState
from portal.sepa.models.mandate import LAPSE_MONTHS, mandate_signed
from portal.sepa.rules import mandate_lapses_on

REQUIRED = ("rum", "client", "titulaire", "iban", "schema", "signe_le")
OPTIONAL = (
    "dernier_prelevement_le",
    "rum_origine",
    "ics_origine",
    "creancier_origine",
    "signataire",
    "fonction",
    "banque_confirmee_le",
)
EXAMPLE = (
    "ANCIEN-000123",
    "732829320",
    "Boulangerie Martin",
    "FR7630006000011234567890189",
    "CORE",
    "02/03/2024",
    "05/11/2026",
    "",
    "",
    "",
    "Camille Martin",
    "gérante",
    "",
)
MAX_LINES = 5000
_FAR = timedelta(days=60)  # a debit that the former system has already handed in
_CHUNK = 500


@dataclass(slots=True)
class Line:
    """One line of the file, as typed and as understood."""

    number: int  # as a spreadsheet counts, the heading is 1
    values: dict[str, str]
    faults: list[str] = field(default_factory=list)
    customer: Customer | None = None
    entity: LegalEntity | None = None
    iban: str = ""
    signed_on: date | None = None
    presented_on: date | None = None
    confirmed_on: date | None = None

    @property
    def masked(self) -> str:
        return mask(self.iban) if self.iban else ""

    @property
    def bank(self) -> str:
        """Of a B2B mandate: what its bank has confirmed it by, or that it waits for that; else ""."""
        if self.values["schema"] != "B2B":
            return ""
        if self.confirmed_on is None:
            return _("B2B : attend la confirmation de la banque, à noter sur la page du mandat")
        if self.confirmed_on == self.presented_on:
            day = plain_day(self.confirmed_on)
            return _("B2B confirmé par le prélèvement du %(day)s : utilisable", day=day)
        return _("B2B confirmé par la banque le %(day)s : utilisable", day=plain_day(self.confirmed_on))

    @property
    def has_original(self) -> bool:
        return any(self.values[name] for name in ("rum_origine", "ics_origine", "creancier_origine"))


def as_text(content: bytes) -> str:
    """The file as text: UTF-8, else what older spreadsheets of western Europe write."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def read_lines(text: str) -> list[Line]:
    """Raises Refused if the file as a whole cannot be read."""
    delimiter = max(";,\t", key=text.partition("\n")[0].count)
    rows = csv.reader(io.StringIO(text), delimiter=delimiter)
    try:
        names = [name.strip().lower() for name in next(rows, [])]
        if missing := [name for name in REQUIRED if name not in names]:
            raise Refused(_("Colonnes absentes : %(names)s.", names=", ".join(missing)), field="file")
        found = [
            Line(number, {**dict.fromkeys((*REQUIRED, *OPTIONAL), ""), **_tidy(names, row)})
            for number, row in enumerate(rows, 2)
            if any(cell.strip() for cell in row)
        ]
    except csv.Error:
        raise Refused(_("Ce fichier n'est pas un CSV lisible."), field="file") from None
    if not found:
        raise Refused(_("Le fichier n'a aucune ligne sous les titres."), field="file")
    if len(found) > MAX_LINES:
        raise Refused(_("%(n)d lignes au plus par fichier.", n=MAX_LINES), field="file")
    return found


def _tidy(names: list[str], row: list[str]) -> dict[str, str]:
    return {name: " ".join(cell.replace("\0", "").split()) for name, cell in zip(names, row, strict=False)}


def judge(lines: list[Line], actor: Any) -> None:
    """Find customer and creditor of each line and note its faults, in the actor's language."""
    _find_customers(lines, actor)
    for line in lines:
        line.faults += own_faults(line)
    judge_references(lines)


def _find_customers(lines: list[Line], actor: Any) -> None:
    wanted = {line.values["client"].replace(" ", "").lower() for line in lines} - {""}
    found: dict[str, list[Customer]] = {}
    for chunk in _chunks(sorted(wanted)):
        query = Customer.visible_to(actor).where(Customer.siren.in_(chunk) | Customer.uid.in_(chunk))
        for customer in db.session.scalars(query):
            for name in {customer.siren, customer.uid} & set(chunk):
                found.setdefault(str(name), []).append(customer)
    entities = list(db.session.scalars(LegalEntity.visible_to(actor).where(LegalEntity.is_open)))
    entities.sort(key=lambda entity: len(entity.org_path), reverse=True)
    for line in lines:
        matches = found.get(line.values["client"].replace(" ", "").lower(), [])
        if len(matches) != 1:
            line.faults.append(
                _("plusieurs clients ont ce SIREN : donnez la référence du client")
                if matches
                else _("client inconnu")
            )
            continue
        path = matches[0].org_path
        line.customer = matches[0]
        line.entity = next((entity for entity in entities if path.startswith(entity.org_path)), None)


def own_faults(line: Line) -> Iterator[str]:
    values = line.values
    if fault := epc.rum_fault(values["rum"]):
        yield _(fault)
    try:
        line.iban = parse_iban(values["iban"])
    except Refused as refusal:
        yield said(refusal).rstrip(".")
    values["schema"] = values["schema"].upper()
    if values["schema"] not in {"CORE", "B2B"}:
        yield _("le schéma est CORE ou B2B")
    elif (
        values["schema"] == "B2B"
        and line.customer
        and line.customer.kind in {CustomerKind.CONSUMER, CustomerKind.NON_PROFESSIONAL}
    ):
        yield _("le mandat interentreprises est réservé aux professionnels")
    holder = to_latin(values["titulaire"])
    if not has_letters(holder) or max(len(holder), len(values["titulaire"])) > epc.NAME_LENGTH:
        yield _("le titulaire manque, dépasse 70 caractères ou n'est pas en lettres latines")
    if max(len(values["signataire"]), len(values["fonction"])) > epc.NAME_LENGTH:
        yield _("le signataire ou sa fonction dépasse 70 caractères")
    yield from _date_faults(line)
    yield from _original_faults(line)


def _date_faults(line: Line) -> Iterator[str]:
    today = clock.today()
    for name, column in (
        ("signed_on", "signe_le"),
        ("presented_on", "dernier_prelevement_le"),
        ("confirmed_on", "banque_confirmee_le"),
    ):
        if typed := line.values[column]:
            setattr(line, name, _day(typed))
            if getattr(line, name) is None:
                yield _("%(column)s : écrivez la date comme 23/11/2026", column=column)
    signed, presented, confirmed = line.signed_on, line.presented_on, line.confirmed_on
    if signed is None:
        if not line.values["signe_le"]:
            yield _("la date de signature manque")
        return
    if signed > today or signed.year < 2000:
        yield _("la signature se situe entre 2000 et aujourd'hui")
        return
    if presented and not signed <= presented <= today + _FAR:
        yield _("le dernier prélèvement se situe après la signature, et pas dans un avenir lointain")
        return
    if confirmed and not signed <= confirmed <= today:
        yield _("la confirmation de la banque se situe entre la signature et aujourd'hui")
    if line.values["schema"] == "B2B" and confirmed is None and presented and presented <= today:
        line.confirmed_on = (
            presented  # no bank pays a B2B debit whose mandate it has not registered (EPC222-07)
        )
    lapsed_on = mandate_lapses_on(presented, signed, LAPSE_MONTHS)
    if lapsed_on <= today:
        yield _("mandat caduc depuis le %(day)s : il en faut un nouveau", day=plain_day(lapsed_on))


def _original_faults(line: Line) -> Iterator[str]:
    """After a take-over the bank is told the former values; a value that did not change is not told."""
    rum, ics, name = (line.values[key] for key in ("rum_origine", "ics_origine", "creancier_origine"))
    if rum and epc.rum_fault(rum):
        yield _("la RUM d'origine est mal formée")
    if rum and rum.upper() == line.values["rum"].upper():
        yield _("la RUM d'origine est la RUM actuelle : laissez-la vide")
    if ics and (fault := epc.ics_fault(ics)):
        yield _("ICS d'origine : %(fault)s", fault=_(fault))
    if line.entity and not line.entity.ics:
        yield _("%(name)s n'a pas d'ICS et ne prélève personne.", name=line.entity.name)
    if ics and line.entity and ics == line.entity.ics:
        yield _("l'ICS d'origine est l'ICS actuel : laissez-le vide")
    if name and (not has_letters(to_latin(name)) or len(name) > epc.NAME_LENGTH):
        yield _("le nom du créancier d'origine est mal formé")


def judge_references(lines: list[Line]) -> None:
    """A reference is used once per creditor, whatever its case and scheme."""
    keys = [(line.entity.id if line.entity else 0, line.values["rum"].upper()) for line in lines]
    count, taken = Counter(keys), set()
    for chunk in _chunks(sorted({rum for _entity, rum in keys})):
        query = select(Mandate.legal_entity_id, func.upper(Mandate.rum))
        taken |= {tuple(row) for row in db.session.execute(query.where(func.upper(Mandate.rum).in_(chunk)))}
    for line, key in zip(lines, keys, strict=True):
        if count[key] > 1:
            line.faults.append(_("cette RUM est plusieurs fois dans le fichier"))
        if key in taken:
            line.faults.append(_("cette RUM existe déjà pour ce créancier"))


def _chunks(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def _day(typed: str) -> date | None:
    for shape in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(typed, shape).date()  # noqa: DTZ007 - a calendar day has no zone
        except ValueError:
            continue
    return None


def write_lines(lines: Iterable[Line], *, source: str, by: Actor) -> int:
    """The mandates of judged, faultless lines, in the present transaction; says how many.

    source: SHA-256 of the file, kept in the evidence of each mandate.
    """
    mandates = []
    for line in lines:
        if line.customer is None or line.entity is None:
            raise Refused(_("La ligne %(n)d n'a pas de client.", n=line.number))
        mandates.append((_mandate_of(line, line.customer, line.entity), line))
    db.session.add_all([mandate for mandate, _line in mandates])
    db.session.flush()
    for mandate, line in mandates:
        mandate.evidence_head = mandate.envelope
        mandate.take_over(source=source, line=line.number, by=by)
        if line.has_original:
            db.session.add(_original_of(line, mandate, by))
    db.session.flush()
    for mandate, _line in mandates:
        if mandate.is_usable(clock.today()):
            mandate_signed.send(None, mandate=mandate)
    return len(mandates)


def _mandate_of(line: Line, customer: Customer, entity: LegalEntity) -> Mandate:
    values = line.values
    mandate = Mandate(
        organisation=customer.organisation,
        customer=customer,
        legal_entity=entity,
        state=MandateState.DRAFT,
        rum=values["rum"],
        scheme=values["schema"],
        language="en" if customer.language == "en" else "fr",
        debtor_name=values["titulaire"],
        street=customer.street,
        postcode=customer.postcode,
        town=customer.town,
        country=customer.country,
        text_version="",
        text_sha256="",
        evidence_length=0,
        evidence_head="",
        signed_on=line.signed_on,
        last_presented_on=line.presented_on,
        bank_confirmed_on=line.confirmed_on,
        signer_name=values["signataire"] or None,
        signer_role=values["fonction"] or None,
        iban_masked=line.masked,
    )
    mandate.iban = line.iban
    return mandate


def _original_of(line: Line, mandate: Mandate, by: Actor) -> MandateAmendment:
    values = line.values
    return MandateAmendment(
        organisation=mandate.customer.organisation,
        mandate=mandate,
        kind=AmendmentKind.CREDITOR,
        state=AmendmentState.APPLIED,
        original_rum=values["rum_origine"] or None,
        original_ics=values["ics_origine"] or None,
        noted_by=by.label,
        effective_on=clock.today(),
        original_creditor_name=values["creancier_origine"] or None,
    )
