"""Where the objects of a repository lie: a directory, a REST server of restic, an S3 bucket.

Nothing here needs the customer's key. Sizes are bytes, instants are aware UTC datetimes.
"""

from portal.engine.port import RepoRef
from portal.engine.stores.local import LocalStore
from portal.engine.stores.objects import Access, ObjectStore
from portal.engine.stores.rest import RestStore
from portal.engine.stores.s3 import S3Store


def open_store(repo: RepoRef, access: Access) -> ObjectStore:
    """The store of a repository; nothing is asked of it yet.

    Raises EngineError BACKEND_DENIED (no credentials for it), UNSUPPORTED (an address nobody reads).
    """
    kinds: dict[str, type[LocalStore | RestStore | S3Store]] = {
        "local": LocalStore,
        "rest": RestStore,
        "s3": S3Store,
    }
    return kinds[repo.backend](repo.location, access)
