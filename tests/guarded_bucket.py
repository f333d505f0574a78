"""A real S3 protocol with its IAM: who signs wrongly, or asks for what no policy allows him, is refused.

moto evaluates users, keys, signatures and policies. Two things it leaves out are given to it here: the
condition ``s3:prefix``, and that asking whether a bucket is there (HeadBucket) takes the right to list it.
"""

import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from moto.core.authorization import enable_iam_authentication
from moto.iam.access_control import IAMPolicyStatement, S3IAMRequest
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

from portal.db import new_uid
from tests.engine.servers import free_port

_ALL = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
_ASKED = threading.local()


def _check(request: S3IAMRequest, resource: str, _check: Any = S3IAMRequest.check_action_permitted) -> None:
    _ASKED.prefix = parse_qs(urlsplit(request._path).query).get("prefix", [""])[0]
    if request._action == "s3:HeadBucket":
        request._action = "s3:ListBucket"
    _check(request, resource)


def _conditions(statement: IAMPolicyStatement, _values: Any) -> bool:
    told = statement._statement.get("Condition")
    if not told:
        return True
    assert told.keys() == {"StringLike"} and told["StringLike"].keys() == {"s3:prefix"}
    return any(fnmatchcase(_ASKED.prefix, pattern) for pattern in told["StringLike"]["s3:prefix"])


class Guarded:
    """The server and its bucket, as their owner sees them. keys: of the account that the portal uses."""

    def __init__(self, endpoint: str, bucket: str) -> None:
        self.endpoint, self.bucket = endpoint, bucket
        self.keys = {"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x"}

    def client(self, service: str = "s3", key: str = "", secret: str = "") -> Any:
        return boto3.client(
            service,
            endpoint_url=self.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key or self.keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=secret or self.keys["AWS_SECRET_ACCESS_KEY"],
        )

    def exists(self) -> bool:
        return self.bucket in [row["Name"] for row in self.client().list_buckets()["Buckets"]]

    def names(self, prefix: str = "") -> list[str]:
        pages = self.client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [row["Key"] for page in pages for row in page.get("Contents", ())]

    def users(self) -> list[str]:
        return [row["UserName"] for row in self.client("iam").list_users()["Users"]]


@contextmanager
def a_guarded_bucket(*, locked_days: int = 0) -> Iterator[Guarded]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    port = free_port()
    server = make_server("127.0.0.1", port, DomainDispatcherApplication(create_backend_app), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    place = Guarded(f"http://127.0.0.1:{port}", f"seau-{new_uid()}")
    _furnish(place, locked_days)
    try:
        with pytest.MonkeyPatch.context() as patched, enable_iam_authentication():
            patched.setattr(S3IAMRequest, "check_action_permitted", _check)
            patched.setattr(IAMPolicyStatement, "_check_conditions", _conditions)
            yield place
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _furnish(place: Guarded, locked_days: int) -> None:
    """The bucket, and the account of the portal, while nobody asks for keys yet."""
    place.client().create_bucket(Bucket=place.bucket, ObjectLockEnabledForBucket=bool(locked_days))
    if locked_days:
        rule = {"DefaultRetention": {"Mode": "COMPLIANCE", "Days": locked_days}}
        told = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        place.client().put_object_lock_configuration(Bucket=place.bucket, ObjectLockConfiguration=told)
    iam, account = place.client("iam"), f"portail-{place.bucket}"
    iam.create_user(UserName=account)
    iam.put_user_policy(UserName=account, PolicyName="all", PolicyDocument=json.dumps(_ALL))
    made = iam.create_access_key(UserName=account)["AccessKey"]
    place.keys = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
