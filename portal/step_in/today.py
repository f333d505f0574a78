"""What waits: the customer's choice, then the operator's answer."""

from collections.abc import Callable

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.step_in.models import OfferState, StepInOffer
from portal.today import Cost, Kind, Todo, waits


def _in(state: OfferState) -> Callable[[], Select[tuple[StepInOffer]]]:
    def rows() -> Select[tuple[StepInOffer]]:
        found = StepInOffer.visible_to(g.actor).where(StepInOffer.state == state)
        return found.options(joinedload(StepInOffer.customer))

    return rows


waits(
    Kind(
        name="step_in.choose",
        label=_l("Choix de votre interlocuteur"),
        cost=Cost.PEOPLE,
        permission=Permission.STEP_IN_WISH,
        rows=_in(OfferState.OPEN),
        order=(StepInOffer.id,),
        tell=lambda row: Todo(
            what=_("%(name)s ne vous sert plus : choisissez qui le remplace", name=row.reseller_name),
            who=row.customer.name,
            url=url_for("step_in.show", uid=row.uid),
            button=_("Choisir"),
        ),
        everything=lambda: url_for("home.dashboard"),
        entry="home.dashboard",
    )
)
waits(
    Kind(
        name="step_in.settle",
        label=_l("Clients d'un revendeur défaillant"),
        cost=Cost.PEOPLE,
        permission=Permission.STEP_IN_SETTLE,
        rows=_in(OfferState.WISHED),
        order=(StepInOffer.id,),
        tell=lambda row: Todo(
            what=_("Client à reprendre : %(name)s est défaillant", name=row.reseller_name),
            who=row.customer.name,
            url=url_for("step_in.show", uid=row.uid),
            button=_("Répondre"),
        ),
        everything=lambda: url_for("resellers.list_resellers", state="in_default"),
        entry="resellers.list_resellers",
    )
)
