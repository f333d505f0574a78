"""The second step of signing in: a passkey, a code of the application, or a recovery code."""

from flask import Response, g, make_response, redirect, render_template, request
from flask_babel import gettext as _

from portal.access import public
from portal.accounts.devices import known_device
from portal.accounts.entering import enter, half_signed_in, safe_next
from portal.accounts.factors import HALF_OPEN_TRIES, HalfSignIn, passkeys_of
from portal.accounts.forms import FactorForm
from portal.accounts.passkeys import new_challenge, request_options
from portal.accounts.proving import address, must_wait, show_factor
from portal.accounts.throttle import note_failure
from portal.accounts.views import bp
from portal.db import EVERYTHING, db, scope
from portal.journal import SYSTEM, record


@bp.get("/second-factor")
@public("somebody whose password was right shows the second factor")
def ask_factor() -> Response:
    with scope(EVERYTHING):
        half = half_signed_in()
        if g.actor or half is None:
            return make_response(redirect(safe_next(request.args.get("next")), 303))
        return _page(half, FactorForm(next=request.args.get("next")))


@bp.post("/second-factor")
@public("somebody whose password was right shows the second factor")
def show_second_factor() -> Response:
    form = FactorForm()
    with scope(EVERYTHING):
        half = half_signed_in(of=HalfSignIn)  # tries at one moment are counted one after the other
        if half is None:
            return make_response(redirect(safe_next(form.next.data), 303))  # and from there to the sign-in
        if not form.validate():
            return _page(half, form, 422)
        if must_wait(half.user, half.user.email, form):
            return _page(half, form, 429)
        proof = show_factor(half.user, form, half)
        if proof is None:
            return _wrong(half, form)
        return enter(half.user, safe_next(form.next.data), proof)


def _wrong(half: HalfSignIn, form: FactorForm) -> Response:
    half.tries += 1
    note_failure(half.user.email, address(), known_device(half.user))
    record(half.user, "fail_factor", by=SYSTEM, address=address())
    db.session.commit()
    if half.tries >= HALF_OPEN_TRIES:
        form.form_errors.append(_("Trop d'essais : recommencez par votre mot de passe."))
    return _page(half, form, 422)


def _page(half: HalfSignIn, form: FactorForm, status: int = 200) -> Response:
    user, passkeys = half.user, passkeys_of(half.user)
    options = request_options(passkeys, new_challenge(half)) if passkeys and half.is_open else ""
    page = render_template(
        "accounts/second.html", form=form, name=user.name, options=options, is_open=half.is_open
    )
    return make_response(page, status)
