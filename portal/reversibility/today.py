"""Handovers whose next step is a person's."""

from collections.abc import Callable
from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, exists
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import GRANTS, Permission, Role
from portal.reversibility.choosing import HandoverChoice
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


def _shrunk() -> Select[tuple[ReversibilityCase]]:
    """A copy is held because a newest point has shrunk: she chooses, or the operator at her written word."""
    is_held = and_(
        HandoverChoice.case_id == ReversibilityCase.id,
        HandoverChoice.round == ReversibilityCase.round,
        HandoverChoice.is_shrunk,
    )
    return _steps_of((C.CHOOSING,), {Role.OPERATOR})().where(exists().where(is_held))


def _held(case: ReversibilityCase) -> Todo:
    choice = case.choice
    return Todo(
        what=_("Copie retenue : un dernier point a bien rétréci"),
        who=case.customer.name,
        url=url_for("handover_choice.show_choice", uid=case.uid),
        button=_("Voir le choix"),
        due=clock.paris_day(choice.until) if choice else None,
    )


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


for _name, _rows, _tell in (
    ("handover.act", _steps_of(_OPERATORS, {Role.OPERATOR, Role.TECHNICIAN}), _told),
    ("handover.answer", _steps_of(_CUSTOMERS, GRANTS[Permission.REVERSIBILITY_ACCEPT]), _told),
    ("handover.slow", _slow, _told),
    ("handover.shrunk", _shrunk, _held),
):
    waits(
        Kind(
            name=_name,
            label=_l("Réversibilités"),
            cost=Cost.RIGHT,
            permission=Permission.REVERSIBILITY_READ,
            rows=_rows,
            order=(ReversibilityCase.id,),
            tell=_tell,
            everything=lambda: url_for("reversibility.list_cases"),
            entry="reversibility.list_cases",
        )
    )
