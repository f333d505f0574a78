"""The first machine that says how its backup went."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Role
from portal.backups.models import Machine
from portal.first_steps import Step, first_step, some_of

first_step(
    Step(
        name="machine.reporting",
        rank=50,
        role=Role.OWNER,
        label=_l("Voir une première machine rapporter sa sauvegarde"),
        url=lambda: url_for("backups.wall"),
        is_done=lambda: some_of(Machine.visible_to(g.actor).where(Machine.ended_at.is_not(None))),
        guide="machines",
    )
)
