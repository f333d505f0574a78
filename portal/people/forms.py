"""What is typed about people and about one's own account."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    HiddenField,
    PasswordField,
    SelectChoice,
    SelectField,
    StringField,
)
from wtforms.validators import Email, InputRequired, Length

from portal.access import Role
from portal.i18n import LANGUAGES
from portal.mail import Mailable
from portal.words.choices import ROLES

_NO_ADDRESS = _l("Cette adresse e-mail n'est pas valable.")


def role_choices(roles: list[Role]) -> list[SelectChoice]:
    return [SelectChoice(role.value, ROLES[role]) for role in roles]


def _languages() -> list[SelectChoice]:
    return [SelectChoice(code, name) for code, name in LANGUAGES.items()]


class InvitationForm(FlaskForm):
    email = EmailField(
        _l("Adresse e-mail"),
        [
            InputRequired(_l("Indiquez son adresse e-mail.")),
            Email(_NO_ADDRESS),
            Mailable(_NO_ADDRESS),
            Length(max=254),
        ],
    )
    name = StringField(_l("Prénom et nom"), [InputRequired(_l("Indiquez son nom.")), Length(max=140)])
    role = SelectField(_l("Rôle"))
    language = SelectField(_l("Langue"), choices=_languages)


class RoleForm(FlaskForm):
    role = SelectField(_l("Rôle"))


class ResetForm(FlaskForm):
    """Before somebody else's password is taken away (000-41, 001-29, 004-19)."""

    in_writing = BooleanField(_l("La perte ou le vol m'a été signalé par écrit"))
    identity_checked = BooleanField(_l("J'ai vérifié l'identité de la personne"))


class AccountForm(FlaskForm):
    name = StringField(_l("Prénom et nom"), [InputRequired(_l("Indiquez votre nom.")), Length(max=140)])
    language = SelectField(_l("Langue"), choices=_languages)


class OwnEmailForm(FlaskForm):
    email = EmailField(
        _l("Nouvelle adresse e-mail"),
        [
            InputRequired(_l("Indiquez votre adresse e-mail.")),
            Email(_NO_ADDRESS),
            Mailable(_NO_ADDRESS),
            Length(max=254),
        ],
        render_kw={"autocomplete": "email"},
    )


class NewPasswordForm(FlaskForm):
    old = PasswordField(
        _l("Mot de passe actuel"),
        [InputRequired(_l("Indiquez votre mot de passe.")), Length(max=128)],
        render_kw={"autocomplete": "current-password"},
    )
    password = PasswordField(
        _l("Nouveau mot de passe"),
        [InputRequired(_l("Choisissez un mot de passe.")), Length(max=128)],
        render_kw={"autocomplete": "new-password"},
    )


class ForgottenForm(FlaskForm):
    email = EmailField(
        _l("Adresse e-mail"),
        [InputRequired(_l("Indiquez votre adresse e-mail.")), Length(max=254)],
        render_kw={"autocomplete": "username"},
    )


class NewPasskeyForm(FlaskForm):
    name = StringField(_l("Nom"), [InputRequired(_l("Donnez-lui un nom.")), Length(max=60)])
    passkey = HiddenField()


class NewAppForm(FlaskForm):
    code = StringField(
        _l("Code de l'application"),
        [InputRequired(_l("Tapez le code que l'application montre.")), Length(max=10)],
        render_kw={"autocomplete": "one-time-code", "inputmode": "numeric"},
    )
    name = StringField(_l("Nom"), [InputRequired(_l("Donnez-lui un nom.")), Length(max=60)])
