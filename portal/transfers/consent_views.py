"""Consenting to a transfer with a link and a code: each of the three in her own turn, without an account."""

from typing import Any, NamedTuple

from flask import Blueprint

from portal.billing.queries import unpaid_invoices
from portal.db import EVERYTHING, set_scope
from portal.linked.holding import still_open
from portal.linked.one_page import ConsentForm, OnePage
from portal.linked.pages import mail_code
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink, open_link
from portal.transfers.models import ConsentOf, Party, Transfer, TransferState

bp = Blueprint("consents", __name__, url_prefix="/consent/<token>")
_WHY = "each party of a transfer consents with a link from an e-mail, without an account"


class _Turn(NamedTuple):
    transfer: Transfer
    party: Party


class _Consenting(OnePage[_Turn]):
    purpose = Purpose.CONSENT

    def open(self, token: str) -> tuple[SignedLink, _Turn]:
        """Link, transfer and party, held. The row lies above all three, so the scope is everything."""
        link = open_link(self.purpose, token)
        set_scope(EVERYTHING)
        turn = _Turn(*ConsentOf.find(link.subject_uid))
        still_open(link)
        return link, turn

    def waits(self, row: _Turn) -> bool:
        return row.transfer.state == TransferState.ASKED

    def template(self, row: _Turn) -> str:
        asked = self.waits(row) and not row.transfer.has_agreed(row.party)
        return "transfers/consent.html" if asked else "transfers/closed.html"

    def words(self, row: _Turn, form: ConsentForm) -> dict[str, Any]:
        transfer, unpaid = row.transfer, unpaid_invoices(row.transfer.customer)
        entity = transfer.organisation
        return {"transfer": transfer, "party": row.party.value, "entity": entity, "unpaid": unpaid}

    def send_code_for(self, link: SignedLink, row: _Turn) -> None:
        transfer, owner = row.transfer, row.transfer.house_of(row.party)
        language = transfer.customer.language
        mail = "transfers/mail_code.txt"
        mail_code(link, mail, about=transfer, owner=owner, language=language, words={"transfer": transfer})

    def conclude(self, row: _Turn, form: ConsentForm, signer: Signer) -> None:
        row.transfer.agree(row.party, form.name.data or "", by=signer, visitor=visitor())

    def refuse_it(self, row: _Turn, reason: str, signer: Signer) -> None:
        row.transfer.refuse(row.party, reason, by=signer)


_Consenting().add_to(bp, _WHY)
