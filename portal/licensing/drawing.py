"""Many keys at once: codes drawn and sealed one by one, rows written together.

Nothing refers to such a row by its number, so a thousand of them are one statement.
"""

from collections.abc import Iterator
from typing import Any

from portal import clock
from portal.actor import Actor, Owner
from portal.crypto.secrets import keyring
from portal.db import Base, db, new_uid
from portal.journal import JournalEntry
from portal.leaves import add_rows
from portal.licensing.codes import make_code

TOGETHER = 500  # keys of one transaction


def drawn(table: str, product: int, count: int) -> Iterator[dict[str, Any]]:
    """The columns of so many new codes, sealed for rows of this table.

    product: product and edition, 0 to 63.
    """
    ring = keyring()
    for _ in range(count):
        uid, text = new_uid(), make_code(product).text
        yield {
            "uid": uid,
            "code_sealed": ring.seal(text, f"{table}.code:{uid}"),
            "code_index": ring.blind_index(text, "code"),
        }


def insert_drawn(
    model: type[Base], product: int, common: list[dict[str, Any]], *, owner: Owner, what: str, by: Actor
) -> None:
    """Write one row for each of ``common``, with a code of its own and its line of the journal.

    what: the verb of that line. common: the other columns of each row.
    """
    now = clock.now()
    mine = {"organisation_id": owner.id, "org_path": owner.org_path, "created_at": now}
    codes = drawn(model.__tablename__, product, len(common))
    rows = [{**mine, **code, **rest} for code, rest in zip(codes, common, strict=True)]
    line = {
        **mine,
        "subject_kind": model.__tablename__,
        "what": what,
        "before": None,
        "after": None,
        "by_label": by.label,
        "by_user_id": by.id,
        "details": {},
    }
    lines = [{**line, "uid": new_uid(), "subject_uid": row["uid"]} for row in rows]
    connection = db.session.connection()
    add_rows(connection, model, rows)
    add_rows(connection, JournalEntry, lines)
