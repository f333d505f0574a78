"""The commands: what they do, refuse and answer."""

import json

import pytest
from flask import Flask

from portal.access import Role
from portal.db import db
from portal.sepa.commands import sepa
from tests.builders import PASSWORD, House, a_user, an_entity
from tests.sepa.people import a_collection, a_signed_mandate, the_entity

ICS = "FR15ZZZ588627"


@pytest.fixture
def command(app: Flask, house: House):
    def run(name: str, *options: str, on: str = "2026-12-07", creditor: str = ICS, typed: str = ""):
        db.session.commit()
        arguments = [name, "--creditor", creditor, "--on", on, "--json", *options]
        with app.app_context():
            result = app.test_cli_runner().invoke(sepa, arguments, input=typed)
        line = result.output.strip().splitlines()[-1] if result.output.strip() else ""
        return result.exit_code, json.loads(line) if line.startswith("{") else result.output

    return run


def a_reader_of_money(house: House, email: str, role: Role = Role.FINANCE) -> None:
    a_user(house.provider, role, email).email = email
    db.session.commit()


def test_from_due_to_released(house: House, command, browser) -> None:
    a_collection(a_signed_mandate(house))
    assert command("due") == (
        0,
        {"rows": [{"scheme": "CORE", "due_on": "2026-12-07", "count": 1, "total_cents": 12345}]},
    )
    assert command("due", on="2026-12-06") == (0, {"rows": []})
    code, answer = command("freeze")
    assert (code, answer["rows"][0]["state"]) == (0, "frozen")
    code, answer = command("export")
    assert (code, answer["rows"][0]["state"], len(answer["rows"][0]["sha256"])) == (0, "exported", 64)
    a_reader_of_money(house, "two@house.example")
    a_reader_of_money(house, "ops@house.example", Role.OPERATOR)
    release = ("release", "--by", "two@house.example")
    code, answer = command(*release, typed=PASSWORD + "\n")
    assert (code, "relire" in answer["error"]) == (1, True)
    from portal.sepa.models import Batch

    batch = db.session.scalars(db.select(Batch)).one()
    client = browser(house.finance)
    assert client.post(f"/sepa/batches/{batch.uid}/reading").status_code == 303
    assert command(*release, typed="wrong\n")[0] == 1
    code, answer = command("release", "--by", "ops@house.example", typed=PASSWORD + "\n")
    assert (code, "ne peut pas" in answer["error"]) == (1, True)
    code, answer = command(*release, typed=PASSWORD + "\n")
    assert (code, answer["rows"][0]["state"]) == (0, "released")


@pytest.mark.parametrize("name", ["freeze", "export"])
def test_nothing_to_do_is_said(house: House, command, name: str) -> None:
    code, answer = command(name)
    assert code == 1
    assert answer["error"]


def test_wrong_arguments(house: House, command) -> None:
    assert command("due", on="07/12/2026")[0] == 2
    assert command("due", creditor="nobody")[1] == {"error": "Créancier inconnu : nobody."}
    assert command("due", creditor=the_entity().uid)[0] == 0
    an_entity(house.provider)
    code, answer = command("due")
    assert (code, "Plusieurs" in answer["error"]) == (1, True)


def test_a_file_that_fails_says_why(house: House, command) -> None:
    mandate = a_signed_mandate(house)
    a_collection(mandate)
    assert command("freeze")[0] == 0
    mandate.debtor_name = "日本"
    db.session.commit()
    code, answer = command("export")
    assert (code, "nom" in answer["error"]) == (1, True)


def test_without_json_it_is_text(house: House, app: Flask) -> None:
    a_collection(a_signed_mandate(house))
    with app.app_context():
        result = app.test_cli_runner().invoke(sepa, ["due", "--creditor", ICS, "--on", "2026-12-07"])
    assert "123,45" in result.output
    assert result.exit_code == 0
