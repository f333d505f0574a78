"""Resellers that wait for the provider: to sell, their contract must be signed."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.resellers.reseller import Reseller, ResellerState
from portal.today import Cost, Kind, Todo, waits


def _drafts() -> Select[tuple[Reseller]]:
    found = Reseller.visible_to(g.actor).where(Reseller.state == ResellerState.DRAFT)
    return found.options(joinedload(Reseller.organisation))


waits(
    Kind(
        name="reseller.draft",
        label=_l("Revendeurs à activer"),
        cost=Cost.PEOPLE,
        permission=Permission.RESELLER_STATE,
        rows=_drafts,
        order=(Reseller.id,),
        tell=lambda row: Todo(
            what=(
                _("Revendeur à activer : son contrat est déposé")
                if row.contract_id
                else _("Contrat de revendeur à faire signer et à déposer (001-32)")
            ),
            who=row.name,
            url=url_for("resellers.show_reseller", uid=row.uid),
            button=_("Voir le revendeur"),
        ),
        everything=lambda: url_for("resellers.list_resellers", state=ResellerState.DRAFT.value),
        entry="resellers.list_resellers",
    )
)
