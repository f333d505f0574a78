"""Signed amendments: what they change, from which day, and what refuses them."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from portal.answers.handover import delivery, fee
from portal.blobs import content_of
from portal.contracts.amendments import Draft, sign_amendment, typed_value
from portal.contracts.history import history_of
from portal.db import db
from portal.errors import Refused
from portal.journal import SYSTEM, timeline
from portal.simulator.run import simulate
from portal.subscriptions.amendments import AmendmentKind, SignedAmendment
from portal.subscriptions.case import contract_of
from portal.subscriptions.models import Subscription
from portal.subscriptions.termination import Notice, work_out
from portal.terms.shipped import find_stack
from portal.terms.stack import Amendment
from portal.terms.values import amended_value, as_json, from_json
from portal.terms.vocabulary import KEYS
from tests.builders import House, an_outsider
from tests.contracts.builders import START, dobaas, dropcloud, natso

Browser = Callable[..., FlaskClient]
TODAY = date(2026, 11, 23)
BILLED = date(2026, 12, 15)


def a_draft(key: str, value: Any, **values: Any) -> Draft:
    defaults: dict[str, Any] = dict(
        kind=AmendmentKind.AMENDMENT,
        label="Avenant n° 1",
        signed_on=TODAY,
        effective_on=BILLED,
        signed_by_both=True,
    )
    return Draft(key=key, value=value, **{**defaults, **values})


def special(key: str, value: Any, **values: Any) -> Draft:
    start = {"signed_on": START, "effective_on": START}
    return a_draft(key, value, kind=AmendmentKind.CONDITIONS, **{**start, **values})


def test_an_amendment_counts_from_its_day_and_says_what_it_overrides(house: House) -> None:
    subscription = dobaas(house)
    sign_amendment(subscription, a_draft("reversibility.delivery_days", 20), by=SYSTEM)
    db.session.commit()
    before = subscription.terms.on(date(2026, 12, 14)).get("reversibility.delivery_days")
    after = subscription.terms.on(BILLED).get("reversibility.delivery_days")
    assert (before.value, before.clause) == (60, "004-30")
    assert (after.value, after.clause, after.article) == (20, "004-30", "Avenant n° 1")
    assert [(value.value, value.document) for value in after.overrode] == [(60, "004")]
    assert after.reference == "Avenant n° 1 (004-30)"
    assert subscription.order_uid  # the order keeps the documents alone
    assert find_stack("dobaas").get("reversibility.delivery_days").value == 60


def test_facts_of_a_day_before_keep_the_old_value(house: House) -> None:
    subscription = dobaas(house)
    sign_amendment(subscription, a_draft("reversibility.delivery_days", 20), by=SYSTEM)
    sign_amendment(subscription, a_draft("reversibility.fee_minimum_cents", 90000), by=SYSTEM)
    sign_amendment(subscription, a_draft("early_end.notice_months", 1), by=SYSTEM)
    assert delivery(contract_of(subscription, date(2026, 12, 14)), date(2026, 12, 14)).on == date(2027, 2, 12)
    assert delivery(contract_of(subscription, BILLED), BILLED).on == date(2027, 1, 4)
    assert fee(contract_of(subscription, date(2026, 12, 14)), TODAY, "copy").cents == 150000
    assert fee(contract_of(subscription, BILLED), BILLED, "copy").cents == 90000
    assert work_out(subscription, Notice(TODAY, "none", at_term=False)).ends_on == date(2027, 5, 23)


def test_the_simulator_reads_the_contract_of_the_day_of_each_event(house: House) -> None:
    subscription = dobaas(house)
    sign_amendment(subscription, a_draft("early_end.notice_months", 1), by=SYSTEM)
    assert work_out(
        subscription, Notice(date(2026, 12, 14), at_term=False), looking_ahead=True
    ).ends_on == date(2027, 6, 14)
    assert work_out(subscription, Notice(BILLED, at_term=False), looking_ahead=True).ends_on == date(
        2027, 1, 15
    )


def test_a_key_on_which_the_contract_is_silent_gets_a_value(house: House) -> None:
    subscription = natso(house)
    sign_amendment(subscription, a_draft("erasure.grace_days", 30, effective_on=date(2027, 1, 15)), by=SYSTEM)
    value = subscription.terms.get("erasure.grace_days")
    assert (value.clause, value.reference, value.overrode) == ("", "Avenant n° 1", ())
    assert simulate(history_of(subscription).case).status == "active"


def test_of_two_amendments_of_one_day_the_later_signature_counts(house: House) -> None:
    subscription = dobaas(house)
    for days, signed_on in ((40, date(2026, 11, 20)), (20, TODAY), (50, date(2026, 11, 19))):
        draft = a_draft("reversibility.delivery_days", days, signed_on=signed_on)
        sign_amendment(subscription, draft, by=SYSTEM)
    assert subscription.terms.get("reversibility.delivery_days").value == 20


@pytest.mark.parametrize(
    ("draft", "field", "said"),
    [
        (
            a_draft("reversibility.delivery_day", 20),
            "key",
            r"reversibility.delivery_day \(article Avenant n° 1\) : clé inconnue ; vouliez-vous « rev",
        ),
        (
            a_draft("reversibility.delivery_days", "vingt"),
            "value",
            r"reversibility.delivery_days \(article 16\) : la valeur 'vingt' n'est pas « days »",
        ),
        (a_draft("reversibility.delivery_days", 3661), "value", r"\(article 16\) : 3661 est hors"),
        (a_draft("reversibility.delivery_days", -1), "value", "hors des limites"),
        (a_draft("termination.customer_refund", "half"), "value", "n'est pas un des choix none, prorata"),
        (
            a_draft("reversibility.delivery_days", 20, signed_by_both=False),
            "signed_by_both",
            r"Délai de remise des données \(article 16\) : Un avenant est signé par les deux parties",
        ),
        (a_draft("reversibility.delivery_days", 20, signed_on=date(2026, 11, 24)), "signed_on", "le futur"),
        (
            a_draft("reversibility.delivery_days", 20, effective_on=date(2026, 11, 22)),
            "effective_on",
            "ne prend pas effet avant sa signature",
        ),
        (
            a_draft("reversibility.delivery_days", 20, effective_on=date(2026, 12, 14)),
            "effective_on",
            "facturé jusqu'au 14 décembre 2026 inclus",
        ),
        (a_draft("reversibility.delivery_days", 20, text=b"MZ"), "text", "fichier PDF"),
    ],
)
def test_what_refuses_an_amendment(house: House, draft: Draft, field: str, said: str) -> None:
    subscription = dobaas(house)
    with pytest.raises(Refused, match=said) as refused:
        sign_amendment(subscription, draft, by=SYSTEM)
    assert refused.value.field == field
    assert subscription.terms == find_stack("dobaas")


def test_an_amendment_may_begin_on_the_first_day_that_is_not_invoiced(house: House) -> None:
    subscription = dobaas(house)
    assert (
        sign_amendment(subscription, a_draft("reversibility.delivery_days", 0), by=SYSTEM).effective_on
        == BILLED
    )


def test_special_conditions_stand_at_their_rank(house: House) -> None:
    subscription = dobaas(house, billed_before=START)
    sign_amendment(subscription, special("reversibility.delivery_days", 30), by=SYSTEM)
    assert subscription.terms.get("reversibility.delivery_days").value == 30
    assert [document.kind for document in subscription.terms.documents] == ["contract", "specific", "general"]
    later = a_draft("reversibility.delivery_days", 10, signed_on=START, effective_on=START)
    sign_amendment(subscription, later, by=SYSTEM)
    assert subscription.terms.get("reversibility.delivery_days").value == 10  # an amendment is above them


def test_special_conditions_are_listed_among_the_documents(house: House, browser: Browser) -> None:
    subscription = dobaas(house, billed_before=START)
    sign_amendment(subscription, special("reversibility.delivery_days", 30, label="Conditions A"), by=SYSTEM)
    db.session.commit()
    page = browser(house.owner).get(f"/contracts/{subscription.uid}").text
    assert "<div>Conditions A</div>" in page
    assert browser(house.owner).get(f"/subscriptions/{subscription.uid}").status_code == 200


def test_special_conditions_have_no_value_where_the_contract_ranks_none(house: House) -> None:
    with pytest.raises(Refused, match=r"\(article 1\.5\).*\(000-03\)") as refused:
        sign_amendment(natso(house, billed_before=START), special("erasure.grace_days", 30), by=SYSTEM)
    assert refused.value.field == "kind"


def test_special_conditions_below_the_general_ones_do_not_change_them(house: House) -> None:
    subscription = dropcloud(house, billed_before=START)
    with pytest.raises(Refused, match=r"\(article 13\.1\).*\(001-03\).*001-44"):
        sign_amendment(subscription, special("plan.monthly.notice_days", 5), by=SYSTEM)
    sign_amendment(
        subscription, special("late.early_payment_discount", True), by=SYSTEM
    )  # nothing above says it
    assert subscription.terms.get("late.early_payment_discount").value is True


def test_rank_keeps_special_conditions_below_in_the_stack_itself() -> None:
    value = amended_value("Conditions", "plan.monthly.notice_days", 5)
    signed = Amendment("Conditions", START, START, {value.key: value})
    found = find_stack("dropcloud").with_conditions([signed]).get(value.key)
    assert (found.value, [under.value for under in found.overrode]) == (15, [5])
    assert find_stack("numspot").condition_kind == "specific"
    assert find_stack("natso").with_conditions([signed]) == find_stack("natso")


@pytest.mark.parametrize(
    ("key", "typed", "value"),
    [
        ("reversibility.delivery_days", " 20 ", 20),
        ("reversibility.delivery_days", "20,5", "20,5"),
        ("reversibility.fee_minimum_cents", "1 200,50 €", 120050),
        ("reversibility.fee_minimum_cents", "rien", "rien"),
        ("early_end.flat_penalty_basis_points", "12,5 %", 1250),
        ("early_end.flat_penalty_basis_points", "0,001", "0,001"),
        ("sla.access.percent", "99,95", "99.95"),
        ("keys.after_payment", "no", False),
        ("payment.methods", "wire, card", ["wire", "card"]),
        ("certificate.hds.until", "2027-02-28", date(2027, 2, 28)),
        ("certificate.hds.until", "2027-02-30", "2027-02-30"),
        ("hosting.region", " FR ", "FR"),
    ],
)
def test_what_is_typed_is_read_by_its_unit(key: str, typed: str, value: Any) -> None:
    assert typed_value(key, typed) == value


def test_every_value_of_the_contracts_survives_being_kept() -> None:
    for name in ("natso", "dropcloud", "dobaas", "numspot"):
        for key, value in find_stack(name).values.items():
            kept = from_json(key, as_json(value.value))
            assert amended_value("x", key, kept).value == value.value, key
            assert key in KEYS


FORM = {
    "kind": "amendment",
    "label": "Avenant n° 1",
    "key": "reversibility.delivery_days",
    "value": "20",
    "signed_on": "2026-11-23",
    "effective_on": "2026-12-15",
    "signed_by_both": "y",
}


def send(client: FlaskClient, subscription: Subscription, **values: Any) -> Any:
    return client.post(f"/contracts/{subscription.uid}/amendments", data={**FORM, **values})


def test_the_operator_records_an_amendment_with_its_text(house: House, browser: Browser) -> None:
    subscription, client = dobaas(house), browser(house.operator)
    answer = send(client, subscription, text=(BytesIO(b"%PDF-1.7 signed"), "../avenant n° 1.pdf"))
    assert (answer.status_code, answer.location) == (303, f"/contracts/{subscription.uid}")
    row = db.session.scalars(db.select(SignedAmendment)).one()
    assert row.values == {"reversibility.delivery_days": {"value": 20, "clause": "004-30"}}
    assert (row.created_by, row.document.filename) == (house.operator.label, "avenant n_ 1.pdf")
    assert content_of(row.document) == b"%PDF-1.7 signed"
    entry = next(each for each in timeline(subscription) if each.what == "amend")
    assert entry.details["sha256"] == row.document.sha256
    page = client.get(f"/contracts/{subscription.uid}").text
    for expected in ("Avenant n° 1", "signé le 23 novembre 2026", "en vigueur à partir du 15 décembre 2026"):
        assert expected in page
    with browser(house.owner).get(f"/documents/{row.document.uid}", buffered=True) as download:
        assert download.data == b"%PDF-1.7 signed"


def test_the_items_of_a_list_are_picked_by_their_words(house: House, browser: Browser) -> None:
    subscription, client = dobaas(house), browser(house.operator)
    page = client.get(f"/contracts/{subscription.uid}/amendments/new?key=reversibility.choices").text
    present = subscription.terms.get("reversibility.choices").value
    for item in present:
        assert re.search(rf'<input checked[^>]*type="checkbox" value="{item}"', page), item
    assert f'<code class="key small">{present[0]}' not in page  # nobody types codes
    for picked, items in (([], None), (["nonsense"], None), (list(present[:1]), list(present[:1]))):
        answer = send(client, subscription, key="reversibility.choices", value=picked)
        rows = db.session.scalars(db.select(SignedAmendment)).all()
        assert (answer.status_code, len(rows)) == ((422, 0) if items is None else (303, 1))
        if items is None:
            assert '<fieldset aria-describedby="value-error-1">' in answer.text
            assert 'href="#value-0"' in answer.text and 'id="value-0"' in answer.text
    assert rows[0].values["reversibility.choices"]["value"] == items


def test_an_item_that_no_text_of_ours_has_is_not_lost_when_the_list_is_picked_again(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    subscription = dobaas(house)
    sign_amendment(subscription, a_draft("reversibility.choices", ["by_courier"]), by=SYSTEM)
    at(datetime(2027, 1, 4, 9, tzinfo=UTC))
    db.session.commit()
    address = f"/contracts/{subscription.uid}/amendments/new?key=reversibility.choices"
    page = browser(house.operator).get(address).text
    assert re.search(r'<input checked[^>]*type="checkbox" value="by_courier"', page)


def scanned(size: int) -> dict[str, Any]:
    """The form with a scan of that many bytes, as a browser sends it."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{FORM[name]}' for name in FORM]
    head = 'Content-Disposition: form-data; name="text"; filename="a.pdf"\r\nContent-Type: application/pdf'
    body = (
        "\r\n".join([*parts, f"--x\r\n{head}\r\n\r\n"]).encode() + b"%PDF-" + bytes(size) + b"\r\n--x--\r\n"
    )
    return {"data": body, "content_type": "multipart/form-data; boundary=x"}


def test_a_scan_of_several_megabytes_is_taken_and_a_larger_one_is_not(house: House, browser: Browser) -> None:
    subscription, client = dobaas(house), browser(house.operator)
    address = f"/contracts/{subscription.uid}/amendments"
    assert client.post(address, **scanned(11 << 20)).status_code == 413
    assert db.session.scalars(db.select(SignedAmendment)).all() == []
    assert client.post(address, **scanned(5 << 20)).status_code == 303
    assert db.session.scalars(db.select(SignedAmendment)).one().document.size_bytes == (5 << 20) + 5


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"label": ""}, "label"),
        ({"value": ""}, "value"),
        ({"value": "-1"}, "value"),
        ({"value": "vingt"}, "value"),
        ({"signed_on": ""}, "signed_on"),
        ({"signed_on": "2026-12-01"}, "signed_on"),
        ({"effective_on": "2026-12-14"}, "effective_on"),
        ({"signed_by_both": ""}, "signed_by_both"),
        ({"kind": "conditions", "signed_on": "2026-01-15"}, "effective_on"),
        ({"key": "no.such_key"}, "key"),
    ],
)
def test_a_bad_amendment_is_refused_beside_its_field(
    house: House, browser: Browser, values: dict[str, str], field: str
) -> None:
    subscription = dobaas(house)
    answer = send(browser(house.operator), subscription, **values)
    assert answer.status_code == 422
    assert f'id="{field}-error-1"' in answer.text
    assert values.get("value") != "vingt" or "Délai de remise des données (article" in answer.text
    assert db.session.scalars(db.select(SignedAmendment)).all() == []


def test_the_form_shows_the_present_value_of_the_key(house: House, browser: Browser) -> None:
    subscription, client = dobaas(house), browser(house.operator)
    address = f"/contracts/{subscription.uid}/amendments/new?key="
    swapped = client.get(address + "reversibility.delivery_days", headers={"HX-Request": "true"}).text
    assert "<b>60 jours</b> (004-30, art. 16)" in swapped
    assert swapped.lstrip().startswith('<div id="amended-value"')
    assert '<input type="hidden" name="key" value="reversibility.delivery_days">' in swapped
    page = client.get(address + "termination.customer_refund").text
    assert '<option value="prorata">' in page
    assert "le contrat n'en dit rien" in client.get(address + "mandate.refund_weeks").text


def test_only_the_operator_amends_and_nobody_elses_contract_opens(house: House, browser: Browser) -> None:
    subscription = dobaas(house)
    for person in (house.owner, house.finance, an_outsider(house)):
        assert send(browser(person), subscription).status_code == 403
    assert "Ajouter un avenant" not in browser(house.owner).get(f"/contracts/{subscription.uid}").text
    assert "Ajouter un avenant" in browser(house.operator).get(f"/contracts/{subscription.uid}").text


@pytest.mark.parametrize("change", ["update amendment set label = 'x'", "delete from amendment"])
def test_the_database_itself_keeps_what_was_signed(house: House, change: str) -> None:
    sign_amendment(dobaas(house), a_draft("reversibility.delivery_days", 20), by=SYSTEM)
    db.session.commit()
    with pytest.raises(DatabaseError, match=r"frozen|permission denied"), db.session.begin_nested():
        db.session.execute(text(change))


def test_an_amendment_that_has_begun_is_said_to_be_in_force(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    subscription = dobaas(house)
    sign_amendment(subscription, a_draft("reversibility.delivery_days", 20), by=SYSTEM)
    db.session.commit()
    at(datetime(2026, 12, 15, 9, tzinfo=UTC))
    page = browser(house.owner).get(f"/contracts/{subscription.uid}").text
    assert "en vigueur depuis le 15 décembre 2026" in page
    assert "20 jours" in page
    assert "Remplace" in page
