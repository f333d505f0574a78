"""The page where somebody types an activation key: what it is for, and whether it works."""

from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from flask_babel import get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from portal import clock
from portal.access import public
from portal.db import db
from portal.forms import refusals_in
from portal.licensing.codes import WRONG_COPY, WRONG_LENGTH, WRONG_SYMBOL
from portal.licensing.machines import state_of_key
from portal.licensing.models import ActivationKey
from portal.subscriptions.key_downloads import Downloads, downloads_of
from portal.subscriptions.key_ends import refresh_key
from portal.subscriptions.typed_keys import find_typed_key

bp = Blueprint("typed_key", __name__, url_prefix="/key")
_WHY = "whoever installs the software has the key, and no account"


class TypedKeyForm(FlaskForm):
    key = StringField(
        _l("Votre clé d'activation"),
        [DataRequired(_l("Tapez votre clé.")), Length(max=64)],
        render_kw={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        said = {"length": WRONG_LENGTH, "symbol": WRONG_SYMBOL, "copy": WRONG_COPY}
        own = {f"data-key-{name}": _(sentence) for name, sentence in said.items()}
        self.key.render_kw = {**(self.key.render_kw or {}), **own, "maxlength": 64}


@bp.app_template_filter()
def offered_downloads(key: ActivationKey) -> Downloads:
    """For the page of a key, in the reader's language."""
    return downloads_of(key, str(get_locale()))


@bp.get("")
@public(_WHY)
def show() -> str:
    return render_template("typed_key/ask.html", form=TypedKeyForm(formdata=None))


@bp.post("")
@public(_WHY)
def read() -> Response:
    """It goes by POST, so that no address shows a key."""
    form, key = TypedKeyForm(), None
    if form.validate():
        with refusals_in(form, "key"):
            key = find_typed_key(form.key.data or "", request.remote_addr or "")
    if key is None:
        return make_response(render_template("typed_key/ask.html", form=form), 422)
    if key.works_through < clock.today():
        refresh_key(key)
        db.session.commit()
    state = state_of_key(key, clock.today())
    page = make_response(render_template("typed_key/found.html", key=key, state=state))
    page.headers["Cache-Control"] = "no-store"
    return page
