from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

_PASSWORD = _l("Indiquez votre mot de passe.")


class LoginForm(FlaskForm):
    email = EmailField(
        _l("Adresse e-mail"),
        [InputRequired(_l("Indiquez votre adresse e-mail.")), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        _l("Mot de passe"),
        [InputRequired(_PASSWORD), Length(max=128)],
        render_kw={"autocomplete": "current-password"},
    )
    next = HiddenField()


class FactorForm(FlaskForm):
    """One of the second factors: what a passkey answered, or a code."""

    code: Any = StringField(
        _l("Code"),
        [Length(max=40)],
        render_kw={"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"},
    )
    passkey: Any = HiddenField()
    next = HiddenField()


class PasswordForm(FactorForm):
    password: Any = PasswordField(
        _l("Mot de passe"),
        [InputRequired(_PASSWORD), Length(max=128)],
        render_kw={"autocomplete": "current-password"},
    )


class FirstPasswordForm(FlaskForm):
    password = PasswordField(
        _l("Mot de passe"),
        [InputRequired(_l("Choisissez un mot de passe.")), Length(max=128)],
        description=_l("Douze caractères au moins ; une phrase convient."),
        render_kw={"autocomplete": "new-password", "minlength": 12},
    )
