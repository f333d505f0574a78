"""For acts that want it: is it still the same person? And what did she order, word for word?

The question stands before the act with everything that was typed for it: whoever answers has done the act,
and whoever turns back has lost nothing.
"""

from typing import Any

from flask import Response, g, make_response, render_template, request, url_for

from portal import htmx
from portal.accounts.by_directory import confirms_by_directory
from portal.accounts.factors import has_factor, passkeys_of
from portal.accounts.forms import FactorForm, PasswordForm
from portal.accounts.passkeys import hash_of, new_challenge, request_options
from portal.accounts.proving import Proof, prove
from portal.db import EVERYTHING, commits, db, scope
from portal.journal import record

_PREFIX = "confirm-"
Ordered = tuple[Any, dict[str, Any]]  # the record, and what is ordered about it


def confirm_first(back: str, *, takes: bool = False) -> Response | None:
    """The question who asks; None when she has answered it, now or a moment ago.

    back: where she goes on after an act that carries no form of its own. takes: the act answers with a file,
    so that the question would stay on the screen: she takes it from the page before.
    """
    if g.sign_in.is_confirmed():
        return None
    if takes or htmx.wants_fragment():
        return htmx.go(url_for("accounts.ask_password", next=back))
    return _asked(None, back)


def confirm_order(subject: Any, act: str, order: dict[str, Any], back: str) -> Response | None:
    """Before what cannot be undone. The journal of ``subject`` keeps what was ordered, and the proof.

    order: the act in plain words and numbers, see :mod:`portal.canonical`. Who has a passkey signs its hash,
    each time anew; who has none has confirmed by code or password a moment ago, and the journal says so.
    """
    order = {"act": act, "subject": subject.uid, **order}
    if passkeys_of(g.actor):
        return _asked((subject, order), back)
    if asking := confirm_first(back):
        return asking
    by = g.sign_in.confirmed_by
    _keep(subject, order, Proof("removed" if by == "passkey" else by))  # a passkey that is hers no more
    return None


@commits
def _asked(ordered: Ordered | None, back: str) -> Response | None:
    """Who has proved it a moment ago signs an order with her passkey alone."""
    kind = FactorForm if ordered and g.sign_in.is_confirmed() else PasswordForm
    form = kind(prefix=_PREFIX)
    if f"{_PREFIX}passkey" not in request.form:
        return _question(kind(formdata=None, prefix=_PREFIX), 200, ordered, back)
    if not form.validate():
        return _question(form, 422, ordered, back)
    proof = prove(g.actor, form, g.sign_in, ordered[1] if ordered else None)
    if isinstance(proof, int):
        return _question(form, proof, ordered, back)
    g.sign_in.confirm(proof.how)
    record(g.actor, "confirm_password", by=g.actor, address=request.remote_addr or "", how=proof.how)
    db.session.commit()  # whatever becomes of the act, a code has served
    if ordered:
        _keep(*ordered, proof)
    return None


def _keep(subject: Any, order: dict[str, Any], proof: Proof) -> None:
    kept: dict[str, Any] = {"assertion": proof.assertion.as_details()} if proof.assertion else {}
    sha256 = hash_of(order).hex()
    record(subject, "confirm_order", by=g.actor, order=order, sha256=sha256, how=proof.how, **kept)


def _question(form: FactorForm, status: int, ordered: Ordered | None, back: str) -> Response:
    typed = [
        (name, value)
        for name, value in request.form.items(multi=True)
        if name != "csrf_token" and not name.startswith(_PREFIX)
    ]
    order = ordered[1] if ordered else None
    action = request.full_path.rstrip("?")
    return question_page(form, status, order, typed=typed, action=action, back=back)


def question_page(
    form: FactorForm,
    status: int,
    order: dict[str, Any] | None = None,
    *,
    action: str,
    typed: list[tuple[str, str]] | None = None,
    back: str = "",
) -> Response:
    """The page that asks for the password, and for the factor where she has one."""
    with scope(EVERYTHING):
        passkeys, must_show = passkeys_of(g.actor), has_factor(g.actor)
        options = request_options(passkeys, new_challenge(g.sign_in, order)) if passkeys else ""
    page = render_template(
        "accounts/password.html",
        form=form,
        options=options,
        has_factor=must_show,
        asks_password=isinstance(form, PasswordForm),
        order=order,
        typed=typed or [],
        action=action,
        back=back,
        directory=next(iter(confirms_by_directory.shown(g.actor)), ""),
    )
    return make_response(page, status)
