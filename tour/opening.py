"""Opening shop on an empty portal: provider, entities, offers, resellers and people, by screens only."""

import io
import re
import subprocess
import sys
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas
from stdnum.eu import at_02

from tour.devices import Device
from tour.instance import ROOT
from tour.numbers import make_iban, make_siren, make_vat
from tour.person import PASSWORD, Person, path_in
from tour.stage import Stage

OPERATOR, OWNER = "exploitation@fournisseur.example", "gerance@ouest.example"


def an_ics(number: str) -> str:
    return f"FR{at_02.calc_check_digits(f'FR00ZZZ{number}')}ZZZ{number}"


def entity(serial: int, name: str) -> dict[str, str]:
    siren = make_siren(serial)
    return {
        "name": name,
        "legal_form": "SAS au capital de 50 000 €",
        "siren": siren,
        "rcs_town": "Rennes",
        "vat_number": make_vat(siren),
        "street": "4 quai de la Vilaine",
        "postcode": "35000",
        "town": "Rennes",
        "country": "FR",
        "email": f"facturation{serial}@fournisseur.example",
        "ics": an_ics(f"58{serial:04d}"),
        "iban": make_iban(serial),
        "bank_name": "Banque du Port",
        "mandate_prefix": f"SF{serial}",
    }


def set_up(tour: Stage) -> Path:
    """``flask setup`` from a file, then the first operator's own password and passkey."""
    values = "".join(
        f'{name} = "{value}"\n' for name, value in entity(900, "SAUVEGARDE DU FLEUVE SAS").items()
    )
    source = tour.portal.folder / "setup.toml"
    source.write_text(
        '[provider]\nname = "Sauvegarde du Fleuve"\n\n[operator]\nname = "Exploitation"\n'
        f'email = "{OPERATOR}"\n\n[entity]\n{values}'
    )
    command = [sys.executable, "-m", "flask", "setup", "--file", str(source)]
    said = _run(command, tour)
    address = re.search(r"https?://[^/\s]+(/welcome/\S+)", said)
    assert address, said
    again = _run(command, tour)
    if "Le fournisseur est là : Sauvegarde du Fleuve" not in again:
        raise RuntimeError(f"setup does not say what is there: {again}")
    link = re.search(r"https?://[^/\s]+(/welcome/\S+)", again) or address
    tour.device = Device(tour.portal.url, OPERATOR)
    picture = tour.device.enrol(link[1])
    tour.operator = Person(tour.portal.url).adopt(tour.device.cookies)
    tour.operator.visit("/setup")
    return tour.keep("1-passkey.png", picture)


def _run(command: list[str], tour: Stage) -> str:
    done = subprocess.run(
        command, env=tour.portal.environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout


def open_shop(tour: Stage) -> Path:
    """Mail and store are tried, the offers get a price, a second legal entity is made."""
    operator = tour.operator
    operator.visit("/setup")
    operator.send_form_of("/setup/mail")
    operator.visit("/setup")
    operator.send_form_of("/setup/store")
    tour.mails.wait_for(OPERATOR, "")
    for code, price, gigabytes in (
        ("NB-WS", "59,88", None),
        ("WS-M", "12,00", "50"),
        ("DB-36", "300,00", "1000"),
    ):
        operator.visit(f"/setup/offers/{code}")
        operator.send_form_of(f"/setup/offers/{code}", price=price, included_gb=gigabytes)
    operator.visit("/sepa/entities/new")
    operator.send_form_of("/sepa/entities", **entity(901, "FLEUVE FORMATION SAS"))
    page = operator.visit("/setup")
    if "Pas encore essayé" in page:
        raise RuntimeError("mail or store were not tried")
    return tour.keep("2-setup.html", page)


def hire(tour: Stage) -> Path:
    """Two resellers, one below the other, with their contracts; people come by link, with a second factor."""
    operator = tour.operator
    ouest = open_reseller(operator, "Revendeur Ouest", 910)
    below = open_reseller(operator, "Revendeur Ouest Littoral", 911, below=ouest)
    provider = {tour.FINANCE: "finance", tour.TREASURER: "finance", tour.TECHNICIAN: "technician"}
    for email, role in provider.items():
        invite(operator, role, email)
    tour.finance, tour.treasurer = _welcomed(tour, tour.FINANCE), _welcomed(tour, tour.TREASURER)
    tour.technician = _welcomed(tour, tour.TECHNICIAN)
    invite(operator, "owner", OWNER, house=ouest)
    mail = tour.mails.wait_for(OWNER, "")
    hers = Device(tour.portal.url, OWNER)
    hers.enrol(path_in(mail, "/welcome/"))
    tour.owner = Person(tour.portal.url).adopt(hers.cookies)
    page = tour.owner.visit("/resellers")
    if "Revendeur Ouest Littoral" not in page:
        raise RuntimeError("the owner does not see the reseller below")
    assert below
    return tour.keep("3-people.html", operator.visit("/people"))


def open_reseller(operator: Person, name: str, serial: int, below: str = "") -> str:
    """The id of its organisation, once its contract is there and it may sell."""
    operator.visit(f"/resellers/new?below={below}" if below else "/resellers/new")
    found = re.search(r'name="below" value="(\w+)"', operator.page.text)
    assert found
    operator.send_form_of(
        "/resellers",
        below=found[1],
        name=name,
        siren=make_siren(serial),
        street="1 rue du Port",
        postcode="29200",
        town="Brest",
        support_email=f"support{serial}@ouest.example",
    )
    address = operator.page.url.path
    operator.send_form_of(
        "/contract", files={"contract": ("contrat.pdf", _pdf())}, contract_signed_on="2026-01-05"
    )
    operator.send_form_of("/steps/activate")
    operator.visit(address)
    return re.search(r"house=(\w+)|below=(\w+)", operator.page.text).group().split("=")[1]  # type: ignore[union-attr]


def _pdf() -> bytes:
    out = io.BytesIO()
    page = Canvas(out)
    page.drawString(72, 720, "Contrat de revente")
    page.save()
    return out.getvalue()


def invite(by: Person, role: str, email: str, house: str = "") -> None:
    by.visit(f"/people/new?house={house}" if house else "/people/new")
    by.send_form_of(
        "/people", house=house or None, role=role, email=email, name=email.split("@")[0], language="fr"
    )


def _welcomed(tour: Stage, email: str) -> Person:
    mail = tour.mails.wait_for(email, "")
    return Person(tour.portal.url).welcome(path_in(mail, "/welcome/"), email, PASSWORD).enrol_app()
