"""A database of one test's own, for what needs several processes or threads."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy.engine import make_url

from app import create_app
from portal.db import EVERYTHING, db, new_uid, set_scope
from portal.seals import make_seal_certificate
from portal.secrets import create_key_file
from tests.conftest import MONDAY, create_database


class Browser(FlaskClient):
    """A client whose every request starts afresh: the test's own context would keep the first person."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        if has_app_context():
            for name in ("_login_user", "actor"):
                g.pop(name, None)
        answer = super().open(*args, **kwargs)
        if has_app_context():
            set_scope(EVERYTHING)  # the test itself sees every row again
        return answer


@pytest.fixture(autouse=True)
def fresh_requests(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "test_client_class", Browser)


@pytest.fixture
def island(tmp_path: Path) -> Iterator[Flask]:
    """An application with its own folder and database, committed for real; inside its context."""
    url = os.environ.get("TEST_DATABASE_URL", "")
    if url.startswith("postgresql"):
        name = f"island_{new_uid()}"
        create_database(url, name)
        url = make_url(url).set(database=name).render_as_string(hide_password=False)
    else:
        url = f"sqlite:///{tmp_path / 'island.db'}"
    create_key_file(tmp_path, *make_seal_certificate("Essai", MONDAY))
    app = create_app(
        TESTING=True, WTF_CSRF_ENABLED=False, DATA_DIR=tmp_path, SQLALCHEMY_DATABASE_URI=url,
        BLOB_URL=str(tmp_path / "blobs"),
    )  # fmt: skip
    with app.app_context():
        upgrade()
        set_scope(EVERYTHING)
        yield app
        db.session.remove()
        db.engine.dispose()
