"""How a sizing sheet says where copies lie, and how a service was handed over."""

from typing import Any

from flask_babel import lazy_gettext as _l

MODES: dict[str, Any] = {"remote": _l("à distance"), "both": _l("sur place et à distance")}
PLACES: dict[str, Any] = {"on_site": _l("sur site"), "remotely": _l("par téléassistance")}
