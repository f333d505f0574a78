"""The customer signs a change of her contract with a link and a code, without an account."""

from typing import Any

from flask import Blueprint

from portal.changes.acts import refuse_change, replan, sign_change, subscription_of
from portal.changes.forms import SignForm
from portal.forms import WHOLE, refusals_in
from portal.linked.one_page import ConsentForm, OnePage
from portal.linked.pages import mail_code
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink
from portal.subscriptions.changes import ChangeState, SubscriptionChange

bp = Blueprint("change_signing", __name__, url_prefix="/amendment/<token>")
_WHY = "the customer's signatory signs a change of her contract with a link from an e-mail"


class _Signing(OnePage[SubscriptionChange]):
    purpose, model, form = Purpose.SIGN_CHANGE, SubscriptionChange, SignForm

    def waits(self, row: SubscriptionChange) -> bool:
        return row.state == ChangeState.ASKED

    def template(self, row: SubscriptionChange) -> str:
        return "changes/sign.html" if self.waits(row) else "changes/closed.html"

    def words(self, row: SubscriptionChange, form: ConsentForm) -> dict[str, Any]:
        subscription, plan = subscription_of(row), None
        if self.waits(row):
            with refusals_in(form, WHOLE):
                plan = replan(row, subscription)
        entity = subscription.customer.organisation.parent
        return {"change": row, "subscription": subscription, "entity": entity, "plan": plan}

    def send_code_for(self, link: SignedLink, row: SubscriptionChange) -> None:
        subscription = subscription_of(row)
        owner, language = subscription.customer.organisation, subscription.customer.language
        mail = "changes/mail_code.txt"
        mail_code(link, mail, about=row, owner=owner, language=language, words={"subscription": subscription})

    def conclude(self, row: SubscriptionChange, form: SignForm, signer: Signer) -> None:
        sign_change(row, subscription_of(row), form.seen.data or "", by=signer, visitor=visitor())

    def refuse_it(self, row: SubscriptionChange, reason: str, signer: Signer) -> None:
        refuse_change(row, reason, by=signer)


_Signing().add_to(bp, _WHY)
