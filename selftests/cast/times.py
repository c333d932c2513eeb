#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""times.py SERVER PEERS CLIENT WIRE ADDRESS PORT: when a client does what.

Namespaces of the laboratory; CLIENT has a Teredo client with ADDRESS, whose service port
on 198.51.100.33 is PORT, and whose link ends in WIRE as `bare`.  Its peers are on
192.0.2.1, in PEERS.  Time passes only while nothing runs; the clock is read about three
times a second."""

import socket
import subprocess
import sys
import time

from pkt import *

server_ns, peer_ns, client_ns, wire_ns, ME, port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT = ("198.51.100.33", int(port))
NATIVES = ["2001:db8:5::%d" % n for n in range(1, 6)]

server = Port(server_ns, SERVER, 3544)
peers = [Port(peer_ns, "192.0.2.1", 43000 + n) for n in range(6)]
names = [teredo(SERVER, p.address, p.port, 0x0202) for p in peers]
oneway, dead, idle, known, relay, stranger = peers
app = App(client_ns, ME, 9000)


def to_name(p):
    return names[peers.index(p)]


def meet(p):
    p.send(bubble(to_name(p), ME), CLIENT)
    becomes(client_ns, to_name(p), "trusted")
    return time.time()


class Log:
    """When packets were sent: [(seconds since the beginning, packet)] by destination, for
    bubbles and echo requests, and for data"""

    def __init__(self):
        self.asked, self.data, self.began = {}, {}, time.time()

    def look(self):
        for p in [server] + peers:
            while raw := p.receive_raw(0):
                got = Packet(*raw)
                what = self.data if got.proto == UDP else self.asked
                if p is not server and got.proto == NONE:
                    continue    # count only the indirect bubble
                what.setdefault(got.dest, []).append((time.time() - self.began, got))

    def times(self, what, dest):
        return [round(when, 1) for when, _ in what.get(dest, [])]


def near(times, wanted, slack=0.7):
    """The times are as wanted, or a little later."""
    return len(times) == len(wanted) and all(0 <= a - b + 0.05 <= slack
                                             for a, b in zip(times, wanted))


def exists(dest):
    return bool(peer_of(client_ns, dest))


def announcements(count):
    """Return the times of so many announcements of the client."""
    enter(wire_ns)
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    wire.bind(("bare", 0x0800))
    wire.settimeout(400)
    subprocess.run(["teredo-tool", "-n", client_ns, "set", "teredo0", "discovery", "on"],
                   check=True)
    times = []
    try:
        while len(times) < count:
            if wire.recv(2048)[16:20] == ip4("224.0.0.253"):
                times.append(time.time())
                if len(times) % 3 == 0:     # show progress
                    print("# %d of %d" % (len(times), count), flush=True)
    except TimeoutError:
        pass
    return times


with Ktap(14) as t:
    # All start now; then some are sent a packet four times a second.
    for p in idle, known:
        meet(p)
    met = time.time()
    meet(oneway)
    Log().look()
    log = Log()
    app.send(b"anybody?", to_name(dead))
    for host in NATIVES:
        app.send(b"anybody?", host)

    def reply(host):
        got = log.asked[host][-1][1]
        ident, seq = struct.unpack("!HH", got.body[4:8])
        stranger.send(echo(host, ME, got.body[8:], ECHO_REPLY, ident, seq), CLIENT)
        return becomes(client_ns, host, "trusted", 0.2)

    early = late = None
    while (now := time.time() - log.began) < 45:
        app.send(b"one way", to_name(oneway))
        if now < 38:
            app.send(b"still?", NATIVES[0])
        if now > 8:
            app.send(b"still?", to_name(dead))
        time.sleep(0.25)    # between two
        log.look()
        # The last of its attempts was made after 6 s.
        if early is None and now > 35:
            early = reply(NATIVES[1])
        if late is None and now > 37:
            late = reply(NATIVES[2])
        app.drain()

    way = log.times(log.data, to_name(oneway))
    asked = log.times(log.asked, to_name(oneway))
    t.check("a peer is trusted for 30 s since it was heard, and no longer (C-46)",
            way and 29.4 < way[-1] < 30.6, way[-5:])
    t.check("the one of whom nothing is heard is asked after 20 s, again after 4 s, and the other "
            "two attempts are kept until it is not trusted any more (C-46, C-68)",
            near(asked, [20, 24, 30, 32]), asked)
    asked = log.times(log.asked, to_name(dead))
    t.check("one that does not answer is asked four times, and then left alone (C-68)",
            near(asked, [0, 2, 4, 6]), asked)
    asked = log.times(log.asked, NATIVES[0])
    t.check("a native host that does not, once more after 30 s (C-48)",
            near(asked, [0, 2, 4, 6, 36, 38, 40, 42], 1), asked)
    t.check("a nonce is good 29 s after it was sent (SEC-08)", early,
            log.times(log.asked, NATIVES[1]))
    t.check("31 s after it is not (SEC-08)", late is False, log.times(log.asked, NATIVES[2]))
    asked = {log.asked[h][n][1].body[8:] for h in NATIVES for n in range(4)}
    t.check("each host has one nonce for its attempts, and no two the same (C-94)",
            len(asked) == len(NATIVES), len(asked))

    # Idle
    time.sleep(max(0, met + 290 - time.time()))     # the time that it is about
    t.check("who was heard 290 s ago is known (C-06)", exists(to_name(idle)))
    known.send(bubble(to_name(known), ME), CLIENT)
    heard = time.time()
    time.sleep(max(0, met + 298 - time.time()))     # the time that it is about
    t.check("and so is he after 298 s", exists(to_name(idle)))
    time.sleep(max(0, met + 312 - time.time()))     # the time that it is about
    t.check("after 312 s he is forgotten (C-06)", not exists(to_name(idle)))
    t.check("who was heard meanwhile is not (C-06)", exists(to_name(known)))
    time.sleep(max(0, heard + 298 - time.time()))   # the time that it is about
    t.check("for another 300 s", exists(to_name(known)))
    time.sleep(max(0, heard + 312 - time.time()))   # the time that it is about
    t.check("and no longer", not exists(to_name(known)))

    # This covers most of a day.  A timer that is late shows only at the upper end, in three
    # of a hundred.
    times = announcements(301)
    gaps = [round(b - a, 2) for a, b in zip(times, times[1:])]
    t.check("announcements are 200 to 300 s apart, however long they go on (C-83)",
            len(gaps) == 300 and all(199.9 < gap < 300.3 for gap in gaps), sorted(gaps)[-10:])
