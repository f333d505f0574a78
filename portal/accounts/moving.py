"""Moving a part of the tree: every row below goes along, frozen ones too, since only its place changes."""

from typing import Any

from sqlalchemy import String, Table, case, func, literal, select, update

from portal.accounts.models import Organisation, OrganisationKind
from portal.db import EVERYTHING, Base, PathType, db, scope
from portal.errors import Refused
from portal.wording import N_


def move_below(node: Organisation, parent: Organisation) -> None:
    """Put an organisation, with everything below it, under another one.

    All tables are written in the present transaction. Columns that follow from the place go along: the path,
    the path above, and the reseller of a customer. Loaded rows are read afresh.

    Raises Refused for a place below itself or below a customer.
    """
    if parent.org_path.startswith(node.org_path) or parent.kind == OrganisationKind.CUSTOMER:
        raise Refused(N_("Une organisation ne se range pas sous elle-même, ni sous un client."))
    held = select(Organisation.id).where(Organisation.id.in_([node.id, parent.id])).order_by(Organisation.id)
    with scope(EVERYTHING):
        db.session.execute(held.with_for_update())
        db.session.flush()
        old, new = node.org_path, f"{parent.org_path}{node.uid}/"
        if old == new:
            return
        for table in Base.metadata.tables.values():
            if "org_path" in table.c:
                _move_rows(table, old, new, parent)
        db.session.execute(update(Organisation).where(Organisation.id == node.id).values(parent_id=parent.id))
        db.session.expire_all()


def _move_rows(table: Table, old: str, new: str, parent: Organisation) -> None:
    path = table.c.org_path
    values: dict[str, Any] = {"org_path": _under(path, old, new)}
    if "above" in table.c:
        here = literal(parent.org_path, PathType)
        values["above"] = case((path == old, here), else_=_under(table.c.above, old, new))
    if "reseller_id" in table.c:
        values["reseller_id"] = case((path == old, parent.id), else_=table.c.reseller_id)
    below = path >= old, path < f"{old[:-1]}0"
    db.session.execute(update(table).where(*below).values(values))


def _under(path: Any, old: str, new: str) -> Any:
    return literal(new, String).concat(func.substr(path, len(old) + 1))
