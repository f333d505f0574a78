"""The verbs that make and change a legal entity: who it is, where its numbers begin, which one bills."""

from collections.abc import Callable, Mapping
from typing import Any

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import ColumnElement, Update, delete, func, select, update
from stdnum.fr import siren as siren_numbers
from stdnum.fr import tva

from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.resellers.models import LegalEntity, NumberSeries, next_numbers, pin_issuers
from portal.sepa.formats import epc
from portal.sepa.formats.iban import parse_iban
from portal.sepa.formats.latin import has_letters, to_latin
from portal.sepa.models.amendment import note_new_name
from portal.sepa.models.creditor_change import ask_change
from portal.sepa.models.profile import ACCOUNT, Outcome, refuse_while_a_file_is_made
from portal.wording import N_

IDENTITY = (
    "name",
    "legal_form",
    "siren",
    "rcs_town",
    "vat_number",
    "street",
    "postcode",
    "town",
    "country",
    "email",
    "mandate_prefix",
)
# Invoices, credit notes, orders, pro-formas, mandates, certificates.
SERIES = ("FA", "AV", "CMD", "PF", "RUM", "CR", "CE")
_MOST = 999_999  # six digits are printed


def make_entity(organisation: Organisation, values: Mapping[str, Any], *, by: Actor) -> LegalEntity:
    """Who issues invoices and collects below a node; the first one there is its default.

    The very first of all, and one made by a command of the server, counts at once: nobody pays anywhere yet.
    Any other one waits for a second person, who agrees to its account and to its being the first of its
    node, and for the day that any change of a creditor waits. Customers who are there keep the entity that
    bills them.

    values: :data:`IDENTITY`, and ``ics``, ``iban``, ``bank_name``; of the bank profile what differs from its
    defaults. Raises Refused beside the field whose number, account or text is wrong.
    """
    if organisation.kind == OrganisationKind.CUSTOMER:
        raise Refused(N_("Un client ne facture personne."))
    kept = checked(values)
    _refuse_taken_prefix(kept["mandate_prefix"], but=None)
    iban = kept.pop("iban")
    there = select(LegalEntity.id).where(LegalEntity.organisation_id == organisation.id)
    is_first = db.session.scalar(there.limit(1)) is None
    is_open = by.id is None or db.session.scalar(select(LegalEntity.id).limit(1)) is None
    if is_open:
        pin_issuers(organisation.org_path)
    entity = LegalEntity(organisation=organisation, is_default=is_first and is_open, is_open=is_open, **kept)
    entity.iban = iban
    db.session.add(entity)
    db.session.flush()
    record(entity, "create", by=by, name=entity.name)
    if not is_open:
        asked = {name: getattr(entity, name) for name in ACCOUNT}
        ask_change(entity, asked | ({"is_default": True} if is_first else {}), by=by)
    return entity


def change_identity(entity: LegalEntity, values: Mapping[str, Any], *, by: Actor) -> Outcome:
    """Set :data:`IDENTITY`; what was issued keeps what it said.

    Another beginning of the mandates' references waits for a second person once one was given.
    A new name is told to the debtors' banks with the next debit of each mandate. Raises Refused for another
    SIREN once a number was given, and while a file is being made: the same batch must give the same bytes.
    """
    kept = checked({name: values[name] for name in IDENTITY})
    changed = {n: [getattr(entity, n), kept[n]] for n in IDENTITY if getattr(entity, n) != kept[n]}
    if not changed:
        return Outcome(False, None)
    if "siren" in changed and has_numbers(entity):
        raise Refused(
            N_("Un autre SIREN est une autre personne : créez une deuxième entité, ses numéros repartent."),
            field="siren",
        )
    _refuse_taken_prefix(kept["mandate_prefix"], but=entity)
    refuse_while_a_file_is_made(entity)
    former, asked = entity.name, {}
    if "mandate_prefix" in changed and has_numbers(entity, "RUM"):
        asked = {"mandate_prefix": kept["mandate_prefix"]}
        del changed["mandate_prefix"]
    for name in changed:
        setattr(entity, name, kept[name])
    if "name" in changed:
        note_new_name(entity, former, by=by)
    if changed:
        record(entity, "change_identity", by=by, changed=changed)
    return Outcome(bool(changed), ask_change(entity, asked, by=by) if asked else None)


def take_over_series(entity: LegalEntity, prefix: str, year: int, last: int, *, by: Actor) -> int | None:
    """Go on after the last number that another system gave: the next one here is ``last`` + 1.

    Returns the last number that was taken over before; None where the series was not open.

    prefix: of :data:`SERIES`. Raises Refused once a number of that series and year was given here: a sequence
    has neither a gap nor a number twice (CGI ann. II art. 242 nonies A, I-7°).
    """
    if prefix not in SERIES or not 0 <= last <= _MOST or not 2000 <= year <= 2199:
        raise Refused(N_("Indiquez un numéro de 0 à 999 999."), field="last")
    own = _series(entity, prefix, year)
    was_open = db.session.scalar(select(NumberSeries.id).where(*own)) is not None
    next_numbers(entity, prefix, year, 0)  # opens the series, and holds it until the commit
    before = db.session.scalar(select(NumberSeries.taken_over).where(*own))
    free = update(NumberSeries).where(*own, NumberSeries.last == NumberSeries.taken_over)
    done = db.session.execute(
        free.values(last=last, taken_over=last).execution_options(synchronize_session=False)
    )
    if not done.rowcount:  # type: ignore[attr-defined]
        raise Refused(N_("Le portail a déjà donné des numéros de cette série."), field="last")
    record(entity, "take_over_series", by=by, series=f"{prefix}-{year}", last=last)
    return before if was_open else None


def give_back_series(
    entity: LegalEntity, prefix: str, year: int, taken: int, before: int | None, *, by: Actor
) -> None:
    """Undo :func:`take_over_series`: the series is as it was, closed where ``before`` is None.

    taken: the last number that was taken over. Raises Refused once a number was given from it, or when it
    was taken over again since: a number is never given twice (CGI ann. II art. 242 nonies A, I-7°).
    """
    untouched = NumberSeries.last == taken, NumberSeries.taken_over == taken
    where = *_series(entity, prefix, year), *untouched
    change = delete(NumberSeries) if before is None else update(NumberSeries)
    if isinstance(change, Update):
        change = change.values(last=before, taken_over=before)
    done = db.session.execute(change.where(*where).execution_options(synchronize_session=False))
    if not done.rowcount:  # type: ignore[attr-defined]
        raise Refused(
            N_("la série %(series)s a donné un numéro, ou a été reprise à nouveau"), series=f"{prefix}-{year}"
        )
    record(entity, "give_back_series", by=by, series=f"{prefix}-{year}", last=before or 0)


def _series(entity: LegalEntity, prefix: str, year: int) -> tuple[ColumnElement[bool], ...]:
    return (
        NumberSeries.legal_entity_id == entity.id,
        NumberSeries.prefix == prefix,
        NumberSeries.year == year,
    )


def ask_default(entity: LegalEntity, *, by: Actor) -> None:
    """Once a second person has agreed and the wait is over, it bills customers recorded from then on.

    Raises Refused while its own account waits for that person, or another change of it.
    """
    if not entity.is_open:
        raise Refused(N_("Une deuxième personne doit d'abord accepter le compte de cette entité."))
    if not entity.is_default:
        ask_change(entity, {"is_default": True}, by=by)


def has_numbers(entity: LegalEntity, prefix: str = "") -> bool:
    """Was anything issued under its name, or a number of one of :data:`SERIES` given?"""
    query = select(func.count(NumberSeries.id)).where(NumberSeries.legal_entity_id == entity.id)
    if prefix:
        query = query.where(NumberSeries.prefix == prefix)
    return bool(db.session.scalar(query.where(NumberSeries.last > NumberSeries.taken_over)))


def series_of(entity: LegalEntity) -> list[NumberSeries]:
    """Those that were opened, the newest year first."""
    query = select(NumberSeries).where(
        NumberSeries.legal_entity_id == entity.id, NumberSeries.prefix.in_(SERIES)
    )
    return list(db.session.scalars(query.order_by(NumberSeries.year.desc(), NumberSeries.prefix)))


def _refuse_taken_prefix(prefix: str, *, but: LegalEntity | None) -> None:
    """References of mandates are unique for each creditor, and people read them without the creditor."""
    query = select(LegalEntity.id).where(LegalEntity.mandate_prefix == prefix)
    if db.session.scalar(query.where(LegalEntity.id != but.id if but else LegalEntity.id > 0).limit(1)):
        raise Refused(N_("Une autre entité commence déjà ses mandats ainsi."), field="mandate_prefix")


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as they are kept. Raises Refused beside the first one that is wrong."""
    kept = {name: " ".join(v.split()) if isinstance(v, str) else v for name, v in values.items()}
    for name in [each for each in _CHECKS if each in kept]:
        try:
            kept[name] = _CHECKS[name](kept[name])
        except Refused as refusal:
            raise Refused(refusal.template, field=name, **refusal.values) from None
    number = kept.get("vat_number", "")
    if "siren" in kept and number and number[4:] != kept["siren"]:
        raise Refused(N_("Ce numéro de TVA n'appartient pas au SIREN saisi."), field="vat_number")
    return kept


def _siren(typed: str) -> str:
    plain = "".join(typed.split())
    if not siren_numbers.is_valid(plain):
        raise Refused(N_("Ce SIREN n'existe pas : sa clé de contrôle est fausse."))
    return plain


def _vat_number(typed: str) -> str:
    plain = "".join(typed.split()).upper()
    if not tva.is_valid(plain):
        raise Refused(N_("Ce numéro de TVA français n'est pas valable."))
    return plain if plain.startswith("FR") else f"FR{plain}"


def _ics(typed: str) -> str:
    plain = "".join(typed.split()).upper()
    if plain and (fault := epc.ics_fault(plain)):  # who has none debits nobody
        raise Refused(fault)
    return plain


def _latin(typed: str) -> str:
    if not has_letters(to_latin(typed)):
        raise Refused(N_("En lettres latines : la banque n'en lit pas d'autres."))
    return typed


def _prefix(typed: str) -> str:
    if not (typed.isascii() and typed.isalnum() and len(typed) <= 10):
        raise Refused(N_("Des lettres sans accent et des chiffres, dix au plus."))
    return typed.upper()


def _email(typed: str) -> str:
    try:
        return validate_email(typed, check_deliverability=False).normalized
    except EmailNotValidError:
        raise Refused(N_("Cette adresse e-mail n'est pas valable.")) from None


def _country(typed: str) -> str:
    if fault := epc.country_fault(typed.upper()):
        raise Refused(fault)
    return typed.upper()


_CHECKS: Mapping[str, Callable[[str], str]] = {
    "name": _latin,
    "street": _latin,
    "town": _latin,
    "country": _country,
    "siren": _siren,
    "vat_number": _vat_number,
    "email": _email,
    "ics": _ics,
    "iban": parse_iban,
    "mandate_prefix": _prefix,
}
