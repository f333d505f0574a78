"""Take the pictures of the guide from the demonstration: static/guide/<name>-<language>.png.

`make guide-pictures`, after a change of a screen that one of them shows. Each is a part of a real page of a
throw-away portal, in few colours, so that it stays small.
"""

import io
import re
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from portal.demo.houses import PASSWORD
from portal.guide.reading import PICTURE_SCALE
from portal.i18n import LANGUAGE_COOKIE, LANGUAGES
from tour.chromium import launched
from tour.instance import ROOT, Instance, environment_of, prepare

FOLDER = ROOT / "static" / "guide"
COLOURS = 48
LARGEST = 60_000  # bytes
DESK, PHONE = {"width": 980, "height": 900}, {"width": 390, "height": 844}
OWNER = "gerance@ouest.example"


Part = tuple[Locator, Locator]  # what is shown, and where it ends below


def today(page: Page, _portal: Instance) -> Part:
    page.goto("/")
    section = page.locator("section[aria-labelledby=todo-title]")
    return section, section.locator("li").nth(3)


def machines(page: Page, _portal: Instance) -> Part:
    page.goto("/backups")
    return page.locator("#wall"), page.locator("#wall li").nth(8)


def dates(page: Page, _portal: Instance) -> Part:
    """What a contract answers; its first date is unfolded to the clause."""
    page.goto("/subscriptions?q=WeSend")
    page.locator("main table tbody a").first.click()
    page.locator("a[href^='/contracts/']").first.click()
    page.locator("#calendar details > summary").first.click()
    return page.locator("#calendar"), page.locator("#calendar")


def signing(page: Page, portal: Instance) -> Part:
    """The first page of the one who signs, on a phone."""
    mail = portal.mailbox.wait_for("direction@client08.example", "À signer")
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(r"/sign/\S+", body.get_content())
    assert found
    page.goto(found.group())
    return page.locator("body"), page.locator("p.ids")


# name: whose page, its window, what of it is shown
PICTURES: dict[str, tuple[str | None, dict[str, int], Callable[[Page, Instance], Part]]] = {
    "today": (OWNER, DESK, today),
    "machines": (OWNER, DESK, machines),
    "dates": (OWNER, DESK, dates),
    "signing": (None, PHONE, signing),
}
MARGIN = 6  # points of the page, below


def open_page(browser: Browser, portal: Instance, who: str | None, window: dict[str, int], code: str) -> Page:
    context = browser.new_context(
        base_url=portal.url,
        viewport=window,  # type: ignore[arg-type]
        device_scale_factor=PICTURE_SCALE,
        color_scheme="light",
    )
    context.add_cookies([{"name": LANGUAGE_COOKIE, "value": code, "url": portal.url}])
    page = context.new_page()
    if who:
        page.goto("/login")
        page.locator("input[name=email]").fill(who)
        page.locator("input[name=password]").fill(PASSWORD)
        page.locator("main button, .card-page button").first.click()
        page.locator("details.account").wait_for(state="attached")
    return page


def take(page: Page, part: Part) -> bytes:
    """A PNG of the part, in few colours."""
    first, last = part
    first.wait_for()
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready")
    box, end = first.bounding_box(), last.bounding_box()
    assert box and end
    below = min(end["y"] + end["height"] + MARGIN, box["y"] + box["height"])
    clip = {**box, "height": below - box["y"]}
    raw = page.screenshot(clip=clip, full_page=True, animations="disabled")  # type: ignore[arg-type]
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(raw)).convert("RGB")
    picture.quantize(COLOURS, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
    return out.getvalue()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        data = Path(name) / "demonstration"
        prepare(environment_of(data, demo=True))
        with Instance(like=data) as portal:
            browser = launched(playwright)
            for code in LANGUAGES:
                for picture, (who, window, show) in PICTURES.items():
                    page = open_page(browser, portal, who, window, code)
                    content = take(page, show(page, portal))
                    page.context.close()
                    if len(content) > LARGEST:
                        sys.exit(f"{picture}-{code} : {len(content)} octets, {LARGEST} au plus")
                    (FOLDER / f"{picture}-{code}.png").write_bytes(content)
                    print(f"{picture}-{code}.png : {len(content)} octets")
            browser.close()


if __name__ == "__main__":
    main()
