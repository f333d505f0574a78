"""The blind index under another key: every digest in one transaction, so that none is looked for in vain.

While the key file holds several index keys, whoever computes a digest asks the database which one counts,
and holds that answer (a shared lock of PostgreSQL; on SQLite writers follow each other) to the end of the
transaction. The change takes the lock for itself: no digest of the old key can be written after it, so a
value that has to be unique is compared with all others at every moment.
"""

from flask_babel import gettext as _
from sqlalchemy import Table, bindparam, func, select, update

from portal.crypto.secrets import keyring
from portal.db import commits, db
from portal.errors import Refused
from portal.paging import chunk_of
from portal.safekeeping.known_keys import INDEX, LOCK, KnownKeys, index_in_use, remember_keys
from portal.safekeeping.sealed_columns import SealedColumn, sealed_columns

_STEP = 2000


@commits
def change_index(kid: str) -> int:
    """Compute every digest anew; says how many, 0 when it was done before. Killed: nothing has changed.

    Raises Refused while a digest cannot be computed, because what it was made of is not kept yet.
    """
    remember_keys()
    ring = keyring()
    if db.session.connection().dialect.name == "postgresql":
        db.session.execute(select(func.pg_advisory_xact_lock(LOCK)))
    before = index_in_use()
    if before == kid:
        db.session.rollback()
        return 0
    changed = 0
    with ring.indexing_with(kid):
        for column in sealed_columns():
            if column.index is not None:
                _require_all(column)
                changed += _change(column)
    if keyring() is not ring:
        db.session.rollback()
        raise Refused(_("keys.json vient de changer : relancez la commande."))
    row = db.session.scalars(select(KnownKeys).where(KnownKeys.name == f"{INDEX}{before}")).one()
    row.name, row.fingerprint = f"{INDEX}{kid}", ring.check_values()[f"index:{kid}"]
    db.session.commit()
    return changed


def _require_all(column: SealedColumn) -> None:
    """A digest whose value is not there would stay behind under the old key."""
    table, index = column.table, column.index
    assert index is not None
    bare = select(func.count()).select_from(table).where(index.is_not(None), column.sealed.is_(None))
    if _is_over(table):  # a row that is over needs its digest no more
        over = table.c.state == "erased"
        left = update(table).where(index.is_not(None), column.sealed.is_(None), over)
        db.session.execute(left.values({index.name: None}))
    if number := db.session.scalar(bare):
        db.session.rollback()
        message = _(
            "%(n)d lignes de %(table)s n'ont pas encore de quoi recalculer %(column)s : attendez leur "
            "prochaine mesure.",
            n=number,
            table=table.name,
            column=index.name,
        )
        raise Refused(message)


def _is_over(table: Table) -> bool:
    return table.name == "vault"


def _change(column: SealedColumn) -> int:
    table, ring, done, last = column.table, keyring(), 0, 0
    assert column.index is not None
    rows = select(table.c.id, table.c.uid, column.sealed.label("sealed")).order_by(table.c.id)
    rows = rows.where(column.index.is_not(None), column.sealed.is_not(None))
    same = update(table).where(table.c.id == bindparam("of"))
    change = same.values({column.index.name: bindparam("becomes")})
    while found := chunk_of(rows.where(table.c.id > last), _STEP):
        again = []
        for id_, uid, sealed in found:
            digest = column.descriptor.digest(ring.open(sealed, column.context(uid)))
            again.append({"of": id_, "becomes": digest})
        db.session.connection().execute(change, again)
        done, last = done + len(found), found[-1].id
    return done
