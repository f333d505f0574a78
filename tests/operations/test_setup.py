"""A production begins with one command: provider, legal entity, and somebody who can sign in."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import func, select

from portal.accounts.models import Organisation, User
from portal.db import EVERYTHING, db, set_scope
from portal.resellers.models import LegalEntity
from tests.conftest import Client
from tests.installation import ROOT, Installation, Installs

SHOP = """
[provider]
name = "Sauvegarde du Port"
[entity]
name = "SAUVEGARDE DU PORT SAS"
legal_form = "SAS au capital de 50 000 €"
siren = "451 600 977"
rcs_town = "Rennes"
vat_number = "FR 63 451600977"
street = "4 quai du Port"
postcode = "35000"
town = "Rennes"
email = "facturation@port.example.fr"
ics = "FR15 ZZZ 588627"
iban = "FR76 3000 6000 0112 3456 7890 189"
bank_name = "Banque du Port"
mandate_prefix = "port"
[operator]
name = "Claude Roux"
email = "Claude@port.example.fr"
"""
PASSWORD = "un coffre bien fermé"


@pytest.fixture
def place(an_installation: Installs, tmp_path: Path) -> Iterator[Installation]:
    with an_installation(tmp_path) as place, place.context():
        place.app.test_client_class = Client
        yield place


def run(place: Installation, *words: str, said: str = "") -> Result:
    db.session.commit()
    return place.app.test_cli_runner().invoke(args=["setup", *words], input=said)


def from_file(place: Installation, text: str) -> Result:
    path = place.folder / "shop.toml"
    path.write_text(text)
    return run(place, "--file", str(path))


def counted() -> list[int]:
    set_scope(EVERYTHING)
    kinds = (Organisation, LegalEntity, User)
    return [db.session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]


def address_in(done: Result) -> str:
    found = re.search(r"(/welcome/\S+)", done.output)
    assert found, done.output
    return found[1]


def test_a_file_opens_shop_and_its_operator_signs_in(place: Installation) -> None:
    done = from_file(place, SHOP)
    assert done.exit_code == 0, done.output
    assert counted() == [1, 1, 1]
    entity = db.session.scalars(select(LegalEntity)).one()
    assert (entity.siren, entity.vat_number, entity.ics) == ("451600977", "FR63451600977", "FR15ZZZ588627")
    assert (entity.iban, entity.mandate_prefix) == ("FR7630006000011234567890189", "PORT")
    db.session.rollback()
    client, address = place.app.test_client(), address_in(done)
    assert "claude@port.example.fr" in client.get(address).text
    assert client.post(address, data={"password": PASSWORD}).status_code == 303
    assert client.get(address).status_code == 410  # once
    client.post("/login", data={"email": "claude@port.example.fr", "password": PASSWORD})
    for path in ["/", "/customers", "/work", "/work/journal", "/sepa/creditors", "/terms", "/prices"]:
        assert client.get(path).status_code == 200, path


def test_run_again_it_says_what_is_there(place: Installation) -> None:
    first = address_in(from_file(place, SHOP))
    again = run(place)  # nothing is asked
    assert again.exit_code == 0 and counted() == [1, 1, 1]
    for word in ("Sauvegarde du Port", "451600977", "claude@port.example.fr"):
        assert word in again.output
    client = place.app.test_client()
    assert client.get(first).status_code == 410  # the newer address counts
    assert client.post(address_in(again), data={"password": PASSWORD}).status_code == 303
    assert "/welcome/" not in run(place).output


def test_what_is_missing_is_made_alone(place: Installation) -> None:
    from_file(place, SHOP)
    set_scope(EVERYTHING)
    db.session.delete(db.session.scalars(select(LegalEntity)).one())
    db.session.commit()
    assert from_file(place, SHOP).exit_code == 0 and counted() == [1, 1, 1]


def test_every_fault_of_a_file_is_told_and_nothing_is_made(place: Installation) -> None:
    wrong = SHOP
    for right, typed in {
        "451 600 977": "451 600 978",
        "0 189": "0 188",
        "588627": "588628",
        "Claude@": "",
        "\ntown =": "\ncity =",
    }.items():
        wrong = wrong.replace(right, typed)
    done = from_file(place, wrong)
    assert done.exit_code == 1 and counted() == [0, 0, 0]
    for name in ("siren", "iban", "ics", "city", "town"):
        assert f"entity.{name} :" in done.output
    assert "operator.email :" in done.output
    assert "0 188" not in done.output  # no account on the screen
    assert from_file(place, "provider = 1").exit_code == 1
    assert from_file(place, "not toml").exit_code == 1


def test_the_terminal_asks_until_it_has_an_answer(place: Installation) -> None:
    values = re.findall(r'= "(.*)"', SHOP)
    values.insert(values.index("451 600 977"), "123")  # first a number that is no SIREN
    values.insert(values.index("35000") + 2, "")  # the country that is proposed
    done = run(place, said="\n".join(values) + "\n")
    assert done.exit_code == 0, done.output
    assert "n'est pas un SIREN" in done.output and counted() == [1, 1, 1]


@pytest.mark.parametrize("password", ["short", "aaaaaaaaaaaaaa", "claude claude claude", "x" * 129, ""])
def test_a_poor_password_is_refused_beside_the_field(place: Installation, password: str) -> None:
    address = address_in(from_file(place, SHOP))
    answer = place.app.test_client().post(address, data={"password": password})
    assert answer.status_code == 422 and 'aria-invalid="true"' in answer.text
    assert place.app.test_client().get(address).status_code == 200


def test_the_example_is_one_whose_faults_are_told(place: Installation) -> None:
    """It has every answer; its numbers are not real ones."""
    done = run(place, "--file", str(ROOT / "deploy" / "shop.toml"))
    faults = re.findall(r"(\w+\.\w+) :", done.output)
    assert faults == ["entity.siren", "entity.vat_number", "entity.ics", "entity.iban"]
