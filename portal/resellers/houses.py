"""The verbs that make and change the nodes of the tree above the customers: provider and resellers."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import func, select
from stdnum.fr import siren as siren_numbers

from portal import clock
from portal.accounts.models import Organisation, OrganisationKind
from portal.actor import Actor
from portal.blobs import keep
from portal.db import db
from portal.errors import Refused
from portal.journal import record
from portal.resellers.reseller import Reseller, ResellerState
from portal.wording import N_

IDENTITY = ("legal_name", "siren", "street", "postcode", "town", "country", "territory")
CONDITIONS = ("contract_signed_on", "contract_ends_on", "notes")
CONTRACT = "reseller_contract"  # kind of the document
_PDF = b"%PDF-"
_DEEPEST = 8  # levels of resellers: a path has room for eleven nodes (200 characters)


def make_provider(name: str, *, by: Actor) -> Organisation:
    """The root of the tree. Raises Refused where there is one."""
    known = select(Organisation.id).where(Organisation.kind == OrganisationKind.PROVIDER)
    if db.session.scalar(known.limit(1)) is not None:
        raise Refused(N_("Le fournisseur est déjà là."))
    provider = Organisation(parent=None, kind=OrganisationKind.PROVIDER, name=_named(name))
    db.session.add(provider)
    db.session.flush()
    record(provider, "create", by=by)
    return provider


def rename(organisation: Organisation, name: str, *, by: Actor) -> None:
    """The name on the screens; what was issued keeps the one before."""
    name = _named(name)
    if name != organisation.name:
        record(organisation, "rename", by=by, before=organisation.name[:40], after=name[:40])
        organisation.name = name


def make_reseller(
    parent: Organisation, *, name: str, by: Actor, legal_name: str = "", **identity: Any
) -> Reseller:
    """A reseller below the provider or below another reseller, in draft: it sells once it is active.

    identity: of :data:`IDENTITY`. Raises Refused below a customer or a reseller that is stopped, for a
    wrong SIREN, and for one that another reseller of the same house has.
    """
    if parent.kind == OrganisationKind.CUSTOMER:
        raise Refused(N_("Un client ne peut pas avoir de revendeurs."))
    if parent.org_path.count("/") - 1 > _DEEPEST:  # the level that the new one would have
        raise Refused(N_("Huit niveaux de revendeurs au plus."))
    _refuse_below_the_stopped(parent)
    values = _checked({"legal_name": legal_name or name, **identity})
    _refuse_twin(parent, values.get("siren"))
    node = Organisation(parent=parent, kind=OrganisationKind.RESELLER, name=_named(name))
    db.session.add(node)
    db.session.flush()
    reseller = Reseller(organisation=node, state=ResellerState.DRAFT, **values)
    db.session.add(reseller)
    db.session.flush()
    record(reseller, "create", by=by, name=name)
    return reseller


def change_reseller(reseller: Reseller, name: str, values: Mapping[str, Any], *, by: Actor) -> bool:
    """Set its identity and conditions; says whether anything changed. Its place in the tree stays.

    values: of :data:`IDENTITY` and :data:`CONDITIONS`. Raises Refused for a wrong SIREN.
    """
    values = _checked(values)
    changed = {key: [_told(getattr(reseller, key)), _told(new)] for key, new in values.items()}
    changed = {key: both for key, both in changed.items() if both[0] != both[1]}
    renamed = _named(name) != reseller.organisation.name
    rename(reseller.organisation, name, by=by)
    for key, new in values.items():
        setattr(reseller, key, new)
    if changed:
        record(reseller, "change", by=by, changed={k: v for k, v in changed.items() if k != "notes"})
    return bool(changed) or renamed


def keep_contract(reseller: Reseller, content: bytes, signed_on: date, *, by: Actor) -> None:
    """The signed contract of a reseller, as its PDF; another one takes the place of the one before.

    Raises Refused for what is no PDF, whatever it is called, and for a day that is not there yet.

    Source: 001-32.
    """
    if not content.startswith(_PDF) or b"%%EOF" not in content[-1024:]:
        raise Refused(N_("Ce fichier n'est pas un PDF entier."), field="contract")
    if signed_on > clock.today():
        raise Refused(N_("Ce jour n'est pas encore là."), field="contract_signed_on")
    reseller.contract = keep(
        content,
        owner=reseller.organisation,
        subject=reseller,
        kind=CONTRACT,
        filename=f"contrat-revendeur-{signed_on:%Y-%m-%d}.pdf",
        media_type="application/pdf",
    )
    reseller.contract_signed_on = signed_on
    db.session.flush()
    record(reseller, "keep_contract", by=by, signed_on=signed_on.isoformat())


def _named(name: str) -> str:
    plain = " ".join(name.split())
    if not plain:
        raise Refused(N_("Indiquez un nom."), field="name")
    return plain


def _told(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {
        key: " ".join(v.split()) if isinstance(v, str) and key != "notes" else v for key, v in values.items()
    }
    typed = "".join((kept.get("siren") or "").split())
    if typed and not siren_numbers.is_valid(typed):
        raise Refused(N_("Ce SIREN n'existe pas : sa clé de contrôle est fausse."), field="siren")
    if "siren" in kept:
        kept["siren"] = typed or None
    return kept


def _refuse_below_the_stopped(parent: Organisation) -> None:
    query = select(Reseller).where(Reseller.organisation_id == parent.id)
    own = db.session.scalars(query.limit(1)).one_or_none()
    if own is not None and own.state != ResellerState.ACTIVE:
        raise Refused(N_("Ce revendeur n'est pas actif : rien ne se place sous lui."))


def _refuse_twin(parent: Organisation, siren: str | None) -> None:
    db.session.execute(
        select(Organisation.id).where(Organisation.id == parent.id).with_for_update(key_share=True)
    )
    same = select(func.count(Reseller.id)).join(Organisation, Organisation.id == Reseller.organisation_id)
    same = same.where(Organisation.parent_id == parent.id, Reseller.siren == siren)
    if siren and db.session.scalar(same):
        raise Refused(N_("Ce SIREN est déjà celui d'un de vos revendeurs."), field="siren")
