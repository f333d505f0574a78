"""Each of the two signs the request with a link and a code, without an account."""

from typing import Any, NamedTuple

from flask import Blueprint

from portal.assignments.acts import refuse, replan, sign
from portal.assignments.forms import SignForm
from portal.assignments.models import AssignmentState, ContractAssignment, RequestOf, Side
from portal.db import EVERYTHING, set_scope
from portal.forms import WHOLE, refusals_in
from portal.linked.holding import still_open
from portal.linked.one_page import ConsentForm, OnePage
from portal.linked.pages import mail_code
from portal.linked.visitor import Signer, visitor
from portal.links import Purpose, SignedLink, open_link

bp = Blueprint("assignment_signing", __name__, url_prefix="/assignment/<token>")
_WHY = "each side of an assignment signs with a link from an e-mail, without an account"


class _Turn(NamedTuple):
    assignment: ContractAssignment
    side: Side


class _Signing(OnePage[_Turn]):
    purpose, form = Purpose.ASSIGN, SignForm

    def open(self, token: str) -> tuple[SignedLink, _Turn]:
        """Link, assignment and side, held. The row lies above both, so the scope is everything."""
        link = open_link(self.purpose, token)
        set_scope(EVERYTHING)
        turn = _Turn(*RequestOf.find(link.subject_uid))
        still_open(link)
        return link, turn

    def waits(self, row: _Turn) -> bool:
        return row.assignment.state == AssignmentState.ASKED

    def template(self, row: _Turn) -> str:
        asked = self.waits(row) and not row.assignment.has_signed(row.side)
        return "assignments/sign.html" if asked else "assignments/closed.html"

    def words(self, row: _Turn, form: ConsentForm) -> dict[str, Any]:
        plan = None
        if self.waits(row):
            with refusals_in(form, WHOLE):
                plan = replan(row.assignment)
        entity = row.assignment.organisation
        return {"assignment": row.assignment, "side": row.side.value, "entity": entity, "plan": plan}

    def send_code_for(self, link: SignedLink, row: _Turn) -> None:
        customer = row.assignment.party(row.side)
        mail_code(
            link,
            "assignments/mail_code.txt",
            about=row.assignment,
            owner=customer.organisation,
            language=customer.language,
            words={"assignment": row.assignment},
        )

    def conclude(self, row: _Turn, form: SignForm, signer: Signer) -> None:
        name, seen = form.name.data or "", form.seen.data or ""
        sign(row.assignment, row.side, name, seen, by=signer, visitor=visitor())

    def refuse_it(self, row: _Turn, reason: str, signer: Signer) -> None:
        refuse(row.assignment, reason, by=signer, party=row.side.value)


_Signing().add_to(bp, _WHY)
