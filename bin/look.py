"""``make look``: every kind of page of the demonstration as pictures, put together on sheets to be looked at.

One role per page; at the desk in the light, on a phone in the dark, and ten pages in English. They lie in
``build/look``.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from portal.demo.houses import PASSWORD  # noqa: E402
from tour.chromium import launched  # noqa: E402
from tour.instance import Instance  # noqa: E402
from tour.pages import one_of_each  # noqa: E402

OUT = ROOT / "build" / "look"
PEOPLE = {
    "owner": "gerance@ouest.example",
    "customer": "client@ouest.example",
    "finance": "finance@portail.example",
    "technician": "technique@portail.example",
    "operator": "exploitation@portail.example",
}
DESK, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 740}
IN_ENGLISH = 10
TALLEST = 1600  # pixels of one picture


def main() -> int:
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    with Instance() as portal, sync_playwright() as playwright:
        browser = launched(playwright)
        found = list(pages(browser, portal.url))
        print(f"{len(found)} kinds of pages")
        shoot(browser, portal.url, found, "desk-light", DESK, "light", "fr-FR", across=5)
        shoot(browser, portal.url, found, "phone-dark", PHONE, "dark", "fr-FR", across=12)
        english = found[:: max(len(found) // IN_ENGLISH, 1)][:IN_ENGLISH]
        shoot(browser, portal.url, english, "desk-english", DESK, "light", "en-GB", across=5)
        browser.close()
    return 0


def signed_in(browser: Browser, url: str, who: str, **options: object) -> Page:
    context: BrowserContext = browser.new_context(base_url=url, reduced_motion="reduce", **options)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/login")
    page.locator("input[type=email]").fill(PEOPLE[who])
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("form .btn-primary").click()
    page.wait_for_url("**/")
    return page


def pages(browser: Browser, url: str) -> Iterator[tuple[str, str]]:
    """Who looks at which address, each kind of page once."""
    seen: set[str] = set()
    for who in PEOPLE:
        page = signed_in(browser, url, who, locale="fr-FR")

        def get(address: str, page: Page = page) -> str | None:
            answer = page.request.get(address)
            is_page = answer.status == 200 and answer.headers["content-type"].startswith("text/html")
            return answer.text() if is_page else None

        for kind, address in one_of_each(get):
            if kind not in seen:
                seen.add(kind)
                yield who, address
        page.context.close()


def shoot(
    browser: Browser,
    url: str,
    wanted: list[tuple[str, str]],
    name: str,
    viewport: dict[str, int],
    colours: str,
    locale: str,
    *,
    across: int,
) -> None:
    """Pictures of these pages, then sheets of them."""
    pictures: list[tuple[str, Path]] = []
    for who in dict.fromkeys(who for who, _address in wanted):
        page = signed_in(browser, url, who, viewport=viewport, color_scheme=colours, locale=locale)
        for number, (whose, address) in enumerate(wanted):
            if whose != who:
                continue
            page.goto(address)
            page.wait_for_load_state("load")
            path = OUT / f"{name}-{number:03}.png"
            page.screenshot(path=path, full_page=True)
            pictures.append((f"{who} {address}", path))
        page.context.close()
    for number in range(0, len(pictures), across * 2):
        sheet(
            pictures[number : number + across * 2],
            OUT / f"sheet-{name}-{number // (across * 2) + 1:02}.png",
            across,
        )


def sheet(pictures: list[tuple[str, Path]], out: Path, across: int) -> None:
    """Pictures beside and below each other, each under its address."""
    images = [(said, Image.open(path).convert("RGB")) for said, path in pictures]
    width = max(image.width for _said, image in images)
    rows = [images[start : start + across] for start in range(0, len(images), across)]
    heights = [min(max(image.height for _said, image in row), TALLEST) for row in rows]
    whole = Image.new("RGB", ((width + 12) * across, sum(heights) + 36 * len(rows)), "grey")
    draw, top = ImageDraw.Draw(whole), 0
    for row, height in zip(rows, heights, strict=True):
        for place, (said, image) in enumerate(row):
            left = place * (width + 12)
            draw.text((left + 4, top + 8), said, fill="white", font_size=20)
            whole.paste(image.crop((0, 0, image.width, min(image.height, height))), (left, top + 36))
        top += height + 36
    whole.save(out)


if __name__ == "__main__":
    sys.exit(main())
