// Reports what a sync did to Resync: failures, successes, and the API calls that it made.
//
//     RESYNC_EVENT_BUS=resync node producer.mjs example.json
//
// The functions are meant to be copied into a sync of your own. They need @aws-sdk/client-eventbridge, and events:PutEvents on
// the bus. docs/events.md describes every field.

import { readFile, realpath } from "node:fs/promises";
import { setTimeout as wait } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const SOURCE = "com.example.billing";

// What one call takes.
const MOST_ENTRIES = 10;
const MOST_BYTES = 256 * 1024;

// How often entries that EventBridge refuses are sent again before the sync is told.
const TRIES = 5;

const now = () => new Date().toISOString();

/** A record could not be written. `version` says which payload of a record is newer: a number that grows, or a time. */
export function syncFailed({ connection, sobject, external_id, version, payload, code, message, parent, failed_at }) {
  return ["Sync Failed", {
    connection,
    object: sobject,
    externalId: external_id,
    sourceVersion: version,
    failedAt: failed_at ?? now(),
    error: { code, message: message ?? "" },
    payload,
    ...(parent && { parent: { object: parent[0], externalId: parent[1] } }),
  }];
}

/** A record was written. Report it within 5 minutes, so that no older retry overwrites it. */
export function syncSucceeded({ connection, sobject, external_id, version, succeeded_at }) {
  return ["Sync Succeeded", {
    connection,
    object: sobject,
    externalId: external_id,
    sourceVersion: version,
    succeededAt: succeeded_at ?? now(),
  }];
}

/** `calls` is the running total of `name` in the 20 minutes (:00, :20, :40 UTC) that `bucket_start` is in. */
export function apiCallsUsed({ connection, name, calls, bucket_start }) {
  return ["API Calls Used", { connection, source: name, bucketStart: bucket_start ?? now(), calls }];
}

/** The entries in their order, no more of them together than one call takes. */
export function batches(entries) {
  const all = [];
  let size = 0;
  for (const entry of entries) {
    const own = [entry.Source, entry.DetailType, entry.Detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const last = all.at(-1);
    if (!last || last.length === MOST_ENTRIES || size + own > MOST_BYTES) {
      all.push([entry]);
      size = own;
    } else {
      last.push(entry);
      size += own;
    }
  }
  return all;
}

/** Puts the events on the bus, a batch at a time. A call that succeeds may still have refused some: those are sent again. */
export async function publish(client, PutEventsCommand, bus, events) {
  const entries = events.map(([kind, detail]) => ({
    EventBusName: bus,
    Source: SOURCE,
    DetailType: kind,
    Detail: JSON.stringify(detail),
  }));
  for (let left of batches(entries)) {
    for (let tried = 0; tried < TRIES && left.length > 0; tried += 1) {
      if (tried > 0) await wait(100 * 2 ** tried);
      const { Entries: answers } = await client.send(new PutEventsCommand({ Entries: left }));
      left = left.filter((_, place) => answers[place].ErrorCode);
    }
    if (left.length > 0) throw new Error(`${left.length} events were refused ${TRIES} times; report them again later`);
  }
}

async function main() {
  const { EventBridgeClient, PutEventsCommand } = await import("@aws-sdk/client-eventbridge");
  const makers = { failed: syncFailed, succeeded: syncSucceeded, calls: apiCallsUsed };
  const happened = JSON.parse(await readFile(process.argv[2], "utf8"));
  const events = happened.map(([kind, fields]) => makers[kind](fields));
  await publish(new EventBridgeClient({}), PutEventsCommand, process.env.RESYNC_EVENT_BUS, events);
}

// Only when it is run, not when a sync imports its functions.
if (process.argv[1] && (await realpath(process.argv[1])) === fileURLToPath(import.meta.url)) await main();
