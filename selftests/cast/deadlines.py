#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""deadlines.py SERVER CLIENT HOST RELAY BARE ADDRESS PORT LATE MANY: when attempts are
made, and which answers count.

The first five are namespaces of the laboratory; BARE has the Teredo client ADDRESS at
198.51.100.33:PORT.  An attempt may be LATE seconds late; there are MANY destinations at
once."""

import socket
import struct
import sys
import time

from pkt import *

server_ns, client_ns, host_ns, relay_ns, bare_ns, ME, port, late, many = sys.argv[1:]
SERVER = "203.0.113.1"
RELAY = ("192.0.2.1", 3545)
BARE = ("198.51.100.33", int(port))
HOST = "2001:db8:2::1"
LATE = float(late)
SO_RCVBUFFORCE, SO_TIMESTAMPNS = 33, 35


class Servers(Port):
    """All servers; the kernel notes when a datagram arrived."""

    def __init__(self):
        super().__init__(server_ns, "0.0.0.0", 3544)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)

    def attempts(self):
        """Return what has arrived until now, by destination: [when, ...]."""
        heard = {}
        while True:
            try:
                data, anc, _, _ = self.socket.recvmsg(256, 64, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return heard
            when = struct.unpack("qq", anc[0][2])
            heard.setdefault(data[24:40], []).append(when[0] + when[1] / 1e9)


def silent(count):
    """Return so many clients that will not answer, a hundred for each server."""
    return [teredo("203.0.113.%d" % (128 + n // 100), "198.51.100.1",
                   10000 + n, count) for n in range(count)]


def probing():
    return len(tool(relay_ns, "peers", "teredo0", "state", "probing"))


def verdict(heard, count):
    """Return what is wrong with these attempts, or an empty list."""
    wrong = []
    gaps = sorted(b - a for times in heard.values() for a, b in zip(times, times[1:]))
    spans = sorted(times[-1] - times[0] for times in heard.values())
    if len(heard) != count or any(len(times) != 4 for times in heard.values()):
        wrong.append("%d asked, not four times: %s" % (len(heard), {
            n: sum(len(times) == n for times in heard.values()) for n in range(1, 6)}))
    if LATE < 1 and gaps:
        if gaps[0] < 1.98 or gaps[-1] > 2 + LATE:
            wrong.append("%.2f to %.2f s apart" % (gaps[0], gaps[-1]))
        if gaps[len(gaps) // 2] > 2.1:
            wrong.append("half of them more than %.2f s apart" % gaps[len(gaps) // 2])
        if spans[-1] > 6 + 3 * LATE:
            wrong.append("the fourth %.2f s after the first" % spans[-1])
    return wrong


with Ktap(7) as t:
    servers, sites = Servers(), Sites(host_ns)

    def storm(count):
        for n, dest in enumerate(silent(count)):
            sites.send(n // 500, dest)
        begun = time.time()
        # The last one's attempts are at 0, 2, 4, 6 s, the end at 8 s.
        time.sleep(8)       # by the protocol's clock
        left = probing()
        while left and time.time() < begun + 8 + 4 * LATE:
            time.sleep(0.1)     # between two looks
            left = probing()
        return verdict(servers.attempts(), count), left

    for count in (600, int(many)):
        wrong, left = storm(count)
        t.check("%d at once: four attempts, 2 s apart (R-08, C-48)" % count, not wrong,
                "\n".join(wrong))
        t.check("%d at once: given up after 8 s (C-55, R-30)" % count, not left, left)

    # Paths that take longer than the interval of attempts
    servers.socket.close()
    server = Port(server_ns, "203.0.113.1", 3544)
    inside = Port(client_ns, "198.51.100.1", 41000)
    app = App(bare_ns, ME, 9000)
    native = App(host_ns, HOST, 9000)

    # A client behind another mapping than in its address: only the nonce identifies it.
    elsewhere = teredo(SERVER, "198.51.100.1", 65000)
    native.send(b"far away", elsewhere)
    got = server.receive()
    time.sleep(5)       # the path's
    inside.send(bubble(elsewhere, got.source if got else "fe80::1"), RELAY)
    got = inside.next_of(UDP)
    t.check("a relay: the answer to the first bubble counts, 5 s later (R-13, R-20)",
            data_of(got) == b"far away", show(got))

    server.drain()
    far = "2001:db8:5::1"
    app.send(b"far away", far)
    got = server.next_of(ICMP6)
    time.sleep(5)       # the path's
    inside.send(icmp6(far, ME, ECHO_REPLY, got.body[4:] if got else b""), BARE)
    got = inside.next_of(UDP)
    t.check("a client: the reply to the first echo request counts, 5 s later (C-39, C-89)",
            data_of(got) == b"far away", show(got))
    # A nonce is valid once: the others are not accepted any more.
    later = [server.next_of(ICMP6, 3) for _ in range(4)]
    nonces = {p.body[8:] for p in later if p and p.dest == far}
    t.check("all attempts of one wait have one nonce (SEC-08)", len(nonces) == 1, nonces)
