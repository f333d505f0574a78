"""Vaults by their name, in the search over everything."""

from typing import Any

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.engine.models import Vault, VaultState
from portal.search import Hit, Sought, finder
from portal.search.keys import by_name, keyed
from portal.search.words import words_of


@keyed(Vault, "name")
def _words(row: Any) -> list[str]:
    return words_of(row.name)


@finder(70, Permission.VAULT_READ, _l("Coffres"))
def vaults(sought: Sought) -> list[Hit]:
    return [
        Hit(
            row.name,
            url_for("vaults.show_vault", uid=row.uid),
            row.customer.name,
            "erased" if row.state == VaultState.ERASED else "",
            "safe",
        )
        for row in by_name(Vault, g.actor, sought)
    ]
