#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""loops.py SERVER RELAY CLIENTS HOST SIX SITE: packets that would loop.

Namespaces of the laboratory. SIX routes for 6to4 and ISATAP, SITE is behind RELAY and
has a 6to4 address of it. Teredo clients are sockets on 198.51.100.1."""

import sys

from netlab import *
from pkt import *

server_ns, relay_ns, clients_ns, host_ns, six_ns, site_ns = sys.argv[1:]
SERVER, RELAY = ("203.0.113.1", 3544), ("192.0.2.1", 3545)
HOST, SIX = "2001:db8:2::1", "2002:cb00:7131::1"
# Addresses that other tunnels send to RELAY and to SERVER
RELAYS = ["2002:c000:201::9", "2001:db8:5::5efe:c000:201", "2001:db8:5::200:5efe:c000:201"]
FORGED = ["2002:c000:201::8", "2001:db8:6::5efe:c000:201", "2001:db8:6::200:5efe:c000:201"]
SERVERS = ["2002:cb00:7101::9", "2001:db8:5::5efe:cb00:7101"]

for namespace in relay_ns, server_ns:
    nft(namespace, """table ip test { counter turns {}
        chain prerouting { type filter hook prerouting priority -300;
        ip protocol 41 counter name turns; } }""")


class Turns:
    """Packets received through sit since this object was created, until no more arrive"""

    def __init__(self, namespace):
        self.namespace = namespace
        self.before = counters(namespace, "turns")[0]

    def count(self):
        return settled(lambda: counters(self.namespace, "turns")[0]) - self.before


client = Port(clients_ns, "198.51.100.1", 41000)
T = teredo(SERVER[0], client.address, client.port, 0x0101)
for address in FORGED + [teredo(SERVER[0], *RELAY), teredo(RELAY[0], "198.51.100.9", 99),
                         "2001:db8:5::5efe:a42:1"]:
    ip(host_ns, "addr", "add", address + "/128", "dev", "lo", "nodad")
host = App(host_ns, HOST, 9000)
six = App(six_ns, SIX, 9000)
site = App(site_ns, "2002:c000:201:1::5", 9000)


def reaches_client(app, text, seconds=PATIENCE):
    client.send(bubble(T, HOST), RELAY)    # let the relay know the client
    client.drain()
    app.send(text, T)
    # skip late ones of former tests
    while got := client.next_of(UDP, seconds):
        if data_of(got) == text:
            return True
    return False


with Ktap(25) as t:
    for kind, dest in ("6to4", RELAYS[0]), ("ISATAP", RELAYS[1]):
        round_trips = Turns(relay_ns)
        host.send(b"round and round", dest)
        got = round_trips.count()
        t.check("the trap works: %s packets past Teredo go round until their hops are used up "
                "(RFC 6324)" % kind, 10 < got < 64, got)

    # The client answers the relay's bubble with data.
    host.send(b"hello", T)
    client.send(bubble(T, HOST), RELAY)
    t.check("a client and a host meet", data_of(client.next_of(UDP)) == b"hello")

    for kind, dest in zip(("6to4", "ISATAP", "ISATAP with a global address"), RELAYS):
        round_trips = Turns(relay_ns)
        with Counted(relay_ns) as grew:
            client.send(datagram(T, dest, 7, 9000, b"x"), RELAY)
            got = round_trips.count()
        t.check("a relay lets out no packet to its own address in %s form (SEC-44)" % kind,
                got == 0 and grew["rx-loop"] == 1, (got, grew.after))
    for kind, dest in zip(("6to4", "ISATAP"), SERVERS):
        round_trips = Turns(server_ns)
        with Counted(server_ns) as grew:
            client.send(echo(T, dest, b"nonce678"), SERVER)
            got = round_trips.count()
        t.check("nor does a server, in %s form (SEC-44)" % kind,
                got == 0 and grew["rx-loop"] == 1, (got, grew.after))

    for kind, source in zip(("6to4", "ISATAP", "ISATAP with a global address"), FORGED):
        with Counted(relay_ns) as grew:
            got = reaches_client(App(host_ns, source, 9100), b"x", 2)
        t.check("a relay sends nothing from its own address in %s form (SEC-43)" % kind,
                not got and grew["tx-loop"] == 1, (got, grew.after))
    for what, source in (("a client", teredo(SERVER[0], *RELAY)),
                         ("a server", teredo(RELAY[0], "198.51.100.9", 99))):
        with Counted(relay_ns) as grew:
            got = reaches_client(App(host_ns, source, 9100), b"x", 2)
        t.check("nor from a Teredo address that has it for %s (SEC-43)" % what,
                not got and grew["tx-loop"] == 1, (got, grew.after))

    t.check("an address that embeds somebody else's IPv4 address is like any other",
            reaches_client(six, b"six to client"))
    client.send(datagram(T, SIX, 7, 9000, b"client to six"), RELAY)
    got = six.heard()
    t.check("both ways", got == (b"client to six", T), got)
    t.check("so is one with a private address: it may be anybody's (SEC-45)",
            reaches_client(App(host_ns, "2001:db8:5::5efe:a42:1", 9100), b"private"))
    t.check("and one of a site that is here", reaches_client(site, b"site to client"))
    client.send(datagram(T, "2002:c000:201:1::5", 7, 9000, b"client to site"), RELAY)
    got = site.heard()
    t.check("whom the client reaches, too", got == (b"client to site", T), got)

    # Peers at our own addresses
    def peer(namespace, address, at):
        run("teredo-tool", "-n", namespace, "peer", "add", "teredo0", address, "at",
            "%s:%u" % at)

    own = teredo(SERVER[0], "198.51.100.8", 77)
    peer(relay_ns, own, RELAY)
    with Counted(relay_ns) as grew:
        host.send(b"x", own)
    t.check("nothing is sent to the own service port (SEC-50)", grew["tx-loop"] == 1, grew.after)

    # Two relays, each of which takes the other one for the client
    run("teredo-tool", "-n", clients_ns, "add", "teredo0", "mode", "relay", "local",
        "198.51.100.1", "port", "3546")
    ip(clients_ns, "link", "set", "teredo0", "up")
    both = teredo(SERVER[0], "198.51.100.7", 77)
    peer(relay_ns, both, ("198.51.100.1", 3546))
    peer(clients_ns, both, RELAY)
    with Counted(relay_ns) as here, Counted(clients_ns) as there:
        host.send(b"x", both)
    t.check("from one relay to another, a packet ends (SEC-47)",
            there["rx-inner-source"] == 1 and here["rx-inner-source"] == 0,
            (here.after, there.after))
    ip(clients_ns, "link", "del", "teredo0")

    # Outer routes into the tunnel
    ip(relay_ns, "route", "add", "198.51.100.1", "dev", "teredo0")
    with Counted(relay_ns) as grew:
        got = reaches_client(host, b"x", 2)
    ip(relay_ns, "route", "del", "198.51.100.1", "dev", "teredo0")
    t.check("an IPv4 route into the link itself (SEC-52)", not got and grew["tx-loop"] == 1,
            grew.after)
    t.check("without it, all is well again", reaches_client(host, b"again"))

    # Two links, each with its IPv4 route through the other one
    run("teredo-tool", "-n", relay_ns, "add", "teredo1", "mode", "relay", "port", "3547",
        "prefix", "2001:1::/32")
    second = T.replace("2001:0:", "2001:1:", 1)
    ip(relay_ns, "link", "set", "teredo1", "up")
    ip(relay_ns, "-6", "route", "add", "2001:1::/32", "dev", "teredo1")
    run("teredo-tool", "-n", relay_ns, "peer", "add", "teredo1", second, "at", "198.51.100.2:99")
    for name, remote, dest in ("four0", T, "198.51.100.2"), ("four1", second, "198.51.100.1"):
        ip(relay_ns, "-6", "tunnel", "add", name, "mode", "ipip6", "encaplimit", "none",
           "local", "2001:db8:3::1", "remote", remote)
        ip(relay_ns, "link", "set", name, "up")
        ip(relay_ns, "route", "add", dest, "dev", name, "src", RELAY[0])

    def failures():
        """Return how many packets devices could not send."""
        found = json.loads(ip(relay_ns, "-s", "-j", "link", "show"))
        return sum(d["stats64"]["tx"]["errors"] + d["stats64"]["tx"]["dropped"] for d in found)

    before = failures()
    host.send(b"x" * 64, T)
    got = settled(failures)
    t.check("two links, the IPv4 way of each through the other: it ends, and is counted (SEC-52)",
            got > before, (before, got))
    for dev in "four0", "four1", "teredo1":
        ip(relay_ns, "link", "del", dev)
    t.check("and is well when that is over", reaches_client(host, b"well"))

    # Routes that come and go
    for n in range(30):
        ip(relay_ns, "route", "add", "198.51.100.1", "dev", "teredo0")
        host.send(b"flap", T)
        ip(relay_ns, "route", "del", "198.51.100.1", "dev", "teredo0")
        host.send(b"flap", T)
    client.drain()
    t.check("routes that flap do no lasting harm (SEC-52)", reaches_client(host, b"steady"))
