"""What is owed to customers and must leave soon; files that wait for a second person; accounts that customers
have yet to give."""

from datetime import timedelta

from flask import g, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, and_, exists, or_, select

from portal import clock
from portal.access import Permission
from portal.billing.credit_models import Refund, RefundFile, RefundFileState, RefundState
from portal.customers.models import Customer
from portal.i18n import eur, plain_day
from portal.refunds.accounts import RefundAccount, account_for
from portal.refunds.answers import RefundAnswer
from portal.refunds.asks import AccountAsk, AskState, ask_of
from portal.refunds.owed import owed_to
from portal.resellers.issuing import run_by
from portal.sepa.models import Mandate
from portal.today import Cost, Kind, Todo, waits

_SOON = 10  # days before the last one


def _due() -> Select[tuple[Refund]]:
    """Also what is due later, once its customer was reminded in vain."""
    reminded = select(AccountAsk.customer_id).where(
        AccountAsk.state == AskState.ASKED, AccountAsk.reminded_on.is_not(None)
    )
    soon = or_(Refund.due_by <= clock.today() + timedelta(_SOON), Refund.customer_id.in_(reminded))
    owed = Refund.state == RefundState.OWED
    return run_by(Refund, g.actor).where(owed, soon, Refund.paper == "")  # a commission has its own line


def _unreleased() -> Select[tuple[RefundFile]]:
    open_ = RefundFile.state.in_([RefundFileState.MADE, RefundFileState.RELEASED])
    return run_by(RefundFile, g.actor).where(open_)


def _of_a_refund(row: Refund) -> Todo:
    account = account_for(row)
    refused = account is not None and account.refused_on is not None
    return Todo(
        what=_what(row.customer, refused=refused, known=account is not None),
        who=row.customer.name,
        due=row.due_by,
        url=url_for("refunds.show", uid=row.uid),
        button=_("Entrer un compte") if refused else _("Rembourser"),
        cents=row.cents,
    )


def _what(customer: Customer, *, refused: bool, known: bool) -> str:
    """With since when she has been asked for an account, where one is still to come."""
    ask = ask_of(customer)
    if (refused or not known) and ask is not None and ask.state == AskState.ASKED:
        asked = plain_day(ask.asked_on)
        if ask.reminded_on is not None:
            reminded = plain_day(ask.reminded_on)
            return _("Compte du client attendu depuis le %(day)s, rappelé le %(on)s", day=asked, on=reminded)
        return _("Compte du client attendu depuis le %(day)s", day=asked)
    if refused:
        return _("Demander un autre compte : la banque refuse celui du client")
    return _("Rembourser le client")


def _without_account() -> Select[tuple[Customer]]:
    """Customers in scope to whom money is owed, and who have yet to say where it goes."""
    entered = select(RefundAccount.customer_id).where(RefundAccount.legal_entity_id.is_(None))
    signed = select(Mandate.customer_id).where(
        and_(Mandate.signed_on.is_not(None), Mandate.iban_sealed.is_not(None))
    )
    asked = select(AccountAsk.customer_id).where(AccountAsk.state == AskState.ASKED)
    owed = select(Refund.customer_id).where(Refund.state == RefundState.OWED, Refund.paper == "")
    of_its_issuer = exists().where(
        RefundAccount.customer_id == Refund.customer_id,
        RefundAccount.legal_entity_id == Refund.legal_entity_id,
    )
    unknown = and_(
        Customer.id.in_(owed.where(~of_its_issuer)), Customer.id.not_in(entered), Customer.id.not_in(signed)
    )
    found: Select[tuple[Customer]] = Customer.visible_to(g.actor).where(
        Customer.id.in_(owed), or_(unknown, Customer.id.in_(asked))
    )
    return found


def _of_a_customer(row: Customer) -> Todo:
    owed = owed_to(row)
    cents = sum(each.cents for each in owed)
    return Todo(
        what=_("Dites-nous où vous rembourser %(sum)s", sum=eur(cents)),
        who=", ".join(each.reference for each in owed),
        due=owed[0].due_by if owed else None,
        url=url_for("own_refunds.show"),
        button=_("Indiquer mon compte"),
        cents=cents,
    )


def _unclear() -> Select[tuple[RefundAnswer]]:
    return run_by(RefundAnswer, g.actor).where(RefundAnswer.why != "", RefundAnswer.closed_by == "")


waits(
    Kind(
        name="refund.answer",
        label=_l("Réponses de la banque sur des remboursements"),
        cost=Cost.MONEY,
        permission=Permission.REFUND_WRITE,
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
        permission=Permission.REFUND_WRITE,
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
        permission=Permission.REFUND_FILE_WRITE,
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
waits(
    Kind(
        name="refund.own_account",
        label=_l("Comptes à indiquer pour être remboursé"),
        cost=Cost.MONEY,
        permission=Permission.OWN_REFUND_WRITE,
        rows=_without_account,
        order=(Customer.id,),
        tell=_of_a_customer,
        everything=lambda: url_for("own_refunds.show"),
        entry="own_refunds.show",
    )
)
