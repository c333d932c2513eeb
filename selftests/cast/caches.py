#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""caches.py PEERS CLIENT INET ADDRESS PORT: what is remembered of a route is right for each
packet that takes it.

Namespaces of the laboratory; CLIENT has a Teredo client with ADDRESS, whose service port on
198.51.100.33 and .34 is PORT.  Its peers are on 192.0.2.1, in PEERS.
"""

import sys

from netlab import *
from pkt import *

peer_ns, client_ns, inet_ns, ME, port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT, OTHER = [(a, int(port)) for a in ("198.51.100.33", "198.51.100.34")]
HERE = "192.0.2.1"
PORT = 42000
RECVTTL = 12    # which Python does not know

peer = Port(peer_ns, HERE, PORT)
who = teredo(SERVER, HERE, PORT, 0x0202)
app = App(client_ns, ME, 9000)


def rule(*words):
    ip(client_ns, "rule", words[0], "pref", "50", *words[1:])


with Ktap(17) as t:
    peer.send(bubble(who, ME), CLIENT)
    becomes(client_ns, who, "trusted")
    enter(peer_ns)
    peer.socket.setsockopt(socket.IPPROTO_IP, RECVTTL, 1)

    def out():
        """Source address and TTL of the next that leaves, None if none does"""
        peer.drain()
        peer.send(bubble(who, ME), CLIENT)      # it is heard
        becomes(client_ns, who, "trusted")
        app.drain()
        app.send(b"out", who)
        while select.select([peer.socket], [], [], 0.5)[0]:
            data, anc, _, sender = peer.socket.recvmsg(2048, 256)
            if data[6] == UDP:
                return sender[0], struct.unpack("i", anc[0][2])[0]
        return None

    def changes(what, wanted, *steps):
        """With each step, at once"""
        got = [out()]
        for step in steps:
            step()
            got.append(out())
        t.check(what, got == wanted, got)

    via = ("via", "198.51.100.46")
    usual = (CLIENT[0], 63)

    def route(*words):
        return lambda: ip(client_ns, "route", "replace", HERE, *via, *words)

    def unroute():
        ip(client_ns, "route", "del", HERE)

    def mark(value):
        return lambda: options(client_ns, "mark", value)

    def sysctl(value):
        return lambda: run("nsenter", "--net=/run/netns/" + client_ns, "sysctl", "-qw",
                           "net.ipv4.ip_default_ttl=%d" % value)

    rule("add", "fwmark", "9", "blackhole")
    changes("by mark", [usual, None, usual, None, usual], mark("9"), mark("8"), mark("9"),
            mark("0"))
    rule("del", "fwmark", "9", "blackhole")
    changes("a rule for a mark that comes and goes", [usual, usual, None, usual, usual],
            mark("9"), lambda: rule("add", "fwmark", "9", "blackhole"),
            lambda: rule("del", "fwmark", "9", "blackhole"), mark("0"))
    changes("a route's hop limit", [usual, (CLIENT[0], 32), (CLIENT[0], 41), usual],
            route("hoplimit", "33"), route("hoplimit", "42"), unroute)
    changes("the link's TTL", [usual, (CLIENT[0], 43), (CLIENT[0], 254), usual],
            lambda: options(client_ns, "ttl", "44"), lambda: options(client_ns, "ttl", "255"),
            lambda: options(client_ns, "ttl", "0"))
    changes("the namespace's TTL", [usual, (CLIENT[0], 54), usual], sysctl(55), sysctl(64))
    changes("a route's source", [usual, (OTHER[0], 63), usual], route("src", OTHER[0]),
            unroute)
    changes("a route of another kind", [usual, None, usual],
            lambda: ip(client_ns, "route", "add", "prohibit", HERE),
            lambda: ip(client_ns, "route", "del", "prohibit", HERE))

    # Rules and policies about what a route leads to, and the kernel knows only of our socket
    second = Port(peer_ns, HERE, PORT + 1)
    twins = {who: peer, teredo(SERVER, HERE, PORT + 1, 0x0202): second}
    for name in twins:
        run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0", name, "at",
            "%s:%d" % (HERE, twins[name].port))

    def arrives(tclass=0):
        """Which of the two is reached"""
        app.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tclass)
        got = ""
        for name, place in twins.items():
            place.drain()
            app.send(b"by rule", name)
            got += "12"[place is second] if data_of(place.next_of(UDP, 0.5)) else "-"
        return got

    def ruled(what, wanted, *words, tclass=0):
        """While there is a rule against these, and before, and after"""
        got = [arrives(), arrives(tclass)]
        rule("add", *words, "blackhole")
        got += [arrives(), arrives(tclass), arrives()]
        rule("del", *words, "blackhole")
        got += [arrives(tclass)]
        t.check(what, got == ["12", "12", wanted[0], wanted[-1], wanted[0], "12"], got)

    udp = "ipproto", "17"
    ruled("a rule about another port than one has", ["1-"], *udp, "dport", str(PORT + 1))
    ruled("a rule about our port", ["--"], *udp, "sport", port)
    ruled("a rule about a port that is not ours", ["12"], *udp, "sport",
          str(int(port) ^ 1))
    ruled("a rule about another protocol", ["12"], "ipproto", "6")
    ruled("a rule about the user whose socket it is", ["--"], "uidrange", "0-0")
    ruled("a rule about other users", ["12"], "uidrange", "1-65535")
    ruled("a rule about the type of service", ["12", "--"], "tos", "0x10", tclass=0x10)
    app.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0)

    def policy(*words):
        ip(client_ns, "xfrm", "policy", words[0], "dir", "out", "src", "0.0.0.0/0", "dst",
           HERE + "/32", "proto", "17", "dport", str(PORT + 1), *words[1:])

    got = [arrives()]
    policy("add", "action", "block")
    got += [arrives(), arrives()]
    policy("delete")
    got.append(arrives())
    t.check("an IPsec policy about one port", got == ["12", "1-", "1-", "12"], got)

    # Many destinations share places: each gets what is for it.
    many = ["192.0.2.%d" % n for n in (1, 2)] + ["203.0.113.%d" % n for n in range(128, 254)]
    enter(inet_ns)
    ear = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
    ear.bind(("bare", 0x0800))
    ear.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    # The source tells which of two routes each has taken.
    names = {}
    for n, place in enumerate(many):
        if n % 2:
            ip(client_ns, "route", "replace", place, *via, "src", OTHER[0])
        names[teredo(SERVER, place, 5000 + n)] = (place, 5000 + n, [CLIENT, OTHER][n % 2][0])
    for name, (place, to_port, _) in names.items():
        run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0", name, "at",
            "%s:%d" % (place, to_port))
    for _ in range(3):
        for name in names:
            app.send(b"for you", name)
    wrong, right = [], 0
    while select.select([ear], [], [], 0.5)[0]:
        data = ear.recv(2048)
        if data[9] != UDP or data[28] >> 4 != 6 or data[34] != UDP:
            continue
        dest = socket.inet_ntop(socket.AF_INET6, data[52:68])
        got = (socket.inet_ntoa(data[16:20]), struct.unpack("!H", data[22:24])[0],
               socket.inet_ntoa(data[12:16]))
        right += names.get(dest) == got
        if names.get(dest) != got:
            wrong.append((dest, got))
    t.check("by destination", not wrong and right == 3 * len(names), (right, wrong[:5]))

    # A route with a locked MTU wants fragments, not errors about them.
    options(client_ns, "df", "set")

    def has_df(*words):
        route(*words)()
        while select.select([ear], [], [], 0)[0]:
            ear.recv(2048)
        app.send(b"don't fragment", who)
        while select.select([ear], [], [], 1)[0]:
            data = ear.recv(2048)
            if data[9] == UDP and data[16:20] == ip4(HERE):
                return bool(data[6] & 0x40)
        return None

    got = [has_df(), has_df("mtu", "lock", "1400"), has_df("mtu", "1400")]
    unroute()
    t.check("a route with a locked MTU", got == [True, False, True], got)
