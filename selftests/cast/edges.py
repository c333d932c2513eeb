#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""edges.py SERVER PEERS CLIENT CLIENTS HOST ADDRESS PORT: edge cases, just inside and just
outside of a limit.

Namespaces of the laboratory.  CLIENT has a Teredo client with ADDRESS, whose service
port on 198.51.100.33 is PORT; its peers are on 192.0.2.1 and .2, in PEERS, which also
has a relay.  Clients of the relay are on 198.51.100.1, in CLIENTS."""

import subprocess
import sys
import time

from netlab import *
from pkt import *

server_ns, peer_ns, client_ns, clients_ns, host_ns, ME, port = sys.argv[1:]
SERVER, SERVER2 = "203.0.113.1", "203.0.113.2"
CLIENT = ("198.51.100.33", int(port))
RELAY = ("192.0.2.1", 3545)
HOST = "2001:db8:2::1"
NATIVE = "2001:db8:5::1"
HERE, THERE = "192.0.2.1", "192.0.2.2"

server = Port(server_ns, SERVER, 3544)
p0, p1, p2, p3 = [Port(peer_ns, HERE, 42000 + n) for n in range(4)]
last = Port(peer_ns, HERE, 65535)
there = Port(peer_ns, THERE, 42000)
app = App(client_ns, ME, 9000)
host = App(host_ns, HOST, 9000)
clients = [Port(clients_ns, "198.51.100.1", 41000 + n) for n in range(3)]
forger = Forger(peer_ns)
TRAVELS = "time-travel" in open("/proc/cmdline").read()
far = Forger(clients_ns)


def name(place, flags=0x0202):
    return teredo(SERVER, place.address, place.port, flags)


def to_me(source, data=b"x"):
    return datagram(source, ME, 7, 9000, data)


def quiet():
    for p in (server, p0, p1, p2, p3, last, there, *clients):
        p.drain()
    app.drain()
    host.drain()


def meet(place, who=None):
    who = who or name(place)
    place.send(bubble(who, ME), CLIENT)
    app.send(b"meet", who)
    return data_of(place.next_of(UDP)) == b"meet"


def judged(namespace, to, cases, by=forger):
    """Send the payloads of all cases, (verdict, source, payload), and compare the counters:
    a verdict is a counter, or None if none changes.  Return what is wrong, '' if
    nothing."""
    want = {}
    before = settled(lambda: stats(namespace), 0.1)
    for verdict, source, payload in cases:
        by.send(payload, source, to)
        if verdict:
            want[verdict] = want.get(verdict, 0) + 1
    after = settled(lambda: stats(namespace), 0.1)
    got = {k: v - before[k] for k, v in after.items()
           if k[:3] == "rx-" and v != before[k]}
    return "" if got == want else "got %s\nexpected %s" % (got, want)


def said(what, problem):
    t.check(what, not problem, problem)


def off_by_one(value):
    """Yield each value of this length that differs in one bit; all zeros, all ones."""
    yield from flips(value)
    yield bytes(len(value))
    yield b"\xff" * len(value)


def header(kind, inner):
    """Return an extension header, longer than necessary, before an inner one."""
    if kind == 44:
        return bytes([inner, 0]) + struct.pack("!HL", 1, 77)
    if kind == 51:
        return bytes([inner, 5]) + bytes(26)
    # padding; and a routing header of an unknown type, with no segments left
    return bytes([inner, 2]) + (b"\x99\0" + bytes(20) if kind == 43 else b"\1\x14" + bytes(20))


def discovery(kind, headers=(), hops=255, to=ME, source=None):
    """Return a message of that type behind those headers."""
    source = source or name(p0)
    inner = icmp6(source, to, kind, bytes(4) + ip6(to), hops=hops)[40:]
    chain = list(headers) + [ICMP6]
    front = b"".join(header(k, chain[n + 1]) for n, k in enumerate(headers))
    return ipv6(source, to, chain[0], front + inner, hops)


with Ktap(30) as t:
    #
    # All members of a class
    #

    meet(p0)
    HEADERS = ((), (0,), (43,), (44,), (51,), (60,), (0, 43), (60, 44), (0, 60, 43, 44, 51, 60))
    for headers in HEADERS:
        said("neighbour discovery %s (C-45, SEC-03)" %
             ("behind " + ", ".join(map(str, headers)) if headers else "bare"),
             judged(client_ns, CLIENT,
                    [("rx-inner-source", (HERE, p0.port), discovery(kind, headers))
                     for kind in range(133, 138)] +
                    [(None, (HERE, p0.port), discovery(kind, headers))
                     for kind in (1, 4, 129, 132, 138, 200, 255)] +
                    [(None, (HERE, p0.port), discovery(kind, headers, hops))
                     for kind in range(133, 138) for hops in (64, 254)]))
    # Only the first fragment has a type.
    later = ipv6(name(p0), ME, 44, bytes([ICMP6, 0]) + struct.pack("!HL", 8, 77) +
                 discovery(135)[40:], 255)
    said("eight headers are looked through, nine hide something (C-45, SEC-40)",
         judged(client_ns, CLIENT,
                [("rx-inner-source", (HERE, p0.port), discovery(135, (60,) * 8)),
                 (None, (HERE, p0.port), discovery(200, (60,) * 8)),
                 ("rx-inner-source", (HERE, p0.port), discovery(200, (60,) * 9)),
                 (None, (HERE, p0.port), discovery(200, (60,) * 9, 64)),
                 (None, (HERE, p0.port), later)]))

    #
    # Almost
    #

    quiet()
    asks = origin(HERE, p3.port) + bubble("fe80::1234", ME)
    said("the server is an address and a port (C-35, C-36, F-25)",
         judged(client_ns, CLIENT,
                [("rx-bubble", (address, 3544), asks) for address in (SERVER, SERVER2)] +
                [("rx-misplaced", almost, asks) for almost in (
                    (SERVER, 3543), (SERVER, 3545), (SERVER2, 3545), (SERVER, 3544 ^ 0x8000),
                    ("203.0.113.3", 3544), ("203.0.113.0", 3544), ("192.0.2.9", 3544),
                    ("203.1.113.1", 3544))]))
    said("and so is a Teredo peer, known or not (C-38, C-40, SEC-15)",
         judged(client_ns, CLIENT,
                [("rx-mapping", almost, payload(who)) for almost in (
                    (HERE, p0.port + 1), (HERE, p0.port ^ 0x8000), (THERE, p0.port),
                    ("192.0.3.1", p0.port), ("193.0.2.1", p0.port))
                 for who in (name(p0), name(p0, 0x0303))
                 for payload in (to_me, lambda who: bubble(who, ME))]))
    app.send(b"still", name(p0))
    t.check("which moves nobody (SEC-09)", data_of(p0.next_of(UDP)) == b"still")

    # Set by the administrator, with another mapping than in its address
    hand = name(p2)
    run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0", hand, "at",
        "%s:%d" % (THERE, there.port))
    quiet()
    problem = judged(client_ns, CLIENT, [
        (None, (THERE, there.port), to_me(hand)),
        ("rx-bubble", (THERE, there.port), bubble(hand, ME)),
        ("rx-mapping", (THERE, there.port + 1), to_me(hand)),
        ("rx-mapping", (HERE, there.port + 1), to_me(hand)),
        (None, (HERE, p2.port), to_me(hand)), ("rx-bubble", (HERE, p2.port), bubble(hand, ME))])
    quiet()
    app.send(b"by hand", hand)
    t.check("a peer by hand stays where it was put, whoever speaks (SEC-09)",
            not problem and data_of(there.next_of(UDP)) == b"by hand" and
            not p2.next_of(UDP, 0.3) and peer_of(client_ns, hand)["mapped"] ==
            {"address": THERE, "port": there.port}, (problem, peer_of(client_ns, hand)))

    # Nonces of a client.  The host that knows one is not among those that do not: on a busy
    # machine, sending these may take longer than a packet is held.
    def tested(who):
        """Make the client test the host; return the words of the echo request, and its
        nonce."""
        quiet()
        app.send(b"native", who)
        ping = server.next_of(ICMP6)
        return struct.unpack("!HH", ping.body[4:8]), ping.body[8:]

    (ident, seq), nonce = tested(NATIVE)
    began = time.time()

    def reply(data, source=NATIVE, to=ME, kind=ECHO_REPLY, **how):
        return echo(source, to, data, kind, ident, seq, **how)

    wrong = [reply(other) for other in off_by_one(nonce)] + [
        reply(nonce, csum=0x1234), reply(nonce, code=1), reply(nonce, kind=130),
        reply(nonce + b"\0"), reply(nonce[:-1]), reply(b"\0" + nonce),
        reply(nonce, NATIVE[:-1] + "2"),
        ipv6(NATIVE, ME, UDP, reply(nonce)[40:])]
    problem = judged(client_ns, CLIENT, [(None, (HERE, p1.port), w) for w in wrong])
    t.check("who almost knows a nonce does not (C-39, C-94, SEC-07)", not problem and
            peer_of(client_ns, NATIVE).get("state") in
            ("probing", "unreachable" if time.time() > began + 7 else "") and
            not p1.next_of(UDP, 0.2),
            (problem, peer_of(client_ns, NATIVE)))
    knows = NATIVE[:-1] + "9"
    (ident, seq), nonce = tested(knows)
    problem = judged(client_ns, CLIENT, [("rx-echo", (HERE, p1.port), reply(nonce, knows))])
    t.check("who knows it does", not problem and data_of(p1.next_of(UDP)) == b"native" and
            becomes(client_ns, knows, "trusted"), problem)
    problem = judged(client_ns, CLIENT, [(None, (HERE, p2.port), reply(other, knows))
                                         for other in (nonce, bytes(8), b"\xff" * 8)])
    quiet()
    app.send(b"stays", knows)
    t.check("it is used up, and no nonce is none (SEC-08)", not problem and
            data_of(p1.next_of(UDP)) == b"stays", (problem, peer_of(client_ns, knows)))

    # Nonces of a relay, in the same way
    def spoken_to(who):
        """Make the relay probe it; return the source address of the bubble, which the
        answer must be for."""
        quiet()
        host.send(b"symmetric", who)
        return server.next_of(NONE).source

    symmetric = teredo(SERVER, "198.51.100.1", 64999)
    asked = spoken_to(symmetric)
    iid = ip6(asked)[8:]

    def answer(iid, prefix="fe80::"):
        return bubble(symmetric, socket.inet_ntop(socket.AF_INET6, ip6(prefix)[:8] + iid))

    place = ("198.51.100.1", clients[0].port)
    said("who almost knows a relay's nonce does not (R-13, SEC-46)",
         judged(peer_ns, RELAY,
                [("rx-mapping", place, answer(other)) for other in off_by_one(iid)] +
                [("rx-mapping", place, answer(iid, prefix)) for prefix in (
                    "2001:db8::", "fec0::", "ff02::", "::")] +
                [("rx-mapping", place, datagram(symmetric, asked, 7, 9, b"x"))], far))
    symmetric = teredo(SERVER, "198.51.100.1", 64998)
    iid = ip6(spoken_to(symmetric))[8:]
    problem = judged(peer_ns, RELAY, [("rx-bubble", place, answer(iid))], far)
    t.check("who knows it does (R-13)", not problem and
            data_of(clients[0].next_of(UDP)) == b"symmetric", problem)
    elsewhere = ("198.51.100.1", clients[1].port)
    said("it is used up, and no nonce is none (R-12, SEC-08)",
         judged(peer_ns, RELAY, [("rx-mapping", elsewhere, answer(other))
                                 for other in (iid, bytes(8), b"\xff" * 8)], far))
    host.send(b"stays", symmetric)
    t.check("and moves nobody (R-12)", data_of(clients[0].next_of(UDP)) == b"stays")
    hand = teredo(SERVER, "198.51.100.1", clients[1].port)
    run("teredo-tool", "-n", peer_ns, "peer", "add", "teredo0", hand, "at",
        "198.51.100.1:%d" % clients[2].port)
    said("a relay's peer by hand is nowhere else (R-12)",
         judged(peer_ns, RELAY, [
             ("rx-bubble", ("198.51.100.1", clients[2].port), bubble(hand, "fe80::1")),
             (None, ("198.51.100.1", clients[2].port), datagram(hand, HOST, 7, 9000, b"x")),
             ("rx-mapping", ("198.51.100.1", clients[1].port), bubble(hand, "fe80::1")),
             ("rx-mapping", ("198.51.100.1", clients[1].port), datagram(hand, HOST, 7, 9000, b"x")),
             ("rx-mapping", ("198.51.100.1", clients[0].port), datagram(hand, HOST, 7, 9000, b"x"))],
             far))
    said("and neighbour discovery is none of its business (SEC-03)",
         judged(peer_ns, RELAY, [("rx-inner-source", ("198.51.100.1", clients[2].port),
                                  discovery(kind, headers, 255, HOST, hand))
                                 for kind in range(133, 138) for headers in ((), (60,))], far))

    #
    # Limits of length
    #

    meet(p0)
    pad = trailer(0x80, bytes(254))
    said("512 octets of trailers, and no more (SEC-40)",
         judged(client_ns, CLIENT,
                [(None, (HERE, p0.port), to_me(name(p0)) + pad * 2),
                 (None, (HERE, p0.port), to_me(name(p0)) + pad + pad[:-1]),
                 ("rx-trailer", (HERE, p0.port), to_me(name(p0)) + pad * 2 + b"\0")]))
    quiet()
    enter(client_ns)
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    for size in 1279, 1280:
        raw.sendto(datagram(ME, name(p0), 9000, 7, bytes(size - 48)), ("teredo0", 0x86dd))
    came = [len(got.data()) + 48 for got in iter(lambda: p0.next_of(UDP, 0.3), None)]
    t.check("a packet as long as the MTU leaves (C-57)", came == [1279, 1280], came)

    #
    # Rare values
    #

    quiet()
    bare = checksum(pseudo(ME, name(p0), 12, UDP) +
                    struct.pack("!HHHH", 9000, 7, 12, 0) + bytes(4))
    app.send(struct.pack("!HH", bare, 0), name(p0))
    got = p0.next_of(UDP)
    t.check("a checksum of 0 is sent as 65535, for 0 means none (C-47)",
            got and not got.error and got.body[6:8] == b"\xff\xff", show(got))
    t.check("a peer whose port is 65535, 0 in its address (F-07)", meet(last))
    said("port 0 is nobody's (F-17, F-54)",
         judged(client_ns, CLIENT,
                [("rx-inner-source", (SERVER, 3544), origin(HERE, 0) + bubble("fe80::77", ME)),
                 ("rx-inner-source", (SERVER, 3544),
                  origin(HERE, 5) + bubble(teredo(SERVER, HERE, 0), ME)),
                 ("rx-outer-source", (HERE, 0), to_me(name(p0)))]))

    #
    # To each its own
    #

    # Another sender has its full share, at the first attempt and before any limit recovers.
    quiet()
    with Counted(client_ns) as grew:
        for n in range(350):
            server.send(origin(HERE, 10000 + n) + bubble("fe80::1234", ME), CLIENT)
        server.send(origin(THERE, there.port) + bubble("fe80::1234", ME), CLIENT)
        got = there.receive()
    t.check("one address has had all answers it gets, another one none yet (C-72)",
            got and got.source == ME and grew["rx-limited"], (show(got), grew["rx-limited"]))

    # Datagrams for a controller.  Last, since it qualifies anew.
    controller = subprocess.Popen(["teredo-tool", "-n", client_ns, "run", "teredo0"],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: tool(client_ns)[0].get("controller"))
    unasked = icmp6("fe80::1", "fe80::2", RA, bytes(12), hops=255)
    seen = []
    for others in 0, 40:
        time.sleep(5)       # the limit recovers
        with Counted(client_ns) as grew:
            for n in range(300):
                forger.send(unasked, (HERE, 3544), CLIENT)
            for n in range(others):
                forger.send(unasked, (THERE, 3544), CLIENT)
        seen.append(grew["rx-controller"])
    # Where time passes meanwhile, the limit recovers a little.
    t.check("one address has had all that a controller looks at, another one none yet",
            seen[0] < 300 and (seen[1] >= seen[0] + 10 or not TRAVELS), seen)
    controller.kill()
