"""The customer accepts a contract herself: a link, the texts, a code; or a paper that she signed by hand."""

import io
import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.access import Role
from portal.blobs import Document, content_of
from portal.catalogue.models import Method
from portal.crypto.seals import check_seal
from portal.crypto.secrets import keyring
from portal.customers.models import Customer, CustomerKind, Means
from portal.customers.terms_requests import TermsRequest, request_terms
from portal.db import EVERYTHING, db, set_scope
from portal.journal import SYSTEM
from portal.mail import Mail
from portal.subscriptions.models import Order
from portal.subscriptions.ordering import place_order
from portal.terms.shipped import find_stack
from tests.builders import House, a_customer, an_outsider, stored
from tests.sepa.people import code_in_mail, last_mail
from tests.sepa.test_paper import SCAN, photo
from tests.subscriptions.builders import a_product
from tests.terms.builders import a_published

Browser = Callable[..., FlaskClient]
AFTER = datetime(2026, 12, 15, 9, tzinfo=UTC)
SIGNER = {"agree": "y", "entitled": "y", "signer_name": "Camille Martin", "signer_role": "gérante"}


def shown_on(page: str) -> str:
    return re.search(r'name="shown"[^>]*value="([^"]*)"', page).group(1)


def the_request() -> TermsRequest:
    set_scope(EVERYTHING)
    return db.session.scalars(db.select(TermsRequest).order_by(TermsRequest.id.desc())).first()


def token_sent(request: TermsRequest) -> str:
    return last_mail(request).body.split("/accept/")[1].split()[0]


def ask(client: FlaskClient, customer: Customer, **form: Any) -> str:
    """The token that staff's request sends to the signatory."""
    answer = client.post(f"/customers/{customer.uid}/acceptance", data={"terms": "natso", **form})
    assert answer.status_code == 303
    return token_sent(the_request())


def agree(phone: FlaskClient, token: str, **changes: str) -> Any:
    shown = shown_on(phone.get(f"/accept/{token}").text)
    return phone.post(f"/accept/{token}", data={"shown": shown, **SIGNER, **changes})


def accept(phone: FlaskClient, token: str) -> Any:
    assert agree(phone, token).location == f"/accept/{token}/code"
    return phone.post(f"/accept/{token}/code", data={"code": code_in_mail(the_request())})


def test_the_order_waits_for_the_customers_own_acceptance_and_comes_back_as_typed(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    """000-02: nothing is ordered before the customer herself accepts these very texts; the proof is kept."""
    customer, product = a_customer(house.reseller), a_product(house)
    new = a_published(house, date(2026, 12, 15))
    at(AFTER)
    client = browser(house.sales)
    form = {"product": product.uid, "quantity": "7", "method": "wire"}
    answer = client.post(f"/customers/{customer.uid}/orders", data=form)
    assert answer.status_code == 303 and f"/customers/{customer.uid}/acceptance?" in answer.location
    assert db.session.scalars(db.select(Order)).all() == []
    page = client.get(answer.location).text
    assert "000-2027" in page and 'href="/terms/000-2027"' in page
    token = ask(client, customer, **form)
    assert "Conditions à faire accepter" in client.get("/").text
    assert accept(browser(), token).status_code == 303
    mail = last_mail(the_request())
    assert mail.recipient == house.sales.email
    page = client.get(_path(mail)).text
    assert 'value="7"' in page and f'value="{product.uid}" checked' in page
    proof = stored(customer).acceptances[-1]
    assert (proof.version, proof.means, proof.address) == (new.version, Means.CODE, "127.0.0.1")
    assert proof.accepted_by == "Camille Martin, gérante (contact@client.example)"
    answer = client.post(f"/customers/{customer.uid}/orders", data=form)
    order = db.session.scalars(db.select(Order)).one()
    assert order.terms_versions == ["000-2027"]
    for address in (answer.location, f"/customers/{customer.uid}"):
        page = client.get(address).text
        for evidence in (proof.sha256, "000-2027", "Camille Martin", "par lien et code", proof.document_uid):
            assert evidence in page
    assert "Conditions à faire accepter" not in client.get("/").text


def _path(mail: Mail) -> str:
    return re.search(r"https?://[^/\s]+(/customers/\S+)", mail.body).group(1)


def test_the_proof_is_sealed_and_says_who_what_and_when(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, accepted="")
    phone, token = browser(), ask(browser(house.sales), customer)
    accept(phone, token)
    set_scope(EVERYTHING)
    document = db.session.scalars(db.select(Document).where(Document.kind == "terms_evidence")).one()
    assert check_seal(content_of(document), keyring().seal_certificate_pem).is_sound
    download = phone.get(f"/accept/{token}/proof.pdf")
    assert download.status_code == 200 and download.data == content_of(document)
    mails = db.session.scalars(db.select(Mail))
    assert [mail.recipient for mail in mails if document.uid in mail.attachments] == [
        "contact@client.example"
    ]


def test_a_forwarded_link_alone_accepts_nothing(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, accepted="")
    token, thief = ask(browser(house.sales), customer), browser()
    assert thief.post(f"/accept/{token}/code", data={"code": "123456"}).location == f"/accept/{token}"
    agree(thief, token)
    assert thief.post(f"/accept/{token}/code", data={"code": "000000"}).status_code in (303, 422)
    assert last_mail(the_request()).recipient == "contact@client.example"
    assert stored(customer).acceptances == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"agree": ""}, "Cochez cette case pour accepter"),
        ({"entitled": ""}, "sans pouvoir"),
        ({"signer_name": " "}, "Indiquez votre nom"),
        ({"signer_role": ""}, "Indiquez votre fonction"),
        ({"shown": "autre"}, "ont changé"),
    ],
)
def test_nothing_leaves_before_both_declarations_name_and_text(
    house: House, browser: Browser, changes: dict[str, str], words: str
) -> None:
    customer = a_customer(house.reseller, accepted="")
    phone, token = browser(), ask(browser(house.sales), customer)
    assert "checked" not in phone.get(f"/accept/{token}").text  # to agree is her own act
    answer = agree(phone, token, **changes)
    page = phone.get(answer.location) if answer.status_code == 303 else answer
    assert words in page.text.replace("&#39;", "'").replace("\u00a0", " ")
    assert stored(the_request()).link.code_hash is None


def test_a_text_that_changes_before_the_code_is_shown_again(
    house: House, browser: Browser, at: Callable[[datetime], None]
) -> None:
    customer = a_customer(house.reseller, accepted="")
    at(datetime(2026, 12, 14, 22, 55, tzinfo=UTC))  # five minutes before midnight in Paris
    phone, token = browser(), ask(browser(house.sales), customer)
    agree(phone, token)
    code = code_in_mail(the_request())
    a_published(house, date(2026, 12, 15))
    at(datetime(2026, 12, 14, 23, 1, tzinfo=UTC))
    answer = phone.post(f"/accept/{token}/code", data={"code": code})
    assert answer.status_code == 422 and "ont changé" in answer.text
    assert stored(customer).acceptances == []
    accept(browser(), token)
    assert [row.version for row in stored(customer).acceptances] == ["000-2027"]


def test_a_refusal_goes_to_who_asked_and_ends_the_request(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, accepted="")
    phone, token = browser(), ask(browser(house.sales), customer)
    assert phone.post(f"/accept/{token}/refusal", data={"reason": "trop long"}).status_code == 303
    assert "Vous n'avez pas accepté" in phone.get(f"/accept/{token}").text.replace("&#39;", "'")
    mail = last_mail(the_request())
    assert mail.recipient == house.sales.email and "trop long" in mail.body
    assert phone.post(f"/accept/{token}", data=SIGNER).status_code == 409
    assert "Relancer" not in browser(house.sales).get("/").text


def test_a_withdrawn_or_renewed_request_leaves_one_link(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller, accepted="")
    client = browser(house.owner)
    first = ask(client, customer)
    second = ask(client, customer)
    assert first != second and browser().get(f"/accept/{first}").status_code == 410
    request = the_request()
    path = f"/customers/{customer.uid}/acceptance/{request.uid}/withdrawal"
    assert browser(an_outsider(house, Role.OWNER)).post(path).status_code == 404
    assert client.post(path).status_code == 303
    assert browser().get(f"/accept/{second}").status_code == 410
    assert client.post(path).status_code == 409


def paper(**changes: Any) -> dict[str, Any]:
    stack = find_stack("natso")
    shown = " ".join(f"{each.version}:{each.sha256}" for each in stack.documents)
    data = {"terms": "natso", "shown": shown, "signer": "Camille Martin, gérante", "signed_on": "2026-11-20"}
    return {**data, **changes}


def deposit(client: FlaskClient, customer: Customer, scan: bytes = SCAN, **changes: Any) -> Any:
    data = paper(**changes) | {"scan": (io.BytesIO(scan), "contrat.pdf")}
    return client.post(f"/customers/{customer.uid}/acceptance/paper", data=data)


def test_a_paper_is_recorded_with_its_scan_and_the_customer_gets_a_copy(
    house: House, browser: Browser
) -> None:
    customer = a_customer(house.reseller, accepted="")
    request_terms(customer, "natso", by=house.sales)
    db.session.commit()
    answer = deposit(browser(house.sales), customer)
    assert answer.status_code == 303
    proof = stored(customer).acceptances[-1]
    assert (proof.means, proof.accepted_by, proof.signed_on) == (
        Means.PAPER,
        "Camille Martin, gérante",
        date(2026, 11, 20),
    )
    assert stored(the_request()).state == "withdrawn"
    mail = last_mail(customer)
    assert mail.recipient == "contact@client.example" and proof.document_uid in mail.attachments
    assert "sur papier signé" in browser(house.sales).get(f"/customers/{customer.uid}").text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"scan": b"MZ"}, "Choisissez un PDF"),
        ({"scan": photo("GIF")}, "Choisissez un PDF"),
        ({"signer": " "}, "Indiquez qui a signé"),
        ({"signed_on": "2027-01-01"}, "dans le futur"),
        ({"signed_on": ""}, "Indiquez le jour"),
        ({"shown": "000-2019:aa"}, "ont changé"),
    ],
)
def test_a_paper_that_does_not_fit_is_refused_beside_its_field(
    house: House, browser: Browser, changes: dict[str, Any], words: str
) -> None:
    customer = a_customer(house.reseller, accepted="")
    answer = deposit(browser(house.owner), customer, **changes)
    assert answer.status_code in (409, 422) and words in answer.text.replace("&#39;", "'").replace(
        "\u00a0", " "
    )
    assert stored(customer).acceptances == []


def test_the_words_of_a_contract_are_the_file_whose_fingerprint_it_names(
    house: House, browser: Browser
) -> None:
    new = a_published(house, date(2026, 12, 15))
    words = new.version.encode()  # whose fingerprint the builder writes into the head
    operator, path = browser(house.operator), f"/terms/{new.version}/words"
    assert "pas déposé" in operator.get(f"/terms/{new.version}").text
    for wrong in (b"autre chose", b""):
        answer = operator.post(path, data={"file": (io.BytesIO(wrong), "t.txt")})
        assert answer.status_code == 422 and "empreinte SHA-256 est une autre" in answer.text
    assert browser(house.owner).post(path, data={}).status_code == 403
    assert operator.post(path, data={"file": (io.BytesIO(words), "t.txt")}).status_code == 303
    assert browser(house.reader).get(path).data == words


def test_an_unknown_contract_and_a_foreign_customer_are_missing(house: House, browser: Browser) -> None:
    customer = a_customer(house.reseller)
    sent = {"terms": "autre"}
    assert browser(house.owner).post(f"/customers/{customer.uid}/acceptance", data=sent).status_code == 404
    stranger = browser(an_outsider(house, Role.OWNER))
    assert stranger.get(f"/customers/{customer.uid}/acceptance").status_code == 404
    assert stranger.post(f"/customers/{customer.uid}/acceptance", data=sent).status_code == 404
    assert deposit(stranger, customer).status_code == 404
    assert browser(house.reader).get(f"/customers/{customer.uid}/acceptance").status_code == 403
    assert "NATSO" in browser(house.owner).get(f"/customers/{customer.uid}/acceptance").text


def test_an_acceptance_recorded_by_mistake_is_taken_back_with_its_trace(
    house: House, browser: Browser
) -> None:
    customer = a_customer(house.reseller, accepted="")
    client = browser(house.sales)
    deposit(client, customer)
    proof = stored(customer).acceptances[0]
    path = f"/customers/{customer.uid}/acceptance/{proof.uid}/reversal"
    assert client.post(path, data={"reason": " "}).status_code == 422
    assert browser(an_outsider(house, Role.OWNER)).post(path, data={"reason": "x"}).status_code == 404
    assert client.post(path, data={"reason": "mauvais client"}).status_code == 303
    assert not stored(customer).has_accepted(find_stack("natso"))
    assert "mauvais client" in client.get(f"/customers/{customer.uid}").text
    assert client.post(path, data={"reason": "encore"}).status_code == 422


def test_what_an_order_rests_on_or_the_customer_gave_herself_stays(house: House, browser: Browser) -> None:
    ordered, own = a_customer(house.reseller), a_customer(house.reseller, siren=None, accepted="")
    place_order(ordered, a_product(house), 1, Method.WIRE, by=SYSTEM)
    db.session.commit()
    client = browser(house.owner)
    accept(browser(), ask(client, own))
    for customer, words in ((ordered, "appuie dessus"), (own, "avec un code")):
        proof = stored(customer).acceptances[0]
        path = f"/customers/{customer.uid}/acceptance/{proof.uid}/reversal"
        answer = client.post(path, data={"reason": "erreur"})
        assert answer.status_code == 422 and words in answer.text


def test_003_02_no_consumer_is_asked_to_accept_what_is_between_businesses(
    house: House, browser: Browser
) -> None:
    """Neither with a link nor on paper; told beside the contract, and nothing is sent or kept."""
    person = a_customer(house.reseller, accepted=None, kind=CustomerKind.CONSUMER, siren=None)
    sales, where = browser(house.sales), f"/customers/{person.uid}/acceptance"
    page = sales.get(f"{where}?terms=numspot").text
    shown, paper = shown_on(page), {"signer": "Yann Morvan", "signed_on": "2026-11-20"}
    for path, data in (
        (where, {}),
        (f"{where}/paper", {**paper, "shown": shown, "scan": (io.BytesIO(SCAN), "s.pdf")}),
    ):
        refused = sales.post(path, data={"terms": "numspot", **data})
        assert refused.status_code == 422 and "aux particuliers (003-02)" in refused.text
    assert the_request() is None and not person.has_accepted(find_stack("numspot"))
    assert ask(sales, person)
