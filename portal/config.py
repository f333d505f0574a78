"""Settings, read once from the environment. Secrets are not here: see :mod:`portal.crypto.secrets`."""

import os
from datetime import date
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

VIES = "https://ec.europa.eu/taxation_customs/vies/rest-api"
SIREN_REGISTER = "https://recherche-entreprises.api.gouv.fr"
DEMO_SINCE = "demo-since"  # file of the data folder
ROOT = Path(__file__).resolve().parent.parent


def version() -> str:
    """The version of the program as it is installed; "" where its own package is not."""
    try:
        return metadata.version("portal")
    except metadata.PackageNotFoundError:
        return ""


def _flag(name: str, default: bool) -> bool:
    return os.environ.get(name, "1" if default else "0").lower() in {"1", "true", "yes", "on"}


def data_dir() -> Path:
    """Folder that holds everything the portal writes on this machine (``DATA_DIR``)."""
    return Path(os.environ.get("DATA_DIR", ROOT / "instance")).resolve()


def _demo_since(data: Path) -> date | None:
    """The first day of the demonstration's past, as its loading has noted it; None without one."""
    if not _flag("DEMO", False) or not (data / DEMO_SINCE).exists():
        return None
    return date.fromisoformat((data / DEMO_SINCE).read_text().strip())


def _with_driver(url: str) -> str:
    """The driver is written out, never guessed."""
    plain = url.startswith(("postgres://", "postgresql://"))
    return "postgresql+psycopg://" + url.split("://", 1)[1] if plain else url


def from_environment() -> dict[str, object]:
    """The Flask configuration.

    Sizes in bytes, times in seconds. ``PUBLIC_URL`` is the address that people type: mails are built
    from it, never from a request's Host header.
    """
    data = data_dir()
    here = f"http://localhost:{os.environ.get('PORT', '8000')}"
    public_url = os.environ.get("PUBLIC_URL", here).rstrip("/")
    parts = urlsplit(public_url)
    secure = parts.scheme == "https"
    hosts = os.environ.get("TRUSTED_HOSTS", "").split(",")
    url = os.environ.get("DATABASE_URL") or f"sqlite:///{data / 'portal.db'}"
    return {
        "DATA_DIR": data,
        "PUBLIC_URL": public_url,
        "SQLALCHEMY_DATABASE_URI": _with_driver(url),
        # Compiled statements kept by a process. The pages of three roles need some 1,300: with the usual
        # 500 each is compiled again and again, which was two fifths of a page. It costs 30 MB.
        "SQLALCHEMY_ENGINE_OPTIONS": {"query_cache_size": 3000},
        # Whose tables they are: migrations only, never given to the processes that answer and work.
        "OWNER_DATABASE_URL": _with_driver(os.environ.get("OWNER_DATABASE_URL", "")),
        "DEMO": _flag("DEMO", False),
        "DEMO_SINCE": _demo_since(data),
        # Of staff: "required" before anything else, or "offered". To customers it is always offered.
        "SECOND_FACTOR": os.environ.get("SECOND_FACTOR")
        or ("offered" if _flag("DEMO", False) else "required"),
        "SMTP_URL": os.environ.get("SMTP_URL", ""),  # smtp://user:password@host:587?tls=1
        "SMTP_SECONDS": float(os.environ.get("SMTP_SECONDS", "30")),  # for each answer of the relay
        "MAIL_FROM": os.environ.get("MAIL_FROM", "portail@localhost"),
        # Where customers answer mails of tickets, piped to `flask tickets receive`. "": as others.
        "TICKET_ADDRESS": os.environ.get("TICKET_ADDRESS", ""),
        # The mailbox behind it, where no MTA pipes to us: imaps://user@host:993/INBOX. "": none is read.
        "IMAP_URL": os.environ.get("IMAP_URL", ""),
        "IMAP_PASSWORD_FILE": os.environ.get("IMAP_PASSWORD_FILE", ""),  # or systemd's, or IMAP_PASSWORD
        "IMAP_DONE": os.environ.get("IMAP_DONE", ""),  # folder of what was filed; "": it is marked as read
        "IMAP_SECONDS": float(os.environ.get("IMAP_SECONDS", "30")),  # for each answer of the server
        # Public registers; "": none is asked, and the pages say so. The second may be a CSV file.
        "VIES_URL": os.environ.get("VIES_URL", "" if _flag("DEMO", False) else VIES),
        "SIREN_REGISTER": os.environ.get("SIREN_REGISTER", "" if _flag("DEMO", False) else SIREN_REGISTER),
        # What a reseller's domain must publish before mails leave in its name; the relay signs with that key.
        "MAIL_SPF_INCLUDE": os.environ.get("MAIL_SPF_INCLUDE", ""),
        "MAIL_DKIM_SELECTOR": os.environ.get("MAIL_DKIM_SELECTOR", ""),
        "MAIL_DKIM_KEY": os.environ.get("MAIL_DKIM_KEY", ""),  # public, in base64; or, instead of it,
        "MAIL_DKIM_TARGET": os.environ.get("MAIL_DKIM_TARGET", ""),  # the name that a CNAME points to
        "DNS_SERVERS": os.environ.get("DNS_SERVERS", ""),  # 192.0.2.1 192.0.2.2:5353; "": the machine's own
        "BLOB_URL": os.environ.get("BLOB_URL", str(data / "blobs")),  # a folder, or s3://bucket/prefix
        "VAULTS_DIR": os.environ.get("VAULTS_DIR", str(data / "vaults")),  # local repositories lie under it
        # What the servers of the vaults read: who may come in, a folder for each store.
        "STORES_DIR": os.environ.get("STORES_DIR", str(data / "stores")),
        # Folders that the bank's software watches, one below it for each creditor whose door is open.
        "BANK_DOOR_DIR": os.environ.get("BANK_DOOR_DIR", str(data / "bank-door")),
        "PLATFORM_DIR": os.environ.get("PLATFORM_DIR", str(data / "platform")),  # the same, of e-invoices
        "EADDRESS_DIR": os.environ.get("EADDRESS_DIR", str(data / "eaddresses")),  # of address lines
        # Servers whose repositories may be vaults, see portal.engine.doors; none, unless they are named.
        "VAULT_HOSTS": os.environ.get("VAULT_HOSTS", "http://127.0.0.1:*" if _flag("DEMO", False) else ""),
        "PRIVATE_TARGETS": _flag("PRIVATE_TARGETS", False),  # customers' buckets inside this network
        "CHOICE_HOURS": int(os.environ.get("CHOICE_HOURS", 48)),  # the passphrase is held for 72
        "CHOICE_GROUPS": int(os.environ.get("CHOICE_GROUPS", 20)),
        "ERASE_ALONE_BYTES": int(os.environ.get("ERASE_ALONE_BYTES", 100 * 10**9)),  # above: two people
        "ERASE_COOLING_HOURS": int(os.environ.get("ERASE_COOLING_HOURS", 0 if _flag("DEMO", False) else 72)),
        "RESTORE_DAYS": int(os.environ.get("RESTORE_DAYS", "7")),  # for which restored files can be fetched
        "JOB_LEASE_SECONDS": float(os.environ.get("JOB_LEASE_SECONDS", "30")),
        "JOB_PAUSE_SECONDS": float(os.environ.get("JOB_PAUSE_SECONDS", "900")),  # the longest, of any task
        "WORKERS": os.environ.get("WORKERS", "prompt=2 mail=1 runs=1 papers=1 restores=1 exports=2 upkeep=1"),
        "WORKER_PATIENCE_SECONDS": float(os.environ.get("WORKER_PATIENCE_SECONDS", "20")),  # to end a step
        # Payments by card; their secrets are files, systemd's credentials or CARD_KEY, CARD_WEBHOOK_SECRET.
        "CARD_KEY_FILE": os.environ.get("CARD_KEY_FILE", ""),
        "CARD_WEBHOOK_SECRET_FILE": os.environ.get("CARD_WEBHOOK_SECRET_FILE", ""),
        "CARD_API": os.environ.get("CARD_API", ""),  # "": Stripe's own address; another one for trials
        "METRICS_TOKEN": os.environ.get("METRICS_TOKEN", ""),  # who reads /metrics shows it; "": nobody
        "PARTNER_CALLS": int(os.environ.get("PARTNER_CALLS", "600")),  # of one token, within a minute
        "PURGE_AFTER_DAYS": int(os.environ.get("PURGE_AFTER_DAYS", "90")),
        "MOVING_FILE_DAYS": int(os.environ.get("MOVING_FILE_DAYS", "90")),
        "BACKUP_REPO": os.environ.get("BACKUP_REPO", ""),  # the portal's own backups, as restic names it
        "BACKUP_KEEP": os.environ.get("BACKUP_KEEP", "daily=7 weekly=5"),
        "BACKUP_PASSWORD_FILE": os.environ.get("BACKUP_PASSWORD_FILE", ""),
        "COUNT_SECONDS": float(os.environ.get("COUNT_SECONDS", "60")),  # between two writes of what was read
        "KEY_AGENT_SOCKET": os.environ.get("KEY_AGENT_SOCKET", str(data / "key-agent.sock")),
        "TRUSTED_HOSTS": [h for h in hosts if h] or [parts.hostname, "127.0.0.1", "localhost"],
        "PROXY_COUNT": int(os.environ.get("PROXY_COUNT", "0")),
        "SECURE_COOKIES": secure,
        "SIGN_IN_COOKIE": "__Host-sid" if secure else "sid",
        "SESSION_COOKIE_NAME": "__Host-form" if secure else "form",
        "SESSION_COOKIE_SECURE": secure,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "IDLE_SECONDS": 30 * 60,
        "IDLE_SECONDS_MONEY": 15 * 60,  # of who moves money
        "ABSOLUTE_SECONDS": 10 * 3600,
        "MAX_CONTENT_LENGTH": 1024 * 1024,
        "MAX_FORM_MEMORY_SIZE": 512 * 1024,
        "MAX_FORM_PARTS": 500,
        "WTF_CSRF_TIME_LIMIT": 10 * 3600,
        "BABEL_DEFAULT_LOCALE": "fr",
        "BABEL_DEFAULT_TIMEZONE": "Europe/Paris",
        "BABEL_TRANSLATION_DIRECTORIES": str(ROOT / "translations"),
    }
