"""Events that end a contract by nature: each with its document, on its day, and without indemnity."""

import io
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from portal import jobs
from portal.answers.case import leave
from portal.billing.models import Charge
from portal.db import EVERYTHING, db, set_scope
from portal.endings.nature import EndByNature, NatureState
from portal.mail import Mail
from portal.simulator.run import simulate
from portal.subscriptions.case import bare_case
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination_letters import letter_of
from tests.builders import House, an_outsider, stored, work
from tests.contracts.builders import dobaas, natso

Browser = Callable[..., FlaskClient]
At = Callable[[datetime], None]


def a_png() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "PNG")
    return picture.getvalue()


def live(at: At, *day: int) -> None:
    at(datetime(*day, 9, tzinfo=UTC))  # type: ignore[misc]
    set_scope(EVERYTHING)
    jobs.run_periodic()
    db.session.commit()
    work()
    set_scope(EVERYTHING)


def typed(cause: str, **values: Any) -> dict[str, Any]:
    return {
        "cause": cause,
        "whose": "customer",
        "event_on": "2026-11-10",
        "administrator": "silent",
        "posted_on": "2026-11-20",
        "received_on": "2026-11-23",
        **values,
    }


def note(
    client: FlaskClient, subscription: Subscription, data: dict[str, Any], content: bytes | None = None
) -> Any:
    file = (io.BytesIO(a_png() if content is None else content), "piece.png")
    form = {**data, "tracking": "1A 234", "document": file}
    return client.post(
        f"/subscriptions/{subscription.uid}/end-by-nature", data=form, content_type="multipart/form-data"
    )


def one() -> EndByNature:
    set_scope(EVERYTHING)
    return db.session.scalars(select(EndByNature)).one()


def penalties(subscription: Subscription) -> list[str]:
    set_scope(EVERYTHING)
    labels = db.session.scalars(select(Charge.label).where(Charge.customer_id == subscription.customer_id))
    return [label for label in labels if "Pénalité" in label]


@pytest.mark.parametrize("cause", ["end_of_business", "competitor_control"])
def test_004_39_an_event_with_its_document_ends_the_contract_by_its_letter(
    house: House, browser: Browser, at: At, cause: str
) -> None:
    subscription = dobaas(house)
    client, address = browser(house.owner), f"/subscriptions/{subscription.uid}/end-by-nature"
    shown = client.get(address, query_string=typed(cause)).text
    assert "20 novembre 2026" in shown and "004-39" in shown and "0,00" in shown
    assert client.post(address, data=typed(cause)).status_code == 422, "no document, no number"
    assert stored(subscription).ends_on is None
    assert note(client, subscription, typed(cause), b"no picture").status_code == 422
    assert note(client, subscription, typed(cause)).status_code == 303
    assert (stored(subscription).ends_on, subscription.notice_reason) == (date(2026, 11, 20), cause)
    assert letter_of(subscription) is not None
    assert browser(house.owner).get(f"/documents/{one().document.uid}").status_code == 200
    live(at, 2026, 12, 31)
    assert penalties(subscription) == []


def test_004_39_a_receivership_waits_for_its_administrator_and_his_silence_ends_it(
    house: House, browser: Browser, at: At
) -> None:
    """More than a month after 23 November: on 24 December, not before."""
    subscription = dobaas(house)
    client = browser(house.owner)
    data = typed("receivership", whose="provider")
    shown = client.get(f"/subscriptions/{subscription.uid}/end-by-nature", query_string=data).text
    assert "24 décembre 2026" in shown
    asked = leave(date(2026, 12, 24), "receivership", by="provider", asked_on=date(2026, 11, 23))
    told = simulate(replace(bare_case(subscription, as_of=asked.on), events=(asked,)))
    assert told.find("contract_ends").on == date(2026, 12, 24)
    assert note(client, subscription, data).status_code == 303
    assert (stored(subscription).ends_on, one().state) == (None, NatureState.WAITS)
    assert "Réponse de l&#39;administrateur à noter" in client.get("/").text
    live(at, 2026, 12, 23)
    assert stored(subscription).ends_on is None
    live(at, 2026, 12, 24)
    assert stored(subscription).ends_on == date(2026, 12, 24)
    assert stored(one()).state == NatureState.ENDED
    assert "Réponse de l&#39;administrateur à noter" not in client.get("/").text
    set_scope(EVERYTHING)
    mails = [mail.kind for mail in db.session.scalars(select(Mail))]
    assert "endings/mail_nature" in mails
    assert penalties(subscription) == []


@pytest.mark.parametrize(
    ("answer", "ends_on", "state"),
    [("continues", None, NatureState.CONTINUED), ("gives_up", date(2026, 12, 1), NatureState.ENDED)],
)
def test_004_39_the_administrator_answers_and_the_contract_goes_on_or_ends(
    house: House, browser: Browser, at: At, answer: str, ends_on: date | None, state: NatureState
) -> None:
    subscription = dobaas(house)
    assert note(browser(house.owner), subscription, typed("receivership")).status_code == 303
    at(datetime(2026, 12, 1, 9, tzinfo=UTC))
    client, path = browser(house.owner), f"/ends-by-nature/{one().uid}/answer"
    late = client.post(path, data={"answer": answer, "answered_on": "2026-12-02"})
    assert late.status_code == 422 and "entre la réception" in late.text
    assert client.post(path, data={"answer": answer, "answered_on": "2026-11-30"}).status_code == 303
    assert (stored(one()).state, stored(subscription).ends_on) == (state, ends_on)
    live(at, 2027, 1, 15)
    assert stored(subscription).ends_on == ends_on


def test_a_contract_without_such_a_clause_says_so_and_offers_what_it_knows(
    house: House, browser: Browser
) -> None:
    subscription = natso(house)
    page = browser(house.owner).get(f"/subscriptions/{subscription.uid}/end-by-nature").text
    assert "ne prévoit pas de fin" in page and f"/subscriptions/{subscription.uid}/termination" in page
    assert note(browser(house.owner), subscription, typed("end_of_business")).status_code == 422
    assert stored(subscription).ends_on is None


def test_the_page_that_looks_ahead_says_what_its_button_would_answer(house: House, browser: Browser) -> None:
    client = browser(house.owner)
    asked = {"sent_on": "2026-11-23", "reason": "end_of_business"}
    page = client.get(f"/subscriptions/{dobaas(house).uid}/termination", query_string=asked).text
    assert "se note avec sa pièce" in page and "/end-by-nature" in page
    assert "Résilier à ces conditions" not in page
    subscription = natso(house, siren="552100554")
    page = client.get(f"/subscriptions/{subscription.uid}/termination", query_string=asked).text
    assert "aucun effet à ce motif" in page and "Résilier à ces conditions" in page
    for reason in ("none", "switch"):
        page = client.get(
            f"/subscriptions/{subscription.uid}/termination", query_string={**asked, "reason": reason}
        )
        assert "aucun effet à ce motif" not in page.text


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"event_on": "2026-11-24"}, "Ce jour est à venir"),
        ({"event_on": "2026-11-21"}, "part après"),
        ({"received_on": "2026-11-19"}, "reçue après"),
    ],
)
def test_days_that_cannot_be_are_said(
    house: House, browser: Browser, change: dict[str, str], words: str
) -> None:
    subscription = dobaas(house)
    answer = note(browser(house.owner), subscription, typed("end_of_business", **change))
    assert answer.status_code == 422
    assert words in answer.text


def test_an_outsider_and_a_colleague_note_nothing(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    outsider, reader = an_outsider(house), house.reader
    assert note(browser(outsider), subscription, typed("end_of_business")).status_code == 404
    assert note(browser(reader), subscription, typed("end_of_business")).status_code == 403
