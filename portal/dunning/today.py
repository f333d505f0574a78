"""What waits about late payers."""

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from sqlalchemy.orm import joinedload

from portal import clock
from portal.access import RESELLER, Permission
from portal.billing.disputes import DisputeState, InvoiceDispute
from portal.billing.queries import about_invoices_run_by, customers_run_by
from portal.customers.models import Customer
from portal.dunning.fees import FeeState, LateFee
from portal.dunning.lists import STEPS
from portal.dunning.models import LateLetter, LatePayer, LetterState
from portal.resellers.issuing import run_by
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


def _steps() -> Select[tuple[LatePayer]]:
    query = LatePayer.visible_to(g.actor).where(LatePayer.due_on <= clock.today())
    hers = customers_run_by(g.actor).with_only_columns(Customer.id)
    query = query.where(LatePayer.customer_id.in_(hers)) if g.actor.role in RESELLER else query
    return query.options(joinedload(LatePayer.customer))


waits(
    Kind(
        name="late.step",
        label=_l("Relances à confirmer"),
        cost=Cost.MONEY,
        permission=Permission.DUNNING_WRITE,
        rows=_steps,
        order=(LatePayer.due_on, LatePayer.id),
        tell=lambda row: Todo(
            what=_("%(step)s à confirmer", step=STEPS[row.step]),
            who=row.customer.name,
            url=url_for("dunning.show_late", uid=row.customer.uid),
            button=_("Voir"),
            due=row.due_on,
        ),
        everything=lambda: url_for("dunning.list_late"),
        entry="dunning.list_late",
    )
)


def _to_post() -> Select[tuple[LateLetter]]:
    query = run_by(LateLetter, g.actor).where(LateLetter.state == LetterState.TO_POST)
    return query.options(joinedload(LateLetter.customer))


waits(
    Kind(
        name="late.letter",
        label=_l("Lettres recommandées à poster"),
        cost=Cost.RIGHT,
        permission=Permission.DUNNING_WRITE,
        rows=_to_post,
        order=(LateLetter.sent_on, LateLetter.id),
        tell=lambda row: Todo(
            what=_("Mise en demeure à poster en recommandé"),
            who=row.customer.name,
            url=url_for("late_letters.show_letter", uid=row.uid),
            button=_("Ouvrir la lettre"),
            due=row.sent_on,
        ),
        everything=lambda: url_for("dunning.list_late"),
        entry="dunning.list_late",
    )
)


def _disputed() -> Select[tuple[InvoiceDispute]]:
    query = about_invoices_run_by(InvoiceDispute, g.actor).where(InvoiceDispute.state == DisputeState.OPEN)
    return query.options(joinedload(InvoiceDispute.customer), joinedload(InvoiceDispute.invoice))


waits(
    Kind(
        name="invoice.dispute",
        label=_l("Factures contestées"),
        cost=Cost.PEOPLE,
        permission=Permission.DUNNING_WRITE,
        rows=_disputed,
        order=(InvoiceDispute.opened_on, InvoiceDispute.id),
        tell=lambda row: Todo(
            what=_("Facture contestée : %(number)s", number=row.invoice.number),
            who=row.customer.name,
            url=url_for("disputes.show_dispute", uid=row.uid),
            button=_("Répondre"),
            due=row.opened_on,
            cents=row.invoice.gross_cents,
        ),
        everything=lambda: url_for("dunning.list_late"),
        entry="dunning.list_late",
    )
)
