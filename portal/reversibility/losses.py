"""What a damaged vault does not give: what is known of it, and what people decide about it.

First the older points may be asked for what the chosen ones lack. Only what no point gives can be given up,
and then the figures are those of a copy that has been made and checked.
"""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy import BigInteger, false
from sqlalchemy.orm import Mapped, mapped_column

from portal import jobs
from portal.actor import Actor
from portal.errors import Refused
from portal.journal import record
from portal.reversibility.states import CaseState


class Losses:
    """Part of a case. Each figure is a number of files, but for those of folders."""

    state: Any
    files: Any
    task: Any
    task_kind: Any
    task_ref: Any

    # What cannot be read: files and folders. Before a copy is made, only that there is something.
    unreadable: Mapped[int | None] = mapped_column(BigInteger)
    unknown_folders: Mapped[int | None] = mapped_column(BigInteger)  # of them: folders that cannot be listed
    losses_counted: Mapped[bool] = mapped_column(default=False, server_default=false())
    older_files: Mapped[int | None] = mapped_column(BigInteger)  # of the copy: from a point before the chosen
    older_folders: Mapped[int | None] = mapped_column(BigInteger)  # whose own content nobody knows
    completes: Mapped[bool] = mapped_column(default=False, server_default=false())  # from older points
    with_losses: Mapped[bool] = mapped_column(default=False)  # the operator hands over the others

    @property
    def lost_files(self) -> int:
        return (self.unreadable or 0) - (self.unknown_folders or 0)

    @property
    def latest_files(self) -> int:
        """Of the copy: files from the points that were to be handed over."""
        return (self.files or 0) - (self.older_files or 0)

    @property
    def awaits_decision(self) -> bool:
        """Has damage been found that nobody has decided about yet?"""
        return self.state == CaseState.EXPORTING and self.unreadable is not None and not self.with_losses

    def find_unreadable(self, count: int, folders: int, *, by: Actor) -> None:
        """The vault is damaged: nothing is handed over until the operator has decided.

        count: of files that did not come: it says only that there are some. folders: that cannot be listed.
        """
        self.unreadable, self.unknown_folders, self.losses_counted = count + folders, folders, False
        record(self, "find_unreadable", by=by, folders=folders)

    def count_losses(self, lost: int, folders: int, older: int, older_folders: int, *, by: Actor) -> None:
        """A copy is made, completed from older points, and this is what no point gives."""
        self.unreadable, self.unknown_folders, self.losses_counted = lost, folders, True
        self.older_files, self.older_folders = older, older_folders
        record(self, "count_losses", by=by, files=lost - folders, folders=folders, older=older)

    def complete(self, *, by: Actor) -> None:
        """Take from older points what the chosen ones do not give; nothing is given up by this."""
        if not self.awaits_decision or self.completes:
            raise Refused(_("Aucune perte n'a été constatée dans ce coffre."))
        self.completes, self.unreadable = True, None
        record(self, "complete", by=by)
        jobs.resume(self.task_kind, self.task_ref)

    def deliver_with_losses(self, *, by: Actor) -> None:
        """Hand over what can be read, with the list of what cannot; never called complete."""
        if self.state != CaseState.EXPORTING or self.unreadable is None:
            raise Refused(_("Aucune perte n'a été constatée dans ce coffre."))
        self.with_losses = True
        known = self.unreadable if self.losses_counted else None
        record(self, "accept_losses", by=by, count=known)
        jobs.resume(self.task_kind, self.task_ref)

    def retry(self, *, by: Actor) -> None:
        """Once more from the beginning: a repository may have been repaired since."""
        if self.task is None:
            raise Refused(_("Il n'y a rien à relancer."))
        if self.awaits_decision:
            self.forget_losses()
            record(self, "retry", by=by)
        jobs.resume(self.task_kind, self.task_ref)

    def forget_losses(self) -> None:
        self.unreadable, self.unknown_folders, self.older_files, self.older_folders = None, None, None, None
        self.losses_counted, self.completes, self.with_losses = False, False, False

    def note_losses(self, lost: int, folders: int, older: int, older_folders: int) -> None:
        """What the copy that is handed over lacks."""
        self.unreadable, self.unknown_folders, self.losses_counted = lost or None, folders, bool(lost)
        self.older_files, self.older_folders = older, older_folders
