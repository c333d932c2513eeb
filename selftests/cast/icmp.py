#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""icmp.py SERVER RELAY CLIENT CLIENTS HOST INET ADDRESS PORT: errors, MTUs, marks.

Namespaces of the laboratory. CLIENT has a Teredo client with ADDRESS, whose service port
on 198.51.100.33 is PORT; RELAY has a relay. Peers of the client are sockets on
192.0.2.1, clients of the relay on 198.51.100.1. INET routes between all of them, and
forged errors come from SERVER."""

import errno
import sys
import time

from netlab import *
from pkt import *

server_ns, relay_ns, client_ns, clients_ns, host_ns, inet_ns, ME, port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT = ("198.51.100.33", int(port))
PEER = "192.0.2.1"
RELAY = (PEER, 3545)
HOST = "2001:db8:2::1"
UNREACHABLE, TOO_BIG = 1, 2


server = Port(server_ns, SERVER, 3544)
forger = Forger(server_ns)
peers = [Port(relay_ns, PEER, 42000 + n) for n in range(10)]
names = [teredo(SERVER, p.address, p.port, 0x0202) for p in peers]
app = App(client_ns, ME, 9000)
heard = Icmp6Errors(client_ns)


def meet(n):
    """Send in both directions, so that the client trusts the peer."""
    peers[n].send(bubble(names[n], ME), CLIENT)
    app.send(b"meet", names[n])
    return data_of(peers[n].next_of(UDP)) == b"meet"


def quiet():
    for p in peers + [server]:
        p.drain()
    app.drain()
    heard.drain()


def packet(n, data=b"data", source=ME):
    """Return a packet as the client would have sent it to a peer."""
    return datagram(source, names[n], 9000, 7, data)


def sent(n, inner=None, **how):
    """Return the IPv4 packet that an error about it quotes."""
    return udp4(inner or packet(n), CLIENT, (PEER, peers[n].port), **how)


with Ktap(62) as t:
    #
    # Real errors
    #

    t.check("a peer and the client meet", meet(0))
    quiet()
    address = peers[0].port
    peers[0].socket.close()
    with Counted(client_ns) as grew:
        app.send(b"is anybody there?", names[0])
        got = app.error()
        asked = server.next_of(NONE)
    t.check("a peer that lost its socket: its port unreachable becomes address unreachable "
            "at once (C-55)", got == (errno.EHOSTUNREACH, 1, 3), got)
    got = heard.next()
    t.check("the error quotes the packet, and only that",
            got and got[:3] == (UNREACHABLE, 3, 0) and
            got[4][4:] == datagram(ME, names[0], 9000, 7, b"is anybody there?")[4:], got)
    t.check("which is counted", grew["rx-icmp"] == 1, grew.after)
    t.check("the peer is asked for a sign of life at once", asked and asked.dest == names[0],
            show(asked))
    t.check("errors about our bubbles are counted, and no more",
            until(lambda: stats(client_ns)["rx-icmp-control"] >= 1) and not heard.next(0.1),
            stats(client_ns))
    peers[0] = Port(relay_ns, PEER, address)
    app.send(b"back", names[0])
    t.check("the peer has stayed trusted: when it is back, data reaches it at once (RFC 5927)",
            data_of(peers[0].next_of(UDP)) == b"back")

    meet(1)
    quiet()
    nft(relay_ns, """table ip test { chain input { type filter hook input priority 0;
        udp dport %d reject with icmp type admin-prohibited; } }""" % peers[1].port)
    app.send(b"may I?", names[1])
    got = app.error()
    t.check("administratively prohibited stays that", got == (errno.EACCES, 1, 1), got)
    nft(relay_ns, "delete table ip test")

    meet(2)
    quiet()
    ip(inet_ns, "route", "add", "unreachable", PEER)
    app.send(b"a way?", names[2])
    got = app.error()
    t.check("a router's host unreachable becomes address unreachable",
            got == (errno.EHOSTUNREACH, 1, 3), got)
    ip(inet_ns, "route", "del", "unreachable", PEER)

    meet(3)
    quiet()
    options(client_ns, "ttl", "1")
    app.send(b"how far?", names[3])
    got = app.error()
    options(client_ns, "ttl", "0")
    t.check("so does the end of the outer TTL", got == (errno.EHOSTUNREACH, 1, 3), got)

    meet(3)
    quiet()
    ip(client_ns, "route", "add", "unreachable", PEER)
    with Counted(client_ns) as grew:
        app.send(b"nowhere", names[3])
        got = app.error()
    ip(client_ns, "route", "del", "unreachable", PEER)
    t.check("no IPv4 route: the sender is told", got == (errno.EHOSTUNREACH, 1, 3) and
            grew["tx-no-route"] == 1, got)

    #
    # Forged errors
    #

    def forged(what, quote, counter, n=4, ready=True, **how):
        """The error has no effect except on that counter."""
        if ready:
            meet(n)
        quiet()
        with Counted(client_ns) as grew:
            forger.send_icmp4(quote, SERVER, CLIENT[0], **how)
            got = heard.next(0.3) or server.receive(0.1)
        t.check(what, not got and (counter is None or grew[counter] == 1), (got, grew.after))

    meet(4)
    quiet()
    with Counted(client_ns) as grew:
        forger.send_icmp4(sent(4), SERVER, CLIENT[0])
        got = heard.next()
    t.check("one that quotes all that there is to know looks real (RFC 5927)",
            got and got[:2] == (UNREACHABLE, 3) and grew["rx-icmp"] == 1, (got, grew.after))
    app.drain()    # the error from the forgery
    app.send(b"still there?", names[4])
    t.check("and changes nothing about the peer", data_of(peers[4].next_of(UDP)) == b"still there?")
    wanted, got = {}, {}
    for code in [code for code in range(16) if code != 4]:
        wanted[code] = 1 if code in (9, 10, 13) else 3
        meet(5)
        quiet()
        forger.send_icmp4(sent(5), SERVER, CLIENT[0], code=code)
        error = heard.next()
        got[code] = error and error[0] == UNREACHABLE and error[1]
    t.check("each code: prohibited by the network, the host or a filter stays that, all others "
            "become address unreachable (C-55)", got == wanted, got)
    forged("quoting another port of the peer", udp4(packet(4), CLIENT, (PEER, peers[5].port)),
           "rx-icmp-unknown")
    forged("quoting another address", udp4(packet(4), CLIENT, ("192.0.2.9", peers[4].port)),
           "rx-icmp-unknown")
    forged("quoting another source address of ours",
           udp4(packet(4), ("198.51.100.34", CLIENT[1]), (PEER, peers[4].port)),
           "rx-icmp-unknown")
    forged("quoting another port of ours", udp4(packet(4), (CLIENT[0], CLIENT[1] ^ 1),
           (PEER, peers[4].port)), None)
    forged("quoting another protocol", ipv4(CLIENT[0], PEER, 6, sent(4)[20:]), None)
    forged("quoting a later fragment", sent(4, frag=100), "rx-icmp-unknown")
    forged("quoting a packet to a stranger",
           udp4(datagram(ME, teredo(SERVER, PEER, 42999), 9000, 7, b"x"), CLIENT, (PEER, 42999)),
           "rx-icmp-unknown")
    forged("quoting a packet that another Teredo host sent",
           sent(4, packet(4, source=names[5])), "rx-icmp-unknown")
    forged("quoting trailers, which packets do not have", sent(4, packet(4) + trailer(0x81, b"x")),
           "rx-icmp-unknown")
    forged("quoting something that is no packet", sent(4, b"\x45" + bytes(60)), "rx-icmp-unknown")
    forged("quoting the UDP header only: too little to know the peer", sent(4)[:28],
           "rx-icmp-short")
    forged("quoting half of the IPv6 header", sent(4)[:50], "rx-icmp-short")
    forged("quoting a bubble", sent(4, bubble(ME, names[4])), "rx-icmp-control")
    forged("quoting a solicitation", udp4(auth(b"noncense") + solicitation(), CLIENT,
           (SERVER, 3544)), "rx-icmp-control")
    forged("a parameter problem", sent(4), "rx-icmp-unknown", kind=12, code=0)
    forged("fragmentation needed, where DF is not set (F-36)", sent(4, packet(4, bytes(1200))),
           "rx-icmp-unknown", code=4, mtu=600)
    meet(4)
    quiet()
    forger.send_icmp4(sent(4, icmp6(ME, names[4], 1, bytes(4) + packet(4), code=3)), SERVER,
                      CLIENT[0])
    got = heard.next(0.3)
    t.check("about an ICMPv6 error: no error about errors (SEC-30)", not got, got)
    peers[6].send(bubble(names[6], ME), CLIENT)    # trusted, but nothing was sent to it
    forged("about a peer to whom nothing was sent", sent(6), "rx-icmp-unknown", ready=False)

    # Sent recently, and too long ago
    for ago, believed in ((9, 1), (11, 0)):
        meet(9)
        quiet()
        time.sleep(ago)     # the time that it is about
        with Counted(client_ns) as grew:
            forger.send_icmp4(sent(9), SERVER, CLIENT[0])
        t.check("an error about what was sent %d s ago is %s" %
                (ago, "believed" if believed else "not"),
                grew["rx-icmp"] == believed and grew["rx-icmp-unknown"] == 1 - believed, grew.after)

    meet(7)
    quiet()
    quoted, began = sent(7), time.time()
    with Counted(client_ns) as grew:
        for n in range(500):
            forger.send_icmp4(quoted, SERVER, CLIENT[0])
    took = time.time() - began
    asked = told = 0
    while server.receive_raw(0):
        asked += 1
    while heard.next(0):
        told += 1
    t.check("500 at once: few reach the sender, one makes the peer be asked (SEC-29)",
            1 <= told <= 20 + 10 * took and asked <= 2 and grew["rx-limited"] > 400, (told, took, asked, grew.after))
    quiet()
    app.send(b"unimpressed", names[7])
    t.check("and data goes on", data_of(peers[7].next_of(UDP)) == b"unimpressed")

    meet(5)
    meet(7)
    quiet()
    for n in range(100):
        forger.send_icmp4(quoted, SERVER, CLIENT[0])
    forger.send_icmp4(sent(5), SERVER, CLIENT[0])
    told, got = set(), heard.next()
    while got:
        told.add(got[4][24:40])
        got = heard.next(0.5)
    t.check("which hide nothing about others behind the same NAT (SEC-29)", ip6(names[5]) in told,
            told)

    # To ourselves, by other flags: refused, with an immediate error for the program
    def refusals(count):
        """Return for how many of so many packets the program gets an error."""
        mine = App(client_ns, ME, 9002)
        for n in range(count):
            mine.send(b"to me?", teredo(SERVER, *CLIENT, 0x3c00 + n))
        heard_of = set()
        while mine.error(0.2):
            heard_of.add(mine.about)
        return len(heard_of)

    for n in range(1, 9):
        meet(n)
    quoted = [sent(n) for n in range(1, 9)]
    quiet()
    for n in range(160):
        forger.send_icmp4(quoted[n % 8], SERVER, CLIENT[0])
    time.sleep(0.1)    # the stack's own limit
    got = refusals(40)
    t.check("nor about what a program sends, be they about many peers (SEC-29)", got >= 36, got)
    quiet()

    #
    # MTUs and fragments
    #

    nft(relay_ns, """table ip test { counter fragments {}
        chain input { type filter hook prerouting priority -500;
        ip saddr %s ip frag-off & 0x3fff != 0 counter name fragments; } }""" % CLIENT[0])
    nft(inet_ns, """table ip test { counter fragments {} counter df {}
        chain input { type filter hook prerouting priority -500;
        iifname bare ip frag-off & 0x3fff != 0 counter name fragments;
        iifname bare ip frag-off & 0x4000 != 0 ip length > 1000 counter name df; } }""")
    ip(client_ns, "link", "set", "teredo0", "mtu", "1472")
    ip(inet_ns, "route", "add", PEER, "dev", "rly", "mtu", "lock", "1400")

    def whole(n, size, seconds=PATIENCE):
        """A packet of that size is sent, and arrives."""
        quiet()
        data = bytes(size - 48)
        problem = app.send_whole(data, names[n])
        got = peers[n].next_of(UDP, seconds)
        return not problem and data_of(got) == data

    meet(8)
    before = counters(relay_ns, "fragments")[0]
    t.check("df unset, and a router with a smaller MTU: arrives in fragments (F-36, F-37)",
            whole(8, 1472) and counters(relay_ns, "fragments")[0] >= before + 2)
    before = counters(inet_ns, "fragments")[0]
    time.sleep(2)       # errors about a peer are rate-limited
    with Counted(client_ns) as grew:
        for n in range(3):
            forger.send_icmp4(sent(8, packet(8, bytes(1400)), frag=0x4000), SERVER, CLIENT[0],
                              code=4, mtu=600)
        # Some kernels then have it in the route, whatever the socket's options are.
        route = ip(client_ns, "route", "get", PEER)
        arrived = whole(8, 1472)
    after = counters(inet_ns, "fragments")[0]
    t.check("a forged path MTU, even if the stack believes it, does not make us send fragments "
            "(RFC 5927)", grew["rx-icmp-unknown"] == 3 and arrived and after == before,
            (route, grew["rx-icmp-unknown"], arrived, before, after))
    ip(client_ns, "route", "flush", "cache")
    big = datagram(names[8], ME, 7, 9000, bytes(1424))
    peers[8].send(big, CLIENT)
    got = app.heard()
    t.check("fragments that come are put together (F-37)", got == (bytes(1424), names[8]),
            got and len(got[0]))

    ip(client_ns, "link", "set", "teredo0", "mtu", "1600")
    meet(8)
    before = counters(inet_ns, "fragments")[0]
    t.check("an MTU above that of the interface: fragments leave (F-36)",
            whole(8, 1600) and counters(inet_ns, "fragments")[0] >= before + 2)
    ip(client_ns, "link", "set", "teredo0", "mtu", "1472")

    options(client_ns, "df", "set")
    meet(8)
    quiet()
    before = counters(inet_ns, "df")[0]
    app.send_whole(bytes(1424), names[8])
    got = heard.next()
    t.check("df set, and a router with a smaller MTU: Packet Too Big (C-57)",
            got and got[:3] == (TOO_BIG, 0, 1372) and peers[8].next_of(UDP, 0.2) is None, got)
    t.check("since DF was set", counters(inet_ns, "df")[0] == before + 1)
    quiet()
    got = app.send_whole(bytes(1424), names[8])
    t.check("the sender remembers", got == errno.EMSGSIZE, got)
    quiet()
    other = App(client_ns, ME, 9001)
    ip(client_ns, "-6", "route", "flush", "cache")
    with Counted(client_ns) as grew:
        other.send_whole(bytes(1424), names[8])
        got = heard.next()
    t.check("so does the path: others hear of it without asking the network",
            got and got[:3] == (TOO_BIG, 0, 1372) and grew["tx-too-big"] == 1, (got, grew.after))
    t.check("what fits the path arrives", whole(8, 1372))

    ip(inet_ns, "route", "change", PEER, "dev", "rly", "mtu", "lock", "1000")
    meet(8)
    whole(8, 1280)    # the router reports that it is too big
    t.check("over a path below 1308 octets, 1280 arrive all the same, in fragments (F-35)",
            whole(8, 1280))
    quiet()
    other.drain()
    ip(client_ns, "-6", "route", "flush", "cache")
    other.send_whole(bytes(1424), names[8])
    got = heard.next()
    t.check("and no sender hears of less than that", got and got[:3] == (TOO_BIG, 0, 1280), got)

    ip(inet_ns, "route", "del", PEER, "dev", "rly")
    for where in "-4", "-6":
        ip(client_ns, where, "route", "flush", "cache")

    # Near the minimum MTU of IPv6, set in a route
    def leaves(size):
        """Return the errno for a packet of that size, or how many datagrams have DF and how
        many are fragments."""
        quiet()
        ip(client_ns, "-6", "route", "flush", "cache")
        before = counters(inet_ns, "df", "fragments")
        other.drain()
        problem = other.send_whole(bytes(size - 48), names[8])
        if not problem and (got := heard.next(0.3)):
            return got[0], got[2]
        if problem or not peers[8].next_of(UDP):
            return problem
        return tuple(b - a for a, b in zip(before, counters(inet_ns, "df", "fragments")))

    meet(8)
    got = []
    for path in 1307, 1308, 1309, 1310:
        ip(client_ns, "route", "replace", PEER, "via", "198.51.100.46", "mtu", str(path))
        got.append([leaves(size) for size in (1279, 1280, 1281, 1282)])
    ip(client_ns, "route", "replace", PEER, "via", "198.51.100.46", "mtu", "27")
    with Counted(client_ns) as grew:
        nothing = leaves(1281)
    ip(client_ns, "route", "del", PEER)
    less, fits = (TOO_BIG, 1280), (1, 0)
    t.check("paths of 1307, 1308, 1309 and 1310 octets, each octet of which is used (C-57, F-35)",
            got == [[(0, 0), (0, 2), less, less], [fits, fits, less, less],
                    [fits, fits, fits, (TOO_BIG, 1281)], [fits] * 4], got)
    t.check("one of less than the headers take is none for more than 1280",
            nothing == less and grew["tx-too-big"] == 1, (nothing, grew.after))

    # Reports of routers, about a datagram of 1428 octets, and one of 1308
    def reported(size, mtu):
        """Return how the report is counted, and what the sender gets."""
        for where in "-4", "-6":
            ip(client_ns, where, "route", "flush", "cache")
        meet(8)
        quiet()
        with Counted(client_ns) as grew:
            forger.send_icmp4(sent(8, packet(8, bytes(size - 48)), frag=0x4000), SERVER, CLIENT[0],
                              code=4, mtu=mtu)
            got = heard.next(0.3)
        time.sleep(0.3)     # errors about a peer are rate-limited
        return grew["rx-icmp"], grew["rx-icmp-unknown"], got and (got[0], got[2])

    wanted = {(1400, 1429): (0, 1, None), (1400, 1428): (0, 1, None),
              (1400, 1427): (1, 0, (TOO_BIG, 1399)), (1400, 1309): (1, 0, (TOO_BIG, 1281)),
              (1400, 1308): (1, 0, less), (1400, 1307): (1, 0, less), (1400, 0): (1, 0, less),
              (1280, 1308): (0, 1, None), (1280, 1307): (1, 0, None), (1281, 1308): (1, 0, less)}
    got = {case: reported(*case) for case in wanted}
    t.check("a reported MTU is one that the datagram is longer than (RFC 5927)", got == wanted, got)
    for where in "-4", "-6":
        ip(client_ns, where, "route", "flush", "cache")
    options(client_ns, "df", "unset")
    for where in "-4", "-6":
        ip(client_ns, where, "route", "flush", "cache")
    ip(client_ns, "link", "set", "teredo0", "mtu", "1280")

    #
    # Traffic class and congestion marks (RFC 6040)
    #

    class Marks:
        """Marks of packets from the tunnel"""

        def __init__(self):
            app.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVTCLASS, 1)

        def __call__(self, outer, inner):
            bare = datagram(names[8], ME, 7, 9000, b"marks")
            inner = struct.pack("!L", 6 << 28 | inner << 20) + bare[4:]
            from_peer.send(inner, (PEER, peers[8].port), CLIENT, tos=outer)
            if not select.select([app.socket], [], [], 1)[0]:
                return None
            for _, kind, value in app.socket.recvmsg(2048, 256)[1]:
                if kind == socket.IPV6_TCLASS:
                    return struct.unpack("i", value)[0]

    from_peer = Forger(relay_ns)
    meet(8)
    quiet()
    # By inner mark; then by outer one: not ECT, ECT(1), ECT(0), CE
    wanted = {0: [0, 0, 0, None], 1: [1, 1, 1, 3], 2: [2, 1, 2, 3], 3: [3, 3, 3, 3]}
    marks = Marks()
    with Counted(client_ns) as grew:
        got = {inner: [marks(outer, inner) for outer in range(4)] for inner in range(4)}
    t.check("all sixteen pairs of congestion marks come out as RFC 6040 has them", got == wanted,
            got)
    t.check("the one that cannot is counted", grew["rx-ecn"] == 1, grew.after)
    t.check("the inner traffic class stays what it is", marks(0x28, 0xb8) == 0xb8)

    enter(relay_ns)
    peers[8].socket.setsockopt(socket.IPPROTO_IP, socket.IP_RECVTOS, 1)
    got = []
    for tos in 0, 1, 2, 3, 0xb8, 0xbb:
        app.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, tos)
        app.send(b"marked", names[8])
        if select.select([peers[8].socket], [], [], 1)[0]:
            got += [a[2][0] for a in peers[8].socket.recvmsg(2048, 256)[1]]
    t.check("and is what the outer one becomes", got == [0, 1, 2, 3, 0xb8, 0xbb], got)
    app.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, 0)

    #
    # Packets from the tunnel are like any others
    #

    nft(client_ns, """table ip6 test { counter seen {} counter spoofed {}
        chain prerouting { type filter hook prerouting priority -300;
            iifname teredo0 udp dport 9000 counter name seen; }
        chain rpf { type filter hook prerouting priority raw;
            iifname teredo0 fib saddr . iif oif missing counter name spoofed drop; } }""")
    meet(8)
    quiet()
    peers[8].send(datagram(names[8], ME, 7, 9000, b"seen"), CLIENT)
    got = app.heard()
    t.check("netfilter sees packets as received on the link (SEC-02)",
            got and counters(client_ns, "seen") == [1], counters(client_ns, "seen"))
    ip(client_ns, "-6", "route", "add", "blackhole", names[8])
    peers[8].send(datagram(names[8], ME, 7, 9000, b"spoofed"), CLIENT)
    t.check("the reverse path filter applies (SEC-02)", not app.heard(0.3) and
            counters(client_ns, "spoofed") == [1], counters(client_ns, "spoofed"))
    ip(client_ns, "-6", "route", "del", "blackhole", names[8])
    nft(client_ns, "delete table ip6 test")

    # Invalid datagrams
    meet(8)
    quiet()
    data = datagram(names[8], ME, 7, 9000, b"impossible")
    with Counted(client_ns) as grew:
        for source in "224.0.0.1", "255.255.255.255", "127.0.0.1", "0.0.0.0":
            from_peer.send(data, (source, peers[8].port), CLIENT)
        from_peer.send(data, (PEER, 0), CLIENT)
        router = Forger(inet_ns)
        router.socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        router.send(data, (PEER, peers[8].port), ("198.51.100.47", CLIENT[1]))
        got = app.heard(0.4)
    t.check("multicast, broadcast, loopback and no sources, port 0, broadcast destinations "
            "(SEC-18)", not got and grew["rx-outer-source"] == 1 and grew["rx-outer-dest"] == 1,
            (got, grew.after))

    # A routing header of type 0: through this host to another peer
    meet(9)
    quiet()
    header = struct.pack("!BBBBL", UDP, 2, 0, 1, 0) + ip6(names[9])
    inner = datagram(names[8], ME, 7, 9000, b"onwards")
    peers[8].send(ipv6(names[8], ME, 43, header + inner[40:]), CLIENT)
    got = peers[9].next_of(UDP, 0.4)
    t.check("a type 0 routing header leads nowhere (SEC-17)", not got and not app.heard(0.1),
            show(got))

    #
    # The relay
    #

    asker = App(host_ns, HOST, 9000)
    errors = Icmp6Errors(host_ns)
    teredo_client = Port(clients_ns, "198.51.100.1", 41000)
    T = teredo(SERVER, teredo_client.address, teredo_client.port, 0x0101)

    server.drain()
    asker.send(b"first", T)
    got = server.next_of(NONE)
    teredo_client.send(bubble(T, got.source if got else "fe80::1"), RELAY)
    got = teredo_client.next_of(UDP)
    errors.drain()
    ip(relay_ns, "link", "set", "teredo0", "mtu", "1472")
    ip(inet_ns, "link", "set", "nata", "mtu", "1380")
    options(relay_ns, "df", "set")
    asker.send_whole(bytes(1400), T)
    got = errors.next()
    t.check("a relay tells native senders of the path's MTU, from a native address (R-28)",
            got and got[:4] == (TOO_BIG, 0, 1352, "2001:db8:3::1"), got)
    options(relay_ns, "df", "unset")
    teredo_client.socket.close()
    errors.drain()
    asker.send(b"gone?", T)
    got = errors.next()
    t.check("and of clients that are gone (R-30)",
            got and got[:4] == (UNREACHABLE, 3, 0, "2001:db8:3::1"), got)
