"""What both peers share: where things are, what a record looks like, and what a run took.

A peer does one run of the interval policy as somebody might write it with boto3: list what is due, read it strongly, send it to
Salesforce 200 at a time, write each outcome on the condition that the record is as it was read, publish an event a batch. It keeps
neither lease nor journal nor budget nor quarantine; what it does is the least that a run can do.
"""

import json
import resource
import sys
import time
import urllib.parse

import boto3
from botocore.config import Config

INTERVAL_MS = 20 * 60 * 1000


class Setting:
    """What the bench says of the run: one JSON object on the command line."""

    def __init__(self):
        told = json.loads(sys.argv[1])
        self.address = told["address"]
        self.table = told["table"]
        self.connection = told["connection"]
        self.shards = told["shards"]
        self.tick = told["tick"]
        self.org = told["org"]
        self.client_id = told["client_id"]
        self.client_secret = told["client_secret"]
        self.object = told["object"]
        self.field = told["field"]
        self.in_flight = told["in_flight"]

    def client(self, service, connections):
        config = Config(max_pool_connections=connections, retries={"mode": "standard"}, parameter_validation=False)
        return boto3.client(
            service,
            region_name="us-east-1",
            endpoint_url=self.address,
            aws_access_key_id="bench",
            aws_secret_access_key="bench",
            config=config,
        )

    def queue(self, shard):
        return f"{self.connection}#i#{shard}"

    def upsert_path(self):
        return f"/services/data/v62.0/composite/sobjects/{self.object}/{self.field}"

    def login_form(self):
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": self.client_secret}
        return urllib.parse.urlencode(form)


def external_id(pk):
    """The record's id is the last part of its partition key."""
    return pk.rsplit("#", 1)[1]


def told(records, began):
    """What the run took, for the bench."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "records": records,
                "cpu_seconds": own.ru_utime + own.ru_stime - began[0],
                "wall_seconds": time.monotonic() - began[1],
                "peak_rss_bytes": own.ru_maxrss * 1024,
            }
        )
    )


def begin():
    """The processor's time and the clock when the run begins: imports and clients are not counted, as in the other process."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    return own.ru_utime + own.ru_stime, time.monotonic()

