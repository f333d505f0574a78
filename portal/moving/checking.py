"""Rows of the workbook, judged by what the screens ask: what would be written, or why not."""

from dataclasses import dataclass, field
from datetime import date
from types import SimpleNamespace
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.catalogue.models import Method, Product
from portal.customers.entry import read_entry
from portal.customers.models import ContactRole, CustomerKind
from portal.db import db
from portal.errors import PortalError, Refused
from portal.i18n import said
from portal.licensing.codes import parse
from portal.moving.reading import Found, Row, cents_of, day_of
from portal.moving.sheets import plain
from portal.resellers.billers import BillingMode, biller_in
from portal.resellers.models import LegalEntity, issuer_for
from portal.sepa.mandates.importing import OPTIONAL, REQUIRED, Line, own_faults
from portal.subscriptions.offers import check_offer, check_way
from portal.subscriptions.vault_places import checked_place
from portal.terms.in_force import pinned_stack, stack_in_force
from portal.terms.shipped import CONTRACTS
from portal.terms.stack import Stack

_KINDS = {
    "entreprise": CustomerKind.BUSINESS,
    "particulier": CustomerKind.CONSUMER,
    "association": CustomerKind.NON_PROFESSIONAL,
    "organismepublic": CustomerKind.PUBLIC_BODY,
} | {plain(kind.value): kind for kind in CustomerKind}
_METHODS = {
    "virement": Method.WIRE,
    "prelevement": Method.DIRECT_DEBIT,
    "mandat administratif": Method.ADMINISTRATIVE_MANDATE,
} | {plain(m.value): m for m in Method}
_MODES = {"fournisseur": BillingMode.PROVIDER, "revendeur": BillingMode.RESELLER} | {
    mode.value: mode for mode in BillingMode
}
_YES = {
    "oui": "yes",
    "yes": "yes",
    "vrai": "yes",
    "1": "yes",
    "non": "no",
    "no": "no",
    "faux": "no",
    "0": "no",
}
_MOST = 1_000_000_000


class Fault(Exception):
    """One thing that is wrong with a row, as a sentence."""


@dataclass
class World:
    """What rows may refer to, as the one who imports sees it."""

    resellers: dict[str, list[Organisation]]
    entities: list[LegalEntity]
    products: dict[str, Product]
    own_path: str


def world_of(actor: Any) -> World:
    seen = Organisation.visible_to(actor).where(Organisation.kind != OrganisationKind.CUSTOMER)
    resellers: dict[str, list[Organisation]] = {}
    for each in db.session.scalars(seen.order_by(Organisation.id)):
        if each.org_path.startswith(actor.org_path):
            resellers.setdefault(plain(each.name), []).append(each)
    may_bill = LegalEntity.visible_to(actor).where(LegalEntity.is_open)
    entities = list(db.session.scalars(may_bill.order_by(LegalEntity.is_default.desc())))
    entities.sort(key=lambda entity: len(entity.org_path), reverse=True)
    products = {each.code.upper(): each for each in db.session.scalars(select(Product))}
    return World(resellers, entities, products, actor.org_path)


@dataclass
class File:
    """One customer of the file with all that is hers, understood."""

    row: Row
    reseller: Organisation
    values: dict[str, Any]
    contacts: dict[ContactRole, tuple[str, str, str]]
    mode: BillingMode | None  # who invoices her, where the row says so
    entity: LegalEntity | None  # that will
    made: list[tuple[Row, Any]] = field(default_factory=list)  # a row of another sheet, and what it says


@dataclass(frozen=True, slots=True)
class Accepting:
    stack: Stack
    signer: str
    signed_on: date


@dataclass(frozen=True, slots=True)
class Running:
    product: Product
    stack: Stack
    quantity: int
    volume_gb: int | None
    started_on: date
    billed_before: date
    unit_cents: int
    method: Method


@dataclass(frozen=True, slots=True)
class Key:
    code: str
    product: Product
    seats: int
    seats_used: int
    valid_through: date


@dataclass(frozen=True, slots=True)
class Place:
    name: str
    location: str


@dataclass(frozen=True, slots=True)
class Balance:
    number: str
    issued_on: date
    due_on: date
    net_cents: int
    vat_cents: int
    gross_cents: int
    is_credit: bool


def customer_of(row: Row, world: World) -> tuple[File | None, list[str]]:
    """The customer of a row, or what is wrong with it."""
    entry = read_entry(_typed(row))
    faults = list(entry.faults)
    named = world.resellers.get(plain(row["reseller"]), [])
    if not row["reseller"]:
        named = [each for found in world.resellers.values() for each in found]
        named = [each for each in named if each.org_path == world.own_path]
    if len(named) != 1:
        faults.append(_("le revendeur est inconnu, ou plusieurs ont ce nom"))
    if faults:
        return None, faults
    try:
        mode, entity = _biller(row, named[0])
    except Fault as fault:
        return None, list(fault.args)
    return File(row, named[0], entry.values, entry.contacts, mode, entity), []


def _biller(row: Row, reseller: Organisation) -> tuple[BillingMode | None, LegalEntity | None]:
    """Who invoices her, as the row says or else by the rule of her reseller."""
    if not row["billed_by"]:
        try:
            return None, issuer_for(reseller)
        except LookupError:
            return None, None
    mode = _MODES.get(plain(row["billed_by"]))
    if mode is None:
        raise Fault(_("Facturé par : écrivez fournisseur ou revendeur"))
    try:
        return mode, biller_in(reseller, mode)
    except Refused as refusal:
        raise Fault(said(refusal)) from None


def _typed(row: Row) -> MultiDict[str, str]:
    typed = MultiDict({key: value for key, value in row.values.items() if value})
    typed["kind"] = _KINDS.get(plain(row["kind"]), row["kind"])
    typed["health_data"] = _YES.get(plain(row["health_data"]), "")
    typed["language"] = row["language"].lower() or "fr"
    typed["country"] = row["country"].upper() or "FR"
    return typed


def content_of_row(row: Row, file: File, world: World) -> tuple[Any, list[str]]:
    """What a row of another sheet says of a customer, or what is wrong with it."""
    try:
        return _READ[row.sheet](row, file, world), []
    except Fault as fault:
        return None, list(fault.args)
    except PortalError as refusal:
        return None, [said(refusal)]
    except LookupError:
        return None, [_("cette version des conditions est inconnue")]


def _whole(row: Row, key: str, name: str, *, least: int = 0) -> int:
    text = row[key].replace(" ", "")
    if not (text.isascii() and text.isdigit() and len(text) < 12 and least <= int(text) <= _MOST):
        raise Fault(_("%(name)s : un nombre entier d'au moins %(least)d", name=name, least=least))
    return int(text)


def _day(row: Row, key: str, name: str) -> date:
    day = day_of(row[key])
    if day is None or not 1990 <= day.year < 2200:
        raise Fault(_("%(name)s : écrivez la date comme 23/11/2026", name=name))
    return day


def _text(row: Row, key: str, name: str, length: int) -> str:
    if not row[key] or len(row[key]) > length:
        raise Fault(_("%(name)s : de 1 à %(most)d caractères", name=name, most=length))
    return row[key]


def _stack(name: str, versions: str, on: date) -> Stack:
    if name not in CONTRACTS:
        raise Fault(_("contrat inconnu : %(names)s", names=", ".join(CONTRACTS)))
    wanted = versions.replace(",", " ").replace(";", " ").split()
    if wanted and len(wanted) != len(CONTRACTS[name][1]):
        number = len(CONTRACTS[name][1])
        raise Fault(_("ce contrat compte %(n)d documents : donnez une version de chacun", n=number))
    return pinned_stack(name, wanted) if wanted else stack_in_force(name, on)


def _accepting(row: Row, file: File, world: World) -> Accepting:
    signed = _day(row, "signed_on", _("Signé le"))
    if signed > clock.today():
        raise Fault(_("la signature est dans le futur"))
    stack = _stack(row["stack"].lower(), row["versions"], clock.today())
    return Accepting(stack, _text(row, "signer", _("Signataire"), 140), signed)


def _product(row: Row, world: World) -> Product:
    product = world.products.get(row["product"].upper())
    if product is None:
        raise Fault(_("produit inconnu"))
    return product


def _running(row: Row, file: File, world: World) -> Running:
    product = _product(row, world)
    started = _day(row, "started_on", _("Début"))
    before = _day(row, "billed_before", _("Facturé avant le"))
    if started > clock.today() or before < started:
        raise Fault(_("un abonnement a commencé, et il est facturé depuis son début au plus tôt"))
    method = _METHODS.get(plain(row["method"]))
    if method is None:
        raise Fault(_("moyen de paiement : virement, chèque, mandat administratif ou prélèvement"))
    stack = _stack(product.terms_stack, row["versions"], clock.today())
    buyer: Any = SimpleNamespace(**file.values)
    check_offer(buyer, product, stack, health_data=product.for_health_data)
    check_way(product, stack, method)
    quantity = _whole(row, "quantity", _("Quantité"), least=1)
    volume = _whole(row, "volume_gb", _("Volume")) if row["volume_gb"] else None
    price = _whole(row, "unit_cents", _("Prix unitaire"))
    return Running(product, stack, quantity, volume, started, before, price, method)


def _key(row: Row, file: File, world: World) -> Key:
    code = parse(row["code"]).text
    seats = _whole(row, "seats", _("Postes"), least=1)
    used = _whole(row, "seats_used", _("Postes activés")) if row["seats_used"] else 0
    if used > seats:
        raise Fault(_("il y a plus de postes activés que de postes"))
    return Key(code, _product(row, world), seats, used, _day(row, "valid_through", _("Valable jusqu'au")))


def _mandate(row: Row, file: File, world: World) -> Line:
    entity = file.entity
    if entity is None:
        raise Fault(_("aucune société n'émet pour ce client"))
    if row["ics"] and row["ics"].replace(" ", "").upper() != entity.ics:
        raise Fault(_("l'ICS n'est pas celui de l'émetteur de ce client"))
    names = {"rum": "rum", "holder": "titulaire", "iban": "iban", "scheme": "schema"}
    values = dict.fromkeys((*REQUIRED, *OPTIONAL), "") | {ours: row[key] for key, ours in names.items()}
    for key, ours in (("signed_on", "signe_le"), ("presented_on", "dernier_prelevement_le")):
        day = day_of(row[key])
        values[ours] = day.isoformat() if day else row[key]
    line = Line(row.number, values)
    line.customer, line.entity = SimpleNamespace(**file.values), entity  # type: ignore[assignment]
    if faults := list(own_faults(line)):
        raise Fault(*faults)
    return line


def _place(row: Row, file: File, world: World) -> Place:
    name = _text(row, "name", _("Nom"), 80)
    return Place(name, checked_place(_text(row, "location", _("Emplacement"), 500)))


def _balance(row: Row, file: File, world: World) -> Balance:
    is_credit = row.sheet == "credits"
    issued = _day(row, "issued_on", _("Date"))
    gross = cents_of(row["gross"])
    net, vat = (gross, 0) if is_credit else (cents_of(row["net"]), cents_of(row["vat"]))
    if gross is None or net is None or vat is None or gross <= 0:
        raise Fault(_("montant : écrivez 120,00, plus grand que zéro"))
    if net + vat != gross:
        raise Fault(_("HT et TVA ne font pas le TTC"))
    due = issued if is_credit else _day(row, "due_on", _("Échéance"))
    return Balance(_text(row, "number", _("Numéro"), 35), issued, due, net, vat, gross, is_credit)


_READ: dict[str, Any] = {
    "terms": _accepting,
    "subscriptions": _running,
    "keys": _key,
    "mandates": _mandate,
    "vaults": _place,
    "invoices": _balance,
    "credits": _balance,
}


@dataclass(frozen=True, slots=True)
class Series:
    entity: LegalEntity
    prefix: str
    year: int
    last: int


def series_of_row(row: Row, world: World) -> Series:
    """A number series goes on; only who stands where its entity stands may say so. Raises Fault."""
    own = [each for each in world.entities if each.org_path.startswith(world.own_path)]
    if not own:
        raise Fault(_("les séries appartiennent au fournisseur"))
    year = _whole(row, "year", _("Année"), least=2000)
    return Series(own[0], row["prefix"].upper(), year, _whole(row, "last", _("Dernier numéro")))


def files_of(found: list[Found]) -> dict[str, list[Row]]:
    """The rows of the other sheets by their customer's reference."""
    rows: dict[str, list[Row]] = {}
    for each in found:
        if each.sheet.key not in ("customers", "series"):
            for row in each.rows:
                rows.setdefault(row["reference"].casefold(), []).append(row)
    return rows
