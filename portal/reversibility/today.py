"""Handovers whose next step is a person's."""

from collections.abc import Callable
from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import GRANTS, Permission, Role
from portal.reversibility.display import due_of, waits_for
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.today import Cost, Kind, Todo, waits
from portal.words.readers import for_whom

C = CaseState
_CUSTOMERS = (C.QUOTED, C.TO_PAY, C.WAITING_FOR_KEY, C.READY, C.CHOOSING)
_OPERATORS = (C.REQUESTED, C.CONTESTED, C.ACCEPTED)
_QUIET = timedelta(days=10)  # so long nobody is asked to watch a customer


def _steps_of(
    states: tuple[CaseState, ...], roles: set[Role]
) -> Callable[[], Select[tuple[ReversibilityCase]]]:
    def rows() -> Select[tuple[ReversibilityCase]]:
        wanted = states if g.actor.role in roles else ()
        query = ReversibilityCase.visible_to(g.actor).where(ReversibilityCase.state.in_(wanted))
        return query.options(
            joinedload(ReversibilityCase.customer), joinedload(ReversibilityCase.subscription)
        )

    return rows


def _slow() -> Select[tuple[ReversibilityCase]]:
    """The provider answers for the contract's day, also while the customer is waited for."""
    long_ago = ReversibilityCase.requested_on <= clock.today() - _QUIET
    return _steps_of((*_CUSTOMERS[:3], C.EXPORTING), {Role.OPERATOR, Role.TECHNICIAN})().where(long_ago)


def _told(case: ReversibilityCase) -> Todo:
    due = due_of(case)
    return Todo(
        what=for_whom(
            _("Récupération de vos données : %(who)s", who=waits_for(case)),
            _("Réversibilité : on attend %(who)s", who=waits_for(case)),
        ),
        who=case.customer.name,
        url=url_for("reversibility.show_case", uid=case.uid),
        button=_("Voir le dossier"),
        due=due.on if due else None,
        why=due,
    )


for _name, _rows in (
    ("handover.act", _steps_of(_OPERATORS, {Role.OPERATOR, Role.TECHNICIAN})),
    ("handover.answer", _steps_of(_CUSTOMERS, GRANTS[Permission.REVERSIBILITY_ACCEPT])),
    ("handover.slow", _slow),
):
    waits(
        Kind(
            name=_name,
            label=_l("Réversibilités"),
            cost=Cost.RIGHT,
            permission=Permission.REVERSIBILITY_READ,
            rows=_rows,
            order=(ReversibilityCase.id,),
            tell=_told,
            everything=lambda: url_for("reversibility.list_cases"),
            entry="reversibility.list_cases",
        )
    )
