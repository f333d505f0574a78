"""The file, and which of its columns is which."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField


class UploadForm(FlaskForm):
    file = FileField(
        _l("Classeur"), render_kw={"accept": ".xlsx,.zip", "required": True, "aria-required": "true"}
    )
