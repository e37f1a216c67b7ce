"""So many browsers on the live page: each reads the stream of pictures as it comes and throws it away.

viewers.py URL COUNT [CORE ...]: prints a line once all are connected, and reads until it is ended.
"""

import os
import selectors
import socket
import sys
from urllib.parse import urlsplit


def main() -> None:
    url, count, cores = urlsplit(sys.argv[1]), int(sys.argv[2]), {int(core) for core in sys.argv[3:]}
    if cores:
        os.sched_setaffinity(0, cores)
    chosen = selectors.DefaultSelector()
    for _ in range(count):
        stream = socket.create_connection((url.hostname, url.port))
        stream.sendall(f"GET /stream HTTP/1.1\r\nHost: {url.netloc}\r\n\r\n".encode())
        chosen.register(stream, selectors.EVENT_READ)
    print("connected", flush=True)
    while chosen.get_map():
        for key, _ in chosen.select():
            if not key.fileobj.recv(1 << 20):  # type: ignore[union-attr]
                chosen.unregister(key.fileobj)


if __name__ == "__main__":
    main()
