#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""natkinds.py KIND CLIENT RELAY SERVER: check that the NAT in front of the namespace CLIENT
is of that kind.  Prints the kind and "right", or what was found."""

import sys

from pkt import Port

kind, client, relay, server = sys.argv[1:]
inside = Port(client, "10.1.0.2")
known, other_port = Port(relay, "192.0.2.1", 5000), Port(relay, "192.0.2.1", 5001)
stranger = Port(server, "203.0.113.1", 5000)


def mapping(peer):
    """Return the address and port that the peer sees."""
    inside.send(b"hello", (peer.address, peer.port))
    got = peer.receive_raw()
    return got and got[1]


def passes(peer, to):
    peer.send(b"unsolicited", to)
    return inside.receive_raw(0.3) is not None


mapped = mapping(known)
found = {
    "answered": passes(known, mapped),
    "other port": passes(other_port, mapped),
    "other address": passes(stranger, mapped),
}
# Only now: sending opens the NAT for the destination.  Packets that it refused must not
# have changed the mapping.
found["endpoint independent"] = mapped == mapping(stranger) == mapping(other_port)
found["address"] = mapped[0] == "198.51.100.1"

expected = {
    "cone": (True, True, True, True, True),
    "address": (True, True, False, True, True),
    "restricted": (True, False, False, True, True),
    "symmetric": (True, False, False, False, True),
}[kind]
right = tuple(found.values()) == expected
print(kind, "right" if right else found)
