"""One portal of its own and one Chromium per test process; every page is watched."""

import fcntl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, expect, sync_playwright

from tests.browser import people
from tour.chromium import launched
from tour.instance import Instance, environment_of, prepare

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The data folder of the demonstration; the first process that needs it loads it for all."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    with (shared / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare(environment_of(shared / "demonstration", demo=True))  # finds its own stamp the second time
    return shared / "demonstration"


@pytest.fixture(scope="session")
def portal(demonstration: Path) -> Iterator[Instance]:
    """A real portal with the demonstration: web server, worker, mail server, database."""
    with Instance(like=demonstration) as instance:
        yield instance


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    expect.set_options(timeout=15_000)
    with sync_playwright() as playwright:
        browser = launched(playwright)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def sign_in_to(chromium: Browser) -> Callable[[Instance, str], Any]:
    """The cookies of a person who signs in to a portal, on its page."""

    def cookies(place: Instance, who: str) -> Any:
        context = chromium.new_context(base_url=place.url, locale="fr-FR")
        page = context.new_page()
        page.goto("/login")
        people.sign_in(page, who)
        state = context.storage_state()
        context.close()
        return state

    return cookies


@pytest.fixture(scope="session")
def signed_in(portal: Instance, sign_in_to: Callable[[Instance, str], Any]) -> Callable[[str], Any]:
    """The cookies of a person; each signs in once."""
    kept: dict[str, Any] = {}

    def cookies(who: str) -> Any:
        if who not in kept:
            kept[who] = sign_in_to(portal, who)
        return kept[who]

    return cookies


@pytest.fixture
def open_page(
    portal: Instance,
    chromium: Browser,
    signed_in: Callable[[str], Any],
    sign_in_to: Callable[[Instance, str], Any],
) -> Iterator[OpenPage]:
    """``open_page("owner", viewport=…)`` is a new window of that person; without a name, of a stranger.

    at: another portal than the one that all tests share. The test fails if one of its pages warns in the
    console (a breach of the content security policy does), raises, or asks another site for anything.
    ``expected`` are texts that the console may say.
    """
    problems: list[str] = []
    contexts = []
    places = [portal.url]

    def watch(page: Page, expected: tuple[str, ...]) -> None:
        known = (*expected, "htmx:sendAbort", "htmx:afterRequest")  # somebody went on before an answer came

        def hear(message: Any) -> None:
            if message.type in {"error", "warning"} and not any(text in message.text for text in known):
                problems.append(f"{page.url}: {message.type}: {message.text}")

        def see(request: Request) -> None:
            if not request.url.startswith((*places, "data:")):
                problems.append(f"{page.url}: asks for {request.url}")

        page.on("console", hear)
        page.on("pageerror", lambda error: problems.append(f"{page.url}: {error}"))
        page.on("request", see)

    def open_page(
        who: str | None = None, *, expected: tuple[str, ...] = (), at: Instance | None = None, **options: Any
    ) -> Page:
        options.setdefault("viewport", people.DESKTOP)
        place = at or portal
        places.append(place.url)
        state = (sign_in_to(at, who) if at else signed_in(who)) if who else None
        context = chromium.new_context(base_url=place.url, storage_state=state, locale="fr-FR", **options)
        context.set_default_timeout(15_000)
        contexts.append(context)
        page = context.new_page()
        watch(page, expected)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert problems == []


@pytest.fixture(scope="session")
def history(portal: Instance, chromium: Browser, signed_in: Callable[[str], Any]) -> None:
    """What the demonstration lacks."""
    live_a_month(portal, chromium, signed_in("finance"))


def live_a_month(portal: Instance, chromium: Browser, finance: Any) -> None:
    """A signed mandate, a billing run, a batch. finance: the cookies of who does it."""
    person = "direction@client08.example"
    signer = chromium.new_context(java_script_enabled=False, locale="fr-FR").new_page()
    signer.goto(people.link_to_sign(portal, person))
    people.enter_account(signer, 8)
    people.consent(signer)
    people.type_code(signer, people.code_to_sign(portal, person))
    signer.context.close()
    context = chromium.new_context(base_url=portal.url, storage_state=finance, locale="fr-FR")
    page = context.new_page()
    page.goto("/billing/runs")
    page.get_by_label("Facturer ce qui est certain").check()  # the demonstration has gaps to decide
    page.get_by_role("button", name="Facturer", exact=True).click()
    expect(page.locator(".panel .pill", has_text="fait")).to_be_visible(timeout=60_000)
    page.goto("/sepa/collections")
    page.get_by_role("button", name="Figer la remise").click()
    people.confirm_if_asked(page)
    expect(page.get_by_role("button", name="Télécharger le XML")).to_be_visible(timeout=60_000)
    context.close()
