"""A bucket of the customer's own, to which the copy is written once the provider has approved it (004-31)."""

import json
from collections.abc import Callable
from enum import StrEnum
from functools import partial
from typing import Any, BinaryIO, ClassVar
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy import ForeignKey, String, Text, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal import jobs
from portal.actor import Actor
from portal.blob_stores import ONE_BY_ONE
from portal.blobs import opener
from portal.crypto.secrets import Sealed
from portal.db import Tenant, db
from portal.engine.handed_over import handed_over
from portal.errors import Conflict, Refused
from portal.journal import SYSTEM, record
from portal.public_places import NotPublic, keep_public, public_addresses
from portal.reversibility.models import CaseState, ReversibilityCase
from portal.stateful import Stateful, step
from portal.wording import N_

PUSH = "reversibility.push"
_TIMES = Config(connect_timeout=10, read_timeout=60, retries={"max_attempts": 4, "mode": "standard"})


class TargetState(StrEnum):
    ASKED = "asked"
    APPROVED = "approved"  # being written
    DONE = "done"
    WITHDRAWN = "withdrawn"


T = TargetState


class HandoverTarget(Tenant, Stateful, db.Model):
    """Where the customer wants the copy; its keys are forgotten as soon as they are not needed."""

    __tablename__ = "handover_target"

    steps = {
        "approve": step(T.ASKED, to=T.APPROVED),
        "finish": step(T.APPROVED, to=T.DONE),
        "withdraw": step(T.ASKED, T.APPROVED, to=T.WITHDRAWN),
    }

    case_id: Mapped[int] = mapped_column(ForeignKey("reversibility_case.id"), index=True)
    endpoint: Mapped[str] = mapped_column(String(200))
    bucket: Mapped[str] = mapped_column(String(63))
    prefix: Mapped[str] = mapped_column(String(200), default="")
    keys_sealed: Mapped[str | None] = mapped_column(Text)
    keys = Sealed()  # JSON: access key and secret key
    state: Mapped[TargetState] = mapped_column(default=T.ASKED)
    version: Mapped[int] = mapped_column()

    case: Mapped[ReversibilityCase] = relationship()

    __mapper_args__: ClassVar[dict[str, Any]] = {"version_id_col": version}

    @property
    def label(self) -> str:
        return f"{self.endpoint}/{self.bucket}/{self.prefix}"

    def shown_state(self) -> str:
        return f"target_{self.state.value}"

    def approve(self, *, by: Actor) -> None:
        """The provider has looked at the place: the copy may go there."""
        if self.case.state != CaseState.READY:
            raise Refused(_("La copie n'est pas prête, ou elle est déjà acceptée."))
        self._take("approve", by=by, target=self.label)
        jobs.enqueue(PUSH, self.uid, self.case.customer.organisation)

    def withdraw(self, *, by: Actor) -> None:
        self._take("withdraw", by=by, target=self.label)
        self.keys = None

    def finish(self, files: int) -> None:
        self._take("finish", by=SYSTEM, target=self.label, files=files)
        self.keys = None
        record(self.case, "push", by=SYSTEM, target=self.label, files=files)


def ask_target(
    case: ReversibilityCase,
    *,
    endpoint: str,
    bucket: str,
    prefix: str,
    access_key: str,
    secret_key: str,
    by: Actor,
) -> HandoverTarget:
    """Note where the customer wants the copy. Raises Refused for a place that may not be written to."""
    if case.state != CaseState.READY:
        raise Refused(_("La copie n'est pas prête, ou elle est déjà acceptée."))
    db.session.refresh(case, with_for_update=True)
    if (former := target_of(case)) is not None and former.can("withdraw"):
        if former.state == T.APPROVED and not _has_failed(former):
            raise Conflict(_("La copie est en cours d'écriture vers l'espace indiqué avant."))
        former.withdraw(by=by)
    target = HandoverTarget(
        organisation=case.customer.organisation,
        case=case,
        endpoint=checked_endpoint(endpoint),
        bucket=bucket,
        prefix=prefix.strip("/"),
        state=T.ASKED,
    )
    target.keys = json.dumps([access_key, secret_key])
    db.session.add(target)
    record(case, "ask_target", by=by, target=target.label)
    return target


def target_of(case: ReversibilityCase) -> HandoverTarget | None:
    """The latest place that was not withdrawn."""
    query = select(HandoverTarget).where(HandoverTarget.case_id == case.id)
    query = query.where(HandoverTarget.state != T.WITHDRAWN)
    return db.session.scalars(query.order_by(HandoverTarget.id.desc()).limit(1)).one_or_none()


def _has_failed(target: HandoverTarget) -> bool:
    task = jobs.find_task(PUSH, target.uid)
    return task is not None and task.state == jobs.TaskState.FAILED


def checked_endpoint(typed: str) -> str:
    """The address of the customer's storage. Raises Refused for one inside the provider's own network."""
    parts = urlsplit(typed.strip().rstrip("/"))
    if not parts.hostname or parts.username or parts.path or parts.query:
        raise Refused(_("Indiquez l'adresse comme https://s3.exemple.fr."), field="endpoint")
    if current_app.config["PRIVATE_TARGETS"]:
        return f"{parts.scheme}://{parts.netloc}"
    if parts.scheme != "https":
        raise Refused(_("L'adresse commence par https://."), field="endpoint")
    try:
        public_addresses(parts.hostname, parts.port or 443)
    except NotPublic:
        raise Refused(_("Cette adresse n'est pas sur l'internet public."), field="endpoint") from None
    except (OSError, UnicodeError):
        raise Refused(_("Cette adresse n'existe pas."), field="endpoint") from None
    return f"https://{parts.netloc}"


@jobs.job(PUSH, jobs.Lane.EXPORTS)
def push(claim: jobs.Claim) -> None:
    """Write every file of the copy to the bucket; what is already there, whole, is left alone."""
    target = db.session.scalars(select(HandoverTarget).where(HandoverTarget.uid == claim.ref)).one()
    if target.state != T.APPROVED or target.case.state != CaseState.READY:
        return
    documents = handed_over(target.case.uid)
    checked_endpoint(target.endpoint)  # for the sentence: each connection looks again
    bucket, client = _Bucket(target), len(documents)
    for number, document in enumerate(documents, 1):
        content, size, sha256 = opener(document), document.size_bytes, document.sha256
        filename = document.filename
        db.session.rollback()  # no transaction is held while the network works
        bucket.put(filename, content, size, sha256, partial(claim.progress, number - 1, client))
        claim.step(done=number, total=client)
    target.finish(len(documents))
    target.case.write_to_customer("mails/pushed.txt", target=target)
    claim.step(done=client, total=client)


class _Bucket:
    """The customer's bucket, through the customer's keys."""

    def __init__(self, target: HandoverTarget) -> None:
        access_key, secret_key = json.loads(target.keys or '["", ""]')
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=target.endpoint,
            aws_access_key_id=access_key,
            config=_TIMES,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
        )
        if not current_app.config["PRIVATE_TARGETS"]:
            keep_public(self._client)
        self._bucket, self._prefix = target.bucket, f"{target.prefix}/" if target.prefix else ""

    def put(
        self,
        filename: str,
        opened: Callable[[], BinaryIO],
        size: int,
        sha256: str,
        tell: Callable[[], object],
    ) -> None:
        """Write one file and ask what arrived. Raises Refused with a sentence for the customer."""
        key = self._prefix + filename
        try:
            if self._holds(key, size, sha256):
                return
            with opened() as content:
                self._client.upload_fileobj(
                    content,
                    self._bucket,
                    key,
                    ExtraArgs={"Metadata": {"sha256": sha256}},
                    Callback=lambda _: tell(),
                    Config=ONE_BY_ONE,
                )
            if not self._holds(key, size, sha256):
                raise Refused(N_("Votre espace n'a pas gardé « %(name)s » entier."), name=filename)
        except ClientError as error:
            raise _refused(error) from None
        except (BotoCoreError, boto3.exceptions.Boto3Error) as error:
            if isinstance(cause := error.__context__, ClientError):
                raise _refused(cause) from None
            raise Refused(N_("Votre espace de stockage ne répond pas.")) from None

    def _holds(self, key: str, size: int, sha256: str) -> bool:
        try:
            head = self._client.head_object(Bucket=self._bucket, Key=key)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound"):
                return False
            raise
        return bool(head["ContentLength"] == size and head["Metadata"].get("sha256") == sha256)


def _refused(error: ClientError) -> Refused:
    code = error.response.get("Error", {}).get("Code", "?")
    if code == "NoSuchBucket":
        return Refused(N_("Cet espace (bucket) n'existe pas."))
    return Refused(N_("Votre espace de stockage refuse l'écriture (%(code)s)."), code=str(code)[:40])
