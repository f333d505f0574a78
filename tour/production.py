"""An empty portal as a provider runs it: PostgreSQL, an S3-like store, a mail server, no demonstration."""

from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from faults.neighbours import PostgreSQL, Store
from tour.instance import Instance

ACCOUNT = {"AWS_ACCESS_KEY_ID": "tour", "AWS_SECRET_ACCESS_KEY": "tour", "AWS_DEFAULT_REGION": "us-east-1"}


@contextmanager
def production() -> Iterator[Instance]:
    """Everything ends and disappears with the block."""
    database, store = PostgreSQL(), Store()
    try:
        endpoint = f"http://127.0.0.1:{store.port}"
        boto3.client(
            "s3",
            endpoint_url=endpoint,
            aws_access_key_id=ACCOUNT["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=ACCOUNT["AWS_SECRET_ACCESS_KEY"],
            region_name=ACCOUNT["AWS_DEFAULT_REGION"],
        ).create_bucket(Bucket="portail")
        settings = {
            **ACCOUNT,
            "AWS_ENDPOINT_URL": endpoint,
            "OWNER_DATABASE_URL": database.address("portal_owner"),
            "BLOB_URL": "s3://portail/documents",
            "MAIL_FROM": "portail@fournisseur.example",
            "SECOND_FACTOR": "required",
            "ERASE_COOLING_HOURS": "0",  # nobody waits three days for a tour
        }
        place = Instance(demo=False, database_url=database.address("portal"), settings=settings)
        place.environment["SMTP_URL"] += "?tls=0"
        with place as portal:
            yield portal
    finally:
        store.end()
        database.end()
