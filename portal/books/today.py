"""Books that the last verification found changed."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.books.models import BookCheck
from portal.resellers.issuing import run_by
from portal.today import Cost, Kind, Todo, waits


def _broken() -> Select[tuple[BookCheck]]:
    newest = select(func.max(BookCheck.id)).group_by(BookCheck.legal_entity_id)
    query = run_by(BookCheck, g.actor).where(BookCheck.id.in_(newest), BookCheck.fault_count > 0)
    return query.options(joinedload(BookCheck.legal_entity))


waits(
    Kind(
        name="books.broken",
        label=_l("Livres qui ont été changés"),
        cost=Cost.RIGHT,
        permission=Permission.BOOKS_READ,
        rows=_broken,
        order=(BookCheck.id,),
        tell=lambda row: Todo(
            what=ngettext(
                "La preuve des livres trouve %(num)d défaut",
                "La preuve des livres trouve %(num)d défauts",
                row.fault_count,
            ),
            who=row.legal_entity.name,
            url=url_for("books.show_proof"),
            button=_("Voir"),
        ),
        everything=lambda: url_for("books.show_proof"),
        entry="billing.list_invoices",
    )
)
