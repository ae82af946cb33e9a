"""Adds a ruleset change to Holdfast's inbox. docs/protocol.md, "Inbox", says what may be in it.

    REDIS_URL=redis://127.0.0.1:6379 python3 examples/inbox/producer.py ENVIRONMENT EVENT < examples/inbox/change.json

EVENT is your own id of the change: adding it again, say because the answer was lost, has no effect.

Only the standard library is used, so that it runs anywhere. With redis-py (pip install redis) all of it is
    redis.Redis.from_url(url).xadd("{holdfast}:inbox", {"environment": environment, "event": event, "json": change})
"""

import os
import socket
import sys
from urllib.parse import unquote, urlsplit


def command(connection, *parts):
    """Sends a command and returns the one line or text that Redis answers."""
    encoded = [part.encode() if isinstance(part, str) else part for part in parts]
    connection.write(b"*%d\r\n" % len(encoded))
    for part in encoded:
        connection.write(b"$%d\r\n%s\r\n" % (len(part), part))
    connection.flush()
    line = connection.readline().rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    if kind == b"$":
        return connection.read(int(rest) + 2)[:-2].decode()
    if kind == b"+":
        return rest.decode()
    raise RuntimeError(rest.decode() or "Redis closed the connection")


def add(url, environment, event, change):
    """Adds the change and returns its place in the inbox. For protobuf: configs and its bytes, in place of json and its text."""
    location = urlsplit(url)
    address = (location.hostname, location.port or 6379)
    with socket.create_connection(address, timeout=10) as plain, plain.makefile("rwb") as connection:
        if location.password:
            user = unquote(location.username or "default")
            command(connection, "AUTH", user, unquote(location.password))
        if location.path.strip("/"):
            command(connection, "SELECT", location.path.strip("/"))
        fields = ["environment", environment, "event", event, "json", change]
        return command(connection, "XADD", "{holdfast}:inbox", "*", *fields)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: producer.py ENVIRONMENT EVENT < CHANGE.json")
    redis_url = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379")
    print(add(redis_url, sys.argv[1], sys.argv[2], sys.stdin.buffer.read()))
