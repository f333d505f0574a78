"""What waits about late payers."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal.access import Permission
from portal.dunning.fees import FeeState, LateFee
from portal.today import Cost, Kind, Todo, waits


def _waiting() -> Select[tuple[LateFee]]:
    query = LateFee.visible_to(g.actor).where(LateFee.state == FeeState.WAITING)
    return query.options(joinedload(LateFee.invoice), joinedload(LateFee.customer))


waits(
    Kind(
        name="late_fee.rate",
        label=_l("Frais de retard sans taux"),
        cost=Cost.MONEY,
        permission=Permission.BILLING_READ,
        rows=_waiting,
        order=(LateFee.id,),
        tell=lambda row: Todo(
            what=_("Taux de la BCE à saisir pour la facture %(number)s", number=row.invoice.number),
            who=row.customer.name,
            url=url_for("rates.list_rates"),
            button=_("Saisir le taux"),
            due=row.paid_on,
        ),
        everything=lambda: url_for("rates.list_rates"),
        entry="billing.list_invoices",
    )
)
