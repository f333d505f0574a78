"""What a vault may hold, who may write into it, and whether a store suits a contract. Pure."""

from datetime import date
from typing import Any

GB = 10**9
LEVELS = (80, 95, 100)  # per cent of what was bought, at which somebody is told


def quota_gb(volume_gb: int | None, included_gb: int | None, quantity: int) -> int | None:
    """What was bought, in GB of 10^9 bytes; None where the volume is not limited.

    volume_gb: contracted as a whole. included_gb: what one unit pays for. quantity: units.

    Source: 002-03, 004-09.
    """
    if volume_gb is not None:
        return volume_gb
    return included_gb * quantity if included_gb is not None else None


def quota_level(bytes_stored: int, gb: int | None) -> int:
    """The highest of ``LEVELS`` that is reached, 0 below all of them or without a limit.

    bytes_stored: bytes. gb: GB of 10^9 bytes.

    Source: 001-17, 002-03, 004-09.
    """
    if not gb:
        return 0
    return max((level for level in LEVELS if bytes_stored * 100 >= gb * GB * level), default=0)


def may_write(*, is_suspended: bool, ends_on: date | None, today: date) -> bool:
    """May machines add backups today? Reading for a restoration is another matter and goes on.

    ends_on: first day without service, Europe/Paris.

    Source: 003-15, 003-11.
    """
    return not is_suspended and (ends_on is None or today < ends_on)


def outlives_contract(immutable_days: int | None, kept_days: int | None) -> bool:
    """Would the store still hold an object on the day on which the contract has it erased?

    immutable_days: for how long the store refuses to delete what was written, None: not at all. kept_days:
    days between the end of the contract and the erasure; None: the contract names none. The last backup may
    be written on the last day, so that both begin together.

    Source: 001-48, 002-23, 003-24, 004-32.
    """
    return immutable_days is not None and kept_days is not None and immutable_days > kept_days


def bucket_policy(bucket: str, prefix: str, *, may_add: bool, may_remove: bool = False) -> dict[str, Any]:
    """What the user of one vault may do in a bucket: read and add below its prefix, remove its own locks.

    prefix: without a slash at its end; "" for a bucket of its own. may_add: new backups are taken; otherwise
    it only reads. These keys remove no backup, list no other's names, shorten or lift no lock. may_remove:
    those of a maintenance remove backups too; what the bucket's lock holds stays below until it ends.

    Source: 003-15, 003-11; IAM JSON policy elements, version 2012-10-17.
    """
    objects = f"arn:aws:s3:::{bucket}/{prefix}".rstrip("/")
    reading = {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{objects}/*"]}
    own = {"Condition": {"StringLike": {"s3:prefix": [f"{prefix}/*"]}}} if prefix else {}
    listing = {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [f"arn:aws:s3:::{bucket}"], **own}
    where = {"Effect": "Allow", "Action": ["s3:GetBucketLocation"], "Resource": [f"arn:aws:s3:::{bucket}"]}
    adding = {"Effect": "Allow", "Action": ["s3:PutObject"], "Resource": [f"{objects}/*"]}
    unlocking = {"Effect": "Allow", "Action": ["s3:DeleteObject"], "Resource": [f"{objects}/locks/*"]}
    removing = {**unlocking, "Resource": [f"{objects}/*"]}
    more = (adding, removing if may_remove else unlocking) if may_add else ()
    statements = [reading, listing, where, *more]
    return {"Version": "2012-10-17", "Statement": statements}
