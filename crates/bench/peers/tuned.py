"""The run as one writes it when it has to be cheap: low-level clients without parameter validation, pooled connections, keys listed
ahead, each page read by several requests at a time, outcomes as PartiQL batches of 25 several at a time, events ten a call, and JSON
by orjson."""

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait

import orjson
import urllib3

from common import INTERVAL_MS, Setting, begin, external_id, told

SAVED = (
    'UPDATE "{table}" SET "v"=? SET "s"=? REMOVE "n" REMOVE "na" REMOVE "a" REMOVE "fa" REMOVE "p" '
    'WHERE "PK"=? AND "SK"=? AND "v"=?'
)
FAILED = 'UPDATE "{table}" SET "v"=? SET "na"=? SET "c"=? SET "m"=? WHERE "PK"=? AND "SK"=? AND "v"=?'

setting = Setting()
table = setting.client("dynamodb", 16)
events = setting.client("events", 2)
org = urllib3.connectionpool.connection_from_url(setting.org, maxsize=setting.in_flight, block=True)
requests = ThreadPoolExecutor(8)
saved, failed = SAVED.format(table=setting.table), FAILED.format(table=setting.table)
headers = {"Content-Type": "application/json"}


def login():
    reply = org.request(
        "POST",
        "/services/oauth2/token",
        body=setting.login_form(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    headers["Authorization"] = "Bearer " + orjson.loads(reply.data)["access_token"]


def due_keys():
    for shard in range(setting.shards):
        query = {
            "TableName": setting.table,
            "IndexName": "by-next-attempt",
            "KeyConditionExpression": "n = :n AND na <= :tick",
            "ExpressionAttributeValues": {":n": {"S": setting.queue(shard)}, ":tick": {"N": str(setting.tick)}},
        }
        while True:
            page = table.query(**query)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                break
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def read_hundred(keys):
    items, wanted = [], {setting.table: {"Keys": keys, "ConsistentRead": True}}
    while wanted:
        reply = table.batch_get_item(RequestItems=wanted)
        items += reply["Responses"].get(setting.table, [])
        wanted = reply.get("UnprocessedKeys")
    return items


def send(items):
    records = []
    for item in items:
        record = orjson.loads(item["p"]["S"])
        record["attributes"] = {"type": setting.object}
        record[setting.field] = external_id(item["PK"]["S"])
        records.append(record)
    body = orjson.dumps({"allOrNone": False, "records": records})
    reply = org.request("PATCH", setting.upsert_path(), body=body, headers=headers)
    if reply.status != 200:
        raise RuntimeError(f"Salesforce answered {reply.status}")
    return orjson.loads(reply.data)


def statement(item, answer, next_attempt=str(setting.tick + INTERVAL_MS)):
    version = item["v"]["N"]
    key = [item["PK"], item["SK"], {"N": version}]
    newer = {"N": str(int(version) + 1)}
    if answer["success"]:
        return {"Statement": saved, "Parameters": [newer, {"S": "resolved"}, *key]}
    error = answer["errors"][0]
    told = [newer, {"N": next_attempt}, {"S": error["statusCode"]}, {"S": error["message"]}]
    return {"Statement": failed, "Parameters": [*told, *key]}


def write(statements):
    reply = table.batch_execute_statement(Statements=statements)
    return ["Error" not in response for response in reply["Responses"]]


def retry(items):
    answers = send(items)
    statements = [statement(item, answer) for item, answer in zip(items, answers)]
    pieces = requests.map(write, [statements[start : start + 25] for start in range(0, len(statements), 25)])
    written = [done for piece in pieces for done in piece]
    results = [
        {"id": external_id(item["PK"]["S"]), "outcome": "saved" if answer["success"] else "failed"}
        for item, answer, done in zip(items, answers, written)
        if done
    ]
    detail = {"connection": setting.connection, "object": setting.object, "results": results}
    return sum(written), orjson.dumps(detail).decode()


def batches():
    keys = []
    for key in due_keys():
        keys.append({"PK": key["PK"], "SK": key["SK"]})
        if len(keys) == 1000:
            yield from read(keys)
            keys = []
    if keys:
        yield from read(keys)


def read(keys):
    hundreds = list(requests.map(read_hundred, [keys[start : start + 100] for start in range(0, len(keys), 100)]))
    items = [item for hundred in hundreds for item in hundred]
    return [items[start : start + 200] for start in range(0, len(items), 200)]


def publish(details):
    entry = {"EventBusName": "bus", "Source": "peer", "DetailType": "Records Retried"}
    events.put_events(Entries=[{**entry, "Detail": detail} for detail in details])


def main():
    began = begin()
    login()
    count, details, flying = 0, [], set()

    def land(all_of_them):
        nonlocal count, flying
        while flying and (all_of_them or len(flying) >= setting.in_flight):
            over, flying = wait(flying, return_when=FIRST_COMPLETED)
            for future in over:
                done, detail = future.result()
                count += done
                details.append(detail)
            if len(details) >= 10:
                publish(details[:10])
                del details[:10]

    with ThreadPoolExecutor(setting.in_flight) as pool:
        for batch in batches():
            land(False)
            flying.add(pool.submit(retry, batch))
        land(True)
    while details:
        publish(details[:10])
        del details[:10]
    told(count, began)


main()
