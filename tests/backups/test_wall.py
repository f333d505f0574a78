"""The wall: one cell a machine, its state in words, filtered and exported, inside one's own scope."""

import csv
import io
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import product

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.backups.health import Health, Outcome, Trouble
from portal.backups.models import Machine
from portal.backups.queries import PAGE, Wall, count_alarms, state_column
from portal.backups.receive import receive_report
from portal.backups.watch import values_of
from portal.db import db
from tests.backups.reporting import NIGHT, a_key, a_machine, a_person, a_report, a_watched_machine
from tests.builders import House, a_customer, an_outsider, stored

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]
HTMX = {"HX-Request": "true"}


def seen(client: FlaskClient, query: str = "", **headers: str) -> list[str]:
    """The names on the wall."""
    text = client.get(f"/backups{query}", headers=headers).text
    return [part.split("<")[0] for part in text.split('class="cell-name">')[1:]]


def state_of(machine: Machine) -> str:
    return db.session.scalar(db.select(state_column()).where(Machine.id == machine.id))


def test_the_database_judges_as_the_rule_does(house: House) -> None:
    machine, _token = a_watched_machine(house)
    now = clock.now()
    dues = [None, now - timedelta(seconds=1), now, now + timedelta(hours=1)]
    for outcome, trouble, incidents, due, watched in product(
        [None, *Outcome], Trouble, [0, 2], dues, [True, False]
    ):
        machine.outcome, machine.trouble, machine.incidents = outcome, trouble, incidents
        machine.due_by, machine.is_watched = due, watched
        db.session.flush()
        assert state_of(machine) == machine.health, (outcome, trouble, incidents, due, watched)


def test_a_machine_that_has_not_reported_is_not_green(house: House, browser: Browser, at: At) -> None:
    machine, _token = a_watched_machine(house)
    text = browser(house.owner).get("/backups").text
    assert "jamais vue" in text
    assert "cell-unknown" in text
    assert "cell-fresh" not in text
    at(NIGHT + timedelta(days=30))
    assert (machine.health, machine.is_overdue) == (Health.UNKNOWN, True)
    assert "rien rapporté" in browser(house.owner).get(f"/backups/{machine.uid}").text


def test_a_machine_turns_late_after_twice_its_schedule(house: House, browser: Browser, at: At) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    at(NIGHT + timedelta(hours=48))
    client = browser(house.owner)
    text = client.get("/backups").text
    assert "cell-fresh" in text
    assert "cell-late" not in text
    at(NIGHT + timedelta(hours=48, seconds=1))
    text = client.get("/backups").text
    assert "cell-late" in text
    assert "cell-fresh" not in text
    receive_report(machine, a_report("next", NIGHT + timedelta(hours=48)))
    assert "cell-fresh" in client.get("/backups").text


def test_the_schedule_is_changed_on_the_page(house: House, browser: Browser, at: At) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    at(NIGHT + timedelta(hours=30))
    client = browser(house.support)
    assert machine.health == Health.FRESH
    answer = client.post(f"/backups/{machine.uid}/watch", data={"schedule_hours": "12", "is_watched": "y"})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/backups/{machine.uid}")
    assert (stored(machine).schedule_hours, machine.health) == (12, Health.LATE)
    assert "attendu avant" in client.get(f"/backups/{machine.uid}").text
    client.post(f"/backups/{machine.uid}/watch", data={"schedule_hours": "12"})
    assert stored(machine).health == Health.UNWATCHED
    assert "Surveillance arrêtée" in client.get(f"/backups/{machine.uid}").text


@pytest.mark.parametrize("hours", ["", "0", "745", "-3", "soir"])
def test_an_impossible_schedule_is_refused_beside_its_field(
    house: House, browser: Browser, hours: str
) -> None:
    machine, _token = a_watched_machine(house)
    answer = browser(house.support).post(f"/backups/{machine.uid}/watch", data={"schedule_hours": hours})
    assert answer.status_code == 422
    assert 'id="schedule_hours-error-1"' in answer.text
    assert (stored(machine).schedule_hours, machine.is_watched) == (24, True)


def test_others_neither_see_a_machine_nor_set_its_watch(house: House, browser: Browser) -> None:
    machine, _token = a_watched_machine(house)
    address, data = f"/backups/{machine.uid}", {"schedule_hours": "1"}
    outsider = browser(an_outsider(house))
    assert outsider.get(address).status_code == 404
    assert outsider.post(f"{address}/watch", data=data).status_code == 404
    assert seen(outsider) == []
    assert "poste-1" not in outsider.get("/backups/machines.csv").text
    reader = browser(house.reader)
    assert reader.get(address).status_code == 200
    assert reader.post(f"{address}/watch", data=data).status_code == 403
    assert stored(machine).schedule_hours == 24


def test_a_customer_sees_her_own_machines_only(house: House, browser: Browser) -> None:
    mine, _token = a_watched_machine(house)
    neighbour = a_customer(house.reseller, name="Voisin", siren=None)
    theirs = a_machine(a_key(neighbour), "voisin-1")
    client = browser(a_person(mine.customer.organisation))
    assert seen(client) == ["poste-1"]
    assert client.get(f"/backups/{theirs.uid}").status_code == 404
    assert sorted(seen(browser(house.owner))) == ["poste-1", "voisin-1"]
    assert sorted(seen(browser(house.operator))) == ["poste-1", "voisin-1"]


def some_machines(house: House) -> None:
    key = a_key(a_customer(house.reseller, name="Garage du Pont"))
    other = a_key(a_customer(house.reseller, name="Étude Zola", siren=None))
    receive_report(a_machine(key, "accueil"), a_report())
    receive_report(a_machine(key, "Émile"), a_report(outcome=Outcome.FAILED))
    a_machine(other, "garage-2")
    db.session.commit()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["Émile", "garage-2", "accueil"]),  # the gravest first
        ("?q=gar", ["Émile", "garage-2", "accueil"]),  # a customer's name, or a machine's
        ("?q=etude", ["garage-2"]),
        ("?q=EMI", ["Émile"]),
        ("?q=rien", []),
        ("?state=failed", ["Émile"]),
        ("?state=fresh&q=garage", ["accueil"]),
        ("?state=nonsense&q=", ["Émile", "garage-2", "accueil"]),
        ('?after=[9, "zz", "zz", 1]', ["Émile", "garage-2", "accueil"]),  # none of ours
        ("?after=[9, 1]", []),
        ("?after=abc", ["Émile", "garage-2", "accueil"]),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_wall_is_searched_with_and_without_a_script(
    house: House, browser: Browser, query: str, names: list[str], headers: dict[str, str]
) -> None:
    some_machines(house)
    client = browser(house.owner)
    answer = client.get(f"/backups{query}", headers=headers)
    assert answer.status_code == 200
    assert ("<html" in answer.text) == (not headers)
    assert answer.text.count('id="wall"') == 1
    assert seen(client, query, **headers) == names


def test_states_are_counted_within_the_search(house: House) -> None:
    some_machines(house)
    assert Wall(house.owner).counts() == {Health.FAILED: 1, Health.UNKNOWN: 1, Health.FRESH: 1}
    assert Wall(house.owner, "étu").counts() == {Health.UNKNOWN: 1}


def test_the_start_page_counts_what_somebody_should_look_at(house: House, browser: Browser) -> None:
    some_machines(house)
    assert count_alarms(house.owner) == 1  # the failed one; one is well, one has not begun
    assert "sauvegarde à regarder" in browser(house.owner).get("/").text
    assert "sauvegarde à regarder" not in browser(house.finance).get("/").text
    assert count_alarms(an_outsider(house)) == 0


def test_every_state_is_told_by_a_word_and_a_sign(house: House, browser: Browser) -> None:
    some_machines(house)
    text = browser(house.owner).get("/backups").text
    for state, word, icon in (
        ("failed", "échouée", "x-circle"),
        ("unknown", "jamais vue", "question-circle"),
        ("fresh", "à jour", "check-circle"),
    ):
        cell = text.split(f'class="cell cell-{state}"')[1].split("</a>")[0]
        assert word in cell
        assert f"#{icon}" in cell


def test_the_table_leaves_with_the_filter_that_is_on_the_screen(house: House, browser: Browser) -> None:
    some_machines(house)
    client = browser(house.owner)
    answer = client.get("/backups/machines.csv?state=failed")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff")), delimiter=";"))
    assert rows[1:] == [
        [
            "Émile",
            "Garage du Pont",
            "échouée",
            "2026-11-23 02:00:00",
            "2026-11-25 02:00:00",
            "24",
            "1000000000",
            "1",
        ]
    ]
    assert len(client.get("/backups/machines.csv").text.strip().splitlines()) == 4


def test_a_name_that_looks_like_a_formula_stays_a_text(house: House, browser: Browser) -> None:
    a_machine(a_key(a_customer(house.reseller)), "=cmd|' /C calc'!A0")
    assert "\n'=cmd" in browser(house.owner).get("/backups/machines.csv").text.replace('"', "")


def test_a_long_wall_has_pages(app: Flask, house: House) -> None:
    machine, _token = a_watched_machine(house)
    key = machine.activation.key
    key.seats = PAGE + 1
    for number in range(PAGE):
        a_machine(key, f"m-{number:03d}")
    with app.test_request_context("/backups"):
        first = Wall(house.owner).page()
    with app.test_request_context(first.link):
        last = Wall(house.owner).page()
    assert (len(first), len(last), last.link) == (PAGE, 1, "")
    assert {row.id for row in first} & {row.id for row in last} == set()


def test_what_a_search_finds_stands_in_the_order_of_the_wall(app: Flask, house: House) -> None:
    machine, _token = a_watched_machine(house)
    key = machine.activation.key
    key.seats = PAGE + 20
    kept = [state for state in Health if state != Health.LATE]  # late is a matter of the hour
    for number in range(PAGE + 10):
        one = a_machine(key, f"m-{number:03d}")
        one.standing = kept[number * 5 % len(kept)]
        one.due_by = clock.now() + timedelta(hours=number % 13 - 6)
        if one.standing == Health.UNKNOWN:
            one.due_by = None
    db.session.commit()

    def pages(text: str) -> list[int]:
        found: list[int] = []
        address = "/backups"
        while address:
            with app.test_request_context(address):
                page = Wall(house.owner, text).page()
            found, address = found + [row.id for row in page], page.link
        return found

    everything = pages("")
    assert len(everything) == PAGE + 11
    assert pages("martin") == everything, "the customer's name finds all her machines"


def test_the_page_of_a_machine_tells_its_history(house: House, browser: Browser) -> None:
    machine, _token = a_watched_machine(house)
    receive_report(machine, a_report())
    receive_report(
        machine, a_report("b", NIGHT + timedelta(hours=5), outcome=Outcome.PARTIAL, texts=("<b>refusé</b>",))
    )
    text = browser(house.owner).get(f"/backups/{machine.uid}").text
    assert "réussie" in text
    assert "partielle" in text
    assert "&lt;b&gt;refusé&lt;/b&gt;" in text
    assert "client averti" in text
    assert values_of(machine)["token_hash"] not in text


def test_the_customers_page_shows_the_machines(house: House, browser: Browser) -> None:
    machine, _token = a_watched_machine(house)
    text = browser(house.owner).get(f"/customers/{machine.customer.uid}").text
    assert f"/backups/{machine.uid}" in text
