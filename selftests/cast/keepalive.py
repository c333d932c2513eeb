#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""keepalive.py CLIENT RELAY ADDRESS REFRESH LIFETIME SECONDS: newcomers want to reach a
client behind a NAT that forgets after LIFETIME.

CLIENT and RELAY are namespaces of the laboratory; ADDRESS is the client's."""

import sys
import time

from pkt import *

client_ns, relay_ns, ME, refresh, lifetime, seconds = sys.argv[1:]
SERVER = ("203.0.113.1", 3544)
lifetime, refresh, seconds = float(lifetime), float(refresh), float(seconds)


def mapping(inside, peer):
    inside.send(b"hello", (peer.address, peer.port))
    got = peer.receive_raw()
    return got and got[1]


def passes(peer, to):
    peer.send(b"hello", to)
    return inside.receive_raw(1) is not None


def newcomer():
    """An unknown host sends a bubble through the client's server, as a relay does.  Return
    true if the client answers."""
    port = Port(relay_ns, "192.0.2.1")
    port.send(bubble("fe80::1234", ME), SERVER)
    got = port.receive(2)
    port.socket.close()
    return got is not None and not got.error and got.source == ME


with Ktap(7) as t:
    # The NAT works as described.
    inside = Port(client_ns, "10.1.0.2")
    known, other = (Port(relay_ns, "192.0.2.1", n) for n in (5000, 5001))
    mapped = mapping(inside, known)
    t.check("the NAT: another address", mapped and mapped[0] == "198.51.100.5", mapped)
    t.check("the NAT: only whom we have spoken to gets in", passes(known, mapped) and
            not passes(other, mapped))
    t.check("the NAT: one mapping for all", mapping(inside, other) == mapped)
    opened, let_in = time.time(), 0
    while time.time() < opened + lifetime - 3:
        let_in = time.time() if passes(known, mapped) else let_in
        time.sleep(1)       # between two
    time.sleep(4)       # the rest of the lifetime, and more
    t.check("the NAT: what comes in keeps nothing open", let_in > opened + lifetime - 6 and
            not passes(known, mapped) and not passes(other, mapped), (let_in - opened))

    started, came, missed, silence = time.time(), 0, [], 0
    while time.time() < started + seconds:
        came += 1
        if not newcomer():
            missed.append(round(time.time() - started))
        link, = tool(client_ns)
        silence = max(silence, link.get("server_sent_ms") or 0)
        time.sleep(1)       # between two
    t.check("each of %d newcomers reaches the client (C-36, C-58)" % came, not missed, missed)
    t.check("the server was spoken to once in a refresh interval (C-07, C-58)",
            0 < silence < refresh * 1000 + 1500, silence)
    t.check("the client has the address that it had", link["address"] == ME, link["address"])
