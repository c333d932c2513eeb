#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""roles.py SERVER RELAY CLIENTS HOST INET: a server that relays, for clients known and
unknown to its relay, and a host-specific relay beside it.

The arguments are namespaces of the laboratory.  Clients are sockets on 198.51.100.1,
without NAT; 192.0.2.1 has another server first, and then the host with a relay for
itself."""

import errno
import select
import socket
import sys

from netlab import Counted, ip, run
from pkt import *

server_ns, relay_ns, client_ns, host_ns, inet_ns = sys.argv[1:]
SERVER, SERVER2, OTHER = "203.0.113.1", "203.0.113.2", "192.0.2.1"
TO = (SERVER, 3544)
HOST, RELAY_HOST = "2001:db8:2::1", "2001:db8:3::1"

clients = [Port(client_ns, "198.51.100.1", 41000 + n) for n in range(6)]
a, b, c, d, e, f = clients
A, B, C, D = (teredo(SERVER, p.address, p.port) for p in (a, b, c, d))
other = Port(relay_ns, OTHER, 3544)
host = App(host_ns, HOST, 9000)
enter(host_ns)
native = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)


def quiet():
    for p in clients + [other]:
        p.drain()
    host.drain()
    while select.select([native], [], [], 0)[0]:
        native.recv(65536)


def echoes(seconds=PATIENCE):
    """Return the next echo request of a client that the host receives: (source, data)."""
    deadline = time.time() + seconds
    while select.select([native], [], [], max(0, deadline - time.time()))[0]:
        message, source = native.recvfrom(65536)
        if message[0] == ECHO and source[0].startswith("2001:0:"):
            return source[0], message[8:]
    return None


def is_bubble(got, sender, dest, origin_=None):
    return got and not got.error and got.proto == NONE and got.sender == sender and \
        got.dest == dest and got.origin == origin_ and got.source.startswith("fe80::")


with Ktap(27) as t:
    # For clients of its own server, the relay sends what the server would send.
    host.send(b"one", A)
    got = a.receive()
    t.check("a client of this server gets the bubble at once, with an origin (R-27, S-15)",
            is_bubble(got, TO, A, TO), show(got))
    a.send(bubble(A, got.source if got else "fe80::1"), TO)
    got = a.next_of(UDP)
    t.check("its answer opens the path (R-25, R-27)", data_of(got) == b"one" and
            got.sender == TO, show(got))
    host.send(b"two", C)
    got = c.receive()
    with Counted(server_ns) as grew:
        d.send(bubble(C, "fe80::1234"), TO)
    t.check("a wrong nonce, from elsewhere, does not (R-12)", grew["rx-mapping"] == 1 and
            peer_of(server_ns, C).get("state") == "probing", grew.after)
    d.send(bubble(C, got.source if got else "fe80::1"), TO)
    t.check("the right one does, wherever it comes from (R-13, R-26)",
            data_of(d.next_of(UDP)) == b"two")
    second = teredo(SERVER2, e.address, e.port)
    host.send(b"three", second)
    got = e.receive()
    t.check("so does a client of its secondary address (R-27)", is_bubble(got, TO, second, TO),
            show(got))
    e.send(bubble(second, got.source if got else "fe80::1"), TO)
    t.check("which is reached as well", data_of(e.next_of(UDP)) == b"three")
    foreign = teredo(OTHER, f.address, f.port)
    host.send(b"four", foreign)
    got = other.receive()
    t.check("another server's client is asked by way of that, without one (R-07)",
            is_bubble(got, TO, foreign) and not f.receive(0.2), show(got))
    f.send(bubble(foreign, got.source if got else "fe80::1"), TO)
    t.check("and reached", data_of(f.next_of(UDP)) == b"four")

    # A is the relay's peer, B is not; it is the server of both.
    def forwarded(what, inner, sender, to):
        quiet()
        sender.send(inner, TO)
        got, want = to.receive(), Packet(inner)
        t.check(what, got and (got.source, got.dest, got.proto, got.body, got.origin) ==
                (want.source, want.dest, want.proto, want.body, (sender.address, sender.port)),
                show(got))

    forwarded("a bubble from the relay's peer to another client (S-14, R-26)", bubble(A, B), a, b)
    forwarded("an echo request (S-14, R-26)", echo(A, B, b"12345678"), a, b)
    forwarded("an echo reply (S-14, R-26)", echo(A, B, b"12345678", ECHO_REPLY), a, b)
    forwarded("an echo request to the relay's peer", echo(B, A, b"12345678"), b, a)
    forwarded("from one of the relay's peers to another (S-14, R-26)",
              echo(A, C, b"12345678"), a, c)

    def counted(what, reason, *sends, heard=None):
        """Each of (sender, payload) is counted, as that and nothing else, and nothing is
        forwarded."""
        quiet()
        with Counted(server_ns) as grew:
            for sender, payload in sends:
                sender.send(payload, TO)
        came = [p.port for p in clients if p.receive(0.05)]
        got = heard and heard(0.3)
        wrong = {k: v - grew.before[k] for k, v in grew.after.items() if k.startswith("rx-") and
                 v != grew.before[k] and k != reason}
        t.check(what, grew[reason] == len(sends) and not came and not got and not wrong,
                (grew[reason], wrong, came, got))

    counted("data from client to client goes nowhere (S-05, R-16)", "rx-inner-dest",
            (a, datagram(A, B, 1, 2, b"data")))
    counted("nor does that of whom nobody called (S-05, R-14)", "rx-unknown-peer",
            (b, datagram(B, A, 1, 2, b"data")), (b, datagram(B, HOST, 7, 9000, b"data")),
            (b, echo(B, HOST, bytes(200))), heard=host.heard)
    counted("nor of a peer from elsewhere (R-12, R-26)", "rx-mapping",
            (b, datagram(A, HOST, 7, 9000, b"data")), (b, echo(A, HOST, b"12345678")),
            (b, echo(A, B, b"12345678")), (b, bubble(A, B)), heard=host.heard)
    counted("a bubble to a native host ends here (S-13)", "rx-bubble", (a, bubble(A, HOST)),
            (b, bubble(B, HOST)))

    quiet()
    with Counted(server_ns) as grew:
        a.send(echo(A, HOST, b"by the relay"), TO)
        got = [echoes()]
        a.send(echo(A, HOST, bytes(200)), TO)
        got.append(echoes())
        a.send(datagram(A, HOST, 7, 9000, b"data"), TO)
        got.append(host.heard())
    t.check("the relay's peer reaches a native host with whatever it has (R-16, R-26)",
            got == [(A, b"by the relay"), (A, bytes(200)), (b"data", A)] and
            grew["rx-native"] == 0, (got, grew["rx-native"]))
    known = {p["address"] for p in tool(server_ns, "peers")}
    t.check("only those are remembered whom the relay called (R-14, S-02)",
            known == {A, C, second, foreign}, known)
    # The host answers those, so the relay probes them next.
    with Counted(server_ns) as grew:
        b.send(echo(B, HOST, b"by server"), TO)
        got = echoes()
    t.check("others with small echoes, as the server has it (S-13, R-25)",
            got == (B, b"by server") and grew["rx-native"] == 1, (got, grew["rx-native"]))
    quiet()
    a.send(auth(b"noncense") + solicitation(), TO)
    got = a.receive()
    t.check("both are answered who solicit (S-11, R-25)", got and got.nonce == b"noncense" and
            got.origin == (a.address, a.port), show(got))

    # A host-specific relay, beside that server
    other.socket.close()
    clients.remove(f)
    run("teredo-tool", "-n", relay_ns, "add", "teredo0", "mode", "host-relay", "local", OTHER, "port",
        "3545")
    ip(relay_ns, "link", "set", "teredo0", "up")
    ip(relay_ns, "-6", "route", "add", "2001::/32", "dev", "teredo0")
    HERE = (OTHER, 3545)
    app = App(relay_ns, RELAY_HOST, 9001)
    for p in clients:
        p.drain()
    with Counted(relay_ns) as grew:
        app.send(b"five", B)
        got = [b.receive(), b.receive()]
    t.check("a host-specific relay asks the client itself, and by its server (R-10, R-23)",
            any(is_bubble(g, HERE, B) for g in got) and any(is_bubble(g, TO, B, HERE) for g in got)
            and got[0].source == got[1].source and grew["tx-bubble"] == 2,
            ([show(g) for g in got], grew["tx-bubble"]))
    b.send(bubble(B, got[0].source if got[0] else "fe80::1"), HERE)
    t.check("an answer opens the path (C-97)", data_of(b.next_of(UDP)) == b"five")
    b.send(datagram(B, RELAY_HOST, 7, 9001, b"for the host"), HERE)
    t.check("the host hears its client (R-21)", app.heard() == (b"for the host", B))
    host.drain()
    with Counted(relay_ns) as grew:
        b.send(datagram(B, HOST, 7, 9000, b"for another host"), HERE)
        got = host.heard(0.4)
    t.check("nobody behind it does (R-22)", not got and grew["rx-inner-dest"] == 1,
            (got, grew["rx-inner-dest"]))
    with Counted(relay_ns) as grew:
        b.send(bubble(B, "fe80::1"), HERE)
        b.send(bubble(B, HOST), HERE)
    t.check("its bubbles are for nobody (R-18)", grew["rx-bubble"] == 2, grew["rx-bubble"])
    ip(inet_ns, "-6", "route", "replace", "2001::/32", "via", RELAY_HOST)
    host.drain()
    with Counted(relay_ns) as grew:
        host.send(b"by somebody's relay", B)
        got = host.error()
    t.check("nobody else may send by it: administratively prohibited (R-22)",
            got == (errno.EACCES, 1, 1) and grew["tx-inner-source"] == 1, (got, grew.after))
