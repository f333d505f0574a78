from tests.vault_fixtures import (  # noqa: F401
    agent,
    customer,
    own_vault,
    repository,
    subscription,
    vault,
)
