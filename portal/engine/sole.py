"""One repository is one vault: who else has it, and telling the operator when somebody does."""

from sqlalchemy import ColumnElement, or_, select

from portal.access import Role
from portal.accounts.models import User
from portal.actor import Actor
from portal.db import EVERYTHING, db, scope
from portal.engine.models import Vault, VaultState, index_of_identity, index_of_place
from portal.journal import SYSTEM, JournalEntry, record
from portal.mail import link, queue_mail


def vaults_at(location: str, fingerprint: str = "", repository_id: str = "") -> list[Vault]:
    """Every active vault, whoever's it is, that is the repository of this place.

    fingerprint: what was found there (:func:`portal.engine.keyless.fingerprint`), where it was read.
    repository_id: restic's own, where the repository was opened once.
    Raises EngineError(UNSUPPORTED) for an address that nobody reads.
    """
    place = index_of_place(location)
    same: list[ColumnElement[bool]] = [Vault.place_index == place, Vault.place_index.is_(None)]
    if fingerprint:
        same.append(Vault.identity_index == index_of_identity(fingerprint))
    if repository_id:
        same.append(Vault.repository_id == repository_id)
    with scope(EVERYTHING):
        query = select(Vault).where(Vault.state == VaultState.ACTIVE, or_(*same)).order_by(Vault.id)
        found = list(db.session.scalars(query))
        return [vault for vault in found if _is_same(vault, place, fingerprint, repository_id)]


def twins_of(vault: Vault, fingerprint: str = "") -> list[Vault]:
    """The other active vaults that are the same repository."""
    found = vaults_at(str(vault.location), fingerprint, vault.repository_id)
    if not fingerprint and vault.identity_index:
        with scope(EVERYTHING):
            query = select(Vault).where(Vault.state == VaultState.ACTIVE)
            found += db.session.scalars(query.where(Vault.identity_index == vault.identity_index))
    return [one for one in dict.fromkeys(found) if one.id != vault.id]


def _is_same(vault: Vault, place: str, fingerprint: str, repository_id: str) -> bool:
    if vault.place_index is not None or (repository_id and vault.repository_id == repository_id):
        return True
    if fingerprint and vault.identity_index == index_of_identity(fingerprint):
        return True
    return index_of_place(str(vault.location)) == place


def keep_identity(vault: Vault, fingerprint: str) -> None:
    """Note what was found when the vault was measured.

    A vault that turns out to be another one gets no digests, which the database takes once: the operator is
    told, and neither of the two can be erased.
    """
    if twins := twins_of(vault, fingerprint):
        tell_shared(vault, twins)
    else:
        vault.identify(fingerprint)


def tell_shared(vault: Vault, twins: list[Vault]) -> None:
    """The operator is told once of a repository that is several vaults."""
    if not any(map(_is_told, [vault, *twins])):
        record(vault, "is_shared", by=SYSTEM)
        with scope(EVERYTHING):
            _tell_operators(twins[0], link(f"/vaults/{vault.uid}"), SYSTEM)
            db.session.flush()


def tell_second(vaults: list[Vault], *, by: Actor, page: str) -> None:
    """Somebody wanted to attach what is a vault already.

    page: path of what it should have belonged to. Only the operator learns it: the vault's own people read
    the journal of the vault.
    """
    with scope(EVERYTHING):
        record(vaults[0], "attach_again", by=by)
        _tell_operators(vaults[0], link(page), by)
        db.session.flush()


def _is_told(vault: Vault) -> bool:
    query = select(JournalEntry.id).where(
        JournalEntry.subject_uid == vault.uid, JournalEntry.what == "is_shared"
    )
    with scope(EVERYTHING):
        return db.session.scalar(query.limit(1)) is not None


def _tell_operators(first: Vault, second: str, by: Actor) -> None:
    query = select(User).where(User.role == Role.OPERATOR, User.works())
    for user in db.session.scalars(query):
        queue_mail(
            user,
            "mails/same_repository.txt",
            about=first,
            owner=user.organisation,
            language=user.language or "fr",
            first=link(f"/vaults/{first.uid}"),
            second=second,
            by=by,
        )
