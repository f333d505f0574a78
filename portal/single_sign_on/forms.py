"""What is typed about a directory, and by whom it is asked for."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, PasswordField, StringField, TextAreaField, ValidationError
from wtforms.validators import DataRequired, Email, InputRequired, Length

from portal.forms import trim


class AskForm(FlaskForm):
    email = StringField(
        _l("Votre adresse e-mail"),
        [
            InputRequired(_l("Indiquez votre adresse e-mail.")),
            Email(_l("Cette adresse n'est pas valable.")),
            Length(max=254),
        ],
        filters=[trim],
    )
    next = HiddenField()


class DirectoryForm(FlaskForm):
    issuer = StringField(
        _l("Adresse de l'annuaire (issuer)"),
        [DataRequired(_l("Indiquez l'adresse.")), Length(max=300)],
        filters=[trim, lambda text: text.rstrip("/") if text else text],
    )
    client_id = StringField(
        _l("Identifiant client"),
        [DataRequired(_l("Indiquez l'identifiant.")), Length(max=200)],
        filters=[trim],
    )
    secret = PasswordField(_l("Secret"), [Length(max=300)], filters=[trim])
    role_claim = StringField(
        _l("Où l'annuaire dit les groupes"),
        [DataRequired(_l("Indiquez le nom de la donnée.")), Length(max=60)],
        default="groups",
        filters=[trim],
    )
    roles = TextAreaField(
        _l("Groupes et rôles"), [Length(max=4000)], render_kw={"rows": 4, "spellcheck": "false"}
    )
    wants_factor = BooleanField(_l("Exiger un second facteur, de l'annuaire ou du portail"), default=True)
    is_on = BooleanField(_l("Ouvrir la connexion par l'annuaire"))
    is_only = BooleanField(_l("Refuser les mots de passe"))

    def pairs(self) -> list[list[str]]:
        """The lines of the list, each a group and a role."""
        lines = [line.strip() for line in (self.roles.data or "").splitlines() if line.strip()]
        return [[part.strip() for part in line.rsplit("=", 1)] for line in lines]

    def validate_roles(self, field: TextAreaField) -> None:
        for line in self.pairs():
            if len(line) != 2 or not all(line):
                raise ValidationError(_("Une ligne par groupe : « groupe = rôle »."))

    def validate_is_only(self, field: BooleanField) -> None:
        if field.data and not self.is_on.data:
            raise ValidationError(_("Ouvrez d'abord la connexion par l'annuaire."))
