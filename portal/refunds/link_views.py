"""Saying where one is to be paid back with a link from an e-mail: the account, then a code."""

from typing import Any

from flask import Blueprint
from flask_wtf import FlaskForm

from portal.linked.pages import mail_code
from portal.linked.two_steps import TwoSteps
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink
from portal.refunds.accounts import Payer, Way, account_of, proposed_for
from portal.refunds.asking import give_account, refusal_words
from portal.refunds.asks import AccountAsk
from portal.refunds.forms import OwnAccountForm
from portal.refunds.owed import check_open, is_known, owed_to, told, why_closed
from portal.resellers.models import issuer_for
from portal.sepa.formats.iban import bank_name

bp = Blueprint("refund_account", __name__, url_prefix="/refund-account/<token>")
_WHY = "a customer says on which account she is paid back with a link from an e-mail, without an account here"


def payer_for(row: AccountAsk) -> Payer | None:
    """The account that one of her payments came from, unless the bank has just refused it."""
    found = (proposed_for(refund) for refund in owed_to(row.customer))
    payer = next(filter(None, found), None)
    account = account_of(row.customer)
    refused = account is not None and account.refused_on is not None
    return None if payer is None or (refused and account and account.iban == payer.iban) else payer


class _Giving(TwoSteps[AccountAsk]):
    """Until a file of transfers holds her money, she may come back and give another one."""

    purpose, model, folder = Purpose.REFUND_ACCOUNT, AccountAsk, "refund_account"
    first, form = "account", OwnAccountForm

    def waits(self, row: AccountAsk) -> bool:
        return bool(owed_to(row.customer))

    def has_declared(self, row: AccountAsk) -> bool:
        return row.iban is not None

    def form_of(self, row: AccountAsk) -> type[FlaskForm]:
        payer = payer_for(row)

        class Form(OwnAccountForm):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, payer=payer, **kwargs)

        return Form

    def blank(self, row: AccountAsk) -> FlaskForm:
        return self.form_of(row)(formdata=None, holder=row.holder or row.customer.name)

    def words(self, row: AccountAsk) -> dict[str, Any]:
        account = account_of(row.customer)
        return {
            "asked": row,
            "owed": told(owed_to(row.customer)),
            "account": account if is_known(account) else None,
            "bank": bank_name(row.iban) if row.iban else None,
            "given_bank": bank_name(account.iban) if account else None,
            "payer": payer_for(row),
            "refusal": refusal_words(row),
            "why": why_closed(row.customer),
            "entity": issuer_for(row.customer),
        }

    def declare(self, link: SignedLink, row: AccountAsk, form: Any) -> None:
        check_open(row.customer)
        row.iban, row.holder = form.iban.data, form.holder.data

    def send_code(self, link: SignedLink, row: AccountAsk) -> None:
        customer = row.customer
        mail_code(
            link,
            "refunds/mail_code.txt",
            about=owed_to(customer)[0],
            owner=customer.organisation,
            language=customer.language,
            words={"asked": row},
        )

    def conclude(self, link: SignedLink, row: AccountAsk) -> None:
        """Source: 000-37; L1 (C. conso L221-24)."""
        by, address = Signer(link.recipient), visitor()["ip"]
        iban, holder = row.iban or "", row.holder
        give_account(row.customer, iban, holder, by=by, way=Way.LINK, address=address)


_Giving().add_to(bp, _WHY)
