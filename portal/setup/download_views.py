"""The installers of an offer and the text of its set-up, as its provider edits them."""

from flask import Blueprint, Response, g, make_response, render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import TextAreaField
from wtforms.validators import Length

from portal import htmx
from portal.access import Permission, get_or_404, requires
from portal.catalogue.installers import set_downloads, written_installers
from portal.catalogue.models import Product
from portal.forms import saving

bp = Blueprint("downloads", __name__, url_prefix="/setup/products")
_LONG = Length(max=8000)


class DownloadsForm(FlaskForm):
    installers = TextAreaField(_l("Installateurs, un par ligne"), [_LONG], render_kw={"rows": 4})
    setup_fr = TextAreaField(_l("Installer et régler, en français"), [_LONG], render_kw={"rows": 8})
    setup_en = TextAreaField(_l("Installer et régler, en anglais"), [_LONG], render_kw={"rows": 8})


def _product(uid: str) -> Product:
    found: Product = get_or_404(Product.visible_to(g.actor).where(Product.has_keys), uid)
    return found


def _page(product: Product, form: DownloadsForm, status: int = 200) -> Response:
    return make_response(render_template("setup/downloads.html", product=product, form=form), status)


@bp.get("/<uid>/downloads")
@requires(Permission.SETUP_WRITE)
def edit(uid: str) -> Response:
    product = _product(uid)
    kept = {"setup_fr": product.setup_fr, "setup_en": product.setup_en}
    return _page(product, DownloadsForm(formdata=None, installers=written_installers(product), **kept))


@bp.post("/<uid>/downloads")
@requires(Permission.SETUP_WRITE)
def save(uid: str) -> Response:
    product, form = _product(uid), DownloadsForm()
    if form.validate():
        with saving(form, "installers"):
            typed = [field.data or "" for field in (form.installers, form.setup_fr, form.setup_en)]
            set_downloads(product, *typed, by=g.actor)
    if form.errors:
        return _page(_product(uid), form, 422)
    return htmx.go(url_for("setup.show", _anchor="offers"), toast=_("La page de téléchargement est à jour."))
