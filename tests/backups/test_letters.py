"""What the customer is written about backups: each incident once, at once; a report when asked for."""

from collections.abc import Callable
from datetime import date, timedelta

from flask.testing import FlaskClient

from portal.backups.health import Outcome
from portal.backups.letters import choose_reports
from portal.backups.models import BackupIncident, Machine
from portal.backups.receive import receive_report
from portal.customers.models import ContactRole
from portal.db import db
from portal.engine.models import register_vault
from portal.mail import Mail, MailState
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from tests.backups.reporting import (
    NIGHT,
    a_body,
    a_person,
    a_report,
    a_usage,
    a_watched_machine,
    of_dobaas,
    of_natso,
    post,
)
from tests.builders import House, an_outsider, stored, work

Browser = Callable[..., FlaskClient]


def mails(machine: Machine) -> list[Mail]:
    return list(db.session.scalars(db.select(Mail).where(Mail.subject_uid == machine.uid).order_by(Mail.id)))


def spaced(text: str) -> str:
    """With plain spaces where French typography wants others."""
    return text.replace("\u202f", " ").replace("\u00a0", " ")


def test_000_44_an_incident_is_mailed_at_once_and_once(house: House, browser: Browser) -> None:
    machine, token = a_watched_machine(house)
    machine.customer.contact(ContactRole.INCIDENT).email = "astreinte@client.example"
    client = browser()
    body = a_body(outcome="partial", incident_texts=["Accès refusé : compta.mdb", "Disque absent"])
    for _again in range(3):
        assert post(client, token, body).status_code == 201
    (mail,) = mails(machine)
    assert (mail.recipient, mail.state) == ("astreinte@client.example", MailState.QUEUED)
    assert spaced(mail.subject) == "Incident de sauvegarde : poste-1"
    assert "Accès refusé : compta.mdb" in mail.body
    assert "Disque absent" in mail.body
    assert f"/backups/{machine.uid}" in mail.body
    work()
    assert stored(mail).state == MailState.SENT
    told = db.session.scalars(db.select(BackupIncident.mailed_at)).all()
    assert len(told) == 2
    assert all(told)


def test_000_44_the_next_run_tells_its_own_incidents_only(house: House) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report("a", outcome=Outcome.PARTIAL, texts=("premier",)))
    receive_report(
        machine, a_report("b", NIGHT + timedelta(hours=1), outcome=Outcome.PARTIAL, texts=("second",))
    )
    first, second = mails(machine)
    assert "premier" in first.body
    assert ("premier" in second.body, "second" in second.body) == (False, True)


def test_000_44_a_failure_that_says_nothing_is_an_incident_too(house: House) -> None:
    machine, _token = a_watched_machine(house)
    run, _is_new = receive_report(machine, a_report(outcome=Outcome.FAILED))
    assert [row.text for row in run.incident_rows] == ["La sauvegarde a échoué."]
    assert "La sauvegarde a échoué." in mails(machine)[0].body
    receive_report(machine, a_report("b", NIGHT + timedelta(hours=1), incidents=1))
    assert "un incident sans le décrire" in mails(machine)[1].body


def test_000_44_incidents_that_were_counted_but_not_described_are_told_as_a_number(house: House) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report(outcome=Outcome.PARTIAL, incidents=4, texts=("un seul texte",)))
    assert "et 3 autres" in mails(machine)[0].body


def test_a_good_run_writes_nothing(house: House) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    assert mails(machine) == []


def test_the_customer_is_written_in_her_language(house: House) -> None:
    machine, _token = a_watched_machine(house)
    machine.customer.language = "en"
    receive_report(machine, a_report(outcome=Outcome.FAILED, texts=("disk full",)))
    assert mails(machine)[0].language == "en"


def test_000_44_an_amendment_that_stops_these_mails_is_obeyed(house: House) -> None:
    machine, subscription = of_natso(house)
    subscription.amendments.append(
        SignedAmendment(
            organisation=subscription.customer.organisation,
            subscription_id=subscription.id,
            kind=AmendmentKind.AMENDMENT,
            label="Avenant",
            created_by="x",
            signed_on=date(2026, 11, 20),
            effective_on=date(2026, 11, 20),
            values={"backup.incident_mail": {"value": False, "clause": "000-44"}},
        )
    )
    db.session.commit()
    run, _is_new = receive_report(machine, a_report(outcome=Outcome.FAILED, texts=("x",)))
    assert mails(machine) == []
    assert run.incident_rows[0].mailed_at is None


def test_000_45_a_customer_who_did_not_ask_gets_no_report(house: House) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    assert mails(machine) == []


def test_000_45_the_report_holds_volume_files_and_incidents(house: House, browser: Browser) -> None:
    machine, subscription = of_natso(house)
    customer = machine.customer
    vault = register_vault(customer, name="V", location="/nowhere", subscription_uid=subscription.uid)
    vault.measured(a_usage(42 * 10**9))
    person = browser(a_person(customer.organisation))
    answer = person.post(f"/backups/reports/{customer.uid}", data={"wanted": "yes"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/backups")
    receive_report(
        machine, a_report(files_total=123456, outcome=Outcome.PARTIAL, texts=("Accès refusé : a.mdb",))
    )
    _incident, report = mails(machine)
    body = spaced(report.body)
    assert spaced(report.subject) == "Compte rendu de sauvegarde : poste-1"
    assert "Volume de données stockées : 42 Go" in body
    assert "Nombre de fichiers sauvegardés : 123 456" in body
    assert "Accès refusé : a.mdb" in body
    person.post(f"/backups/reports/{customer.uid}", data={"wanted": "no"})
    receive_report(machine, a_report("b", NIGHT + timedelta(hours=1)))
    assert len(mails(machine)) == 2


def test_000_45_before_a_vault_is_measured_the_report_says_what_was_read(
    house: House, browser: Browser
) -> None:
    machine, _token = a_watched_machine(house)
    client = browser(house.support)
    data = {"wanted": "yes", "machine": machine.uid}
    answer = client.post(f"/backups/reports/{machine.customer.uid}", data=data)
    assert answer.headers["Location"] == f"/backups/{machine.uid}"
    receive_report(machine, a_report(source_bytes=7 * 10**9))
    body = spaced(mails(machine)[0].body)
    assert "Volume de données lues : 7 Go" in body
    assert "Aucun incident." in body


def test_the_choice_is_refused_to_a_reader_and_unknown_to_a_stranger(house: House, browser: Browser) -> None:
    machine, _token = a_watched_machine(house)
    address = f"/backups/reports/{machine.customer.uid}"
    outsider = an_outsider(house)
    assert browser(house.reader).post(address, data={"wanted": "yes"}).status_code == 403
    assert browser(outsider).post(address, data={"wanted": "yes"}).status_code == 404


def test_002_07_the_report_repeats_the_advice_of_local_copies(house: House) -> None:
    machine, _subscription = of_dobaas(house)
    choose_reports(machine.customer, True, by=house.owner)
    receive_report(machine, a_report())
    assert "copies locales" in mails(machine)[0].body
    assert "(002-07)" in mails(machine)[0].body


def test_002_07_a_contract_that_gives_no_such_advice_is_not_made_to(house: House) -> None:
    machine, _subscription = of_natso(house)
    choose_reports(machine.customer, True, by=house.owner)
    receive_report(machine, a_report())
    assert "copies locales" not in mails(machine)[0].body
