"""What sign-ups and trials ask of a person: an answer, or an order before the last day."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import Permission
from portal.signups.models import KINDS, WARN_DAYS, SignUp, SignUpState, Trial, TrialState, settings
from portal.today import Cost, Kind, Todo, waits


def _open() -> Select[tuple[SignUp]]:
    query = SignUp.visible_to(g.actor).where(SignUp.state == SignUpState.OPEN)
    return query.options(joinedload(SignUp.customer), joinedload(SignUp.product))


waits(
    Kind(
        name="sign_up.open",
        label=_l("Demandes venues de la page d'inscription"),
        cost=Cost.PEOPLE,
        permission=Permission.QUOTE_WRITE,
        rows=_open,
        order=(SignUp.id,),
        tell=lambda row: Todo(
            what=_("Demande (%(kind)s) : %(product)s", kind=KINDS[row.kind], product=row.product.name),
            who=row.name,
            url=url_for("leads.show", uid=row.uid),
            button=_("Lire la demande"),
            due=row.confirmed_at,
        ),
        everything=lambda: url_for("leads.list_sign_ups", state=SignUpState.OPEN),
        entry="leads.list_sign_ups",
    )
)


def _ending() -> Select[tuple[Trial]]:
    rules = settings()
    soon = clock.today() + timedelta(days=rules.warn_days if rules else WARN_DAYS)
    query = Trial.visible_to(g.actor).where(Trial.state == TrialState.TRIAL, Trial.ends_on <= soon)
    return query.where(Trial.order_uid == "").options(joinedload(Trial.customer))


waits(
    Kind(
        name="trial.ends",
        label=_l("Essais qui se terminent"),
        cost=Cost.MONEY,
        permission=Permission.SUBSCRIPTION_CHANGE,
        rows=_ending,
        order=(Trial.ends_on, Trial.id),
        tell=lambda row: Todo(
            what=_("L'essai de %(product)s se termine", product=row.product_name),
            who=row.customer.name,
            url=url_for("trials.show", uid=row.uid),
            button=_("Passer en production"),
            due=row.ends_on,
        ),
        everything=lambda: url_for("trials.list_trials", state=TrialState.TRIAL),
        entry="subscriptions.list_subscriptions",
        asks=True,
    )
)
