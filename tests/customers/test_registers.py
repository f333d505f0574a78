"""What public registers know of a customer: her VAT number with its proof, her company by its SIREN."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.blobs import content_of
from portal.customers.models import Customer
from portal.customers.vat_checks import CheckState, VatCheck
from portal.db import EVERYTHING, db, set_scope
from portal.jobs import Task
from portal.resellers.models import issuer_for
from tests.builders import House, a_customer, an_outsider, stored, work
from tests.customers.test_changes import send
from tests.customers.test_views import ENTRY, entry_of

Browser = Callable[..., FlaskClient]
BELGIAN = "BE0403019261"
SEAT = {
    "siret": "73282932000074",
    "numero_voie": "12",
    "type_voie": "RUE",
    "libelle_voie": "DES GENETS",
    "code_postal": "97410",
    "libelle_commune": "SAINT-PIERRE",
}
FOUND = {
    "results": [
        {"siren": "732829320", "nom_complet": "MOULIN NEUF", "nature_juridique": "5499", "siege": SEAT}
    ]
}
VALID = {"valid": True, "name": "Moulin SA", "address": "Bruxelles", "requestIdentifier": "WAPIAAAAY"}


@contextmanager
def a_register(answers: list[tuple[int, Any]]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """Its address, and what it was asked; it gives these answers one by one, the last one for ever."""
    asked: list[tuple[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            asked.append((self.path, json.loads(self.rfile.read(length)) if length else None))
            status, said = answers.pop(0) if len(answers) > 1 else answers[0]
            body = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, *_words: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def settings(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def change(**values: str) -> None:
        for name, value in values.items():
            monkeypatch.setitem(app.config, name, value)

    return change


def check_of(customer: Customer) -> VatCheck:
    set_scope(EVERYTHING)
    found = VatCheck.of(stored(customer))
    assert found is not None
    return found


def test_a_european_number_is_asked_about_as_soon_as_it_is_given_and_the_proof_is_kept(
    house: House, browser: Browser, settings: Callable[..., None]
) -> None:
    """000-33: without a number that was found in use, a business of the Union is no business to the VAT."""
    client = browser(house.sales)
    with a_register([(200, VALID)]) as (url, asked):
        settings(VIES_URL=url)
        data = {**ENTRY, "entry": entry_of(client.get("/customers/new").text), "siren": "", "country": "BE"}
        data |= {"vat_number": "BE 0403.019.261", "postcode": "1000", "town": "Bruxelles"}
        place = client.post("/customers/new", data=data)
        assert place.status_code == 303
        page = client.get(place.location).text
        assert "interrogation en cours" in page and "Vérifier au registre" not in page
        work()
    customer = db.session.scalars(db.select(Customer)).one()
    requester = {"requesterMemberStateCode": "FR", "requesterNumber": issuer_for(customer).vat_number[2:]}
    assert asked == [("/check-vat-number", {"countryCode": "BE", "vatNumber": BELGIAN[2:], **requester})]
    check = check_of(customer)
    assert (check.state, check.name, check.consultation) == (CheckState.VALID, "Moulin SA", "WAPIAAAAY")
    assert check.document is not None
    proof = json.loads(content_of(check.document))
    assert proof["said"] == VALID and proof["asked"] == BELGIAN
    page = client.get(f"/customers/{customer.uid}").text
    assert "numéro valable" in page and "WAPIAAAAY" in page and f"/documents/{check.document.uid}" in page
    assert send(client, customer, vat_number="BE0200068636").status_code == 303
    assert check_of(customer).state == CheckState.ASKED  # another number is another question


def test_a_register_that_is_silent_for_a_night_is_asked_again_in_the_morning(
    house: House, browser: Browser, settings: Callable[..., None]
) -> None:
    customer = a_customer(house.reseller, vat_number=BELGIAN, country="BE", siren=None)
    down = {"actionSucceed": False, "errorWrappers": [{"error": "MS_UNAVAILABLE"}]}
    silences: list[tuple[int, Any]] = [(200, down), (503, b"down"), (200, b"<html>"), (302, b""), (200, [])]
    client = browser(house.owner)
    with a_register([*silences, (200, {"valid": False, "name": "---", "address": "---"})]) as (url, asked):
        settings(VIES_URL=url)
        assert client.post(f"/customers/{customer.uid}/vat-check").status_code == 303
        for count in range(1, len(silences) + 2):
            work()
            assert len(asked) == count
            if count <= len(silences):
                assert check_of(customer).state == CheckState.SILENT
                page = client.get(f"/customers/{customer.uid}/vat-check").text
                assert "registre muet" in page and "interrogé de nouveau" in page
            put_off_ends()
    check = check_of(customer)
    assert (check.state, check.name) == (CheckState.INVALID, "")
    assert "inconnu du registre" in client.get(f"/customers/{customer.uid}").text


def test_a_question_about_a_number_that_was_replaced_is_dropped(
    house: House, browser: Browser, settings: Callable[..., None]
) -> None:
    customer = a_customer(house.reseller, vat_number=BELGIAN, country="BE", postcode="1000", siren=None)
    client = browser(house.owner)
    with a_register([(503, b""), (200, VALID)]) as (url, asked):
        settings(VIES_URL=url)
        client.post(f"/customers/{customer.uid}/vat-check")
        work()
        assert send(client, customer, vat_number="BE0200068636").status_code == 303
        put_off_ends()
        work()
    assert [said["vatNumber"] for _path, said in asked] == [BELGIAN[2:], "0200068636"]
    states = {row.number: row.state for row in db.session.scalars(db.select(VatCheck))}
    assert states == {BELGIAN: CheckState.OVERTAKEN, "BE0200068636": CheckState.VALID}
    assert "registre muet" not in client.get(f"/customers/{customer.uid}").text


def put_off_ends() -> None:
    """The pause of a task that was put off is over."""
    set_scope(EVERYTHING)
    db.session.execute(db.update(Task).values(not_before=0))
    db.session.commit()


def test_without_a_register_the_page_says_so_and_nobody_is_asked(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, vat_number=BELGIAN, country="BE", siren=None)
    client = browser(house.owner)
    assert "aucun registre de TVA" in client.get(f"/customers/{customer.uid}").text
    assert client.post(f"/customers/{customer.uid}/vat-check").status_code == 422
    assert "Chercher au registre" not in client.get("/customers/new").text
    stranger = browser(an_outsider(house))
    for answer in (
        stranger.get(f"/customers/{customer.uid}/vat-check"),
        stranger.post(f"/customers/{customer.uid}/vat-check"),
    ):
        assert answer.status_code == 404


@pytest.mark.parametrize("number", ["BE0403019262", "DE12", "EL123", "ATU1"])
def test_a_number_without_the_shape_of_its_state_is_refused_beside_the_field(
    house: House, browser: Browser, number: str
) -> None:
    client = browser(house.sales)
    answer = client.post("/customers/new", data={**ENTRY, "siren": "", "country": "BE", "vat_number": number})
    assert answer.status_code == 422 and "la forme de celui de cet État" in answer.text


def test_a_siren_fills_the_entry_from_the_public_service(
    house: House, browser: Browser, settings: Callable[..., None]
) -> None:
    client = browser(house.sales)
    with a_register(
        [(200, FOUND), (200, {"results": []}), (500, b""), (200, {"results": [{"siren": "1"}]})]
    ) as (url, asked):
        settings(SIREN_REGISTER=url)
        page = client.get("/customers/new/from-register?siren=732+829+320+00074").text
        for value in ("MOULIN NEUF", "12 RUE DES GENETS", "97410", "SAINT-PIERRE", "73282932000074"):
            assert f'value="{value}"' in page, value
        assert '<option selected value="RE">' in page and "Repris du registre" in page
        assert "pas au registre" in client.get("/customers/new/from-register?siren=732829320").text
        assert "ne répond pas" in client.get("/customers/new/from-register?siren=732829320").text
        assert "pas au registre" in client.get("/customers/new/from-register?siren=732829320").text
        assert "clé de contrôle" in client.get("/customers/new/from-register?siren=732829321").text
    assert asked[0][0] == "/search?q=732829320&per_page=1" and len(asked) == 4


def test_what_was_typed_before_stays_and_a_file_serves_as_the_register(
    house: House, browser: Browser, settings: Callable[..., None], tmp_path: Path
) -> None:
    rows = "siren;siret;name;street;postcode;town;legal_form;state\n"
    rows += "732829320;73282932000074;MAIRIE DE PORT;1 PLACE;29000;QUIMPER;7210;C\n"
    (tmp_path / "sirene.csv").write_text(rows)
    settings(SIREN_REGISTER=str(tmp_path / "sirene.csv"))
    client = browser(house.sales)
    client.post("/customers/new/check/name", data={"name": "Ville de Port", "entry": "0" * 16})
    page = client.get("/customers/new/from-register?siren=732829320").text
    assert 'value="Ville de Port"' in page and 'value="QUIMPER"' in page and "cessé son activité" in page
    assert re.search(r'<input checked[^>]*value="public_body"', page)
    settings(SIREN_REGISTER=str(tmp_path / "none.csv"))
    assert "ne répond pas" in client.get("/customers/new/from-register?siren=732829320").text


@pytest.mark.parametrize(
    ("country", "postcode", "kept"),
    [
        ("FR", "97410", "RE"),
        ("FR", "97133", "BL"),
        ("FR", "97200", "MQ"),
        ("FR", "98000", "MC"),
        ("FR", "98800", "NC"),
        ("FR", "75006", "FR"),
        ("BE", "1000", "BE"),
        ("JP", "100-0001", "JP"),
    ],
)
def test_the_postcode_of_a_territory_says_where_an_address_lies(
    house: House, browser: Browser, country: str, postcode: str, kept: str
) -> None:
    data = {**ENTRY, "country": country, "postcode": postcode}
    answer = browser(house.sales).post("/customers/new", data=data)
    assert answer.status_code == 303, answer.text
    assert db.session.scalars(db.select(Customer)).one().country == kept
