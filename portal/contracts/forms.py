"""What is typed about new terms and new prices."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField


class RefusalForm(FlaskForm):
    written = BooleanField(_l("Le client refuse par écrit ces nouvelles conditions"))
