"""``flask keys …``: the key file sealed and brought back, and the life of each key."""

import os
from pathlib import Path

import click
from flask import current_app
from flask_babel import gettext as _

from portal.crypto.key_file import NAME, read_key_file, write_key_file, write_private
from portal.crypto.secrets import Keyring
from portal.db import EVERYTHING, db, scope
from portal.errors import PortalError
from portal.i18n import said
from portal.safekeeping.known_keys import keys_fit_with
from portal.safekeeping.sealed_keys import open_keys, seal_keys

_PASSPHRASE = click.option("--passphrase-fd", type=int, metavar="N", help="read the passphrase from it")
_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))


@click.group()
def keys() -> None:
    """The key file: backup, verify, restore, rotate."""


def _folder() -> Path:
    return Path(current_app.config["DATA_DIR"])


def _passphrase(descriptor: int | None, *, twice: bool = False) -> str:
    """From a file descriptor, else ``KEYS_PASSPHRASE``, else asked for; never an argument."""
    if descriptor is not None:
        with os.fdopen(descriptor, closefd=False) as source:
            return source.readline().rstrip("\n")
    if known := os.environ.get("KEYS_PASSPHRASE"):
        return known
    typed: str = click.prompt(_("Phrase secrète"), hide_input=True, confirmation_prompt=twice)
    return typed


@keys.command("backup")
@click.option("--out", required=True, type=click.Path(dir_okay=False, path_type=Path), help="a new file")
@_PASSPHRASE
def backup_keys(out: Path, passphrase_fd: int | None) -> None:
    """Seal the key file with a passphrase, to be kept apart from the backups of the database."""
    if out.exists():
        raise click.ClickException(_("%(file)s existe déjà.", file=out))
    content = read_key_file(_folder())
    try:
        write_private(out, seal_keys(content, _passphrase(passphrase_fd, twice=True)))
    except PortalError as error:
        raise click.ClickException(said(error)) from None
    click.echo(_("Trousseau %(id)s scellé dans %(file)s.", id=Keyring(content).fingerprint[:8], file=out))


@keys.command("verify")
@_FILE
@_PASSPHRASE
def verify_keys(file: Path, passphrase_fd: int | None) -> None:
    """Prove that a sealed key file opens, and that it reads the present database."""
    ring = Keyring(_opened(file, passphrase_fd))
    with scope(EVERYTHING):
        fits = keys_fit_with(ring)
        db.session.rollback()
    if not fits:
        raise click.ClickException(_("Ce trousseau s'ouvre, mais ce n'est pas celui de cette base."))
    click.echo(_("Ce trousseau s'ouvre, et c'est celui de cette base (%(id)s).", id=ring.fingerprint[:8]))


@keys.command("restore")
@_FILE
@_PASSPHRASE
def restore_keys(file: Path, passphrase_fd: int | None) -> None:
    """Write the key file of this data folder, which must have none, from a sealed one."""
    content, folder = _opened(file, passphrase_fd), _folder()
    if (folder / NAME).exists():
        if read_key_file(folder) == content:
            click.echo(_("Le trousseau est déjà celui-ci."))
            return
        raise click.ClickException(_("%(file)s existe et diffère : il reste tel quel.", file=folder / NAME))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_key_file(folder, content)
    click.echo(_("Trousseau %(id)s rétabli.", id=Keyring(content).fingerprint[:8]))


def _opened(file: Path, descriptor: int | None) -> dict[str, object]:
    try:
        return open_keys(file.read_bytes(), _passphrase(descriptor))
    except PortalError as error:
        raise click.ClickException(said(error)) from None
