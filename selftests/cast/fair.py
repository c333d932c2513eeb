#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""fair.py SERVER HOST RELAY CLIENT ADDRESS PORT: each limit has a key, or shares.

Namespaces of the laboratory: a relay in RELAY, with another server on 192.0.2.1, and in
CLIENT a Teredo client with ADDRESS, whose service port on 198.51.100.33 is PORT.  Its
server was 203.0.113.1, in SERVER; native hosts in many sites are in HOST."""

import sys
import time

from pkt import *

server_ns, host_ns, relay_ns, client_ns, ME, port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT = ("198.51.100.33", int(port))
RELAY = "192.0.2.1"

sites, forger = Sites(host_ns), Forger(server_ns)


def clients(first, count):
    """Return so many clients of one server, which do not answer."""
    return [teredo(SERVER, "198.51.100.3", first + n) for n in range(count)]


def known(who):
    """Return the number of bubbles sent to each of those that the relay knows."""
    peers = {p["address"]: p["bubbles"] for p in tool(relay_ns, "peers", "teredo0")}
    return [peers[w] for w in who if w in peers]


def count(place, what):
    """Return how many arrive there."""
    n = 0
    while got := place.receive_raw(1):
        n += what(Packet(*got))
    return n


with Ktap(4) as t:
    # New destinations: 1000 at once for a site.  On a slow machine limits recover while all
    # this is sent, so send several times as many.
    many, few = clients(2000, 2400), clients(5000, 50)
    for dest in many:
        sites.send(0, dest)
    for dest in few:
        sites.send(1, dest)
    settled(lambda: stats(relay_ns))
    got = len(known(many)), len(known(few))
    t.check("one site calls too many clients: each whom another one calls is asked (SEC-26)",
            got[0] < 2300 and got[1] == 50, got)

    # Probes of one server, 2000 at once: a heavy user leaves three quarters.
    time.sleep(8)       # all limits are full again
    many, few = clients(6000, 2700), clients(9000, 20)
    for n, dest in enumerate(many):
        sites.send(2 + n // 900, dest)
    for dest in few:
        sites.send(5, dest)
    asked = known(many + few)
    got = sum(asked[:2700]), asked[2700:]
    t.check("three sites have us ask for too many at one server: others are asked for at once "
            "(SEC-28)", got[0] < 2600 and got[1] == [1] * 20, got)

    # Answers to bubbles: 200 at once for an address
    there = Port(relay_ns, RELAY, 43000)
    for place, times in ((("203.0.113.77", 43000), 1000), ((RELAY, 43000), 30)):
        for n in range(times):
            forger.send(origin(*place) + bubble("2001:db8:5::%x" % (n + 1), ME),
                        (SERVER, 3544), CLIENT)
    got = count(there, lambda p: p.proto == NONE and p.source == ME)
    t.check("bubbles by one address are too many: all of another's are answered (C-72)",
            got == 30 and stats(client_ns)["rx-limited"] >= 150,
            (got, stats(client_ns)["rx-limited"]))

    # Advertisements: 4000 at once for an address
    here = Port(client_ns, CLIENT[0], 43001)
    ask = solicitation()
    for _ in range(5000):
        forger.send(ask, ("203.0.113.2", 43001), (RELAY, 3544))
    for _ in range(30):
        here.send(ask, (RELAY, 3544))
    got = count(here, lambda p: p.proto == ICMP6)
    t.check("one address asks a server for too much: another one's questions are all answered "
            "(SEC-35)", got == 30, got)
