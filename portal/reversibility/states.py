"""What a handover is for, what it gives, and the states that it goes through."""

from enum import StrEnum

from portal.engine.port import VolumeKind


class Reason(StrEnum):
    SWITCH = "switch"  # to another provider
    IN_HOUSE = "in_house"
    COPY = "copy"
    DESTROY = "destroy"  # no copy wanted
    UNCLAIMED = "unclaimed"  # the time to ask has run out, and nobody has asked


class HandoverForm(StrEnum):
    """What the customer receives."""

    READABLE = "readable"  # ZIP files with the latest backup of each machine
    TAR = "tar"  # idem, in tar files that keep owners, rights, links and extended attributes
    SEALED = "sealed"  # the repository as it is; only the passphrase opens it


def volume_kind(form: HandoverForm) -> VolumeKind:
    """Of a readable export."""
    return VolumeKind.TAR if form == HandoverForm.TAR else VolumeKind.ZIP


class CaseState(StrEnum):
    REQUESTED = "requested"  # received; for a destruction, the customer confirms; else a quote is due
    QUOTED = "quoted"  # the customer accepts the price, or not
    TO_PAY = "to_pay"  # the contract hands over once it is paid
    WAITING_FOR_KEY = "waiting_for_key"
    CHOOSING = "choosing"  # the vault is open; the copy waits, for days at most, for what shall be in it
    EXPORTING = "exporting"
    READY = "ready"
    CONTESTED = "contested"
    ACCEPTED = "accepted"
    COOLING_OFF = "cooling_off"  # the erasure is ordered and can still be recalled
    ERASING = "erasing"
    ERASED = "erased"
    CANCELLED = "cancelled"
