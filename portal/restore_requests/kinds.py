"""What a restore may be: its kinds, causes, states, and what was chosen in the vault."""

from enum import StrEnum
from typing import NamedTuple


class RestoreKind(StrEnum):
    SIMPLE = "simple"  # one file, through support
    COMPLEX = "complex"  # folders, machines, databases: planned, several files


class Cause(StrEnum):
    LOST_BY_USER = "lost_by_user"
    MALWARE = "malware"
    CUSTOMER_EQUIPMENT = "customer_equipment"
    HOSTED_EQUIPMENT = "hosted_equipment"
    RESTORE_TEST = "restore_test"
    THIRD_PARTY = "third_party"  # an accident, or damage done by somebody else
    OTHER = "other"


ACCIDENTS = (Cause.MALWARE, Cause.THIRD_PARTY)  # travel is charged too (002-14)


class Picked(NamedTuple):
    """A file or a folder of one snapshot, as the inventory shows it; path « / » is the whole of it."""

    snapshot: str
    path: str
    is_folder: bool = False
    place: int = 0  # which one of the files with this very path


class Scope(StrEnum):
    """What must come back."""

    FILE = "file"
    FILES = "files"  # several, or folders
    MACHINE = "machine"
    DATABASE = "database"


class Urgency(StrEnum):
    NOW = "now"  # work stands still
    TODAY = "today"
    NORMAL = "normal"


class Holder(StrEnum):
    """Who has the passphrase, as the caller says; the register of custody says what was agreed."""

    HERSELF = "herself"  # the caller, or a colleague beside her
    AWAY = "away"  # a person of hers who is not there now
    SHEET = "sheet"  # the recovery sheet
    RESELLER = "reseller"
    LOST = "lost"
    UNKNOWN = "unknown"


class RestoreState(StrEnum):
    REQUESTED = "requested"  # the customer has the link
    LISTING = "listing"
    BROWSING = "browsing"
    RESTORING = "restoring"
    DONE = "done"  # the file is with the customer
    CHECKED = "checked"  # the customer says that it is the right one
    BILLED = "billed"
    CLOSED = "closed"
    CANCELLED = "cancelled"
