"""The copy in the customer's own bucket, on a real S3 server of the loopback."""

import hashlib
import io
import json
import socket

import boto3
import pytest

from portal.blobs import content_of
from portal.db import db
from portal.errors import Refused
from portal.jobs import TaskState, find_task
from portal.reversibility import own_bucket
from portal.reversibility.models import CaseState
from portal.reversibility.own_bucket import PUSH, HandoverTarget, TargetState, checked_endpoint, target_of
from tests import vaulting
from tests.builders import stored, work
from tests.engine.servers import listener, s3_server
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
        "https://[64:ff9b::7f00:1]",
        "https://[64:ff9b::a9fe:a9fe]",
        "https://[64:ff9b:1::a00:1]",
        "https://[2002:7f00:1::]",
        "https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]",
        "https://[::7f00:1]",
        "https://[::ffff:127.0.0.1]",
        "https://[::ffff:8.8.8.8]",
        "https://[fe80::1]",
        "https://[fec0::1]",
        "https://[fd00::1]",
        "https://[ff02::1]",
        "https://192.0.0.8",
        "https://192.0.0.9",
        "https://192.88.99.1",
        "https://100.64.0.1",
        "https://198.18.0.1",
        "https://224.0.0.1",
        "https://240.0.0.1",
        "https://0.0.0.0",
        "https://2130706433",
        "https://localhost",
        "https://user@s3.exemple.fr",
        "https://nulle-part.invalid",
    ],
)
def test_a_place_inside_the_providers_network_is_refused(app, tables, address):
    with pytest.raises(Refused):
        checked_endpoint(address)


@pytest.mark.parametrize("address", ["https://8.8.8.8", "https://[2606:4700::1111]:8443"])
def test_a_place_on_the_public_network_is_taken(app, tables, address):
    assert checked_endpoint(address) == address


def test_the_connection_goes_to_an_address_that_was_checked(app, ready, monkeypatch):
    """The name led to a public address when it was asked for, and leads inside once it is written to."""
    with listener() as (address, was_called):
        port = address.rpartition(":")[2]
        answers = {"at first": "8.8.8.8"}

        def resolve(host, port, *_others, **_more):
            number = answers.pop("at first", "127.0.0.1")
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (number, int(port)))]

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        endpoint = checked_endpoint(f"https://reprise.exemple.fr:{port}")
        target = HandoverTarget(
            organisation=ready.customer.organisation, endpoint=endpoint, bucket="reprise", prefix=""
        )
        target.keys = json.dumps(["AKIAESSAI", "canari-cle-secrete"])
        with pytest.raises(Refused, match="ne répond pas"):
            own_bucket._Bucket(target).put("a", lambda: io.BytesIO(b"x"), 1, "0" * 64, lambda: None)
        assert not was_called()
