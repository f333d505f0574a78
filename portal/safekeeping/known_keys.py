"""Which keys a database belongs to: their fingerprint lies in it, so that other keys are noticed at once."""

from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from flask import Flask
from sqlalchemy import String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto.secrets import Keyring, keyring
from portal.db import Row, commits, db
from portal.jobs import insert_once
from portal.mail import Mail

FILE = "keys"  # the row of the key file as a whole
INDEX = "index:"  # begins the row of the index key in use


class KnownKeys(Row, db.Model):
    """What this database was written with: the key file, and each key that something in it needs.

    ``name`` is ``keys``, ``data:k2`` or ``index:i1``; of index keys, the one whose digests the columns hold.
    """

    __tablename__ = "known_keys"

    name: Mapped[str] = mapped_column(String(20), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(32))


def init_app(app: Flask) -> None:
    app.extensions["index_in_use"] = index_in_use


def index_in_use() -> str | None:
    """The name of the index key whose digests the columns hold; None for a database that knows none yet.

    Whoever asks holds the answer to the end of the transaction: see :mod:`portal.safekeeping.reindex`.
    """
    if db.session.connection().dialect.name == "postgresql":
        db.session.execute(select(db.func.pg_advisory_xact_lock_shared(LOCK)))
    with db.session.no_autoflush:
        name = db.session.scalar(select(KnownKeys.name).where(KnownKeys.name.startswith(INDEX)))
    return name.removeprefix(INDEX) if name else None


LOCK = 0x706F7274  # an advisory lock of PostgreSQL: shared by who computes a digest, held by who changes them


def keys_fit() -> bool:
    """Is the present key file the one of this database, with all that it needs of it?

    If it knows none, its last mail tells.
    """
    return keys_fit_with(keyring())


def keys_fit_with(ring: Keyring) -> bool:
    rows = db.session.execute(select(KnownKeys.name, KnownKeys.fingerprint))
    known = {name: fingerprint for name, fingerprint in rows}  # noqa: C416  (mypy knows no rows as pairs)
    if FILE in known:
        have = {FILE: ring.fingerprint, **ring.check_values()}
        return all(have.get(name) == fingerprint for name, fingerprint in known.items())
    newest = db.session.scalars(select(Mail).order_by(Mail.id.desc()).limit(1)).one_or_none()
    try:
        return newest is None or _opens(ring, newest)
    except InvalidTag:
        return False


def _opens(ring: Keyring, mail: Mail) -> bool:
    return bool(ring.open(mail.body_sealed, f"{Mail.__tablename__}.body:{mail.uid}"))


@commits
def remember_keys() -> bool:
    """Note the present keys in a database that knows none; False, and nothing noted, if they do not fit."""
    if not keys_fit():
        return False
    indexed = index_in_use() is not None
    for name, fingerprint in _used():
        if not (indexed and name.startswith(INDEX)):
            note_key(name, fingerprint)
    db.session.commit()
    return True


def _used() -> Iterator[tuple[str, str]]:
    ring = keyring()
    checks = ring.check_values()
    yield FILE, ring.fingerprint
    for name in (f"data:{ring.current}", f"{INDEX}{ring.index_kid}"):
        yield name, checks[name]


def forget_key(name: str) -> None:
    db.session.execute(delete(KnownKeys).where(KnownKeys.name == name))


def note_key(name: str, fingerprint: str) -> None:
    row = KnownKeys(name=name, fingerprint=fingerprint)
    values = {field: getattr(row, field) for field in ("uid", "created_at", "name", "fingerprint")}
    insert_once(KnownKeys, values, ["name"])
