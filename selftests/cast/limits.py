#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""limits.py SERVER HOST RELAY CLIENT WIRE ADDRESS PORT: each limit has exactly its value.

Namespaces of the laboratory: a relay in RELAY, with another server on 192.0.2.1, and in
CLIENT a Teredo client with ADDRESS, whose service port on 198.51.100.33 is PORT, and
whose link ends in WIRE as `bare`.  Its server was 203.0.113.1, in SERVER; native hosts
are in HOST.  No time passes while something runs."""

import os
import socket
import sys
import time

from listen import Link, Listener
from netlab import Counted, options, run
from pkt import *

server_ns, host_ns, relay_ns, client_ns, wire_ns, ME, port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT = ("198.51.100.33", int(port))
RELAY = "192.0.2.1"
NATIVE = "2001:db8:5::%x"
PEOPLE = "203.0.113.77"     # unused

forger = Forger(server_ns)
server = Port(server_ns, SERVER, 3544)
there = Port(relay_ns, RELAY, 43000)
enter(client_ns)
app = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)     # gets no errors
app.bind((ME, 9000))
# Held packets are charged to the socket.
app.setsockopt(socket.SOL_SOCKET, 32, 64 << 20)     # SO_SNDBUFFORCE


def somewhere(n):
    """Return an address for each number, so that none uses more than one share."""
    return "20.%d.%d.%d" % (n >> 16, n >> 8 & 255, n & 255)


def stranger(n):
    """A client sends to ours."""
    forger.send(bubble(teredo(SERVER, somewhere(n), 1024), ME), (somewhere(n), 1024), CLIENT)


def call(n, server=SERVER):
    """Our client sends to another, which does not answer."""
    app.sendto(b"anybody?", (teredo(server, somewhere(n), 1024), 7))


def peers():
    return tool(client_ns, "peers", "teredo0")


def locals_known():
    return [p["address"] for p in peers() if p["kind"] == "local"]


def afresh(*words):
    """Forget all peers, and wait until all limits have recovered."""
    run("teredo-tool", "-n", client_ns, "peer", "flush", "teredo0")
    if words:
        options(client_ns, *words)
    time.sleep(400)     # until shares are forgotten, too


def passed(namespace, name, send, times, device=0):
    """Send so many at once; return how many were counted."""
    def now():
        return tool(namespace, "stats")[device][name]

    before = now()
    for n in range(times):
        send(n)
        if n % 100 == 99:
            os.sched_yield()    # let the receiver run
    time.sleep(0.001)   # the last of them arrives
    return now() - before


def rate(namespace, name, send, burst, each, device=0, per=1):
    """Send twice as many as @burst at once, and again after a second.  Compare how many
    pass, each counted @per times, with the limit.  Small differences are allowed, since
    some of thousands of senders share a place with heavy ones."""
    began = time.monotonic()
    first = passed(namespace, name, send, 2 * burst, device) // per
    time.sleep(1)       # one second of it
    second = passed(namespace, name, send, 2 * burst, device) // per
    due = min(burst, each * (time.monotonic() - began))
    fits = abs(first - burst) <= max(1, burst / 40) and abs(second - due) <= max(2, due / 40)
    return "" if fits else "at once %d, not %d; after a second %d, not %d" % (
        first, burst, second, due)


def said(what, problem):
    t.check(what, not problem, problem)


with Ktap(24) as t:
    #
    # Peers
    #

    afresh("peers-max", "1024")
    for n in range(200):
        stranger(n)
    got = len(peers())
    t.check("of 1024 peers, 128 are strangers (SEC-25)", got == 128, got)
    for n in range(300):
        call(1000 + n)
    got = len(peers())
    t.check("and 256 others that have not answered (SEC-25)", got == 128 + 256, got)

    # Room for 64: 8 strangers, 16 that our client addresses, 40 others
    def by_hand(many):
        afresh("peers-max", "64")
        for n in range(many):
            run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0",
                teredo(SERVER, "203.0.113.66", 1024 + n), "at", "203.0.113.66:%d" % (1024 + n))

    def proves(host):
        """Our client tests the host, which answers."""
        server.drain()
        app.sendto(b"native", (host, 7))
        ping = server.next_of(ICMP6)
        ident, seq = struct.unpack("!HH", ping.body[4:8])
        there.send(echo(host, ME, ping.body[8:], ECHO_REPLY, ident, seq), CLIENT)
        return becomes(client_ns, host, "trusted")

    stays = []
    for many in 39, 40:
        by_hand(many)
        proved = proves(NATIVE % 1)
        for n in range(60):
            call(n)
        stays.append((proved and True, bool(peer_of(client_ns, NATIVE % 1)), len(peers())))
    t.check("of 64 peers, the fortieth that is proven stays, the next one goes like others (SEC-25)",
            stays == [(True, True, 56), (True, False, 56)], stays)
    time.sleep(45)      # 30 s, and ageing every 10 s
    got = len(peers())
    t.check("short of room, who is not valid any more goes at once", got == 40, got)

    by_hand(64)
    got = len(peers())
    try:
        run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0",
            teredo(SERVER, "203.0.113.66", 9000), "at", "203.0.113.66:9000")
        refused = False
    except RuntimeError:
        refused = True
    stranger(1)
    with_stranger = len(peers())
    t.check("of 64 peers, the next one by hand is refused, and nobody else comes",
            got == 64 and refused and with_stranger == 64, (got, refused, with_stranger))

    # A stranger with our answer in its queue is evicted for other strangers.
    run("teredo-tool", "-n", client_ns, "peer", "flush", "teredo0")
    for p in peers():
        run("teredo-tool", "-n", client_ns, "peer", "del", "teredo0", p["address"])
    afresh("peers-max", "16")
    with Counted(client_ns) as grew:
        forger.send(datagram(NATIVE % 2, ME, 7, 9000, b"x"), (RELAY, 43000), CLIENT)
        becomes(client_ns, NATIVE % 2, "probing")
        app.sendto(b"answer", (NATIVE % 2, 7))
        waits = peer_of(client_ns, NATIVE % 2).get("queued")
        for n in range(30):
            stranger(n)
    grew = grew["tx-peer-limit"], grew["tx-icmp"]
    t.check("what waited for a stranger who went for another one is counted, and told of",
            waits == 1 and not peer_of(client_ns, NATIVE % 2) and
            grew == (1, 1), (waits, grew))

    #
    # Neighbours
    #

    afresh("peers-max", "16384", "discovery", "on")
    enter(wire_ns)
    wire = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    wire.setsockopt(socket.SOL_SOCKET, 25, b"bare\0")     # SO_BINDTODEVICE

    def say(who, source):
        """Send a discovery bubble in that name."""
        wire.sendto(udp4(bubble(who, "ff02::1", 1), source, ("224.0.0.253", 3544), ttl=1),
                    ("224.0.0.253", 0))

    def name(n):
        return teredo(SERVER, CLIENT[0], 1024 + n)

    def neighbour(n):
        """Announce a neighbour, from one of 12 hosts; each may send 20 at once, and 5 a
        second."""
        say(name(n), ("198.51.100.%d" % (34 + n % 12), 1024 + n))

    def announce(numbers):
        for n in numbers:
            neighbour(n)
            if n % 240 == 239:
                time.sleep(4)       # until each may again

    until(lambda: tool(client_ns)[0].get("discovery-link"), 3)
    announce(range(1024))
    got = len(locals_known())
    app.sendto(b"waits", (name(0), 7))
    announce(range(1024, 1034))
    left = set(locals_known())
    gone = [n for n in range(1034) if name(n) not in left]
    t.check("1024 neighbours, and the oldest for whom nothing waits go for others (C-87, SEC-11)",
            got == 1024 and len(left) == 1024 and gone == list(range(1, 11)),
            (got, len(left), gone[:20]))
    time.sleep(560)     # not yet
    got = len(locals_known())
    time.sleep(60)      # now
    left = len(locals_known())
    t.check("they are known for 600 s since they were heard (C-49, D-18)",
            got == 1024 and not left, (got, left))

    with Counted(client_ns) as grew:
        for n in range(20):
            neighbour(5000 + n)
            time.sleep(1)       # one newcomer a second
    got = grew["tx-discovery"]
    t.check("newcomers have us announce ourselves every 5 s (SEC-11)", 4 <= got <= 5, got)

    # A neighbour with a local path, to the host at the other end of the wire
    host = Port(wire_ns, "198.51.100.46", 43000)
    friend = teredo(SERVER, CLIENT[0], 999)

    def announced(times, source="198.51.100.46"):
        """Return what is counted for so many announcements at once."""
        before = stats(client_ns)
        for _ in range(times):
            say(friend, (source, 43000))
        time.sleep(0.001)   # the last of them arrives
        return {k: v - before[k] for k, v in stats(client_ns).items()
                if k[:3] == "rx-" and v != before[k]}

    announced(1)
    host.drain()
    app.sendto(b"local", (friend, 7))
    host.next_of(NONE)
    host.send(bubble(friend, ME), CLIENT)
    until(lambda: peer_of(client_ns, friend).get("path") == "local")
    time.sleep(1)       # until the burst is full
    got = []
    for _ in range(3):
        got.append(announced(3))
        time.sleep(0.13)    # an eighth of a second
    t.check("one with whom the path is local is answered eight times a second (SEC-11)",
            got == [{"rx-discovery": 1, "rx-limited": 2}] * 3, got)
    got = announced(1, "198.51.100.35")
    host.drain()
    app.sendto(b"still here", (friend, 7))
    t.check("and nobody takes its path over by announcing himself in its name",
            got == {"rx-mapping": 1} and data_of(host.next_of(UDP)) == b"still here", got)

    #
    # Events
    #

    # The worker that sends events does not run before we wait.
    afresh("discovery", "off")
    ear = Listener(client_ns, 16 << 20)
    lost = []
    for many in 1024, 1025:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(50))
        for n in range(many):
            call(many * 2000 + n, "203.0.113.%d" % (n % 8 + 1))
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        ear.settle()
        lost.append(ear.lost)
    t.check("1024 events wait to be told, and whoever listens learns that there were more",
            lost[0] == 0 and lost[1] > 0, (lost, len(ear.log)))

    #
    # Rates
    #

    afresh()
    said("100 ICMPv6 errors at once, 50 a second (SEC-29)", rate(
        client_ns, "tx-icmp",
        lambda n: app.sendto(b"self", (teredo(SERVER, CLIENT[0], CLIENT[1], 0x0303), 7)),
        100, 50))

    # Strangers whose relay has not carried an answer may use a quarter of the tests.  A new
    # stranger each, from a relay and a site of its own.
    fresh = iter(range(1 << 20))
    said("25 tests at once of strangers by strange relays, of 100 in all (SEC-28)", rate(
        client_ns, "tx-echo",
        lambda n: (lambda i: forger.send(
            datagram("2001:db8:%x::1" % (0x1000 + i), ME, 7, 9000, b"x"),
            ("192.0.%d.%d" % (3 + i // 200, 1 + i % 200), 7), CLIENT))(next(fresh)), 25, 100))

    # One address may use a share, with all its ports, each of which is an initiator of its
    # own.
    afresh()
    said("of 200 answers to the bubbles by strangers, an address gets 75 at once, "
         "and 100 a second (C-72)", rate(
             client_ns, "tx-bubble",
             lambda n: forger.send(origin(RELAY, 10000 + next(fresh) % 50000) +
                                   bubble("fe80::1234", ME), (SERVER, 3544), CLIENT), 75, 100))
    said("4000 advertisements an address at once, 2000 a second (SEC-35)", rate(
        relay_ns, "tx-advertisement",
        lambda n: forger.send(solicitation(), (PEOPLE, 1024 + next(fresh) % 60000),
                              (RELAY, 3544)), 4000, 2000, 1))

    # A network that asks for many leaves three quarters.
    wrong = bytes([0, 1, 5, 20]) + b"alice" + bytes(20 + 9) + solicitation()
    got = passed(relay_ns, "rx-secure", lambda n: forger.send(
        wrong, ("203.0.113.%d" % (1 + n % 250), 9), (RELAY, 3544)), 6000, 1)
    t.check("20000 signatures at once, of which one network has a quarter", 4950 <= got <= 5100, got)

    # Per peer, by its mapping
    call(1)
    for host in 1, 2:
        forger.send(bubble(teredo(SERVER, PEOPLE, host), ME), (PEOPLE, host), CLIENT)
    app.sendto(b"mapped", (teredo(SERVER, PEOPLE, 1), 7))
    app.sendto(b"mapped", (teredo(SERVER, PEOPLE, 2), 7))

    def refuse(host):
        quote = udp4(datagram(ME, teredo(SERVER, PEOPLE, host), 9000, 7, b"mapped"),
                     CLIENT, (PEOPLE, host))
        forger.send_icmp4(quote, SERVER, CLIENT[0])

    said("20 ICMPv4 errors about one mapping are believed at once, 10 a second", rate(
        client_ns, "rx-icmp", lambda n: refuse(1), 20, 10))
    got = passed(client_ns, "rx-icmp", lambda n: refuse(2), 40)
    t.check("and as many about another one", got == 20, got)

    # Probes of one server.  Each peer is an initiator of its own, so none is a heavy user.
    afresh("peers-max", "64000")
    said("2000 probes of one server at once, 1000 a second (SEC-28)", rate(
        client_ns, "tx-bubble", lambda n: call(next(fresh) % 60000, "203.0.113.9"), 2000, 1000,
        per=2))
    afresh()
    sites = Sites(host_ns)
    got = passed(relay_ns, "tx-site-limit", lambda n: sites.send(
        1, teredo("203.0.113.%d" % (20 + n % 9), "198.51.100.3", 2000 + n)), 2000)
    t.check("1000 new destinations of a site at once (SEC-26)", got == 1000, got)

    # The controller gets few unsolicited datagrams.
    link = Link(client_ns, "teredo0")
    link.ask("CONTROL_BIND")

    def unasked(source):
        forger.send(icmp6("fe80::1", "fe80::2", RA, bytes(12), hops=255), (source, 3544), CLIENT)

    said("100 datagrams at once for a controller that did not ask, 100 a second", rate(
        client_ns, "rx-controller", lambda n: unasked(
            "192.1.%d.%d" % divmod(next(fresh) % 50000, 250)), 100, 100))
    time.sleep(5)       # all limits are full again
    got = passed(client_ns, "rx-controller", lambda n: unasked("192.0.9.9"), 100)
    t.check("of which one source gets less than half", 40 <= got <= 50, got)
    time.sleep(5)       # and again
    got = [passed(client_ns, "rx-controller", lambda n: unasked("192.0.8.%d" % (n % 10)), 600),
           passed(client_ns, "rx-controller", lambda n: unasked("192.0.7.7"), 1)]
    t.check("and ten that ask for all of it leave some to others", got[1] == 1, got)
