"""Machines by the beginning of their name, in the search over everything."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.backups.models import Machine
from portal.db import Plain, is_root
from portal.paging import first_of
from portal.search import Hit, Sought, finder
from portal.search.registry import AT_MOST
from portal.search.words import begins, fold


def _wall(sought: Sought) -> str:
    return url_for("backups.wall", q=sought.text)


@finder(80, Permission.BACKUP_READ, _l("Machines"), more=_wall)
def machines(sought: Sought) -> list[Hit]:
    # A reseller's few are found by whose they are: many machines everywhere have the same name.
    name = Machine.name_folded if is_root(g.actor.org_path) else Plain(Machine.name_folded)
    query = Machine.visible_to(g.actor).where(begins(name, fold(sought.text)))
    query = query.options(joinedload(Machine.customer)).order_by(name, Machine.id)
    return [
        Hit(
            row.name,
            url_for("backups.show_machine", uid=row.uid),
            row.customer.name,
            f"backup_{row.health.value}",
            "hdd",
        )
        for row in first_of(query, AT_MOST)
    ]
