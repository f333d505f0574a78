"""Batches by their message id, in the search over everything."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.i18n import eur
from portal.resellers.issuing import runs
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_numbers
from portal.sepa.models import Batch


@keyed(Batch, "msg_id")
def _words(row: Any) -> list[str]:
    return of_numbers(row.msg_id)


@finder(55, Permission.BATCH_READ, _l("Remises à la banque"))
def batches(sought: Sought) -> list[Hit]:
    return [
        Hit(
            row.msg_id,
            url_for("sepa.show_batch", uid=row.uid),
            f"{row.legal_entity.name} · {eur(row.total_cents)}",
            row.shown_state(),
            "bank",
        )
        for row in by_number(Batch, g.actor, sought)
        if runs(g.actor, row.legal_entity)
    ]
