"""A declaration, then the code that it sends: what somebody does with a link from an e-mail.

Opening a page changes nothing. A refused entry is said on the page of its step, which her browser can come
back to; a try with a wrong code counts whatever else happens.
"""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

from flask import Blueprint, Response, url_for
from flask_wtf import FlaskForm

from portal.db import commits, db
from portal.forms import WHOLE, saving
from portal.linked.agreement import AgreementForm, RefusalForm
from portal.linked.code_field import CodeForm
from portal.linked.corrections import keep_correction, take_correction
from portal.linked.holding import hold
from portal.linked.pages import private_page, serve, to_step
from portal.linked.visitor import Signer
from portal.links import CODE_MINUTES, Purpose, SignedLink, mask_email

Row = TypeVar("Row")


class TwoSteps(ABC, Generic[Row]):
    """The steps of one purpose. A subclass says what they are about, and what each of them does.

    Templates of ``folder``: ``first``, ``code``, and ``closed`` once it is decided.
    """

    purpose: Purpose
    model: type[Row]
    folder: str
    first = "texts"
    closed = "closed"
    form: type[FlaskForm] = AgreementForm

    @abstractmethod
    def waits(self, row: Row) -> bool:
        """Is it still to be decided?"""

    @abstractmethod
    def has_declared(self, row: Row) -> bool:
        """Was the first step made, so that a code may be asked for again?"""

    @abstractmethod
    def words(self, row: Row) -> dict[str, Any]:
        """What the templates speak of."""

    @abstractmethod
    def declare(self, link: SignedLink, row: Row, form: Any) -> None:
        """Keep what the valid first form says. Raises Refused."""

    @abstractmethod
    def send_code(self, link: SignedLink, row: Row) -> None:
        """Raises Refused after three within the hour, or when what was declared has changed since."""

    @abstractmethod
    def conclude(self, link: SignedLink, row: Row) -> None:
        """The code was right. Raises Refused."""

    def form_of(self, row: Row) -> type[FlaskForm]:
        """What is typed first."""
        return self.form

    def blank(self, row: Row) -> FlaskForm:
        """The first form as the page shows it."""
        return self.form_of(row)()

    def fit(self, form: Any, row: Row) -> None:
        """What a shown form names of the record, whatever was typed before."""

    def tried(self, row: Row, outcome: str) -> None:
        """A code was typed: for whoever keeps the tries as evidence."""

    def add_to(self, bp: Blueprint, why: str) -> None:
        serve(bp, why, "GET", "", self.show)
        serve(bp, why, "POST", "", self.agree)
        serve(bp, why, "GET", "/code", self.show_code)
        serve(bp, why, "POST", "/code", self.accept)
        serve(bp, why, "POST", "/code/again", self.send_again)

    def open(self, token: str) -> tuple[SignedLink, Row]:
        return hold(self.purpose, token, self.model)

    def page(self, name: str, row: Row, token: str, status: int = 200, **context: Any) -> Response:
        shown = name if self.waits(row) else self.closed
        start = url_for(".show", token=token)
        words = {**self.words(row), **context}
        return private_page(f"{self.folder}/{shown}.html", status, token=token, start=start, **words)

    def show(self, token: str) -> Response:
        _link, row = self.open(token)
        form = take_correction(self.form_of(row), self.folder, token) or self.blank(row)
        self.fit(form, row)
        return self.page(self.first, row, token, form=form)

    @commits
    def agree(self, token: str) -> Response:
        """What she declares is kept, and the code leaves to the address on file."""
        link, row = self.open(token)
        if not self.waits(row):
            return self.page(self.closed, row, token, 409)
        form = self.form_of(row)()
        if form.validate():
            with saving(form, WHOLE):
                self.declare(link, row, form)
                self.send_code(link, row)
        if not form.errors:
            return to_step(".show_code", token)
        if keep_correction(form, self.folder, token):
            return to_step(".show", token)
        self.fit(form, row)
        return self.page(self.first, row, token, 422, form=form)

    def show_code(self, token: str) -> Response:
        link, row = self.open(token)
        if not (self.has_declared(row) and link.code_expires_at):
            return to_step(".show", token)
        form = take_correction(CodeForm, f"{self.folder}.code", token) or CodeForm()
        return self._code_page(link, row, token, form)

    def _code_page(
        self, link: SignedLink, row: Row, token: str, form: CodeForm, status: int = 200
    ) -> Response:
        address = mask_email(link.recipient)
        return self.page("code", row, token, status, form=form, address=address, minutes=CODE_MINUTES)

    @commits
    def send_again(self, token: str) -> Response:
        link, row = self.open(token)
        if not (self.waits(row) and self.has_declared(row)):
            return to_step(".show", token)
        form = CodeForm(formdata=None)
        with saving(form, WHOLE):
            self.send_code(link, row)
        if form.errors:
            return self._code_page(link, row, token, form, 429)
        return to_step(".show_code", token)

    @commits
    def accept(self, token: str) -> Response:
        link, row = self.open(token)
        if not self.waits(row):
            return self.page(self.closed, row, token, 409)
        if not (self.has_declared(row) and link.code_expires_at):
            return to_step(".show", token)
        form = CodeForm()
        if not self._is_right(link, row, form):
            page = self._code_page(link, row, token, form, 422)
            kept = keep_correction(form, f"{self.folder}.code", token)
            return to_step(".show_code", token) if kept else page
        with saving(form, WHOLE):
            self.conclude(link, row)
        if form.errors:
            return self._code_page(link, row, token, form, 422)
        return self.page(self.closed, row, token) if link.revoked_at else to_step(".show", token)

    @commits
    def _is_right(self, link: SignedLink, row: Row, form: CodeForm) -> bool:
        right = form.validate() and form.is_right(link)
        if form.outcome:
            self.tried(row, form.outcome)
        if not right:
            db.session.commit()  # the try counts
        return right


class Agreement(TwoSteps[Row]):
    """Texts that are agreed to, or refused with a reason; template ``refusal`` beside the others."""

    @abstractmethod
    def refuse_it(self, row: Row, reason: str, signer: Signer) -> None: ...

    def add_to(self, bp: Blueprint, why: str) -> None:
        super().add_to(bp, why)
        serve(bp, why, "GET", "/refusal", self.show_refusal)
        serve(bp, why, "POST", "/refusal", self.refuse)

    def show_refusal(self, token: str) -> Response:
        _link, row = self.open(token)
        form = take_correction(RefusalForm, f"{self.folder}.refusal", token) or RefusalForm()
        return self.page("refusal", row, token, form=form)

    @commits
    def refuse(self, token: str) -> Response:
        link, row = self.open(token)
        if not self.waits(row):
            return self.page(self.closed, row, token, 409)
        form = RefusalForm()
        if not form.validate():
            page = self.page("refusal", row, token, 422, form=form)
            kept = keep_correction(form, f"{self.folder}.refusal", token)
            return to_step(".show_refusal", token) if kept else page
        self.refuse_it(row, form.reason.data or "", Signer(link.recipient))
        db.session.commit()
        return to_step(".show", token)
