"""The contents of the guide, and its pages."""

from flask import Blueprint, Response, abort, g, make_response, render_template, request

from portal.access import Permission, requires
from portal.config import version
from portal.first_steps.models import FirstStepsDismissal
from portal.first_steps.steps import undone_lines
from portal.guide.contact import contact
from portal.guide.pages import GLOSSARY, pages
from portal.guide.reading import about, found, language, meaning, shelf, written
from portal.search import Sought

bp = Blueprint("guide", __name__, url_prefix="/guide")
bp.add_app_template_global(meaning)
_BESIDE = {GLOSSARY, "changes"}  # pages that the contents name apart
_EXCERPT = 160  # characters


@bp.get("")
@requires(Permission.HOME_READ)
def contents() -> Response:
    """What there is to read for the acting person, or what has the words that she typed."""
    sought = Sought(request.args.get("q", ""))
    own, others = shelf()
    page = render_template(
        "guide/contents.html",
        sought=sought,
        found=found(sought.terms),
        about=about(request.args["about"]) if request.args.get("about") else [],
        own=[page for page in own if page.name not in _BESIDE],
        others=others,
        contact=contact(),
        version=version(),
        are_steps_away=FirstStepsDismissal.of(g.actor) is not None and bool(undone_lines()),
        excerpt=_EXCERPT,
    )
    return make_response(page)


@bp.get("/<name>")
@requires(Permission.HOME_READ)
def show_page(name: str) -> Response:
    page = pages(language()).get(name) or abort(404)
    own = [each for each in shelf().own if each.name not in _BESIDE]
    at = own.index(page) if page in own else None
    return make_response(
        render_template(
            "guide/page.html",
            page=page,
            body=written(page),
            before=own[at - 1] if at else None,
            after=own[at + 1] if at is not None and at + 1 < len(own) else None,
        )
    )
