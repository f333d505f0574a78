"""Choosing what is handed over with a link from an e-mail and a code, without an account."""

from typing import Any

from flask import Blueprint
from flask_babel import lazy_gettext as _l

from portal.forms import InstantField
from portal.linked.one_page import ConsentForm, OnePage
from portal.linked.pages import mail_code
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink
from portal.reversibility.choice_picking import machine_words, picked
from portal.reversibility.models import ReversibilityCase
from portal.reversibility.states import CaseState

bp = Blueprint("handover_choosing", __name__, url_prefix="/handover-choice/<token>")
_WHY = "the customer's signatory chooses what she gets with a link from an e-mail, without an account"


class LinkedChoiceForm(ConsentForm):
    before = InstantField(_l("Pour tout : le dernier point avant"), required=False)


class _Choosing(OnePage[ReversibilityCase]):
    """Names of machines are shown once a code was asked for, which says by mail that somebody looks."""

    purpose, model, form = Purpose.CHOOSE_HANDOVER, ReversibilityCase, LinkedChoiceForm
    may_refuse = False  # who chooses nothing gets the latest of everything, as the contract has it

    def waits(self, row: ReversibilityCase) -> bool:
        return row.state == CaseState.CHOOSING

    def template(self, row: ReversibilityCase) -> str:
        return f"reversibility/{'choose' if self.waits(row) else 'chosen'}_by_link.html"

    def words(self, row: ReversibilityCase, form: ConsentForm) -> dict[str, Any]:
        return {"case": row, "entity": row.customer.organisation.parent, **machine_words(row.choice)}

    def send_code_for(self, link: SignedLink, row: ReversibilityCase) -> None:
        customer = row.customer
        mail_code(
            link,
            "reversibility/mail_choice_code.txt",
            about=row,
            owner=customer.organisation,
            language=customer.language,
            words={"vault": row.vault},
        )

    def conclude(self, row: ReversibilityCase, form: Any, signer: Signer) -> None:
        """Source: 001-50."""
        row.choose(picked(row.choice, form.before.instant), "", by=signer)

    def refuse_it(self, row: ReversibilityCase, reason: str, signer: Signer) -> None:
        raise NotImplementedError


_Choosing().add_to(bp, _WHY)
