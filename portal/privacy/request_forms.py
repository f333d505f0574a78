"""What is typed of the requests of persons."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, RadioField, SelectChoice, SelectField, StringField, TextAreaField
from wtforms.validators import Email, InputRequired, Length

from portal.forms import InstantField, trim
from portal.privacy.requests import Asked

KINDS = {
    Asked.ACCESS: _l("Accès : recevoir ce qui est gardé"),
    Asked.PORTABILITY: _l("Portabilité : recevoir un fichier"),
    Asked.RECTIFICATION: _l("Rectification : corriger ce qui est faux"),
    Asked.ERASURE: _l("Effacement"),
}
HELD = {
    "contacts": _l("Contacts de clients"),
    "accounts": _l("Accès au portail"),
    "mails": _l("E-mails"),
    "journal": _l("Lignes du journal"),
    "mandates": _l("Mandats signés"),
    "accepted_terms": _l("Conditions acceptées"),
}
_CHOICES = [SelectChoice(kind.value, word) for kind, word in KINDS.items()]
_NO_ADDRESS = _l("Ce n'est pas une adresse e-mail.")
_LANGUAGES = [SelectChoice("fr", "Français"), SelectChoice("en", "English")]
_WHY = [InputRequired(_l("Indiquez la raison.")), Length(max=300)]


class OwnRequestForm(FlaskForm):
    kind = RadioField(_l("Demande"), choices=_CHOICES, default=Asked.ACCESS.value)
    words = TextAreaField(_l("Précisions"), [Length(max=2000)], render_kw={"rows": 4})


class SpaceRequestForm(OwnRequestForm):
    entrusted = BooleanField(_l("Elle porte sur les données que mon organisation confie (sauvegardes)"))


class RequestForm(OwnRequestForm):
    email = StringField(
        _l("E-mail de la personne"),
        [
            InputRequired(_l("Indiquez l'adresse.")),
            Email(_l("Ce n'est pas une adresse e-mail.")),
            Length(max=254),
        ],
        [trim],
    )
    name = StringField(_l("Nom"), [InputRequired(_l("Indiquez le nom.")), Length(max=140)], [trim])
    language = SelectField(
        _l("Langue"), choices=[SelectChoice("fr", "Français"), SelectChoice("en", "English")]
    )
    received_at = InstantField(_l("Reçue le"))
    customer = StringField(_l("Client responsable de traitement"), [Length(max=140)], [trim])


class IdentityForm(FlaskForm):
    how = StringField(
        _l("Comment l'identité a été vérifiée"),
        [InputRequired(_l("Dites comment.")), Length(max=200)],
        [trim],
    )


class ExtensionForm(FlaskForm):
    why = StringField(_l("Raison, lue par la personne"), _WHY, [trim])


class AnswerForm(FlaskForm):
    answer = TextAreaField(
        _l("Réponse, lue par la personne"),
        [InputRequired(_l("Écrivez la réponse.")), Length(max=2000)],
        render_kw={"rows": 4},
    )
    refused = BooleanField(_l("La demande est refusée"))
