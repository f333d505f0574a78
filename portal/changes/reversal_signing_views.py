"""The customer consents that a notice is taken back, with a link and a code, without an account."""

from typing import Any

from flask import Blueprint

from portal.changes.reversals import NoticeReversal, ReversalState
from portal.changes.taking_back import agree_reversal, keep_notice
from portal.linked.one_page import ConsentForm, OnePage
from portal.linked.pages import mail_code
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink

bp = Blueprint("reversal_signing", __name__, url_prefix="/reversal/<token>")
_WHY = "the customer's signatory consents with a link from an e-mail that her notice is taken back"


class _Reversing(OnePage[NoticeReversal]):
    purpose, model = Purpose.SIGN_REVERSAL, NoticeReversal

    def waits(self, row: NoticeReversal) -> bool:
        return row.state == ReversalState.ASKED

    def template(self, row: NoticeReversal) -> str:
        return "changes/reversal.html" if self.waits(row) else "changes/reversal_closed.html"

    def words(self, row: NoticeReversal, form: ConsentForm) -> dict[str, Any]:
        entity = row.subscription.customer.organisation.parent
        return {"reversal": row, "subscription": row.subscription, "entity": entity}

    def send_code_for(self, link: SignedLink, row: NoticeReversal) -> None:
        customer = row.subscription.customer
        owner, language = customer.organisation, customer.language
        mail = "changes/mail_reversal_code.txt"
        mail_code(
            link, mail, about=row, owner=owner, language=language, words={"subscription": row.subscription}
        )

    def conclude(self, row: NoticeReversal, form: ConsentForm, signer: Signer) -> None:
        agree_reversal(row, by=signer, address=visitor()["ip"])

    def refuse_it(self, row: NoticeReversal, reason: str, signer: Signer) -> None:
        keep_notice(row, by=signer)


_Reversing().add_to(bp, _WHY)
