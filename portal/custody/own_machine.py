"""The lines by which a customer restores from her vault on a machine of her own."""

import re
import shlex

from flask_babel import gettext as _
from sqlalchemy import select

from portal.db import db
from portal.engine.models import Vault
from portal.licensing.models import Activation, ActivationKey
from portal.subscriptions.models import Subscription

_FOLDER = re.compile(r"[^A-Za-z0-9_.-]+")  # what a shell or a disk would read as something else


def hosts_of(vault: Vault) -> list[str]:
    """Names of the machines that took a seat of its subscription, those that gave it back too."""
    query = (
        select(Activation.hostname)
        .join(Activation.key)
        .join(Subscription, Subscription.order_uid == ActivationKey.source_uid)
        .where(Subscription.uid == vault.subscription_uid, Activation.hostname != "")
    )
    return sorted(db.session.scalars(query.distinct()))


def commands(repository: str, hosts: list[str]) -> list[tuple[str, str]]:
    """For each system: the address, which stays out of the list of processes, and a line a machine.

    A machine has a folder of its own, so that none writes over another's files. Without a known machine
    one line stands for each, since « latest » alone is the last backup of only one of them.
    """
    targets = list(zip(hosts, _folders(hosts), strict=True)) or [(_("NOM-DE-LA-MACHINE"), "restauration")]
    unix = [f"export RESTIC_REPOSITORY={shlex.quote(repository)}", "restic --no-lock snapshots"]
    windows = [f"$env:RESTIC_REPOSITORY = {_quoted(repository)}", "restic --no-lock snapshots"]
    for host, folder in targets:
        line = "restic --no-lock restore latest --host "
        unix.append(f"{line}{shlex.quote(host)} --target ./{folder}")
        windows.append(f"{line}{_quoted(host)} --target ./{folder}")
    return [("Linux, macOS", "\n".join(unix)), ("Windows (PowerShell)", "\n".join(windows))]


def _folders(hosts: list[str]) -> list[str]:
    """A name for each that needs no quotes; no two are one where a disk takes capitals for small letters."""
    taken: dict[str, str] = {}
    for host in hosts:
        name = f"restauration-{_FOLDER.sub('-', host)}"
        while name.casefold() in taken:
            name += "_"
        taken[name.casefold()] = name
    return list(taken.values())


def _quoted(word: str) -> str:
    """As PowerShell takes a word as it is. It reads curly quotes as straight ones."""
    return "'" + re.sub("(['\u2018\u2019\u201a\u201b])", r"\1\1", word) + "'"
