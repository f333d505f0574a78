"""What the operator types about a document version."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import TextAreaField
from wtforms.validators import InputRequired, ValidationError

from portal.forms import DayField

_LONGEST = 300_000  # characters; the longest document that ships has 25 000


class UploadForm(FlaskForm):
    file = FileField(_l("Fichier TOML"), render_kw={"accept": ".toml,text/plain"})
    text = TextAreaField(_l("Texte"), render_kw={"rows": 24, "spellcheck": "false", "wrap": "off"})

    name = "document.toml"  # of what was sent, for the sentences

    def validate_file(self, field: Any) -> None:
        """A file, when one is chosen, takes the place of the pasted text."""
        if not field.data or not getattr(field.data, "filename", ""):
            return
        self.name = field.data.filename[:80]
        try:
            self.text.data = field.data.read().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise ValidationError(_l("Ce fichier n'est pas un texte en UTF-8.")) from error

    def validate_text(self, field: Any) -> None:
        field.data = (field.data or "").replace("\r\n", "\n")
        if not field.data.strip():
            raise ValidationError(_l("Choisissez un fichier, ou collez son texte."))
        if len(field.data) > _LONGEST:
            raise ValidationError(_l("Ce texte est trop long pour un document contractuel."))


class PublicationForm(FlaskForm):
    effective_on = DayField(_l("Prend effet le"), [InputRequired(_l("Indiquez le jour de prise d'effet."))])


class WordsForm(FlaskForm):
    """The file of the words whose fingerprint a version names."""

    file = FileField(
        _l("Texte du contrat (PDF ou texte)"), render_kw={"accept": "application/pdf,text/plain"}
    )
