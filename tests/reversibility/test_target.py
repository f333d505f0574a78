"""The copy in the customer's own bucket, on a real S3 server of the loopback."""

import hashlib

import boto3
import pytest

from portal.blobs import content_of
from portal.db import db
from portal.errors import Refused
from portal.jobs import TaskState, find_task
from portal.reversibility.models import CaseState
from portal.reversibility.own_bucket import PUSH, HandoverTarget, TargetState, checked_endpoint, target_of
from tests import vaulting
from tests.builders import stored, work
from tests.engine.servers import s3_server
from tests.reversibility.test_views import ask, exports, the_case

T = TargetState


@pytest.fixture
def ready(browser, house, subscription, own_vault):
    ask(browser(house.owner), subscription, own_vault, form="sealed")
    work()
    return the_case()


@pytest.fixture
def form(app, monkeypatch):
    monkeypatch.setitem(app.config, "PRIVATE_TARGETS", True)
    with s3_server() as server:
        yield {
            "endpoint": server.endpoint,
            "bucket": "reprise",
            "prefix": "2026/copie",
            "access_key": "AKIAESSAI",
            "secret_key": "canari-cle-secrete",
        }


def bucket(form):
    client = boto3.client(
        "s3",
        endpoint_url=form["endpoint"],
        aws_access_key_id=form["access_key"],
        aws_secret_access_key=form["secret_key"],
        region_name="us-east-1",
    )
    client.create_bucket(Bucket=form["bucket"])
    return client


def test_the_copy_is_written_once_approved_and_the_keys_forgotten(browser, house, ready, form):
    client, customer = bucket(form), browser(vaulting.a_customer_user(ready.customer))
    path = f"/reversibility/{ready.uid}/target"
    assert customer.post(path, data=form).status_code == 303
    target = target_of(ready)
    assert target.state == T.ASKED
    assert form["secret_key"] not in vaulting.text_of_every_column()
    work()
    assert client.list_objects_v2(Bucket="reprise")["KeyCount"] == 0, "not before it is approved"
    assert browser(house.owner).post(f"{path}/approval").status_code == 403
    operator = browser(house.operator)
    assert "2026/copie" in operator.get(f"/reversibility/{ready.uid}").text
    assert operator.post(f"{path}/approval").status_code == 303
    work()
    assert stored(target).state == T.DONE and target.keys is None
    for document in exports(ready):
        found = client.get_object(Bucket="reprise", Key=f"2026/copie/{document.filename}")
        assert hashlib.sha256(found["Body"].read()).hexdigest() == document.sha256
        assert content_of(document)
    assert "espace de stockage" in vaulting.last_mail(ready.uid).subject.replace("\u00a0", " ")
    assert "écrite" in customer.get(f"/reversibility/{ready.uid}").text
    assert stored(ready).state == CaseState.READY, "the customer still answers"


def test_a_bucket_that_is_not_there_is_told_and_tried_again(browser, house, ready, form):
    form["bucket"] = "absente"
    customer, operator = browser(vaulting.a_customer_user(ready.customer)), browser(house.operator)
    path = f"/reversibility/{ready.uid}/target"
    customer.post(path, data=form)
    operator.post(f"{path}/approval")
    work()
    target = target_of(ready)
    assert find_task(PUSH, target.uid).state == TaskState.FAILED
    assert "existe pas" in operator.get(f"/reversibility/{ready.uid}").text
    bucket(form)
    assert operator.post(f"{path}/approval").status_code == 303
    work()
    assert stored(target).state == T.DONE


def test_another_place_replaces_the_first_and_forgets_its_keys(browser, ready, form):
    customer = browser(vaulting.a_customer_user(ready.customer))
    path = f"/reversibility/{ready.uid}/target"
    customer.post(path, data=form)
    first = target_of(ready)
    customer.post(path, data=form | {"bucket": "ailleurs"})
    assert (stored(first).state, first.keys) == (T.WITHDRAWN, None)
    assert target_of(ready).bucket == "ailleurs"
    assert customer.post(f"{path}/withdrawal").status_code == 303
    assert target_of(ready) is None
    assert customer.post(f"{path}/withdrawal").status_code == 422


@pytest.mark.parametrize(
    "change",
    [
        {"endpoint": ""},
        {"endpoint": "s3.exemple.fr"},
        {"endpoint": "http://127.0.0.1/x"},
        {"bucket": "A"},
        {"bucket": "a_b"},
        {"prefix": "é?"},
        {"access_key": " "},
        {"secret_key": ""},
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_noted(browser, ready, form, change):
    customer = browser(vaulting.a_customer_user(ready.customer))
    answer = customer.post(f"/reversibility/{ready.uid}/target", data=form | change)
    assert answer.status_code == 422
    assert form["secret_key"] not in answer.text
    assert db.session.scalars(db.select(HandoverTarget)).all() == []


@pytest.mark.parametrize(
    "address",
    [
        "http://s3.exemple.fr",
        "https://127.0.0.1",
        "https://10.0.0.8:9000",
        "https://169.254.169.254",
        "https://[::1]",
        "https://localhost",
        "https://user@s3.exemple.fr",
        "https://nulle-part.invalid",
    ],
)
def test_a_place_inside_the_providers_network_is_refused(app, tables, address):
    with pytest.raises(Refused):
        checked_endpoint(address)
