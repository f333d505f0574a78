"""A real S3 protocol on this machine, with one empty bucket."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import boto3
from moto.server import ThreadedMotoServer


@contextmanager
def a_bucket(name: str) -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    names = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "eu-west-3",
    }
    before = {each: os.environ.get(each) for each in names}
    os.environ.update(names)
    location = {"LocationConstraint": "eu-west-3"}
    client = boto3.client("s3", endpoint_url=names["AWS_ENDPOINT_URL"])
    with suppress(client.exceptions.BucketAlreadyOwnedByYou):  # asked again by boto where the answer was slow
        client.create_bucket(Bucket=name, CreateBucketConfiguration=location)
    client.close()
    try:
        yield name
    finally:
        server.stop()
        for each, value in before.items():
            if value is None:
                del os.environ[each]
            else:
                os.environ[each] = value
