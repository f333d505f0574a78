"""What waits about ends of contracts by their provider."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, or_
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.endings.models import EndingState, ProviderEnding
from portal.endings.nature import EndByNature, NatureState
from portal.subscriptions.models import Subscription
from portal.today import Cost, Kind, Todo, waits


def _running() -> Select[tuple[ProviderEnding]]:
    """Those that a person moves on: a letter to post or to follow, a delay to watch."""
    query = ProviderEnding.visible_to(g.actor).where(
        ProviderEnding.state == EndingState.WARNED,
        or_(ProviderEnding.by_itself.is_(False), ProviderEnding.is_registered.is_(True)),
    )
    return query.options(joinedload(ProviderEnding.subscription).joinedload(Subscription.customer))


def _next(row: ProviderEnding) -> str:
    if row.waits_for_post:
        return _("Mise en demeure à poster en recommandé")
    if row.may_end_from is None:
        return _("Réception d'une mise en demeure à noter")
    if row.goes_on_from is not None and row.goes_on_from <= clock.today():
        return _("Suspension pour force majeure finie : reprendre ou mettre fin")
    return _("Fin de contrat à confirmer ou à abandonner")


waits(
    Kind(
        name="contract.ending",
        label=_l("Fins de contrat en cours"),
        cost=Cost.RIGHT,
        permission=Permission.CONTRACT_END,
        rows=_running,
        order=(ProviderEnding.warned_on, ProviderEnding.id),
        tell=lambda row: Todo(
            what=_next(row),
            who=row.subscription.customer.name,
            url=url_for("endings.show_ending", uid=row.uid),
            button=_("Ouvrir"),
            due=row.may_end_from or row.warned_on,
        ),
        everything=lambda: url_for("subscriptions.list_subscriptions"),
        entry="subscriptions.list_subscriptions",
    )
)


def _unanswered() -> Select[tuple[EndByNature]]:
    """Receiverships whose administrator has yet to say whether the contract goes on."""
    query = EndByNature.visible_to(g.actor).where(EndByNature.state == NatureState.WAITS)
    return query.options(joinedload(EndByNature.subscription).joinedload(Subscription.customer))


waits(
    Kind(
        name="contract.receivership",
        label=_l("Réponses d'administrateurs judiciaires"),
        cost=Cost.RIGHT,
        permission=Permission.LETTER_RECORD,
        rows=_unanswered,
        order=(EndByNature.received_on, EndByNature.id),
        tell=lambda row: Todo(
            what=_("Réponse de l'administrateur à noter : son silence met fin au contrat"),
            who=row.subscription.customer.name,
            url=url_for("natural_ends.new_end", uid=row.subscription.uid),
            button=_("Ouvrir"),
            due=row.silent_from or row.received_on,
        ),
        everything=lambda: url_for("subscriptions.list_subscriptions"),
        entry="subscriptions.list_subscriptions",
    )
)
