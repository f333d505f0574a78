"""Which keys a database belongs to: their fingerprint lies in it, so that other keys are noticed at once."""

from cryptography.exceptions import InvalidTag
from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, mapped_column

from portal.crypto.secrets import keyring
from portal.db import Row, commits, db
from portal.jobs import insert_once
from portal.mail import Mail


class KnownKeys(Row, db.Model):
    """The key file that this database was written with; one row."""

    __tablename__ = "known_keys"

    name: Mapped[str] = mapped_column(String(20), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(32))


def keys_fit() -> bool:
    """Is the present key file the one of this database? If it knows none yet, its last mail tells."""
    known = db.session.scalar(select(KnownKeys.fingerprint))
    if known is not None:
        return known == _fingerprint()
    newest = db.session.scalars(select(Mail).order_by(Mail.id.desc()).limit(1)).one_or_none()
    try:
        return newest is None or bool(newest.body)
    except InvalidTag:
        return False


@commits
def remember_keys() -> bool:
    """Note the present keys in a database that knows none; False, and nothing noted, if they do not fit."""
    if not keys_fit():
        return False
    row = KnownKeys(name="keys", fingerprint=_fingerprint())
    values = {field: getattr(row, field) for field in ("uid", "created_at", "name", "fingerprint")}
    insert_once(KnownKeys, values, ["name"])
    db.session.commit()
    return True


def _fingerprint() -> str:
    """32 hexadecimal characters that say nothing of the keys; rotation of data keys leaves them."""
    return keyring().blind_index("", "fingerprint of the key file")
