"""The settings judged before the start: what is unsafe, or would fail later in silence, is refused."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from alembic.config import Config
from alembic.script import ScriptDirectory
from email_validator import EmailNotValidError, validate_email
from flask import current_app
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from portal.blob_stores import store
from portal.cardpay.setting import KEY, WEBHOOK
from portal.config import ROOT
from portal.crypto.secret_files import secret_of
from portal.db import EVERYTHING, db, scope
from portal.operations.probes import MAX_SKEW_SECONDS, clock_skew
from portal.safekeeping.known_keys import keys_fit
from portal.safekeeping.place import policy
from portal.tickets.imap import PASSWORD, read_url

PROBE = "check"  # one name for all: what a killed process leaves is removed by the next
_LEAST = {  # the smallest value that makes sense, in the unit of the setting
    "JOB_LEASE_SECONDS": 1,
    "JOB_PAUSE_SECONDS": 1,
    "WORKER_PATIENCE_SECONDS": 1,
    "CHOICE_HOURS": 1,
    "CHOICE_GROUPS": 1,
    "ERASE_COOLING_HOURS": 0,
    "ERASE_ALONE_BYTES": 1,
    "PURGE_AFTER_DAYS": 7,
    "RESTORE_DAYS": 1,
    "MOVING_FILE_DAYS": 2,  # an import is undone within a day
    "COUNT_SECONDS": 0,
    "PROXY_COUNT": 0,
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A setting and what is wrong with it.

    stops: the portal must not start so. passes: time may cure it, so a process that is there may wait.
    """

    setting: str
    problem: str
    stops: bool = True
    passes: bool = False


def judge(config: Mapping[str, Any]) -> list[Finding]:
    """What the settings say by themselves; nothing is asked of any other machine."""
    return [
        *_address(config),
        *_mail(config),
        *_store(config),
        *_numbers(config),
        *_backup(config),
        *_cards(config),
        *_mailbox(config),
    ]


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _address(config: Mapping[str, Any]) -> Iterator[Finding]:
    parts = urlsplit(str(config["PUBLIC_URL"]))
    host = parts.hostname or ""
    if parts.scheme not in {"http", "https"} or not host:
        yield Finding("PUBLIC_URL", "doit être une adresse, comme https://portail.exemple.fr")
        return
    if config["DEMO"] and not _is_local(host):
        yield Finding("DEMO", "une démonstration à une adresse publique : ses mots de passe sont connus")
    elif parts.scheme == "http" and not _is_local(host):
        yield Finding("PUBLIC_URL", "doit être en https : sans lui, les sessions se volent")
    if config["SECOND_FACTOR"] not in ("required", "offered"):
        yield Finding("SECOND_FACTOR", "vaut required ou offered")
    if config["PRIVATE_TARGETS"] and not config["DEMO"]:
        yield Finding("PRIVATE_TARGETS", "ne sert qu'aux essais : un client pourrait viser ce réseau")


def _mail(config: Mapping[str, Any]) -> Iterator[Finding]:
    url = str(config["SMTP_URL"])
    parts = urlsplit(url)
    if not url and not config["DEMO"]:
        yield Finding("SMTP_URL", "manque : aucun message ne partirait")
    elif url and (parts.scheme not in {"smtp", "smtps"} or not parts.hostname):
        yield Finding("SMTP_URL", "doit ressembler à smtp://compte:secret@serveur:587 ou smtps://…")
    try:
        _name, sender = parseaddr(str(config["MAIL_FROM"]))  # bare, or with a name before it
        if not (config["DEMO"] and sender.endswith("@localhost")):
            validate_email(sender, check_deliverability=False)
    except EmailNotValidError:
        yield Finding("MAIL_FROM", "doit être une adresse de messagerie")


def _store(config: Mapping[str, Any]) -> Iterator[Finding]:
    url = str(config["BLOB_URL"])
    parts = urlsplit(url)
    if (parts.scheme and parts.scheme != "s3") or (parts.scheme == "s3" and not parts.netloc):
        yield Finding("BLOB_URL", "doit être un dossier, ou s3://compartiment/préfixe")


def _numbers(config: Mapping[str, Any]) -> Iterator[Finding]:
    for name, least in _LEAST.items():
        if config[name] < least:
            yield Finding(name, f"doit valoir au moins {least}")
    if config["ERASE_COOLING_HOURS"] == 0 and not config["DEMO"]:
        yield Finding("ERASE_COOLING_HOURS", "vaut 0 : un effacement ne se rappelle plus", stops=False)


def _backup(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config["BACKUP_REPO"] and not config["DEMO"]:
        yield Finding("BACKUP_REPO", "manque : le portail n'est sauvegardé par personne", stops=False)
    try:
        policy(str(config["BACKUP_KEEP"]))
    except ValueError:
        yield Finding("BACKUP_KEEP", "doit ressembler à daily=7 weekly=5")


def _cards(config: Mapping[str, Any]) -> Iterator[Finding]:
    found: dict[str, str] = {}
    for name in (KEY, WEBHOOK):
        try:
            found[name] = secret_of(config, name)
        except (OSError, ValueError):
            yield Finding(f"{name}_FILE", "ne se lit pas : personne ne paierait par carte")
            return
    if bool(found[KEY]) != bool(found[WEBHOOK]):
        missing = WEBHOOK if found[KEY] else KEY
        yield Finding(missing, "manque : le paiement par carte demande la clé et le secret des notifications")
    if found[KEY] and not found[KEY].startswith(("sk_", "rk_")):
        yield Finding(KEY, "n'est pas une clé secrète : elle commence par sk_ ou rk_")
    elif found[KEY].startswith(("sk_test_", "rk_test_")) and not config["DEMO"]:
        yield Finding(KEY, "est une clé d'essai : les cartes ne seraient pas débitées", stops=False)
    if found[WEBHOOK] and not found[WEBHOOK].startswith("whsec_"):
        yield Finding(WEBHOOK, "n'est pas le secret d'une notification : il commence par whsec_")
    api = urlsplit(str(config["CARD_API"]))
    if config["CARD_API"] and not (api.hostname and (api.scheme == "https" or _is_local(api.hostname))):
        yield Finding("CARD_API", "doit être une adresse en https, ou de cette machine")


def _mailbox(config: Mapping[str, Any]) -> Iterator[Finding]:
    if not config["IMAP_URL"]:
        return
    if read_url(str(config["IMAP_URL"])) is None:
        yield Finding("IMAP_URL", "doit ressembler à imaps://compte@serveur:993/INBOX")
    try:
        if not secret_of(config, PASSWORD):
            yield Finding(f"{PASSWORD}_FILE", "manque : la boîte des tickets ne se lirait pas")
    except (OSError, ValueError):
        yield Finding(f"{PASSWORD}_FILE", "ne se lit pas : la boîte des tickets ne se lirait pas")
    if not config["TICKET_ADDRESS"]:
        yield Finding("TICKET_ADDRESS", "manque : personne ne répond à la boîte qui est lue", stops=False)


def judge_surroundings() -> list[Finding]:
    """What the database and the store of documents say; asks them, and leaves nothing in them."""
    return [*_database(), *_documents()]


def _database() -> Iterator[Finding]:
    try:
        with scope(EVERYTHING):
            have = db.session.execute(text("select version_num from alembic_version")).scalar()
            known = known_migrations()
            if have not in known and (have or "") > known[0]:  # a release later: it only added
                yield Finding("DATABASE_URL", f"la base est d'une version plus récente, {have}", stops=False)
            elif have != (wanted := known[0]):
                yield Finding(
                    "DATABASE_URL",
                    f"la base est à {have}, ce code attend {wanted} : lancez « flask db upgrade »",
                )
                return
            if not keys_fit():
                yield Finding("DATA_DIR", "keys.json n'est pas celui de cette base : rien n'y serait lisible")
            if abs(skew := clock_skew()) > MAX_SKEW_SECONDS:
                yield Finding("DATABASE_URL", f"horloges à {skew:.0f} s l'une de l'autre", passes=True)
            if _owns_tables():
                yield Finding(
                    "DATABASE_URL",
                    "ce rôle possède ses tables : il pourrait réécrire le journal. Donnez-les à un autre "
                    "rôle, dont OWNER_DATABASE_URL ne sert qu'aux migrations",
                    stops=not current_app.config["DEMO"],
                )
    except SQLAlchemyError as error:
        yield Finding("DATABASE_URL", f"ne répond pas ({type(error).__name__})", passes=True)
    finally:
        db.session.rollback()


def _owns_tables() -> bool:
    if db.session.connection().dialect.name != "postgresql":
        return False
    owned = "select count(*) from pg_tables where schemaname = current_schema() and tableowner = current_user"
    return bool(db.session.execute(text(owned)).scalar())


def _documents() -> Iterator[Finding]:
    try:
        store().write(PROBE, b"x")
        store().delete(PROBE)
    except Exception as error:
        yield Finding("BLOB_URL", f"n'accepte pas d'objet ({type(error).__name__})", passes=True)


def known_migrations() -> list[str]:
    """The revisions that this code knows, newest first: the first is the one that it was written for."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return [step.revision for step in ScriptDirectory.from_config(config).walk_revisions()]


def findings() -> list[Finding]:
    """All of them, of the present application."""
    return [*judge(current_app.config), *judge_surroundings()]
