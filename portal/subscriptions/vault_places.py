"""Where a repository may lie that becomes a vault."""

from pathlib import Path

from flask import current_app
from flask_babel import gettext as _

from portal.engine.doors import door_to
from portal.engine.errors import EngineError
from portal.engine.installed import vault_doors
from portal.engine.place import resolved, server_of
from portal.engine.port import RepoRef
from portal.engine.stores.local import looks_like_repository
from portal.errors import Refused


def checked_place(location: str) -> str:
    """The location as it is kept; nothing is asked of a server.

    A local repository must lie under ``VAULTS_DIR`` and look like one. Raises Refused.
    """
    try:
        repo = RepoRef(location)
        resolved(location)
    except EngineError as error:
        raise Refused(
            _("Écrivez un dossier absolu, ou une adresse rest: ou s3:."), field="location"
        ) from error
    if repo.backend != "local":
        _refuse_stranger(location)
        return location
    root = Path(current_app.config["VAULTS_DIR"]).resolve()
    place = Path(location).resolve()
    if not place.is_relative_to(root) or place == root:
        raise Refused(_("Le dépôt doit se trouver sous %(root)s.", root=str(root)), field="location")
    if not looks_like_repository(place):
        raise Refused(_("Ce dossier n'est pas un dépôt de sauvegarde."), field="location")
    return str(place)


def _refuse_stranger(location: str) -> None:
    """Nothing is sent to a server that is not in the settings."""
    if door_to(location, vault_doors()) is None:
        host, port, _usual = server_of(location) or ("", 0, 0)
        sentence = _(
            "Le serveur %(host)s n'est pas un serveur de coffres de ce portail (réglage VAULT_HOSTS).",
            host=f"{host}:{port}",
        )
        raise Refused(sentence, field="location")
