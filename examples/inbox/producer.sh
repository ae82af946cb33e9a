#!/bin/sh
# Adds a ruleset change to Holdfast's inbox. docs/protocol.md, "Inbox", says what may be in it.
#
#     REDIS_URL=redis://127.0.0.1:6379 sh examples/inbox/producer.sh ENVIRONMENT EVENT < examples/inbox/change.json
#
# EVENT is your own id of the change: adding it again, say because the answer was lost, has no effect.
set -eu
if [ $# -ne 2 ]; then
  echo 'usage: producer.sh ENVIRONMENT EVENT < CHANGE.json' >&2
  exit 2
fi

# -x: the last argument is what standard input has. For protobuf: configs in place of json, and the encoded Configs as input.
id=$(redis-cli -u "${REDIS_URL:-redis://127.0.0.1:6379}" -x \
  XADD '{holdfast}:inbox' '*' environment "$1" event "$2" json)

# redis-cli ends with 0 also when Redis refused.
case $id in
  [0-9]*-[0-9]*) echo "$id" ;;
  *)
    echo "$id" >&2
    exit 1
    ;;
esac
