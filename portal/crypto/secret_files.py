"""Secrets that other services gave us: of a file that a setting names, of systemd, or of the environment."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def _files(config: Mapping[str, Any], name: str) -> Iterator[Path]:
    if named := str(config[f"{name}_FILE"]):
        yield Path(named)
    elif folder := os.environ.get("CREDENTIALS_DIRECTORY"):
        path = Path(folder) / name.lower().replace("_", "-")
        if path.exists():
            yield path


def secret_of(config: Mapping[str, Any], name: str) -> str:
    """Of ``CARD_KEY_FILE``, else systemd's credential ``card-key``, else ``CARD_KEY``; "" for none.

    Raises OSError for a file that cannot be read, ValueError for one that is no text.
    """
    for path in _files(config, name):
        return path.read_text("ascii").strip()
    return os.environ.get(name, "").strip()
