"""The journal of one's own tree: who did, read or took what, newest first, also as a table."""

from flask import Response, request
from werkzeug.datastructures import MultiDict

from portal.access import Permission, requires
from portal.listing.asked import Asked
from portal.listing.files import as_csv
from portal.listing.page import list_page
from portal.operations.lists import JOURNAL
from portal.operations.views import bp

_NAMES = {"who": "q", "ref": "q", "until": "on_to"}  # what kept addresses may still say


def _wishes() -> MultiDict[str, str]:
    named = {new: request.args[old] for old, new in _NAMES.items() if request.args.get(old)}
    return MultiDict({**named, **request.args})


@bp.get("/journal")
@requires(Permission.JOURNAL_READ)
def show_journal() -> Response:
    return list_page(JOURNAL, "listing/page.html", _wishes())


@bp.get("/journal.csv")
@requires(Permission.JOURNAL_READ)
def journal_csv() -> Response:
    return as_csv(Asked(JOURNAL, _wishes()))
