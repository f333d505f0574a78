"""Every page without a record in its address is offered on a screen: nobody types an address."""

import re
from collections import deque
from collections.abc import Callable
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from portal.access import Role
from portal.customers.models import Customer
from portal.db import db
from portal.first_steps.models import dismiss
from portal.today.models import make_feed
from tests.builders import House, a_user
from tests.world import a_world

_OFFER = re.compile(r'\b(href|action|formaction|hx-get|hx-post)="(/[^"#]*)')
_ASKS = re.compile(r'<form\b[^>]*\bmethod="get"[^>]*>')  # a form that asks leads to a page
_SAME = 3  # pages of one kind that are opened

# Opened without an account, by a machine, or by a step that asks for them.
NO_LINK = {
    "accounts.login",
    "people.ask_forgotten",
    "people.forgotten",
    "accounts.sign_in",
    "accounts.ask_password",
    "accounts.confirm_password",
    "accounts.ask_factor",
    "accounts.choose_membership",
    "accounts.show_second_factor",
    "factors.add_app",  # each on the page that follows a button
    "factors.add_passkey",
    "factors.download_codes",
    "factors.keep_codes",
    "factors.show_app",
    "api.activate",
    "api.license_keys",
    "api.make_machine_token",
    "api.report_backup",
    "probes.health",
    "probes.metrics",
    "probes.ready",
    "verify.show_form",
    "verify.check_document",
    "sepa.create_batch",  # nothing is due in this world any more
    "mandate_import.import_file",
    "mandate_import.forget_file",
    "customers.discard_draft",
    "operations.journal_csv",  # kept for who has its address; the list offers its own files
}


def offered(app: Flask, client: FlaskClient) -> set[str]:
    """Endpoints that a signed-in person finds by following links from the start page."""
    router = app.url_map.bind("localhost")
    found: set[str] = set()
    opened: dict[str, int] = {}
    waiting, seen = deque(["/"]), {"/"}
    while waiting:
        answer = client.get(waiting.popleft(), follow_redirects=True)
        if answer.mimetype != "text/html":
            answer.close()
            continue
        text = _ASKS.sub(lambda form: form.group().replace(" action=", " href="), answer.text)
        for kind, target in _OFFER.findall(text):
            path = urlsplit(unescape(target)).path
            method = "POST" if kind in {"action", "formaction", "hx-post"} else "GET"
            try:
                endpoint, _values = router.match(path, method=method)
            except HTTPException:  # a form that asks by GET
                endpoint, _values = router.match(path, method="GET")
                method = "GET"
            found.add(endpoint)
            if method == "GET" and path not in seen and opened.get(endpoint, 0) < _SAME:
                opened[endpoint] = opened.get(endpoint, 0) + 1
                seen.add(path)
                waiting.append(unescape(target))
    return found


@pytest.mark.slow
@pytest.mark.words
@pytest.mark.usefixtures("no_badges")
def test_every_page_and_action_is_on_a_screen(
    house: House, app: Flask, browser: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        app.config, "SIREN_REGISTER", "companies.csv"
    )  # what it is for is shown where it is set
    monkeypatch.setitem(app.config, "VIES_URL", "http://127.0.0.1:9")
    a_world(house)
    for customer in db.session.scalars(db.select(Customer)):
        house.people[Role.CUSTOMER] = a_user(customer.organisation, Role.CUSTOMER)
    db.session.commit()
    make_feed(house.finance, with_names=False)
    dismiss(house.owner)
    db.session.commit()
    found: set[str] = set()
    for person in house.people.values():
        found |= offered(app, browser(person))
    looking = browser(house.owner)
    looking.post(f"/customers/{customer.uid}/look")
    found |= offered(app, looking)
    starts = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.arguments}
    assert starts - found == NO_LINK
