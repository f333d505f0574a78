"""Assignments that wait for the provider's consent, or for one of the two."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.assignments.models import AssignmentState, AssignmentWish, ContractAssignment, WishState
from portal.subscriptions.models import Subscription
from portal.today import Cost, Kind, Todo, waits


def _waiting(*states: AssignmentState) -> Select[tuple[ContractAssignment]]:
    query = ContractAssignment.visible_to(g.actor).where(ContractAssignment.state.in_(states))
    return query.options(
        joinedload(ContractAssignment.transferor),
        joinedload(ContractAssignment.transferee),
        joinedload(ContractAssignment.subscription),
    )


def _address(row: ContractAssignment) -> str:
    return url_for("assignments.show_assignment", uid=row.uid)


def _wished() -> Select[tuple[AssignmentWish]]:
    query = AssignmentWish.visible_to(g.actor).where(AssignmentWish.state == WishState.OPEN)
    return query.options(joinedload(AssignmentWish.subscription).joinedload(Subscription.customer))


waits(
    Kind(
        name="assignment.wish",
        label=_l("Cessions de contrat demandées par des clients"),
        cost=Cost.PEOPLE,
        permission=Permission.ASSIGNMENT_WRITE,
        rows=_wished,
        order=(AssignmentWish.effective_on, AssignmentWish.id),
        tell=lambda row: Todo(
            what=_("Céder %(what)s à %(to)s", what=row.subscription.label, to=row.successor),
            who=row.subscription.customer.name,
            url=url_for(
                "assignments.new_assignment",
                uid=row.subscription.uid,
                to=row.siren,
                effective_on=row.effective_on.isoformat(),
            ),
            button=_("Préparer la cession"),
            due=row.effective_on,
        ),
        everything=lambda: url_for("subscriptions.list_subscriptions"),
        entry="subscriptions.list_subscriptions",
    )
)
waits(
    Kind(
        name="assignment.decision",
        label=_l("Cessions de contrat à décider"),
        cost=Cost.RIGHT,
        permission=Permission.ASSIGNMENT_DECIDE,
        rows=lambda: _waiting(AssignmentState.SUBMITTED),
        order=(ContractAssignment.lapses_at, ContractAssignment.id),
        tell=lambda row: Todo(
            what=_("Céder %(what)s à %(to)s", what=row.subscription.label, to=row.transferee.name),
            who=row.transferor.name,
            url=_address(row),
            button=_("Décider"),
            due=row.lapses_at,
        ),
        everything=lambda: url_for("subscriptions.list_subscriptions"),
        entry="subscriptions.list_subscriptions",
    )
)
waits(
    Kind(
        name="assignment.signatures",
        label=_l("Cessions de contrat à signer par les clients"),
        cost=Cost.PEOPLE,
        permission=Permission.ASSIGNMENT_WRITE,
        rows=lambda: _waiting(AssignmentState.ASKED),
        order=(ContractAssignment.lapses_at, ContractAssignment.id),
        tell=lambda row: Todo(
            what=_("Céder %(what)s à %(to)s", what=row.subscription.label, to=row.transferee.name),
            who=row.transferor.name,
            url=_address(row),
            button=_("Voir"),
            due=row.lapses_at,
        ),
        everything=lambda: url_for("subscriptions.list_subscriptions"),
        entry="subscriptions.list_subscriptions",
    )
)
