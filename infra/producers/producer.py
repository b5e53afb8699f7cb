"""Reports what a sync did to Resync: failures, successes, and the API calls that it made.

    RESYNC_EVENT_BUS=resync python3 producer.py example.json

The functions are meant to be copied into a sync of your own. They need boto3, and events:PutEvents on the bus.
docs/events.md describes every field.
"""

import json
import os
import sys
import time
from datetime import datetime, timezone

SOURCE = "com.example.billing"

# What one call takes.
MOST_ENTRIES = 10
MOST_BYTES = 256 * 1024

# How often entries that EventBridge refuses are sent again before the sync is told.
TRIES = 5


def now():
    return datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def sync_failed(connection, sobject, external_id, version, payload, code, message=None, parent=None, failed_at=None):
    """A record could not be written. `version` says which payload of a record is newer: a number that grows, or a time."""
    detail = {
        "connection": connection,
        "object": sobject,
        "externalId": external_id,
        "sourceVersion": version,
        "failedAt": failed_at or now(),
        "error": {"code": code, "message": message or ""},
        "payload": payload,
    }
    if parent:
        detail["parent"] = {"object": parent[0], "externalId": parent[1]}
    return "Sync Failed", detail


def sync_succeeded(connection, sobject, external_id, version, succeeded_at=None):
    """A record was written. Report it within 5 minutes, so that no older retry overwrites it."""
    return "Sync Succeeded", {
        "connection": connection,
        "object": sobject,
        "externalId": external_id,
        "sourceVersion": version,
        "succeededAt": succeeded_at or now(),
    }


def api_calls_used(connection, name, calls, bucket_start=None):
    """`calls` is the running total of `name` in the 20 minutes (:00, :20, :40 UTC) that `bucket_start` is in."""
    return "API Calls Used", {
        "connection": connection,
        "source": name,
        "bucketStart": bucket_start or now(),
        "calls": calls,
    }


def batches(entries):
    """The entries in their order, no more of them together than one call takes."""
    batch, size = [], 0
    for entry in entries:
        own = sum(len(entry[part].encode()) for part in ("Source", "DetailType", "Detail"))
        if batch and (len(batch) == MOST_ENTRIES or size + own > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(entry)
        size += own
    if batch:
        yield batch


def publish(client, bus, events):
    """Puts the events on the bus, a batch at a time. A call that succeeds may still have refused some: those are sent again."""
    entries = [
        {"EventBusName": bus, "Source": SOURCE, "DetailType": kind, "Detail": json.dumps(detail)}
        for kind, detail in events
    ]
    for left in batches(entries):
        for tried in range(TRIES):
            answers = client.put_events(Entries=left)["Entries"]
            left = [entry for entry, answer in zip(left, answers) if "ErrorCode" in answer]
            if not left:
                break
            time.sleep(0.1 * 2**tried)
        if left:
            raise RuntimeError(f"{len(left)} events were refused {TRIES} times; report them again later")


def main():
    import boto3

    with open(sys.argv[1], encoding="utf-8") as file:
        happened = json.load(file)
    makers = {"failed": sync_failed, "succeeded": sync_succeeded, "calls": api_calls_used}
    events = [makers[kind](**fields) for kind, fields in happened]
    publish(boto3.client("events"), os.environ["RESYNC_EVENT_BUS"], events)


if __name__ == "__main__":
    main()
