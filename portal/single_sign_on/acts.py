"""A directory is written down, and somebody who comes back from it is let in or told why not."""

from typing import Any

from flask_babel import gettext as _

from portal import clock
from portal.access import Role
from portal.accounts.models import Organisation, User, find_user, memberships_of
from portal.actor import Actor
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, record
from portal.people.access import change_role, roles_in
from portal.single_sign_on.models import Directory, DirectoryIdentity, directory_of, identity_for, identity_of
from portal.single_sign_on.protocol import discover


def save_directory(
    house: Organisation, *, secret: str, roles: list[list[str]], by: Actor, **values: Any
) -> Directory:
    """What is typed for a house; its addresses are read anew. secret: "" keeps the former one.

    Raises Refused for an address that no directory answers at, for a role that no such house has, and for
    locking passwords out before somebody has come in through the directory.
    """
    allowed = {role.value for role in roles_in(house)}
    if wrong := [role for _group, role in roles if role not in allowed]:
        raise Refused(_("Ce rôle n'existe pas ici : %(role)s.", role=wrong[0]), field="roles")
    row = directory_of(house)
    if row is None:
        if not secret:
            raise Refused(_("Collez le secret que l'annuaire vous a donné."), field="secret")
        row = Directory(organisation=house, issuer="", client_id="")
        db.session.add(row)
    elif row.issuer != values["issuer"]:
        _forget(row)
    if values["is_only"] and not _has_been_used(row):
        raise Refused(
            _("Connectez-vous d'abord une fois par l'annuaire : sinon plus personne n'entrerait."),
            field="is_only",
        )
    said = discover(values["issuer"])
    row.authorize_url, row.token_url, row.keys_url = said.authorize_url, said.token_url, said.keys_url
    row.roles, row.read_at = roles, clock.now()
    for name, value in values.items():
        setattr(row, name, value)
    if secret:
        row.secret = secret
    db.session.flush()
    record(row, "save", by=by, reference=row.issuer, reason=_how(row))
    return row


def _how(row: Directory) -> str:
    return "only" if row.is_only else "on" if row.is_on else "off"


def _has_been_used(row: Directory) -> bool:
    query = db.select(DirectoryIdentity.id).where(DirectoryIdentity.directory_id == row.id)
    return row.id is not None and db.session.scalar(query) is not None


def _forget(row: Directory) -> None:
    """Who was who in another directory says nothing of this one."""
    db.session.execute(db.delete(DirectoryIdentity).where(DirectoryIdentity.directory_id == row.id))


def remove_directory(row: Directory, *, by: Actor) -> None:
    """Passwords open the house again."""
    record(row, "remove", by=by, reference=row.issuer)
    _forget(row)
    db.session.delete(row)


def who_is(row: Directory, claims: dict[str, Any]) -> User:
    """The membership that these claims open, with the role that its groups give.

    Raises Refused for an address that the directory has not checked, somebody who was not invited or whose
    access is closed, another subject than the first time, and groups that give no role.
    """
    subject = str(claims["sub"])[:255]
    known = identity_of(row, subject)
    user = known.user if known is not None else _by_address(row, claims)
    bound = identity_for(user)
    if bound is not None and (bound.directory_id, bound.subject) != (row.id, subject):
        raise Refused(_("Cet accès est lié à un autre compte de l'annuaire."))
    if works_elsewhere(user):
        raise Refused(
            _("Vous travaillez aussi pour une autre maison : connectez-vous avec votre mot de passe.")
        )
    if not user.is_open:
        raise Refused(_("Votre accès à ce portail est fermé, ou votre invitation attend encore."))
    if known is None:
        db.session.add(
            DirectoryIdentity(
                organisation=user.organisation, directory_id=row.id, user_id=user.id, subject=subject
            )
        )
        record(user, "link_directory", by=user, reference=row.issuer)
    _give_role(user, row.role_of(claims), row)
    return user


def works_elsewhere(user: User) -> bool:
    """Is she in another house too? Then no house's directory speaks for her: her password is hers alone."""
    return any(each.is_enabled and each.id != user.id for each in memberships_of(user))


def _by_address(row: Directory, claims: dict[str, Any]) -> User:
    email = str(claims.get("email") or "").lower()
    if not email:
        raise Refused(_("L'annuaire ne donne pas votre adresse e-mail."))
    if claims.get("email_verified") is False:
        raise Refused(_("L'annuaire n'a pas vérifié votre adresse e-mail."))
    found = find_user(email)
    every = memberships_of(found) if found is not None else []
    hers = next((each for each in every if each.organisation_id == row.organisation_id), None)
    if hers is None:
        raise Refused(_("Personne n'est invité ici sous l'adresse que donne l'annuaire."))
    return hers


def _give_role(user: User, role: Role | None, row: Directory) -> None:
    if not row.roles:
        return
    if role is None:
        raise Refused(_("Aucun de vos groupes dans l'annuaire n'ouvre ce portail."))
    if role != user.role:
        change_role(user, role, by=SYSTEM)
