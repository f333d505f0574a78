"""Pages of the guide, in the search over everything."""

from flask import url_for
from flask_babel import lazy_gettext as _l

from portal.access import Permission
from portal.guide.reading import found
from portal.search import Hit, Sought, finder
from portal.search.registry import AT_MOST


@finder(200, Permission.HOME_READ, _l("Guide"), more=lambda sought: url_for("guide.contents", q=sought.text))
def guide_pages(sought: Sought) -> list[Hit]:
    return [
        Hit(
            section.heading or page.title,
            url_for("guide.show_page", name=page.name, _anchor=section.name or None),
            page.title if section.heading else page.summary,
            icon="book",
        )
        for page, section in found(sought.terms)[:AT_MOST]
    ]
