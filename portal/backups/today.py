"""Machines that do not back up as they should, and usage above what was ordered."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.backups.gaps import GapState, UsageGap
from portal.backups.health import Health
from portal.backups.models import Machine
from portal.licensing.models import ActivationKey
from portal.subscriptions.models import Subscription
from portal.today import Cost, Kind, Todo, waits
from portal.words.states import look_of

_BAD = (Health.DAMAGED, Health.FAILED, Health.LOCKED)


def _broken() -> Select[tuple[Machine]]:
    found = Machine.visible_to(g.actor).where(Machine.standing.in_(_BAD))
    return found.options(joinedload(Machine.customer))


waits(
    Kind(
        name="machine.broken",
        label=_l("Sauvegardes en échec"),
        cost=Cost.DATA,
        permission=Permission.BACKUP_WORK,
        rows=_broken,
        order=(Machine.due_by, Machine.id),
        tell=lambda row: Todo(
            what=_("Sauvegarde à regarder : %(name)s (%(state)s)", name=row.name, state=_word(row)),
            who=row.customer.name,
            url=url_for("backups.show_machine", uid=row.uid),
            button=_("Voir la machine"),
        ),
        everything=lambda: url_for("backups.wall"),
        entry="backups.wall",
    )
)


def _word(machine: Machine) -> str:
    return str(look_of(f"backup_{machine.health}").word)


def _undecided() -> Select[tuple[UsageGap]]:
    query = UsageGap.visible_to(g.actor).where(UsageGap.state == GapState.OPEN)
    return query.options(joinedload(UsageGap.subscription).joinedload(Subscription.customer))


waits(
    Kind(
        name="usage.gap",
        label=_l("Dépassements à décider"),
        cost=Cost.MONEY,
        permission=Permission.BILLING_READ,
        rows=_undecided,
        order=(UsageGap.id,),
        tell=lambda row: Todo(
            what=_("Dépassement à facturer ou à classer : %(what)s", what=row.subscription.label),
            who=row.subscription.customer.name,
            url=url_for("usage_gaps.show_gap", uid=row.uid),
            button=_("Décider"),
            due=row.period_ends_on,
            cents=row.extra_cents,
        ),
        everything=lambda: url_for("usage_gaps.list_gaps", state=GapState.OPEN.value),
        entry="billing.list_invoices",
    )
)


def _above_seats() -> Select[tuple[ActivationKey]]:
    found = ActivationKey.visible_to(g.actor).where(ActivationKey.over_since.is_not(None))
    return found.options(joinedload(ActivationKey.customer))


waits(
    Kind(
        name="key.seats",
        label=_l("Clés à plus de machines que de postes"),
        cost=Cost.DATA,
        permission=Permission.LICENSE_WRITE,
        rows=_above_seats,
        order=(ActivationKey.over_since, ActivationKey.id),
        tell=lambda row: Todo(
            what=_("Machines de trop : %(used)d pour %(seats)d postes", used=row.seats_used, seats=row.seats),
            who=row.customer.name,
            url=url_for("keys.show", uid=row.uid),
            button=_("Voir la clé"),
            due=row.over_until,
        ),
        everything=lambda: url_for("subscriptions.list_keys", state="key_above"),
        entry="subscriptions.list_keys",
    )
)
