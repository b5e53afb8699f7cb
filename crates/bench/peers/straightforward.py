"""The run as one writes it first: the table as a resource, a thread for each batch, an UpdateItem for each outcome."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from decimal import Decimal
import json
import threading

import boto3
from boto3.dynamodb.conditions import Attr, Key
from botocore.exceptions import ClientError
import requests

from common import INTERVAL_MS, Setting, begin, external_id, told

setting = Setting()
events = setting.client("events", 10)
session = requests.Session()
own = threading.local()


def resource():
    """A resource of boto3 belongs to one thread."""
    if not hasattr(own, "resource"):
        own.resource = boto3.session.Session().resource(
            "dynamodb",
            region_name="us-east-1",
            endpoint_url=setting.address,
            aws_access_key_id="bench",
            aws_secret_access_key="bench",
        )
        own.table = own.resource.Table(setting.table)
    return own.resource


def table():
    resource()
    return own.table


def login():
    reply = session.post(
        setting.org + "/services/oauth2/token",
        data=setting.login_form(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    reply.raise_for_status()
    session.headers["Authorization"] = "Bearer " + reply.json()["access_token"]


def due_keys():
    for shard in range(setting.shards):
        query = {
            "IndexName": "by-next-attempt",
            "KeyConditionExpression": Key("n").eq(setting.queue(shard)) & Key("na").lte(setting.tick),
        }
        while True:
            page = table().query(**query)
            for entry in page["Items"]:
                yield {"PK": entry["PK"], "SK": entry["SK"]}
            if "LastEvaluatedKey" not in page:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def read(keys):
    items = []
    for start in range(0, len(keys), 100):
        wanted = {setting.table: {"Keys": keys[start : start + 100], "ConsistentRead": True}}
        while wanted:
            reply = resource().batch_get_item(RequestItems=wanted)
            items += reply["Responses"].get(setting.table, [])
            wanted = reply.get("UnprocessedKeys")
    return items


def send(items):
    records = []
    for item in items:
        record = json.loads(item["p"])
        record["attributes"] = {"type": setting.object}
        record[setting.field] = external_id(item["PK"])
        records.append(record)
    reply = session.patch(setting.org + setting.upsert_path(), json={"allOrNone": False, "records": records})
    reply.raise_for_status()
    return reply.json()


def write(item, result):
    update = {
        "Key": {"PK": item["PK"], "SK": item["SK"]},
        "ConditionExpression": Attr("v").eq(item["v"]),
        "ExpressionAttributeNames": {"#v": "v", "#n": "n", "#na": "na"},
        "ExpressionAttributeValues": {":v": item["v"] + 1},
    }
    if result["success"]:
        update["ExpressionAttributeNames"].update({"#a": "a", "#fa": "fa", "#p": "p", "#s": "s"})
        update["ExpressionAttributeValues"][":s"] = "resolved"
        update["UpdateExpression"] = "SET #v = :v, #s = :s REMOVE #n, #na, #a, #fa, #p"
    else:
        error = result["errors"][0]
        update["ExpressionAttributeNames"].update({"#c": "c", "#m": "m"})
        update["ExpressionAttributeValues"].update(
            {":na": Decimal(setting.tick + INTERVAL_MS), ":c": error["statusCode"], ":m": error["message"], ":n": item["n"]}
        )
        update["UpdateExpression"] = "SET #v = :v, #n = :n, #na = :na, #c = :c, #m = :m"
    try:
        table().update_item(**update)
        return True
    except ClientError as error:
        if error.response["Error"]["Code"] == "ConditionalCheckFailedException":
            return False
        raise


def publish(results):
    detail = {"connection": setting.connection, "object": setting.object, "results": results}
    events.put_events(
        Entries=[
            {"EventBusName": "bus", "Source": "peer", "DetailType": "Records Retried", "Detail": json.dumps(detail)}
        ]
    )


def retry(keys):
    items = read(keys)
    answers = send(items)
    written = [write(item, answer) for item, answer in zip(items, answers)]
    publish(
        [
            {"id": external_id(item["PK"]), "outcome": "saved" if answer["success"] else "failed"}
            for item, answer, done in zip(items, answers, written)
            if done
        ]
    )
    return sum(written)


def batches():
    batch = []
    for key in due_keys():
        batch.append(key)
        if len(batch) == 200:
            yield batch
            batch = []
    if batch:
        yield batch


def main():
    began = begin()
    login()
    with ThreadPoolExecutor(setting.in_flight) as pool:
        done = sum(future.result() for future in as_completed([pool.submit(retry, batch) for batch in batches()]))
    told(done, began)


main()
