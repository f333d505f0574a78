"""What was ticked on the page of names, as what is to be read: names of the inventory, hits, machines."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

from flask_babel import gettext as _

from portal.engine.chosen import EVERYTHING
from portal.engine.installed import private_folder
from portal.errors import Refused
from portal.i18n import size as written_size
from portal.restore_requests.inventory import Inventory, hit
from portal.restore_requests.models import Picked

COPIES = 2  # of the plain bytes that lie on this machine for a moment: the archive, and its sealed form


@dataclass(frozen=True)
class Choice:
    """What was ticked: its files, and their bytes together."""

    picks: list[Picked]
    files: int
    size: int

    @property
    def is_one_file(self) -> bool:
        return len(self.picks) == 1 and not self.picks[0].is_folder


def choice_of(uid: str, mark: str, values: Sequence[str]) -> Choice:
    """values: « e » and the row of an entry, « h » and the row of a hit, « m » and the id of a point.

    mark: of the listing that the page was made from. Raises Refused for nothing, for another listing, for
    what is not in it, and for more than this machine has room for.
    """
    inventory = Inventory(uid)
    if not values:
        raise Refused(_("Cochez au moins un fichier ou un dossier."))
    if not inventory.mark or inventory.mark != mark:
        raise Refused(_("Le coffre a été relu depuis l'affichage de la page : choisissez à nouveau."))
    picks, files, size = [], 0, 0
    for value in dict.fromkeys(values):
        pick, count, weight = _picked(uid, inventory, value[:1], value[1:])
        picks.append(pick)
        files, size = files + count, size + weight
    check_room(size)
    return Choice(picks, files, size)


def _picked(uid: str, inventory: Inventory, sort: str, row: str) -> tuple[Picked, int, int]:
    if sort == "m" and any(one.id == row and one.is_listed for one in inventory.snapshots()):
        return Picked(row, EVERYTHING, is_folder=True), *inventory.weight(row, "")
    if sort == "h" and row.isdigit() and (found := hit(uid, int(row[:12]))):
        return Picked(found.snapshot, found.path), 1, found.size
    entry = inventory.entry(int(row[:12])) if sort == "e" and row.isdigit() else None
    if entry is None:
        raise Refused(_("Ce fichier n'est pas dans le coffre tel qu'il a été lu."))
    if entry.kind == "dir":
        return Picked(entry.snapshot, entry.path, is_folder=True), *inventory.weight(
            entry.snapshot, entry.path
        )
    return Picked(entry.snapshot, entry.path, place=inventory.place(entry)), 1, entry.size


def check_room(size: int) -> None:
    """Raises Refused, before anything is read, for more bytes than there is room for."""
    free = shutil.disk_usage(private_folder("work")).free
    if size * COPIES > free:
        raise Refused(
            _(
                "Il faut %(need)s libres pour cette restauration, il en reste %(free)s : choisissez moins, "
                "ou remettez-la sur un support.",
                need=written_size(size * COPIES),
                free=written_size(free),
            )
        )
