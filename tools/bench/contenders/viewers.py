"""So many viewers of the page, in one process of their own: each takes its pictures as a browser does, says that it has
drawn them, and knows how old they are by the program's clock.

viewers.py URL COUNT [CORE ...]: prints a line once all are connected, and at its end the ages as JSON.
"""

import asyncio
import json
import os
import signal
import sys
import time

import aiohttp

from edge.viewer.stream import unpacked

PINGS = 8
WARM_S = 2.0
"""Pictures before that count in no figure."""


async def watch(base: str, code: str, ages_ms: list[float], connected: asyncio.Event) -> None:
    """One viewer, until it is cancelled."""
    origin = {"Origin": base.rstrip("/")}
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        (await session.post(base + "enter", data=code, headers=origin)).raise_for_status()
        async with session.ws_connect(base + "stream", headers=origin, compress=0, max_msg_size=1 << 26) as stream:
            started_s, best_ms, lead_ms = time.monotonic(), float("inf"), 0.0
            for _ in range(PINGS):
                await stream.send_json({"type": "ping", "at_ms": time.monotonic() * 1e3})
            connected.set()
            async for message in stream:
                now_ms = time.monotonic() * 1e3
                if message.type is aiohttp.WSMsgType.TEXT:
                    said = json.loads(message.data)
                    if said["type"] == "pong" and now_ms - said["at_ms"] < best_ms:
                        best_ms = now_ms - said["at_ms"]
                        lead_ms = said["now_ms"] - (now_ms + said["at_ms"]) / 2
                elif message.type is aiohttp.WSMsgType.BINARY:
                    shown, _ = unpacked(message.data)
                    age_ms = now_ms + lead_ms - shown.exposed_ms
                    await stream.send_json({"type": "ack", "id": shown.id, "age_ms": age_ms})
                    if time.monotonic() - started_s > WARM_S:
                        ages_ms.append(round(age_ms, 2))


async def main() -> None:
    (base, code), count, cores = sys.argv[1].split("#code="), int(sys.argv[2]), {int(core) for core in sys.argv[3:]}
    if cores:
        os.sched_setaffinity(0, cores)
    ages_ms: list[float] = []
    ready = [asyncio.Event() for _ in range(count)]
    tasks = [asyncio.create_task(watch(base, code, ages_ms, event)) for event in ready]
    for event in ready:
        await event.wait()
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    print("connected", flush=True)
    everything = asyncio.gather(*tasks, return_exceptions=True)
    await asyncio.wait([asyncio.create_task(ended.wait()), everything], return_when=asyncio.FIRST_COMPLETED)
    print(json.dumps(ages_ms), flush=True)


if __name__ == "__main__":
    asyncio.run(main())
