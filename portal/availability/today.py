"""What waits: measures that did not come, and credits that nobody has decided on."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from portal.access import Permission
from portal.availability.claims import ServiceClaim
from portal.availability.credits import CreditState, ServiceCredit
from portal.availability.models import Watched
from portal.availability.queries import credits_run_by
from portal.today import Cost, Kind, Todo, waits
from portal.words.service_names import service_word

waits(
    Kind(
        name="availability.missing",
        label=_l("Mesures de disponibilité manquantes"),
        cost=Cost.MONEY,
        permission=Permission.AVAILABILITY_WRITE,
        rows=lambda: Watched.visible_to(g.actor).where(Watched.missing_on.is_not(None)),
        order=(Watched.missing_on, Watched.id),
        tell=lambda row: Todo(
            what=_("Mesures manquantes : %(service)s", service=service_word(row.service)),
            who=ngettext("%(num)d jour", "%(num)d jours", row.missing_days),
            url=url_for("availability.new_measures"),
            button=_("Importer"),
            due=row.missing_on,
        ),
        everything=lambda: url_for("availability.show"),
        entry="availability.show",
    )
)

waits(
    Kind(
        name="availability.claim",
        label=_l("Réserves et réclamations à lire"),
        cost=Cost.RIGHT,
        permission=Permission.AVAILABILITY_WRITE,
        rows=lambda: ServiceClaim.visible_to(g.actor).where(ServiceClaim.seen_at.is_(None)),
        order=(ServiceClaim.told_at, ServiceClaim.id),
        tell=lambda row: Todo(
            what=_("Réserve ou réclamation %(number)s", number=row.number),
            who=row.customer.name,
            url=url_for("service_levels.show_level", uid=row.subscription.uid, month=f"{row.month:%Y-%m}"),
            button=_("Lire"),
            due=row.told_at,
        ),
        everything=lambda: url_for("service_levels.list_levels"),
        entry="service_levels.list_levels",
    )
)

waits(
    Kind(
        name="availability.credit",
        label=_l("Avoirs de disponibilité à décider"),
        cost=Cost.MONEY,
        permission=Permission.CREDIT_DUE_DECIDE,
        rows=lambda: credits_run_by(g.actor).where(ServiceCredit.state == CreditState.PROPOSED),
        order=(ServiceCredit.month, ServiceCredit.id),
        tell=lambda row: Todo(
            what=_("Avoir à décider, %(month)s", month=f"{row.month:%m/%Y}"),
            who=row.customer.name,
            url=url_for("service_credits.show_credit", uid=row.uid),
            button=_("Décider"),
            due=row.proposed_on,
            cents=row.cents,
        ),
        everything=lambda: url_for("service_credits.list_credits", state=CreditState.PROPOSED.value),
        entry="service_credits.list_credits",
        asks=True,
    )
)
