"""What somebody shows to prove who she is: the password, then one of her second factors."""

from dataclasses import dataclass
from typing import Any

from flask import request
from flask_babel import gettext as _

from portal.accounts.devices import known_device
from portal.accounts.factors import Challenged, check_code, has_factor, recovery_codes_left
from portal.accounts.forms import FactorForm, PasswordForm
from portal.accounts.letters import tell_factor
from portal.accounts.models import User, check_password
from portal.accounts.passkeys import Assertion, CountWentBack, check_passkey
from portal.accounts.throttle import forget_failures, note_failure, seconds_blocked
from portal.db import EVERYTHING, commits, db, scope
from portal.errors import Refused
from portal.i18n import said
from portal.journal import record


@dataclass(frozen=True, slots=True)
class Proof:
    """How: ``password`` alone, or the ``totp``, ``recovery`` or ``passkey`` that was shown with it."""

    how: str
    assertion: Assertion | None = None


def address() -> str:
    return request.remote_addr or ""


def must_wait(user: User | None, email: str, form: Any) -> bool:
    """Is this try too early? Then the form says for how long."""
    wait = seconds_blocked(email, address(), known_device(user))
    if wait:
        form.form_errors.append(_("Trop d'essais. Réessayez dans %(seconds)d secondes.", seconds=wait))
    return bool(wait)


def show_factor(user: User, form: FactorForm, row: Challenged, order: Any = None) -> Proof | None:
    """The proof, or None and a sentence in the form."""
    try:
        if form.passkey.data:
            return Proof("passkey", check_passkey(user, form.passkey.data, row, order))
        if how := check_code(user, form.code.data or ""):
            if how == "recovery":
                tell_factor(user, "recovery", left=recovery_codes_left(user))
            return Proof(how)
        form.code.errors = [_("Ce code n'est pas juste, ou il a déjà servi.")]
    except CountWentBack as refusal:
        record(user, "passkey_count", by=user, address=address())
        form.form_errors.append(said(refusal))
    except Refused as refusal:
        form.form_errors.append(said(refusal))
    return None


@commits
def prove(user: User, form: FactorForm, row: Challenged, order: Any = None) -> Proof | int:
    """The proof that it is she, or the status of the answer that says what is wrong. Failures are counted."""
    with scope(EVERYTHING):
        if must_wait(user, user.email, form):
            return 429
        proof = _shown(user, form, row, order)
        if proof is None:
            note_failure(user.email, address(), known_device(user))
            record(user, "fail_confirm", by=user, address=address())
            db.session.commit()
            return 422
        forget_failures(user.email, known_device(user))
        return proof


def _shown(user: User, form: FactorForm, row: Challenged, order: Any) -> Proof | None:
    if isinstance(form, PasswordForm) and not check_password(user, form.password.data or ""):
        form.password.errors = [_("Mot de passe incorrect.")]
        return None
    return show_factor(user, form, row, order) if has_factor(user) else Proof("password")
