#!/usr/bin/env bash
# Reports one failure, one success and the API calls made, with the AWS CLI.
#
#     RESYNC_EVENT_BUS=resync ./producer.sh
#
# It needs the AWS CLI, and events:PutEvents on the bus. docs/events.md describes every field.
set -euo pipefail

now=$(date -u +%Y-%m-%dT%H:%M:%SZ)

# An entry: the kind of event, and its detail as JSON, which is put as a text.
entry() {
  local detail=${2//\"/\\\"}
  printf '{"EventBusName": "%s", "Source": "com.example.billing", "DetailType": "%s", "Detail": "%s"}' \
    "$RESYNC_EVENT_BUS" "$1" "$detail"
}

failed=$(entry "Sync Failed" "{\"connection\": \"billing\", \"object\": \"Invoice__c\", \"externalId\": \"INV-00008\", \
\"sourceVersion\": 7, \"failedAt\": \"$now\", \"error\": {\"code\": \"DUPLICATE_VALUE\"}, \
\"payload\": {\"Number__c\": \"2026-0008\", \"Amount__c\": 120.5}}")
succeeded=$(entry "Sync Succeeded" "{\"connection\": \"billing\", \"object\": \"Invoice__c\", \
\"externalId\": \"INV-00007\", \"sourceVersion\": 3, \"succeededAt\": \"$now\"}")
calls=$(entry "API Calls Used" "{\"connection\": \"billing\", \"source\": \"billing-sync\", \"bucketStart\": \"$now\", \
\"calls\": 40}")

# The call succeeds even when entries are refused: their number is what counts.
refused=$(aws events put-events --entries "[$failed, $succeeded, $calls]" --query FailedEntryCount --output text)
if [ "$refused" != 0 ]; then
  echo "$refused events were refused; report them again" >&2
  exit 1
fi
