"""A refused entry of the signer is said on a page that her browser can come back to.

An answer to a POST cannot be shown again by the browser's Back. What was typed, which may be an IBAN, waits
sealed in her own cookie until the page of the step takes it, once.
"""

import hashlib
import json
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from flask import current_app, request, session
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict

from portal.crypto.secrets import keyring

Form = TypeVar("Form", bound=FlaskForm)
_PLACE = "correction"
_LONGEST = 3000  # signs: a cookie has 4096, and the token of the forms stands beside it
_NEVER_KEPT = {"csrf_token", "code", "shown"}


def keep_correction(form: FlaskForm, step: str, token: str) -> bool:
    """Keep what was typed and what is wrong with it for the page of ``step``.

    False where it cannot be: a browser without cookies, or a text that no cookie holds. The answer to the
    POST is then the page itself.
    """
    if current_app.config["SESSION_COOKIE_NAME"] not in request.cookies:
        return False
    typed = {name: values for name, values in request.form.lists() if name not in _NEVER_KEPT}
    wrong = {field.name: [str(message) for message in field.errors] for field in form if field.errors}
    kept = json.dumps([typed, wrong, [str(message) for message in form.form_errors]])
    sealed = keyring().seal(kept, _context(step, token))
    if len(sealed) > _LONGEST:
        return False
    session[_PLACE] = sealed
    return True


def take_correction(form: type[Form], step: str, token: str, **more: str | None) -> Form | None:
    """The form as it was refused at this step, with the errors beside its fields; None the next time."""
    sealed = session.pop(_PLACE, None)
    if sealed is None:
        return None
    try:
        typed, wrong, whole = json.loads(keyring().open(sealed, _context(step, token)))
    except (InvalidTag, ValueError):  # of another link or step, or of keys that are gone
        return None
    again = form(formdata=MultiDict(typed), **more)
    for name, messages in wrong.items():
        if name in again:
            again[name].errors = messages
    again.form_errors.extend(whole)
    return again


def _context(step: str, token: str) -> str:
    return f"signed_link.correction:{hashlib.sha256(token.encode()).hexdigest()}:{step}"
