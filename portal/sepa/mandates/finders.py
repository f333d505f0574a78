"""Mandates by their reference or the last figures of their account, in the search over everything."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.errors import Refused
from portal.paging import first_of
from portal.search import Hit, Sought, finder
from portal.search.keys import by_number, keyed, of_ends, of_numbers
from portal.search.registry import AT_MOST
from portal.sepa.formats.iban import parse_iban
from portal.sepa.models import Mandate

_SHOWN = 4  # signs at the end of an account that are not masked


@keyed(Mandate, "rum", "iban_masked")
def _words(row: Any) -> list[str]:
    return [*of_numbers(row.rum), *of_ends((row.iban_masked or "")[-_SHOWN:])]


@finder(50, Permission.MANDATE_READ, _l("Mandats"))
def mandates(sought: Sought) -> list[Hit]:
    return [
        Hit(
            row.rum,
            url_for("sepa.show_mandate", uid=row.uid),
            " · ".join(filter(None, (row.debtor_name, row.iban_masked))),
            row.shown_state(),
            "pen",
        )
        for row in by_number(Mandate, g.actor, sought) or _of_account(sought)
    ]


def _of_account(sought: Sought) -> list[Mandate]:
    """Those of a whole IBAN, by its blind index: of the account itself nothing is kept that could be read."""
    try:
        typed = parse_iban(sought.text)
    except Refused:
        return []
    rows = Mandate.visible_to(g.actor).where(Mandate.iban_index == Mandate.iban.digest(typed))
    return first_of(rows.order_by(Mandate.id.desc()), AT_MOST)
