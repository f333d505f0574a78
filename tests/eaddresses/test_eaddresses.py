"""Electronic addresses are looked up before an invoice bears them, and said when they are wrong."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from lxml import etree

from portal import clock
from portal.billing.credit_models import CreditReason
from portal.billing.credit_notes import issue_credit_note, rest_of
from portal.billing.einvoice_records import xml_of
from portal.customers.merging import merge
from portal.customers.models import CustomerKind
from portal.db import EVERYTHING, db, set_scope
from portal.eaddresses.csv_lines import read_lines
from portal.eaddresses.jobs import look
from portal.eaddresses.models import EAddress, EAddressFile, EAddressLine
from portal.eaddresses.rules import Known, Line, Standing, standing_of
from portal.errors import Refused
from portal.journal import SYSTEM
from tests.billing.test_einvoices import BEFORE, DAY, bill, owes, record_of, the_entity
from tests.billing.test_einvoices import choose as choose_first_day
from tests.builders import House, a_customer, an_outsider, stored, work

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
SIREN, OTHER = "552100554", "404833048"
HEAD = "siren;siret;address;scheme;service;platform;valid_from;valid_through\n"


class ADirectory:
    """On this machine: the lines of each SIREN, and what it answers while it is down."""

    def __init__(self) -> None:
        self.lines: dict[str, list[dict[str, str]]] = {}
        self.asked: list[str] = []
        self.down = 0
        directory = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                siren = self.path.partition("siren=")[2]
                directory.asked.append(siren)
                right = self.headers["Authorization"] == "Bearer secret"
                known = siren in directory.lines
                self.send_response(directory.down or (401 if not right else 200 if known else 404))
                self.end_headers()
                self.wfile.write(json.dumps({"lines": directory.lines.get(siren)}).encode())

            def log_message(self, *_words: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_address[1]}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def directory(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[ADirectory]:
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    found = ADirectory()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def root(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(app.config, "EADDRESS_DIR", str(tmp_path))
    return tmp_path / "annuaire"


def live(at: At, **later: int) -> None:
    """The minute of the duty, then the worker; on a quarter of an hour unless it is said."""
    then = clock.now() + timedelta(**later or {"minutes": 15})
    at(then.replace(minute=then.minute // 15 * 15) if not later else then)
    set_scope(EVERYTHING)
    look()
    db.session.commit()
    work()
    set_scope(EVERYTHING)
    db.session.expire_all()


def set_way(client: FlaskClient, **values: str) -> int:
    return client.post(f"/eaddresses/settings/{the_entity().uid}", data=values).status_code


def over_http(client: FlaskClient, directory: ADirectory, **values: str) -> None:
    values |= {"way": "eaddress_http", "address": directory.address, "token": "secret"}
    assert set_way(client, **values) == 303


def by_files(client: FlaskClient) -> None:
    assert set_way(client, way="eaddress_files", folder="annuaire") == 303


def bring(client: FlaskClient, *rows: str, end: str = "\n") -> Any:
    file = (BytesIO((HEAD + "\n".join(rows) + end).encode()), "lignes.csv")
    address = f"/eaddresses/settings/{the_entity().uid}/files"
    return client.post(address, data={"file": file}, content_type="multipart/form-data")


def the_address() -> EAddress:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(EAddress)).one()


def endpoint(invoice: Any, syntax: str = "cii") -> str:
    row = record_of(stored(invoice))
    assert row is not None and row.findings == []
    (found,) = etree.fromstring(xml_of(row, syntax)).xpath(
        "//*[local-name()='BuyerTradeParty']//*[local-name()='URIID']/text()"
        "| //*[local-name()='AccountingCustomerParty']//*[local-name()='EndpointID']/text()"
    )
    return str(found)


def test_the_chosen_line_is_written_on_the_invoice_and_is_the_one_that_was_looked_up(
    house: House, browser: Browser, at: At, directory: ADirectory
) -> None:
    at(BEFORE)
    finance = browser(house.finance)
    choose_first_day(finance, "2026-12-01")
    siret = f"{SIREN}00005"
    directory.lines[SIREN] = [
        {"address": SIREN, "scheme": "0225", "platform": "PA Une", "valid_from": "2026-09-01"},
        {"address": f"{SIREN}_{siret}", "siret": siret, "service": "Compta"},
    ]
    customer = a_customer(house.reseller, name="Avant", siren=SIREN)
    a_customer(house.reseller, name="Camille", kind=CustomerKind.CONSUMER, siren=None)
    a_customer(house.reseller, name="Berlin", siren=None, country="DE")
    live(at)
    assert directory.asked == [], "off until somebody chooses"
    over_http(browser(house.finance), directory)
    live(at)
    live(at)
    assert directory.asked == [SIREN], "neither consumers nor foreign customers; nobody twice in a month"
    page = browser(house.finance).get(f"/customers/{customer.uid}").text
    assert "par défaut" in page and "dans l'annuaire" in page
    client = browser(house.finance)
    address = f"/eaddresses/{the_address().uid}"
    assert "Compta" in client.get(address).text
    wrong = client.post(f"{address}/choice", data={"address": f"{SIREN}_AUTRE"})
    assert wrong.status_code == 422
    assert client.post(f"{address}/choice", data={"address": f"{SIREN}_{siret}"}).status_code == 303
    for stranger in (house.owner, an_outsider(house)):
        assert browser(stranger).get(address).status_code in (403, 404)
    at(DAY)
    set_scope(EVERYTHING)
    owes(customer, "wired")
    client = browser(house.finance)
    (invoice,) = bill(client)
    assert endpoint(invoice) == endpoint(invoice, "ubl") == f"{SIREN}_{siret}"
    client.post(f"{address}/choice", data={"address": SIREN})
    set_scope(EVERYTHING)
    invoice = stored(invoice)
    note = issue_credit_note(invoice, rest_of(invoice), origin="x", reason=CreditReason.ERROR, by=SYSTEM)
    work()
    assert endpoint(invoice) == f"{SIREN}_{siret}", "what is issued keeps its own"
    assert endpoint(stored(note)) == SIREN, "a credit note goes where she is today"


def test_an_address_that_is_unknown_ended_or_withdrawn_is_said_before_the_run_and_holds_nothing_back(
    house: House, browser: Browser, at: At, directory: ADirectory
) -> None:
    at(BEFORE)
    finance = browser(house.finance)
    choose_first_day(finance, "2026-12-01")
    customer = a_customer(house.reseller, name="Avant", siren=SIREN)
    over_http(finance, directory)
    live(at)
    assert "sans ligne, demandez au client" in browser(house.finance).get("/").text
    assert "Avant" in browser(house.finance).get("/eaddresses?standing=to_settle").text
    directory.lines[SIREN] = [{"address": SIREN, "valid_through": "2026-11-30"}]
    client = browser(house.finance)
    assert client.post(f"/eaddresses/{the_address().uid}/asking").status_code == 303
    live(at, minutes=1)
    assert "Adresse électronique à régler" not in browser(house.finance).get("/").text
    assert "Avant" not in browser(house.finance).get("/eaddresses?standing=to_settle").text
    at(DAY)
    set_scope(EVERYTHING)
    owes(customer, "wired")
    client = browser(house.finance)
    assert "Sa validité est passée" in client.get("/").text
    asked = client.post("/billing/previews", data={"entity": the_entity().uid, "month": "2026-12"})
    work()
    preview = client.get(asked.headers["Location"]).text
    assert "à régler avant de facturer" in preview and "standing=to_settle" in preview
    assert len(bill(client)) == 1, "the invoice is due, whatever the directory says"
    directory.lines[SIREN] = [{"address": f"{SIREN}_NEUVE"}]
    at(clock.now() + timedelta(days=30))
    live(at)
    client = browser(house.finance)
    assert "annuaire ne l&#39;a plus" in client.get("/").text, "asked again a month later, by itself"
    client.post(f"/eaddresses/{the_address().uid}/choice", data={"address": f"{SIREN}_NEUVE"})
    assert "annuaire ne l&#39;a plus" not in client.get("/").text


def test_the_run_waits_for_an_address_only_where_the_issuer_wants_it(
    house: House, browser: Browser, at: At, directory: ADirectory
) -> None:
    at(BEFORE)
    finance = browser(house.finance)
    choose_first_day(finance, "2026-12-01")
    customer = a_customer(house.reseller, name="Avant", siren=SIREN)
    over_http(finance, directory, holds_back="y")
    live(at)
    at(DAY)
    set_scope(EVERYTHING)
    owes(customer, "wired")
    client = browser(house.finance)
    assert bill(client) == []
    runs = client.get("/billing/runs").text
    assert "2026-12" in runs
    run = db.session.execute(db.text("select uid from billing_run")).scalar_one()
    assert "est à régler d&#39;abord" in client.get(f"/billing/runs/{run}").text
    directory.lines[SIREN] = [{"address": SIREN}]
    client.post(f"/eaddresses/{the_address().uid}/asking")
    live(at, minutes=1)
    assert len(bill(browser(house.finance))) == 1


def test_while_the_directory_is_down_the_last_answer_counts_with_its_date(
    house: House, browser: Browser, at: At, directory: ADirectory
) -> None:
    customer = a_customer(house.reseller, name="Avant", siren=SIREN)
    directory.lines[SIREN] = [{"address": SIREN}]
    over_http(browser(house.finance), directory)
    live(at)
    answered = the_address().answered_at
    directory.down = 503
    at(clock.now() + timedelta(days=30))
    live(at)
    live(at, hours=13)
    client = browser(house.finance)
    assert "L&#39;annuaire ne répond pas (503)" in client.get("/").text
    page = client.get(f"/customers/{customer.uid}").text
    assert "sa dernière réponse compte" in page and "dans l'annuaire" in page
    assert the_address().answered_at == answered
    directory.down = 0
    live(at, hours=2)
    assert the_address().answered_at == clock.now()
    assert "ne répond pas" not in browser(house.finance).get("/").text


def test_another_siren_is_asked_about_at_once_and_the_old_choice_is_dropped(
    house: House, browser: Browser, at: At, directory: ADirectory
) -> None:
    customer = a_customer(house.reseller, name="Avant", siren=SIREN)
    directory.lines = {SIREN: [{"address": f"{SIREN}_A"}], OTHER: [{"address": OTHER}]}
    over_http(browser(house.finance), directory)
    live(at)
    address = f"/eaddresses/{the_address().uid}"
    browser(house.finance).post(f"{address}/choice", data={"address": f"{SIREN}_A"})
    set_scope(EVERYTHING)
    customer.siren = OTHER
    db.session.commit()
    live(at)
    row = the_address()
    assert (row.address, row.chosen_by, row.standing()) == (OTHER, "", Standing.GOOD)
    assert "Le SIREN a changé" in browser(house.finance).get(address).text


def test_a_file_that_finance_brings_is_read_whole_or_refused_with_its_line(
    house: House, browser: Browser, at: At, root: Path
) -> None:
    a_customer(house.reseller, name="Avant", siren=SIREN)
    finance = browser(house.finance)
    assert bring(finance, f"{SIREN};;{SIREN};0225;;;;").status_code == 422
    by_files(finance)
    assert "Aucun fichier de l&#39;annuaire depuis un mois" in finance.get("/").text
    wrong = bring(finance, f"{SIREN};;{SIREN};0225;;;;", f"{SIREN};;{OTHER};0225;;;;")
    assert wrong.status_code == 422 and "La ligne 3 ne se lit pas" in wrong.text
    cut = bring(finance, f"{SIREN};;{SIREN};0225;;;;", end="")
    assert "le fichier est coupé" in cut.text
    assert db.session.scalars(db.select(EAddressLine)).all() == []
    assert bring(finance, f"{SIREN};;{SIREN};0225;;PA Une;2026-09-01;").status_code == 303
    assert "Aucun fichier de l&#39;annuaire" not in finance.get("/").text
    live(at)
    row = the_address()
    assert (row.standing(), row.source) == (Standing.GOOD, "lignes.csv"), "she came after the file"
    assert bring(browser(house.finance), f"{SIREN};;;;;;;").status_code == 303
    assert the_address().standing() == Standing.CHANGED, "the company has no address any more"


def test_a_half_written_file_waits_in_the_folder_and_a_wrong_one_is_told(
    house: House, browser: Browser, at: At, root: Path
) -> None:
    a_customer(house.reseller, name="Avant", siren=SIREN)
    assert set_way(browser(house.finance), way="eaddress_files", folder="../x") == 422
    by_files(browser(house.finance))
    inbox = root / "inbox"
    (inbox / "b.csv.part").write_text(HEAD)
    (inbox / "a.csv").write_text(HEAD)
    live(at)
    home = browser(house.finance).get("/").text
    assert "Aucun fichier de l&#39;annuaire" in home and "Adresse électronique à régler" not in home
    (inbox / "a.csv").write_text(f"{HEAD}{SIREN};;{SIREN};0225;;;;\n")
    live(at, minutes=1)
    assert the_address().answered_at is None, "it has changed a moment ago"
    live(at, minutes=1)
    assert the_address().standing() == Standing.GOOD
    assert sorted(each.name for each in inbox.iterdir()) == ["b.csv.part"]
    (inbox / "c.csv").write_text("siren\n1\n")
    live(at, minutes=1)
    live(at, minutes=1)
    live(at, minutes=1)
    client = browser(house.finance)
    assert "Fichier de l&#39;annuaire refusé" in client.get("/").text
    assert [each.name[-5:] for each in (root / "refused").iterdir()] == ["c.csv"]
    query = db.select(EAddressFile).where(EAddressFile.name == "c.csv")
    assert client.post(f"/eaddresses/files/{db.session.scalars(query).one().uid}/closing").status_code == 303
    assert "Fichier de l&#39;annuaire refusé" not in client.get("/").text


def test_how_an_address_stands_on_a_day() -> None:
    line = Line("A", valid_from=date(2026, 9, 1), valid_through=date(2026, 11, 30))
    days = [date(2026, 8, 31), date(2026, 9, 1), date(2026, 11, 30), date(2026, 12, 1)]
    found = [standing_of("A", [Known(line)], day, answered=True) for day in days]
    assert found == [Standing.COMING, Standing.GOOD, Standing.GOOD, Standing.ENDED]
    assert standing_of("A", [Known(line, True)], days[1], answered=True) == Standing.CHANGED
    assert standing_of("B", [Known(line)], days[1], answered=True) == Standing.UNKNOWN
    assert standing_of("B", [], days[1], answered=False) == Standing.UNANSWERED


@pytest.mark.parametrize(
    "row",
    [
        "123456789;;;;;;;",
        f"{SIREN};{OTHER}00001;{SIREN};;;;;",
        f"{SIREN};;{SIREN};0088;;;;",
        f"{SIREN};;{SIREN};;;;2026-12-01;2026-11-01",
        f"{SIREN};;{SIREN};;;;hier;",
        f"{SIREN};;{SIREN} X;;;;;",
        f"{SIREN};;",
    ],
)
def test_a_line_that_cannot_be_is_refused(row: str) -> None:
    with pytest.raises(Refused, match="ligne"):
        read_lines(f"{HEAD}{row}\n".encode(), "a.csv")


def test_two_records_of_one_customer_are_put_together_and_the_one_that_stays_keeps_its_address(
    house: House, browser: Browser, at: At, directory: ADirectory
) -> None:
    kept = a_customer(house.reseller, name="Avant", siren=SIREN)
    double = a_customer(house.reseller, name="Avant bis", siren=OTHER)
    over_http(browser(house.finance), directory)
    live(at)
    assert len(db.session.scalars(db.select(EAddress)).all()) == 2
    merge(kept, double, by=SYSTEM)
    db.session.commit()
    page = browser(house.finance).get("/eaddresses").text
    assert SIREN in page and OTHER not in page
