"""Commands and files for the machines of a vault. A secret stands in one file only: the environment's.

What was run from end to end says so; the rest is marked as not tried. Of that, the profile was validated by
resticprofile's ``jsonschema/config-1.json``, and the fields of Backrest's file were compared with ``Repo``,
``Plan`` and ``Schedule`` of its ``proto/v1/config.proto``; nobody has run them to the end.
"""

import json
from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from portal.mail import link
from portal.provisioning.models import StoreKind, VaultHome

FOLDER = "/etc/vault-backup"
STATE = "/var/lib/vault-report"
HOLE = "________"  # where a secret goes that is not shown now


@dataclass(frozen=True)
class System:
    name: str
    label: Any
    tried: bool


SYSTEMS = (
    System("linux", _l("Linux, restic"), True),
    System("resticprofile", _l("Linux, resticprofile"), False),
    System("backrest", _l("Backrest"), False),
    System("windows", _l("Windows"), False),
    System("macos", _l("macOS"), False),
    System("nas", _l("NAS"), False),
)


def environment(
    home: VaultHome, secret: str | None = None, *, address: str = "", access_key: str | None = None
) -> str:
    """The one file with credentials, mode 0600. secret: None leaves a hole.

    restic before 0.17 takes the user of a REST server from the address alone; it prints it with stars.
    address, access_key: others than the vault's own, such as those of a maintenance.
    """
    assert home.store is not None
    told = secret or HOLE
    lines = [f"RESTIC_REPOSITORY={address or home.store.address_of(home.user, told)}"]
    if home.store.kind == StoreKind.S3:
        lines.append(f"AWS_ACCESS_KEY_ID={access_key or home.access_key or HOLE}")
        lines.append(f"AWS_SECRET_ACCESS_KEY={told}")
    lines += [
        f"RESTIC_PASSWORD_FILE={FOLDER}/passphrase",
        f"PORTAL_URL={link('')}",
        f"STATE_DIRECTORY={STATE}",
    ]
    return "\n".join(lines) + "\n"


EXCLUDES = """/proc
/sys
/dev
/run
/tmp
/var/tmp
/var/cache
**/.cache
**/node_modules
lost+found
"""

SERVICE = f"""[Unit]
Description=Backup to the vault
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
EnvironmentFile={FOLDER}/env
ExecStart=/usr/local/bin/report.sh backup --exclude-file {FOLDER}/excludes /etc /home /srv
SuccessExitStatus=3
Nice=10
IOSchedulingClass=idle
"""

TIMER = """[Unit]
Description=Backup to the vault, every night

[Timer]
OnCalendar=*-*-* 01:30:00
RandomizedDelaySec=2h
Persistent=true

[Install]
WantedBy=timers.target
"""


def resticprofile(home: VaultHome) -> str:
    """Configuration of resticprofile; the credentials come from the environment's file."""
    return f"""version: "1"

default:
  env-file: {FOLDER}/env
  backup:
    exclude-file: {FOLDER}/excludes
    exclude-caches: true
    source:
      - /etc
      - /home
      - /srv
    schedule: "*-*-* 01:30:00"
    schedule-permission: system
    run-finally: /usr/local/bin/report.sh send
"""


def backrest(home: VaultHome) -> str:
    """One repository and one plan, for Backrest's own configuration. The secrets are typed there."""
    names = {"AWS_ACCESS_KEY_ID": HOLE, "AWS_SECRET_ACCESS_KEY": HOLE}
    if not home.is_bucket:
        names = {"RESTIC_REST_USERNAME": home.user, "RESTIC_REST_PASSWORD": HOLE}
    config = {
        "repos": [
            {
                "id": "coffre",
                "uri": home.address,
                "env": [f"{name}={value}" for name, value in names.items()],
                "flags": [],
            }
        ],
        "plans": [
            {
                "id": "nuit",
                "repo": "coffre",
                "paths": ["/etc", "/home", "/srv"],
                "excludes": EXCLUDES.split(),
                "schedule": {"cron": "30 1 * * *", "clock": "CLOCK_LOCAL"},
            }
        ],
    }
    return json.dumps(config, indent=2) + "\n"


def files_of(home: VaultHome) -> dict[str, str]:
    """What the page gives to take away, by file name; without any secret."""
    return {
        "env": environment(home),
        "excludes": EXCLUDES,
        "vault-backup.service": SERVICE,
        "vault-backup.timer": TIMER,
        "profiles.yaml": resticprofile(home),
        "backrest.json": backrest(home),
    }
