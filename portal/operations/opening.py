"""The first rows of a production: provider, legal entity, first operator. Made once, told when made again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email
from stdnum.exceptions import ValidationError
from stdnum.fr import siren, tva

from portal.access import Role
from portal.accounts.models import Organisation, OrganisationKind, User
from portal.accounts.welcome import invite, invite_again
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.resellers.models import LegalEntity
from portal.sepa.formats import epc
from portal.sepa.formats.iban import parse_iban
from portal.sepa.formats.latin import has_letters, to_latin


@dataclass(frozen=True, slots=True)
class Answer:
    """One thing that is asked: its name in the file, the question, the longest answer, and its judge."""

    name: str
    question: str
    longest: int = 70
    judge: Callable[[str], str] = str
    default: str = ""


def _checked(check: Callable[[str], str], sentence: str) -> Callable[[str], str]:
    def judge(typed: str) -> str:
        try:
            return check(typed)
        except (ValidationError, EmailNotValidError):
            raise Refused(sentence) from None

    return judge


def _latin(typed: str) -> str:
    if not has_letters(to_latin(typed)):
        raise Refused("en lettres latines : la banque n'en lit pas d'autres")
    return typed


def _ics(typed: str) -> str:
    plain = "".join(typed.split()).upper()
    if fault := epc.ics_fault(plain):
        raise Refused(fault)
    return plain


def _prefix(typed: str) -> str:
    if not (typed.isascii() and typed.isalnum()):
        raise Refused("lettres sans accent et chiffres")
    return typed.upper()


def _country(typed: str) -> str:
    if fault := epc.country_fault(typed.upper()):
        raise Refused(fault)
    return typed.upper()


_email = _checked(
    lambda typed: validate_email(typed, check_deliverability=False).normalized,
    "n'est pas une adresse de messagerie",
)

QUESTIONS: Mapping[str, tuple[Answer, ...]] = {
    "provider": (Answer("name", "Nom du fournisseur", 140),),
    "entity": (
        Answer("name", "Entité juridique qui facture et prélève : dénomination", judge=_latin),
        Answer("legal_form", "Forme et capital", 60),
        Answer("siren", "SIREN", 11, _checked(siren.validate, "n'est pas un SIREN")),
        Answer("rcs_town", "Ville du RCS", 60),
        Answer("vat_number", "Numéro de TVA", 20, _checked(tva.validate, "n'est pas un numéro de TVA")),
        Answer("street", "Voie", judge=_latin),
        Answer("postcode", "Code postal", 16),
        Answer("town", "Ville", 35, _latin),
        Answer("country", "Pays", 2, _country, "FR"),
        Answer("email", "Adresse e-mail de facturation", 254, _email),
        Answer("ics", "Identifiant créancier SEPA (ICS)", 35, _ics),
        Answer("iban", "IBAN du compte crédité", 50, parse_iban),
        Answer("bank_name", "Banque"),
        Answer("mandate_prefix", "Début des références de mandat (RUM)", 10, _prefix),
    ),
    "operator": (
        Answer("name", "Première personne de l'exploitation : nom", 140),
        Answer("email", "Son adresse e-mail", 254, _email),
    ),
}


def judged(answer: Answer, typed: str) -> str:
    """The answer as it is kept. Raises Refused, whose sentence never repeats what was typed."""
    plain = " ".join(typed.split())
    if not plain:
        raise Refused("manque")
    if len(plain) > answer.longest:
        raise Refused("%(n)d caractères au plus", n=answer.longest)
    kept = answer.judge(plain)
    return kept if answer.name != "vat_number" or kept.startswith("FR") else f"FR{kept}"


def find_provider() -> Organisation | None:
    query = db.select(Organisation).where(Organisation.kind == OrganisationKind.PROVIDER)
    return db.session.scalars(query.order_by(Organisation.id).limit(1)).one_or_none()


def find_entity(provider: Organisation) -> LegalEntity | None:
    query = db.select(LegalEntity).where(LegalEntity.organisation_id == provider.id)
    return db.session.scalars(query.order_by(LegalEntity.id).limit(1)).one_or_none()


def find_operator(provider: Organisation) -> User | None:
    own = User.organisation_id == provider.id, User.role == Role.OPERATOR
    return db.session.scalars(db.select(User).where(*own).order_by(User.id).limit(1)).one_or_none()


def add_operator(provider: Organisation, values: Mapping[str, str], *, by: Actor) -> str:
    """The address where the first operator chooses a password; works once, for three days."""
    return invite(provider, email=values["email"], name=values["name"], role=Role.OPERATOR, by=by)[1]


def address_again(user: User, *, by: Actor) -> str | None:
    """Another address for a first operator who has no password yet; None for one who has."""
    return None if user.joined_at else invite_again(user, by=by)
