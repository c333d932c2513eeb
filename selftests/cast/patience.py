#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""patience.py SERVER PEERS CLIENT ADDRESS PORT SMALL ADDRESS PORT: slow behaviour of
clients.

All are namespaces of the laboratory; the clients CLIENT and SMALL have these Teredo
addresses and ports, on 198.51.100.33 and .49.  SMALL remembers 16 peers. Peers and
relays are sockets on 192.0.2.1."""

import sys
import time

from netlab import run
from pkt import *

server_ns, peer_ns, client_ns, ME, port, small_ns, SMALL, small_port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT = ("198.51.100.33", int(port))
TINY = ("198.51.100.49", int(small_port))
SPACES = {CLIENT: client_ns, TINY: small_ns}

server = Port(server_ns, SERVER, 3544)
app = App(client_ns, ME, 9000)
small = App(small_ns, SMALL, 9000)


class Peer(Port):
    """A peer of a client, and its name"""

    def __init__(self, number):
        super().__init__(peer_ns, "192.0.2.1", 43000 + number)
        self.name = teredo(SERVER, self.address, self.port)

    def meet(self, client, to, whom):
        """Send first, and get an answer."""
        self.send(bubble(self.name, whom), to)
        until(lambda: peer_of(SPACES[to], self.name))
        client.send(b"hello", self.name)
        return self.next_of(UDP)

    def answer(self, client, to, whom):
        """Let the client send first, and answer."""
        client.send(b"hello", self.name)
        self.next_of(NONE)
        self.send(bubble(self.name, whom), to)
        return self.next_of(UDP)


def listen(seconds, dest=None):
    """Return what the server receives in that time, or until something for dest arrives, by
    destination: [(when, packet)]."""
    ends, heard = time.time() + seconds, {}
    while time.time() < ends and dest not in heard:
        got = server.receive(0.1)
        if got and not got.error:
            heard.setdefault(got.dest, []).append((time.time(), got))
    return heard


def verify(host, seconds=PATIENCE):
    """Answer the last echo request for the host; return its entry."""
    got = heard[host][-1][1]
    relay.send(icmp6(host, ME, ECHO_REPLY, got.body[4:]), CLIENT)
    return becomes(client_ns, host, "trusted", seconds)


with Ktap(17) as t:
    # A list of 16 is full: unproven peers that have sent first may use half of it.  One
    # more of them evicts another.
    many = [Peer(n) for n in range(17)]
    for p in many[:8]:
        p.answer(small, TINY, SMALL)
    for p in many[8:16]:
        p.meet(small, TINY, SMALL)
    many[16].send(bubble(many[16].name, SMALL), TINY)
    count = tool(small_ns)[0]["peers"]
    t.check("16 peers, and no more (C-06)", count == 16, count)

    def in_use():
        many[0].send(datagram(many[0].name, SMALL, 7, 9000, b"here"), TINY)
        small.send(b"there", many[0].name)

    # Two peers that send once; one that never does, and two native hosts.
    quick, slow, dead, relay = Peer(20), Peer(21), Peer(22), Peer(23)
    for p in (quick, slow):
        p.meet(app, CLIENT, ME)
    met = time.time()
    hand = Peer(24)
    run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0", hand.name, "at",
        "%s:%d" % (hand.address, hand.port))
    server.drain()
    for to in (dead.name, "2001:db8:5::1", "2001:db8:5::2"):
        app.send(b"anybody?", to)
    heard = listen(10)
    bubbles = heard.get(dead.name, [])
    t.check("four bubbles to a peer that does not answer (C-68)", len(bubbles) == 4, len(bubbles))
    last = bubbles[-1][0] if bubbles else time.time()
    t.check("four echo requests to a native host (C-48)", len(heard["2001:db8:5::1"]) == 4)
    tested = heard["2001:db8:5::1"][-1][0]

    def wait_until(when):
        while time.time() < when:
            in_use()
            time.sleep(1)    # once a second

    wait_until(tested + 10)
    got = verify("2001:db8:5::1")
    t.check("an echo reply ten seconds later is an answer (C-39, SEC-08)", got)
    wait_until(met + 26)
    app.send(b"in time", quick.name)
    t.check("after 26 s a peer is trusted (C-46)", data_of(quick.receive()) == b"in time")
    app.send(b"by hand", hand.name)
    got = hand.receive()
    t.check("a peer by hand is never asked", data_of(got) == b"by hand" and not hand.receive(0.3),
            show(got))
    wait_until(met + 31)
    app.send(b"late", slow.name)
    got = slow.receive()
    t.check("after 31 s it is asked first (C-46, C-51)",
            got and got.proto == NONE and not slow.next_of(UDP, 0.3), show(got))
    slow.send(bubble(slow.name, ME), CLIENT)
    t.check("its answer brings it back (C-41)", data_of(slow.next_of(UDP)) == b"late")
    wait_until(tested + 32)
    got = verify("2001:db8:5::2", 1)
    t.check("an echo reply 32 s later is none (SEC-08)", not got)
    before = heard["2001:db8:5::2"][-1][1].body[8:]
    server.drain()
    app.send(b"once more", "2001:db8:5::2")
    again = listen(PATIENCE, "2001:db8:5::2").get("2001:db8:5::2")
    t.check("a later wait has another nonce (SEC-08)", again and again[0][1].body[8:] != before,
            (again, before))
    app.send(b"still there?", "2001:db8:5::1")
    heard = listen(PATIENCE, "2001:db8:5::1")
    got = "2001:db8:5::1" in heard and verify("2001:db8:5::1")
    entry = peer_of(client_ns, "2001:db8:5::1")
    t.check("a native host that was silent for 22 s is asked, and its answer counts (C-46, C-48)",
            got and entry["idle_rx_ms"] < 5000, entry)

    # Idle peers were removed, those in use were not.
    wait_until(met + 45)
    left = [p for p in many if peer_of(small_ns, p.name)]
    gone = stats(small_ns)["peers-expired"]
    t.check("short of room, idle peers are forgotten (C-06)", len(left) < 8 and gone >= 8,
            (len(left), gone))
    t.check("and those in use are not (C-06)", many[0] in left)
    got = many[16].meet(small, TINY, SMALL)
    t.check("so that there is room (C-06)", got is not None and peer_of(small_ns, many[16].name))

    # Five minutes after its last bubble
    server.drain()
    for seconds in (100, 200, 290):
        time.sleep(max(0, last + seconds - time.time()))    # the tested interval
        app.send(b"still there?", dead.name)
    t.check("no bubble to the silent peer within 290 s (C-68)", dead.name not in listen(1))
    got = app.error()
    t.check("but an error each time (C-55)", got and got[1:] == (1, 3), got)
    time.sleep(max(0, last + 302 - time.time()))    # the tested interval
    app.send(b"once more", dead.name)
    t.check("after 300 s, another (C-68, C-71)", dead.name in listen(PATIENCE, dead.name))
