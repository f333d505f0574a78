"""What handovers hang together with."""

from collections.abc import Iterator

from flask import g, url_for
from flask_babel import gettext as _
from sqlalchemy import ColumnElement

from portal.access import Permission
from portal.db import db
from portal.engine.models import Vault
from portal.notes import takes_notes
from portal.panels import Related, relates
from portal.reversibility.models import ReversibilityCase
from portal.subscriptions.models import Subscription
from portal.subscriptions.relations import as_related
from portal.words.reasons import REVERSIBILITY_REASONS

takes_notes(ReversibilityCase, Permission.REVERSIBILITY_READ, "reversibility.show_case")


def _cases(where: ColumnElement[bool]) -> Iterator[Related]:
    query = ReversibilityCase.visible_to(g.actor).where(where).order_by(ReversibilityCase.id)
    return (
        Related(
            _("Réversibilité"),
            str(REVERSIBILITY_REASONS[each.reason]),
            url_for("reversibility.show_case", uid=each.uid),
        )
        for each in db.session.scalars(query)
    )


@relates(Subscription, Permission.REVERSIBILITY_READ)
def cases_of_subscription(subscription: Subscription) -> Iterator[Related]:
    return _cases(ReversibilityCase.subscription_id == subscription.id)


@relates(Vault, Permission.REVERSIBILITY_READ)
def cases_of_vault(vault: Vault) -> Iterator[Related]:
    return _cases(ReversibilityCase.vault_id == vault.id)


@relates(ReversibilityCase, Permission.SUBSCRIPTION_READ)
def subscription_of_case(case: ReversibilityCase) -> Iterator[Related]:
    query = Subscription.visible_to(g.actor).where(Subscription.id == case.subscription_id)
    return map(as_related, db.session.scalars(query))


@relates(ReversibilityCase, Permission.VAULT_READ)
def vault_of_case(case: ReversibilityCase) -> Iterator[Related]:
    query = Vault.visible_to(g.actor).where(Vault.id == case.vault_id)
    return (
        Related(_("Coffre"), each.name, url_for("vaults.show_vault", uid=each.uid))
        for each in db.session.scalars(query)
    )
