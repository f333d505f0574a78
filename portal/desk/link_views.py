"""Accepting a quote of work with a link from an e-mail and a code, without an account."""

from typing import Any

from flask import Blueprint

from portal.desk.models import WorkOrder, WorkState
from portal.linked.one_page import ConsentForm, OnePage
from portal.linked.pages import mail_code
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink

bp = Blueprint("work_quotes", __name__, url_prefix="/work-quote/<token>")
_WHY = "the customer's signatory accepts a quote of work with a link from an e-mail, without an account"


class _Accepting(OnePage[WorkOrder]):
    purpose, model = Purpose.ACCEPT_WORK, WorkOrder

    def waits(self, row: WorkOrder) -> bool:
        return row.state == WorkState.QUOTED and not row.is_late

    def template(self, row: WorkOrder) -> str:
        return "desk/quote.html" if self.waits(row) else "desk/quote_closed.html"

    def words(self, row: WorkOrder, form: ConsentForm) -> dict[str, Any]:
        return {"order": row, "entity": row.customer.organisation.parent}

    def send_code_for(self, link: SignedLink, row: WorkOrder) -> None:
        customer = row.customer
        words = {"order": row}
        mail_code(
            link,
            "desk/mail_code.txt",
            about=row,
            owner=customer.organisation,
            language=customer.language,
            words=words,
        )

    def conclude(self, row: WorkOrder, form: ConsentForm, signer: Signer) -> None:
        row.accept(by=signer)

    def refuse_it(self, row: WorkOrder, reason: str, signer: Signer) -> None:
        row.refuse(reason, by=signer)


_Accepting().add_to(bp, _WHY)
