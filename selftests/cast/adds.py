#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""adds.py NAMESPACE LINK: add peers that are removed with the link, the same ones again and
again, until killed.  Prints how many were refused because the link was going down."""

import errno
import signal
import sys

from listen import *

namespace, link = sys.argv[1:]
netlink = Listener(namespace)
index, refused, told = socket.if_nametoindex(link), 0, False


def stop(*_):
    global told
    told = True


def add(n):
    """Return a request to add the peer with that number."""
    body = struct.pack("=BBH", N["TEREDO_CMD_PEER_NEW"], 1, 0)
    for name, value in (("IFINDEX", struct.pack("=L", index)),
                        ("ADDRESS", socket.inet_pton(socket.AF_INET6, "2001:db8::%x" % n)),
                        ("MAPPED_ADDRESS", socket.inet_aton("198.51.100.1")),
                        ("MAPPED_PORT", struct.pack("!H", 4096))):
        body += attribute(N["TEREDO_A_PEER_" + name], value)
    return struct.pack("=LHHLL", 16 + len(body), netlink.family, F_REQUEST, 1, 0) + body


signal.signal(signal.SIGTERM, stop)
netlink.socket.close()
netlink.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)    # without events
netlink.socket.setsockopt(SOL_NETLINK, 11, 1)    # NETLINK_EXT_ACK
batches = [b"".join(map(add, range(n, n + 100))) for n in range(1, 10000, 100)]
print("ready", flush=True)
while not told:
    for batch in batches:
        netlink.socket.send(batch)
        while select.select([netlink.socket], [], [], 0)[0]:
            data = netlink.socket.recv(1 << 16)
            kind, = struct.unpack_from("=H", data, 4)
            problem, = struct.unpack_from("=i", data, 16)
            if kind == NLMSG_ERROR and problem == -errno.EBUSY and \
                    b"the link is going down, and no peer can be added" in data:
                refused += 1
print(refused, "refused")
