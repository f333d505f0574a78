"""One page with everything: the code is asked for, then typed beside one's name; or it is refused."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from flask import Blueprint, Response, url_for
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from portal.db import commits, db
from portal.forms import WHOLE, saving, trim
from portal.linked.code_field import CodeForm
from portal.linked.holding import hold
from portal.linked.pages import private_page, serve, to_step
from portal.linked.visitor import Signer
from portal.links import Purpose, SignedLink, mask_email

Row = TypeVar("Row")


class ConsentForm(CodeForm):
    """Who consents, and the code that says that she has the address on file."""

    name = StringField(
        _l("Vos nom et fonction"),
        [DataRequired(_l("Indiquez votre nom.")), Length(max=140)],
        filters=[trim],
        render_kw={"autocomplete": "name"},
    )


class WhyForm(FlaskForm):
    reason = StringField(_l("Pourquoi ?"), [Length(max=300)], filters=[trim])


class OnePage(ABC, Generic[Row]):
    """Consent to one thing. A subclass says to what, and what follows."""

    purpose: Purpose
    model: type[Row]
    form: type[ConsentForm] = ConsentForm
    may_refuse = True

    @abstractmethod
    def waits(self, row: Row) -> bool:
        """Is it still to be decided?"""

    @abstractmethod
    def template(self, row: Row) -> str:
        """The page of what waits, or of what was decided."""

    @abstractmethod
    def words(self, row: Row, form: ConsentForm) -> dict[str, Any]:
        """What the template speaks of; what cannot be told any more is said in the form."""

    @abstractmethod
    def send_code_for(self, link: SignedLink, row: Row) -> None:
        """Raises Refused after three within the hour."""

    @abstractmethod
    def conclude(self, row: Row, form: Any, signer: Signer) -> None:
        """The code was right. Raises Refused."""

    @abstractmethod
    def refuse_it(self, row: Row, reason: str, signer: Signer) -> None: ...

    def add_to(self, bp: Blueprint, why: str) -> None:
        serve(bp, why, "GET", "", self.show)
        serve(bp, why, "POST", "", self.agree)
        serve(bp, why, "POST", "/code", self.send_code)
        if self.may_refuse:
            serve(bp, why, "POST", "/refusal", self.refuse)

    def open(self, token: str) -> tuple[SignedLink, Row]:
        return hold(self.purpose, token, self.model)

    def page(
        self, link: SignedLink, row: Row, token: str, status: int = 200, form: ConsentForm | None = None
    ) -> Response:
        form = form or self.form(formdata=None)
        words = self.words(row, form)
        sent = mask_email(link.recipient) if link.code_hash else ""
        start = url_for(".show", token=token)
        return private_page(
            self.template(row), status, token=token, start=start, form=form, sent=sent, **words
        )

    def _done(self, link: SignedLink, row: Row, token: str) -> Response:
        """Back to the page, or what it says now where the link has ended with the act."""
        return self.page(link, row, token) if link.revoked_at else to_step(".show", token)

    def show(self, token: str) -> Response:
        return self.page(*self.open(token), token)

    @commits
    def send_code(self, token: str) -> Response:
        link, row = self.open(token)
        if not self.waits(row):
            return self.page(link, row, token, 409)
        form = self.form(formdata=None)
        with saving(form, WHOLE):
            self.send_code_for(link, row)
        return self.page(link, row, token, 429, form) if form.errors else to_step(".show", token)

    @commits
    def agree(self, token: str) -> Response:
        link, row = self.open(token)
        if not self.waits(row):
            return self.page(link, row, token, 409)
        form = self.form()
        if not form.validate() or not form.is_right(link):
            db.session.commit()  # the try counts
            return self.page(link, row, token, 422, form)
        signer = Signer(f"{form.name.data} ({link.recipient})"[:200])
        with saving(form, WHOLE):
            self.conclude(row, form, signer)
        return self.page(link, row, token, 422, form) if form.errors else self._done(link, row, token)

    @commits
    def refuse(self, token: str) -> Response:
        link, row = self.open(token)
        if not self.waits(row):
            return self.page(link, row, token, 409)
        form = WhyForm()
        if not form.validate():
            return self.page(link, row, token, 422)
        self.refuse_it(row, form.reason.data or "–", Signer(link.recipient))
        db.session.commit()
        return self._done(link, row, token)
