"""What a signatory declares before she gets her code, or why she refuses."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from portal.forms import trim


class AgreementForm(FlaskForm):
    """What the signatory declares before she gets her code."""

    shown = HiddenField()  # fingerprints of the texts on the page
    agree = BooleanField(
        _l("J'ai lu ces textes et je les accepte"), [DataRequired(_l("Cochez cette case pour accepter."))]
    )
    entitled = BooleanField(
        _l("J'ai le pouvoir d'engager ce client"),
        [DataRequired(_l("Cochez cette case : sans pouvoir, l'acceptation ne vaut rien."))],
    )
    signer_name = StringField(
        _l("Votre prénom et votre nom"),
        [DataRequired(_l("Indiquez votre nom.")), Length(max=70)],
        filters=[trim],
        render_kw={"autocomplete": "name"},
    )
    signer_role = StringField(
        _l("Votre fonction"),
        [DataRequired(_l("Indiquez votre fonction, par exemple « gérante ».")), Length(max=70)],
        filters=[trim],
        render_kw={"autocomplete": "organization-title"},
    )


class RefusalForm(FlaskForm):
    reason = TextAreaField(
        _l("Pourquoi refusez-vous ?"),
        [DataRequired(_l("Dites en quelques mots pourquoi.")), Length(max=300)],
        filters=[trim],
        render_kw={"rows": 3, "maxlength": 300},
    )
