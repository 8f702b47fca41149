"""A subscriber by the official client for Python: python subscriber.py <url> <token>.

It writes what it hears, a line of JSON each: first {"recoverable"}, then {"subject", "data"}. What
is published to sdk.ping it answers by a publication to sdk.pong. It ends with its input.
"""

import asyncio
import json
import sys

from centrifuge import Client, SubscriptionEventHandler


class Reader(SubscriptionEventHandler):
    def __init__(self, client):
        self.client = client

    async def on_subscribed(self, ctx):
        say(recoverable=ctx.recoverable)

    async def on_publication(self, ctx):
        subject = ctx.pub.tags["subject"]
        say(subject=subject, data=ctx.pub.data)
        if subject == "sdk.ping":
            # A handler that waits for a reply would keep the client from reading it.
            self.task = asyncio.create_task(self.client.publish("sdk.pong", ctx.pub.data))


def say(**line):
    print(json.dumps(line), flush=True)


async def main(url, token):
    client = Client(url, token=token)
    subscription = client.new_subscription("sdk.>", events=Reader(client))
    await client.connect()
    await subscription.subscribe()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await client.disconnect()


asyncio.run(main(*sys.argv[1:]))
