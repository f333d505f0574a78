"""The users of a bucket, one a vault, made through the IAM interface that the store's host offers.

Each has one policy, which :func:`portal.provisioning.rules.bucket_policy` writes, and one key. Every act may
be done again after a kill. Source: AWS Identity and Access Management API Reference, version 2010-05-08.
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from portal.engine.errors import EngineError, EngineFault

_POLICY = "vault"
_DENIED = (401, 403)
_REGION = "us-east-1"  # IAM has one for the whole of an account
_SECONDS = 20.0


class BucketUsers:
    """Of one host. address: of its IAM interface. env: the provider's own keys, as restic names them."""

    def __init__(self, address: str, env: Mapping[str, str]) -> None:
        key, secret = env.get("AWS_ACCESS_KEY_ID", ""), env.get("AWS_SECRET_ACCESS_KEY", "")
        if not (key and secret):
            raise EngineError(EngineFault.BACKEND_DENIED, "no credentials for this host")
        self._client = boto3.client(
            "iam",
            endpoint_url=address,
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=env.get("AWS_SESSION_TOKEN") or None,
            region_name=env.get("AWS_DEFAULT_REGION") or _REGION,
            config=Config(connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"total_max_attempts": 3}),
        )

    def allow(self, user: str, policy: Mapping[str, Any]) -> None:
        """Make the user where it is missing; it may do what the policy says and nothing else.

        Raises EngineError BACKEND_DENIED, BACKEND_UNREACHABLE, as everything here.
        """
        with _told():
            with suppress(self._client.exceptions.EntityAlreadyExistsException):
                self._client.create_user(UserName=user)
            self._client.put_user_policy(
                UserName=user, PolicyName=_POLICY, PolicyDocument=json.dumps(dict(policy))
            )

    def new_key(self, user: str) -> tuple[str, str]:
        """Key id and secret, the only ones of this user: those before open nothing from now on."""
        with _told():
            self._remove_keys(user)
            made = self._client.create_access_key(UserName=user)["AccessKey"]
            return str(made["AccessKeyId"]), str(made["SecretAccessKey"])

    def remove(self, user: str) -> None:
        """Nothing happens where the user is gone already."""
        with _told(), suppress(self._client.exceptions.NoSuchEntityException):
            self._remove_keys(user)
            for name in self._client.list_user_policies(UserName=user)["PolicyNames"]:
                self._client.delete_user_policy(UserName=user, PolicyName=name)
            self._client.delete_user(UserName=user)

    def _remove_keys(self, user: str) -> None:
        for row in self._client.list_access_keys(UserName=user)["AccessKeyMetadata"]:
            self._client.delete_access_key(UserName=user, AccessKeyId=row["AccessKeyId"])


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
        fault = EngineFault.BACKEND_DENIED if status in _DENIED else EngineFault.BACKEND_UNREACHABLE
        raise EngineError(fault, f"HTTP {status} {code}") from None
    except BotoCoreError as error:
        raise EngineError(EngineFault.BACKEND_UNREACHABLE, type(error).__name__) from None
