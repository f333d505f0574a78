"""The browser reads a key by the same rule as the portal, and asks nothing for a wrong one."""

import random

import pytest
from playwright.sync_api import Browser, expect

from portal.errors import Refused
from portal.licensing.codes import ALPHABET, WRONG_LENGTH, WRONG_SYMBOL, make_code, parse
from tests.browser import people
from tests.browser.conftest import OpenPage
from tests.test_architecture import ROOT

pytestmark = pytest.mark.browser
LOOKS_ALIKE = {"0": "oO", "1": "iIlL"}
STRANGE = "UuéßÉ€*-– \u00a0\u202f\t_😀"


def as_read(typed: str) -> list[object]:
    """What the portal says of it."""
    try:
        return ["", parse(typed).text]
    except Refused as refusal:
        name = {WRONG_LENGTH: "length", WRONG_SYMBOL: "symbol"}.get(refusal.template, "copy")
        return [name, next(iter(refusal.values.values()), 0)]


def typed_by_people(draw: random.Random) -> str:
    """A key with a slip or without, as somebody may type it."""
    signs = list(make_code(draw.randrange(64), draw.randbytes).text)
    for _ in range(draw.choice((0, 0, 1, 2))):
        at = draw.randrange(len(signs))
        signs[at] = draw.choice(ALPHABET + STRANGE + "IOL")
    if draw.random() < 0.1:
        del signs[draw.randrange(len(signs))]
    if draw.random() < 0.3:
        signs = [sign for sign in signs if sign != "-"]
    return "".join(draw.choice((sign, sign.lower(), *LOOKS_ALIKE.get(sign, ""))) for sign in signs)


def test_the_script_and_the_portal_read_thousands_of_keys_alike(chromium: Browser) -> None:
    draw = random.Random(20261129)
    keys = [typed_by_people(draw) for _ in range(4000)]
    page = chromium.new_page()
    page.add_script_tag(path=str(ROOT / "static" / "key.js"))
    script = """keys => keys.map(each => { const found = readKey(each);
        return found.code ? ["", found.code] : [found.problem, found.number]; })"""
    read = page.evaluate(script, keys)
    page.close()
    expected = [as_read(key) for key in keys]
    assert [(key, one) for key, one, other in zip(keys, read, expected, strict=True) if one != other] == []
    assert {name for name, _ in expected} == {"", "length", "symbol", "copy"}


def test_a_slip_is_told_before_anything_is_sent(open_page: OpenPage) -> None:
    page = open_page(viewport=people.PHONE, expected=("422",))
    sent: list[str] = []
    page.goto("/key")
    page.on("request", lambda request: sent.append(request.url))
    field = page.get_by_label("Votre clé d'activation")
    field.fill("2x61p sw7ge tkn3e 2tgsd")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_role("alert")).to_contain_text("mal recopiée")
    expect(field).to_have_attribute("aria-invalid", "true")
    field.fill("2x61p")
    field.blur()
    expect(page.get_by_role("alert")).to_contain_text("il y en a 5 ici")
    assert sent == [] and people.too_wide(page) == []
    field.fill("2x61p sw7ge tkn3e 2tgsc")
    page.get_by_role("button", name="Continuer").click()
    expect(page.get_by_text("Cette clé est inconnue.").first).to_be_visible()


def test_without_script_the_portal_says_the_same(open_page: OpenPage) -> None:
    page = open_page(java_script_enabled=False, expected=("422",))
    page.goto("/key")
    page.get_by_label("Votre clé d'activation").fill("2x61p")
    page.get_by_role("button", name="Continuer").click()
    expect(page.locator(".field-error").first).to_contain_text("il y en a 5 ici")
