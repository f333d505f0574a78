from tests.vault_fixtures import repository  # noqa: F401
