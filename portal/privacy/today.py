"""What waits: breaches whose clocks run, and persons who asked for their data."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from portal import clock
from portal.access import Permission
from portal.privacy.models import LIVE, Breach
from portal.privacy.requests import PersonRequest, RequestState
from portal.privacy.subprocessors import ChangeState, Objection, ObjectionState, SubProcessorChange
from portal.privacy.telling import next_due
from portal.today import Cost, Kind, Todo, waits


def _tell(row: Breach) -> Todo:
    due = next_due(row)
    missed = due < clock.now()
    what = _("Violation « %(name)s » : délai dépassé") if missed else _("Violation « %(name)s » à notifier")
    return Todo(
        what=what % {"name": row.name},
        who=_("clients et autorité de contrôle"),
        url=url_for("breaches.show_breach", uid=row.uid),
        button=_("Ouvrir"),
        due=due,
    )


waits(
    Kind(
        name="privacy.breach",
        label=_l("Violations de données à notifier"),
        cost=Cost.RIGHT,
        permission=Permission.PRIVACY_WRITE,
        rows=lambda: Breach.visible_to(g.actor).where(Breach.state.in_(LIVE)),
        order=(Breach.known_at, Breach.id),
        tell=_tell,
        everything=lambda: url_for("breaches.list_breaches"),
        entry="breaches.list_breaches",
    )
)

waits(
    Kind(
        name="privacy.request",
        label=_l("Demandes de personnes à répondre"),
        cost=Cost.RIGHT,
        permission=Permission.PRIVACY_WRITE,
        rows=lambda: PersonRequest.visible_to(g.actor).where(PersonRequest.state == RequestState.OPEN),
        order=(PersonRequest.due_on, PersonRequest.id),
        tell=lambda row: Todo(
            what=_("Demande d'une personne sur ses données"),
            who=row.name,
            url=url_for("person_requests.show_request", uid=row.uid),
            button=_("Ouvrir"),
            due=row.due_on,
        ),
        everything=lambda: url_for("person_requests.list_requests"),
        entry="person_requests.list_requests",
    )
)

waits(
    Kind(
        name="privacy.objection",
        label=_l("Oppositions à un sous-traitant"),
        cost=Cost.RIGHT,
        permission=Permission.PRIVACY_WRITE,
        rows=lambda: Objection.visible_to(g.actor).where(Objection.state == ObjectionState.OPEN),
        order=(Objection.received_on, Objection.id),
        tell=lambda row: Todo(
            what=_("Opposition à un sous-traitant"),
            who=row.customer.name,
            url=url_for("sub_processors.show_change", uid=row.change.uid),
            button=_("Répondre"),
            due=row.change.effective_on,
        ),
        everything=lambda: url_for("sub_processors.list_processors"),
        entry="sub_processors.list_processors",
    )
)

waits(
    Kind(
        name="privacy.change_stuck",
        label=_l("Changements de sous-traitant retenus"),
        cost=Cost.RIGHT,
        permission=Permission.PRIVACY_WRITE,
        rows=lambda: SubProcessorChange.visible_to(g.actor).where(
            SubProcessorChange.state == ChangeState.TOLD, SubProcessorChange.effective_on <= clock.today()
        ),
        order=(SubProcessorChange.effective_on, SubProcessorChange.id),
        tell=lambda row: Todo(
            what=_("Changement de sous-traitant retenu : client non prévenu, ou opposition sans réponse"),
            who=row.name,
            url=url_for("sub_processors.show_change", uid=row.uid),
            button=_("Ouvrir"),
            due=row.effective_on,
        ),
        everything=lambda: url_for("sub_processors.list_processors"),
        entry="sub_processors.list_processors",
    )
)
