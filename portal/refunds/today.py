"""What is owed to customers and must leave soon; files that wait for a second person."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from portal import clock
from portal.access import Permission
from portal.billing.credit_models import Refund, RefundFile, RefundFileState, RefundState
from portal.refunds.accounts import account_of
from portal.refunds.answers import RefundAnswer
from portal.today import Cost, Kind, Todo, waits

_SOON = 10  # days before the last one


def _due() -> Select[tuple[Refund]]:
    soon = Refund.due_by <= clock.today() + timedelta(_SOON)
    owed = Refund.state == RefundState.OWED
    return Refund.visible_to(g.actor).where(owed, soon, Refund.paper == "")  # a commission has its own line


def _unreleased() -> Select[tuple[RefundFile]]:
    open_ = RefundFile.state.in_([RefundFileState.MADE, RefundFileState.RELEASED])
    return RefundFile.visible_to(g.actor).where(open_)


def _of_a_refund(row: Refund) -> Todo:
    account = account_of(row.customer)
    refused = account is not None and account.refused_on is not None
    return Todo(
        what=_("Demander un autre compte : la banque refuse celui du client")
        if refused
        else _("Rembourser le client"),
        who=row.customer.name,
        due=row.due_by,
        url=url_for("refunds.show", uid=row.uid),
        button=_("Entrer un compte") if refused else _("Rembourser"),
        cents=row.cents,
    )


def _unclear() -> Select[tuple[RefundAnswer]]:
    return RefundAnswer.visible_to(g.actor).where(RefundAnswer.why != "", RefundAnswer.closed_by == "")


waits(
    Kind(
        name="refund.answer",
        label=_l("Réponses de la banque sur des remboursements"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=_unclear,
        order=(RefundAnswer.id,),
        tell=lambda row: Todo(
            what=row.why,
            who=row.refund.customer.name if row.refund else row.refund_file.msg_id,
            url=url_for("refunds.show_file", uid=row.refund_file.uid),
            button=_("Regarder"),
            cents=row.amount_cents,
        ),
        everything=lambda: url_for("refunds.list_refunds"),
        entry="refunds.list_refunds",
    )
)
waits(
    Kind(
        name="refund.due",
        label=_l("Remboursements à faire"),
        cost=Cost.MONEY,
        permission=Permission.PAYMENT_WRITE,
        rows=_due,
        order=(Refund.due_by, Refund.id),
        tell=_of_a_refund,
        everything=lambda: url_for("refunds.list_refunds"),
        entry="refunds.list_refunds",
    )
)
waits(
    Kind(
        name="refund.file",
        label=_l("Fichiers de virements à libérer ou à remettre"),
        cost=Cost.MONEY,
        permission=Permission.BATCH_WRITE,
        rows=_unreleased,
        order=(RefundFile.id,),
        tell=lambda row: Todo(
            what=_("Fichier de remboursements à libérer")
            if row.state == RefundFileState.MADE
            else _("Fichier de remboursements à remettre à la banque"),
            who=row.msg_id,
            url=url_for("refunds.show_file", uid=row.uid),
            button=_("Ouvrir"),
            cents=row.total_cents,
        ),
        everything=lambda: url_for("refunds.list_refunds"),
        entry="refunds.list_refunds",
    )
)
