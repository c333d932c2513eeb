#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""relay.py SERVER CLIENT HOST RELAY: what a relay probes, forwards and drops.

The arguments are namespaces of the laboratory.  SERVER holds 203.0.113.1, where bubbles
for clients arrive; clients are sockets on 198.51.100.1, without NAT."""

import errno
import subprocess
import sys
import time

from netlab import Counted, ip
from pkt import *

server_ns, client_ns, host_ns, relay_ns = sys.argv[1:]
SERVER = "203.0.113.1"
RELAY = ("192.0.2.1", 3545)
HOST = "2001:db8:2::1"

server = Port(server_ns, SERVER, 3544)
clients = [Port(client_ns, "198.51.100.1", 41000 + n) for n in range(4)]
A, B, C, D = [teredo(SERVER, c.address, c.port, 0x0101) for c in clients]
a, b, c, d = clients
elsewhere = Port(server_ns, SERVER, 3999)


host = App(host_ns, HOST, 9000)


def nothing(sends, ports=(), wait=0.4):
    """Do it; return what the host and the ports receive, which should be nothing."""
    for port in ports:
        port.drain()
    host.drain()
    sends()
    came = [] if not host.heard(wait) else ["the host heard it"]
    return came + ["%s: %s" % (p.port, g.hex()) for p in ports
                   for g, _ in [p.receive_raw(0.05) or (b"", 0)] if g]


def forget(client):
    """Delete the peer, so that the relay does not probe it any more."""
    subprocess.run(["teredo-tool", "-n", relay_ns, "peer", "del", "teredo0", client], check=True)


with Ktap(40) as t:
    # A native host sends to an unknown client.
    for n in range(3):
        host.send(b"early%d" % n, A)
    got = server.receive()
    t.check("a bubble by way of the client's server (F-30, R-07)", got and not got.error and
            got.sender == RELAY and got.dest == A and got.proto == NONE and
            got.body == b"" and got.origin is None, show(got))
    t.check("its source is no Teredo address (F-31)",
            got and not got.source.startswith("2001:0:"), got and got.source)
    t.check("no data before the client answers (R-05, SEC-46)", not [
        1 for p in iter(lambda: a.receive(0.2), None) if p.proto != NONE])
    asked = got.source if got else "fe80::1"
    a.send(bubble(A, asked), RELAY)
    came = [data_of(a.receive()) for n in range(3)]
    t.check("the bubble's answer releases the queue, in order (R-09, R-15, R-20)",
            came == [b"early0", b"early1", b"early2"], came)
    host.send(b"late", A)
    got = a.receive()
    t.check("then data goes straight to the client (R-05)",
            data_of(got) == b"late" and got.sender == RELAY, show(got))
    t.check("one hop less for inet, one for the relay (SEC-51)", got and got.hops == 62,
            got and got.hops)
    server.drain()    # bubbles sent before it answered
    t.check("no more bubbles", server.receive(0.2) is None)

    # An attacker repeats the answer from elsewhere.
    b.send(bubble(A, asked), RELAY)
    host.send(b"whither", A)
    got = a.receive()
    t.check("an answer moves a mapping once only (R-12)", data_of(got) == b"whither", show(got))

    # A client behind a symmetric NAT answers from another mapping than in its address.
    elsewhere = teredo(SERVER, "198.51.100.1", 65000)
    host.send(b"symmetric", elsewhere)
    got = server.receive()
    b.send(bubble(elsewhere, got.source if got else "fe80::1"), RELAY)
    got = b.receive()
    t.check("an answer to our bubble may come from anywhere (R-13)",
            data_of(got) == b"symmetric" and got.dest == elsewhere, show(got))
    b.send(datagram(elsewhere, HOST, 7, 9000, b"so be it"), RELAY)
    t.check("and what follows from there is accepted", host.heard() == (b"so be it", elsewhere))

    # Nor from addresses to which nothing may be sent: private, broadcast, another tunnel's
    # relays.
    forger = Forger(client_ns)
    for n, forged in enumerate(("10.66.66.66", "192.0.2.15", "192.88.99.1")):
        dark = teredo(SERVER, "198.51.100.1", 64000 + n)
        host.send(b"not there", dark)
        got = server.receive()
        with Counted(relay_ns) as grew:
            forger.send(bubble(dark, got.source if got else "fe80::1"), (forged, 161), RELAY)
        peer = peer_of(relay_ns, dark)
        t.check("but not from %s (F-49, SEC-37)" % forged, grew["rx-outer-source"] == 1 and
                peer.get("state") == "probing", (peer, grew["rx-outer-source"]))
        forget(dark)

    # The client sends.
    a.send(datagram(A, HOST, 7, 9000, b"hello"), RELAY)
    got = host.heard()
    t.check("the client's data reaches the host (R-16)",
            got == (b"hello", A) and host.hops == 62, (got, host.hops))
    a.send(datagram(A, HOST, 7, 9000, b"trailer") + trailer(0x80, b"xx"), RELAY)
    got = host.heard()
    t.check("trailers do not (F-47)", got and got[0] == b"trailer", got)

    # What is dropped
    def drop(what, *payloads, sender=a, also=()):
        came = nothing(lambda: [sender.send(p, RELAY) for p in payloads],
                       (sender, server) + tuple(also))
        t.check(what, not came, "\n".join(came))

    drop("another port than the mapped one (R-12, SEC-15)", datagram(A, HOST, 7, 9000, b"x"),
         bubble(A, "fe80::1"), sender=b)
    drop("a client that nobody called (R-14, SEC-47)", datagram(B, HOST, 7, 9000, b"x"), sender=b)
    drop("a source that is no Teredo address (R-12)",
         datagram("2001:db8:7::1", HOST, 7, 9000, b"x"), datagram("fe80::1", HOST, 7, 9000, b"x"),
         datagram("::1", HOST, 7, 9000, b"x"))
    drop("link-local and multicast destinations (R-18)", *[
        datagram(A, dest, 7, 9000, b"x") for dest in ("fe80::1", "ff02::1", "ff0e::1", "::1", "::")])
    drop("one client to another (R-16)", datagram(A, B, 7, 9000, b"x"), also=[b])
    drop("authentication and origin indications (F-25, R-19)",
         auth(b"noncense") + datagram(A, HOST, 7, 9000, b"x"),
         origin("198.51.100.1", a.port) + datagram(A, HOST, 7, 9000, b"x"))
    drop("solicitations: this is no server (R-19)", solicitation(), auth(b"noncense") + solicitation())
    # An echo service would return our own packets.
    drop("echoed packets (R-12, SEC-38)", datagram(HOST, A, 9000, 7, b"late"))
    whole = datagram(A, HOST, 7, 9000, b"x" * 30)
    drop("every truncation (R-11)", *[whole[:n] for n in range(len(whole))])
    drop("a trailer that asks for it (F-40)", whole + trailer(0x41, b"yy"))
    with Counted(relay_ns) as grew:
        drop("64 kB of trailers (SEC-40)", whole + trailer(0x80, bytes(100)) * 600)
    t.check("are counted as such", grew["rx-trailer"] == 1, grew["rx-trailer"])

    # A client address with our own host in it does not make us send to a service there.
    service = Port(relay_ns, RELAY[0], 3544)
    with Counted(relay_ns) as grew:
        host.send(b"x", teredo(RELAY[0], "198.51.100.1", 5001))
        got = service.receive(0.5)
    forget(teredo(RELAY[0], "198.51.100.1", 5001))
    t.check("no bubble to a service of the relay's host (SEC-37)",
            got is None and grew["tx-failed"] >= 1, (show(got), grew["tx-failed"]))

    # Invalid clients
    server.drain()
    for bad in ("10.9.9.9", "127.0.0.1", "224.0.0.1", "192.168.1.1", "0.0.0.0", "255.255.255.255",
                "192.0.2.15"):
        host.send(b"x", teredo(SERVER, bad, 5000))
    host.send(b"x", teredo("10.1.1.1", "198.51.100.1", 5000))
    host.send(b"x", teredo(SERVER, "198.51.100.1", 0))
    got = server.receive(0.5)
    t.check("no bubble for what embeds no global IPv4 address (F-17, F-49..F-51, R-04, SEC-37)", got is None,
            show(got))

    host.drain()
    host.send(b"x", "2001:db8:77::1")
    got = host.error()
    t.check("no Teredo address, though routed here: refused (R-03)",
            got == (errno.EHOSTUNREACH, 1, 3), got)
    server.drain()
    cone = teredo(SERVER, d.address, d.port, 0x8000)
    host.send(b"cone", cone)
    got, early = server.receive(), d.receive(0.3)
    t.check("a client's cone bit makes no difference (R-06)", got and got.proto == NONE and
            got.dest == cone and not early, (show(got), show(early)))

    # A client that does not answer
    host.drain()
    host.send(b"anybody?", D)
    started, got, bubbles = time.time(), None, 0
    while time.time() < started + 20 and not (got and host.about == D):
        packet = server.receive(0.1)
        if packet and packet.dest == D:
            bubbles += 1
        got = host.error(0.01)
    t.check("at most 4 bubbles (R-08, SEC-28)", 1 <= bubbles <= 4, bubbles)
    t.check("then the sender hears: address unreachable (R-30)",
            got == (errno.EHOSTUNREACH, 1, 3), got)

    # An attempt that was not sent does not count.
    later = teredo(SERVER, "198.51.100.1", 65100)
    host.drain()
    ip(relay_ns, "route", "add", "unreachable", SERVER)
    host.send(b"lost", later)
    started, got = time.time(), None
    while time.time() < started + 20 and not (got and host.about == later):
        got = host.error(0.1)
    peer = peer_of(relay_ns, later)
    t.check("without a route to the server nothing was sent (C-68)",
            got and peer.get("bubbles") == 0, (got, peer))
    ip(relay_ns, "route", "del", "unreachable", SERVER)
    server.drain()
    host.send(b"found", later)
    got = server.receive()
    t.check("so that it may be, as soon as there is one (C-68)", got and got.dest == later,
            (show(got), peer_of(relay_ns, later)))

    # A packet too big for any client
    problem = host.send_whole(bytes(1400), A)
    got = (problem,) if problem else host.error()
    t.check("Packet Too Big above 1280 octets (R-28)",
            got and got[0] == errno.EMSGSIZE, got)

    # Another client, with its server elsewhere: bubbles go to the server in the address.
    host.send(b"first", teredo(SERVER, c.address, c.port))
    got = server.receive()
    t.check("a second client gets its bubble", got and got.dest ==
            teredo(SERVER, c.address, c.port), show(got))
    c.send(datagram(teredo(SERVER, c.address, c.port), HOST, 7, 9000, b"data opens, too"), RELAY)
    got = host.heard()
    t.check("its data counts as an answer (R-07)", got and got[0] == b"data opens, too", got)
    got = c.receive()
    while got and got.proto == NONE:    # a direct bubble is allowed
        got = c.receive()
    t.check("and opens the queue", data_of(got) == b"first", show(got))

    # Its routes are withdrawn: it probes no new clients, but known ones stay.
    enter(relay_ns)
    subprocess.run(["ip", "-6", "route", "del", "2001::/32", "dev", "teredo0"], check=True)
    c.send(datagram(teredo(SERVER, c.address, c.port), HOST, 7, 9000, b"still"), RELAY)
    got = host.heard()
    t.check("withdrawn: peers stay, and are heard (R-29)", got and got[0] == b"still" and
            peer_of(relay_ns, teredo(SERVER, c.address, c.port)).get("state") == "trusted", got)
