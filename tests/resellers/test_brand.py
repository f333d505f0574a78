"""A brand: a logo that can only be seen, a colour that stays readable, and who sees it."""

import io
import re
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from portal.access import Role
from portal.db import db
from portal.errors import Refused
from portal.mail import Mail, html_of
from portal.resellers.brand import Brand, face_for, set_face
from portal.resellers.colour import DARK, LIGHT, READABLE, WHITE, contrast, shades
from portal.resellers.houses import make_reseller
from portal.resellers.logo import cleaned
from portal.setup.tries import try_mail
from tests.builders import House, a_customer, a_user, an_outsider
from tests.resellers.test_pages import her_person, named

Browser = Callable[..., FlaskClient]
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 9 9"'
RED = '<rect width="9" height="9" fill="#f00"/>'


def svg(inside: str, head: str = "") -> bytes:
    return f"{HEAD}{head}>{inside}</svg>".encode()


def png(width: int = 8, height: int = 8) -> bytes:
    out = io.BytesIO()
    Image.new("RGBA", (width, height), "red").save(out, "PNG")
    return out.getvalue()


ATTACKS = {
    "script": svg("<script>alert(1)</script>"),
    "script in a group": svg("<g><script/></g>"),
    "event": svg(RED, ' onload="alert(1)"'),
    "event below": svg('<path d="M0 0" onClick="alert(1)"/>'),
    "foreign document": svg("<foreignObject><p>x</p></foreignObject>"),
    "picture from elsewhere": svg('<image href="https://evil.example/x.png"/>'),
    "use from elsewhere": svg('<use xlink:href="https://evil.example/x.svg#a"/>'),
    "use of data": svg('<use href="data:image/svg+xml;base64,PHN2Zz4="/>'),
    "paint from elsewhere": svg('<rect fill="url(//evil.example/a)"/>'),
    "style from elsewhere": svg("<rect style=\"fill:url( 'https://evil.example' )\"/>"),
    "escaped style": svg(r'<rect style="fill:u\72l(//evil.example)"/>'),
    "style sheet": svg("<style>@import url(//evil.example)</style>"),
    "link": svg('<a href="javascript:alert(1)"><rect/></a>'),
    "animation": svg('<set attributeName="href" to="javascript:alert(1)"/>'),
    "animated": svg('<rect><animate attributeName="x" to="9"/></rect>'),
    "entity": b'<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + svg("<text>&a;</text>"),
    "bomb": b'<!DOCTYPE svg [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + svg("<text>&b;</text>"),
    "page": b"<html><body onload=alert(1)></body></html>",
    "other tongue": b'<svg viewBox="0 0 1 1"><rect/></svg>',
    "gif": b"GIF89a" + bytes(20),
    "nothing": b"",
    "cut picture": png()[:40],
    "large picture": png(2001, 1),
    "large file": svg("<!--" + "x" * 300_000 + "-->"),
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_logo_that_does_more_than_be_seen_is_refused(name: str) -> None:
    with pytest.raises(Refused) as caught:
        cleaned(ATTACKS[name])
    assert caught.value.field == "logo"


def test_what_editors_leave_is_dropped_and_the_drawing_stays() -> None:
    drawn = svg(
        "<!-- made by an editor --><metadata><x/></metadata><defs><linearGradient id='g'/></defs>"
        "<g xmlns:i='urn:i' i:x='1' data-x='1' style='fill:url(#g);x-evil:1'><path d='M0 0h9'/><i:y/></g>"
    )
    kept, media_type = cleaned(drawn)
    assert media_type == "image/svg+xml" and b"M0 0h9" in kept and b'fill="url(#g)"' in kept
    for gone in (b"editor", b"metadata", b"data-x", b"style", b"evil", b"<i:y", b"i:x"):
        assert gone not in kept, gone
    assert cleaned(kept)[0] == kept
    picture, media_type = cleaned(png() + b"<script>")
    assert media_type == "image/png" and b"script" not in picture


@given(st.integers(0, 0xFFFFFF))
def test_whatever_colour_is_chosen_its_shades_are_readable(number: int) -> None:
    found = shades(f"#{number:06x}")
    for side, grounds in enumerate((LIGHT, DARK)):
        for ground in (*grounds, found["accent-tint"][side]):
            assert contrast(found["accent"][side], ground) >= READABLE
        for name in ("accent-ground", "accent-deep"):
            assert contrast(WHITE, found[name][side]) >= READABLE


def test_a_brand_is_seen_by_those_below_and_by_nobody_beside(house: House, browser: Browser) -> None:
    reseller, owner = named("Revendeur"), browser(house.owner)
    page = f"/resellers/{reseller.uid}/brand"
    typed = {"name": "Port & Co", "accent": "#FFD400"}
    for wrong in ({"accent": "red"}, {"logo": (io.BytesIO(ATTACKS["script"]), "logo.png")}):
        assert owner.post(page, data=typed | wrong).status_code == 422
    answer = owner.post(page, data={**typed, "logo": (io.BytesIO(svg(RED)), "logo.svg")})
    assert answer.status_code == 303
    customer = a_customer(house.reseller)
    below = make_reseller(house.reseller, name="Plus bas", by=house.operator)
    lower = a_user(below.organisation, Role.OWNER)
    db.session.commit()
    for person in (house.owner, house.reader, her_person(customer), lower):
        home = browser(person).get("/").text
        assert 'alt="Port &amp; Co"' in home and "/colours.css" in home, person.role
    stranger = browser()
    colours, logo = (re.findall(rf'"(/brands/[^"]+{end}[^"]*)"', home)[0] for end in ("colours.css", "logo"))
    css = stranger.get(colours.replace("&amp;", "&"))
    assert css.mimetype == "text/css" and "--accent: light-dark(#" in css.text
    drawn = stranger.get(logo.replace("&amp;", "&"))
    assert drawn.mimetype == "image/svg+xml" and "sandbox" in drawn.headers["Content-Security-Policy"]
    beside = an_outsider(house)
    for person in (beside, house.operator):
        assert "/colours.css" not in browser(person).get("/").text
    assert browser(an_outsider(house, Role.READER)).get(page).status_code == 403
    outsider = browser(beside)
    assert outsider.get(page).status_code == 404 and outsider.post(page, data=typed).status_code == 404
    set_face(below.organisation, name="Bas", accent="", logo=b"", without_logo=False, by=lower)
    face = face_for(below.org_path)
    assert (face.name, face.accent, bool(face.logo_of)) == ("Bas", "#ffd400", True)
    assert "#0b5cad" not in html_of(try_mail(house.owner)) and db.session.scalars(select(Mail)).first()
    owner.post(page, data={"name": "", "accent": "", "without_logo": "y"})
    assert "/colours.css" not in owner.get("/").text and "brand-logo" not in owner.get("/").text
    assert stranger.get(f"/brands/{db.session.scalars(select(Brand.uid)).first()}/logo").status_code == 404
