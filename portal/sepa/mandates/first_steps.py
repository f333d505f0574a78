"""The first mandate that was signed, now or before."""

from flask import g, url_for
from flask_babel import lazy_gettext as _l

from portal.access import Role
from portal.first_steps import Step, first_step, some_of
from portal.sepa.models import Mandate

first_step(
    Step(
        name="mandate.signed",
        rank=40,
        role=Role.OWNER,
        label=_l("Avoir un premier mandat signé"),
        url=lambda: url_for("sepa.list_mandates"),
        is_done=lambda: some_of(Mandate.visible_to(g.actor).where(Mandate.signed_at.is_not(None))),
        guide="mandate",
    )
)
