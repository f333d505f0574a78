"""A walk over every page, as each role: nobody types an address, and every form carries its token.

One walk for all, since it opens more than a thousand pages.
"""

import re
from collections import deque
from collections.abc import Callable, Iterator
from html import unescape
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from portal.access import GRANTS, OF_ITS_ISSUER, RESELLER, Role
from portal.customers.models import Customer
from portal.db import db
from portal.engine.models import Vault
from portal.first_steps.models import dismiss
from portal.today.models import make_feed
from tests.builders import House, a_user
from tests.test_access import address, rules
from tests.test_forms_carry_their_token import faults_of, tokens_on
from tests.world import a_world

_OFFER = re.compile(r'\b(href|action|formaction|hx-get|hx-post)="(/[^"#]*)')
_ASKS = re.compile(r'<form\b[^>]*\bmethod="get"[^>]*>')  # a form that asks leads to a page
_SAME = 2  # pages of one kind that are opened by those who see the most; the others open one
_SEE_THE_MOST = {Role.OPERATOR, Role.FINANCE, Role.OWNER}

# Opened without an account, by a machine, or by a step that asks for them.
NO_LINK = {
    "sign_up.sent",  # the answer to the form
    "people.ask_forgotten",
    "people.forgotten",
    "accounts.sign_in",
    "accounts.ask_password",
    "single_sign_on.choose",
    "single_sign_on.come_back",
    "single_sign_on.ask",  # on the sign-in page
    "single_sign_on.leave_to_confirm",
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
    "api.check_in",
    "api.give_back_seat",
    "api.list_revocations",
    "api.list_signing_keys",
    "api.validate",
    "api.license_keys",
    "api.make_machine_token",
    "api.report_backup",
    "probes.health",
    "probes.metrics",
    "probes.ready",
    "card_events.hear",
    "verify.show_form",
    "verify.check_document",
    "sepa.create_batch",  # nothing is due in this world any more
    "mandate_import.import_file",
    "mandate_import.forget_file",
    "customers.discard_draft",
    "operations.journal_csv",  # kept for who has its address; the list offers its own files
}


class Walk:
    """What a signed-in person finds by following links from the start page, and what is wrong there."""

    def __init__(self, app: Flask, client: FlaskClient, who: str) -> None:
        self.router = app.url_map.bind("localhost")
        self.client, self.who = client, who
        self._same = _SAME if who in _SEE_THE_MOST else 1
        self.found: set[str] = set()  # endpoints
        self.opened: dict[str, int] = {}
        self.wrong: set[str] = set()
        self.explained: set[str] = set()
        self._waiting, self._seen = deque(["/"]), {"/"}

    def go(self) -> None:
        while self._waiting:
            for offer in _OFFER.findall(self.open(self._waiting.popleft())):
                self._note(*offer)

    def open(self, path: str) -> str:
        """The page, judged; nothing of what is no page."""
        answer = self.client.get(path, follow_redirects=True, buffered=True)
        assert answer.status_code != 404 or path.startswith("/handed-over/"), path
        if answer.mimetype != "text/html":
            return ""
        wrong, explained = faults_of(answer.text)
        self.wrong |= {f"{self.who} {path} {fault}" for fault in wrong}
        self.explained |= explained
        return _ASKS.sub(lambda form: form.group().replace(" action=", " href="), answer.text)

    def _note(self, kind: str, target: str) -> None:
        path = urlsplit(unescape(target)).path
        method = "POST" if kind in {"action", "formaction", "hx-post"} else "GET"
        try:
            endpoint, _values = self.router.match(path, method=method)
        except HTTPException:  # a form that asks by GET
            endpoint, _values = self.router.match(path, method="GET")
            method = "GET"
        self.found.add(endpoint)
        if method == "GET" and path not in self._seen and self.opened.get(endpoint, 0) < self._same:
            self.opened[endpoint] = self.opened.get(endpoint, 0) + 1
            self._seen.add(path)
            self._waiting.append(unescape(target))


def pages_of(app: Flask, role: Role, ids: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Endpoint and address of what a person in this role may read, each with a record of the world."""
    for method, rule in rules(app):
        permission = getattr(app.view_functions[rule.endpoint], "permission", None)
        if method != "GET" or permission is None or role not in GRANTS[permission]:
            continue
        if permission in OF_ITS_ISSUER and role in RESELLER:  # this world's issuer is not theirs
            continue
        start = rule.rule.partition("<")[0]
        yield rule.endpoint, address(rule.rule, ids[start]) if "<" in rule.rule else rule.rule


@pytest.mark.slow
@pytest.mark.strict
@pytest.mark.usefixtures("no_badges")
@pytest.mark.timeout(400)
def test_every_page_and_action_is_on_a_screen_and_its_forms_are_safe(
    house: House, app: Flask, browser: Callable[..., FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(
        app.config, "SIREN_REGISTER", "companies.csv"
    )  # what it is for is shown where it is set
    monkeypatch.setitem(app.config, "VIES_URL", "http://127.0.0.1:9")
    ids = a_world(house)
    vault = db.session.scalars(db.select(Vault)).first()
    assert vault is not None
    for customer in db.session.scalars(db.select(Customer)):
        house.people[Role.CUSTOMER] = a_user(customer.organisation, Role.CUSTOMER)
        if customer == vault.customer:
            holder = house.people[Role.CUSTOMER]
            colleague = a_user(customer.organisation, Role.BILLING)
    db.session.commit()
    make_feed(house.finance, with_names=False)
    dismiss(house.owner)
    db.session.commit()
    walks = []
    with tokens_on(app):
        for role, person in house.people.items():
            walk = Walk(app, browser(person), role)
            walk.go()
            own = ids | ({"/people/": colleague.uid} if role == Role.CUSTOMER else {})
            walk.client = browser(holder) if role == Role.CUSTOMER else walk.client
            for endpoint, path in pages_of(app, role, own):
                if endpoint not in walk.opened:  # nothing leads there from this world's records
                    walk.open(path)
            walks.append(walk)
        stranger = Walk(app, browser(), "nobody")
        for path in ("/login", "/verify"):
            stranger.open(path)
    looking = browser(house.owner)
    looking.post(f"/customers/{customer.uid}/look")
    walks += [stranger, Walk(app, looking, "looking")]
    with tokens_on(app):
        walks[-1].go()
    assert set[str]().union(*(walk.wrong for walk in walks)) == set()
    explained = set[str]().union(*(walk.explained for walk in walks))
    assert {"rum", "ics", "core-b2b", "fingerprint", "proforma", "pinned", "vault", "proof"} <= explained
    found = set[str]().union(*(walk.found for walk in walks))
    starts = {rule.endpoint for rule in app.url_map.iter_rules() if not rule.arguments}
    starts = {each for each in starts if not each.startswith("partner.")}  # opened by programs, with a token
    assert starts - found == NO_LINK
