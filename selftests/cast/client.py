#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""client.py SERVER PEERS CLIENT ADDRESS PORT: what a client answers, asks, accepts and
drops.

The first three are namespaces of the laboratory; ADDRESS is the client's Teredo address,
PORT its service port on 198.51.100.33.  Peers and relays are sockets on 192.0.2.1."""

import errno
import socket
import struct
import sys
import time

from listen import Link, N
from netlab import Counted, ip, options, run
from pkt import *

server_ns, peer_ns, client_ns, ME, port = sys.argv[1:]
SERVER = "203.0.113.1"
CLIENT = ("198.51.100.33", int(port))
NATIVE = "2001:db8:5::1"

server = Port(server_ns, SERVER, 3544)
peers = [Port(peer_ns, "192.0.2.1", 42000 + n) for n in range(8)]
names = [teredo(SERVER, p.address, p.port, 0x0202) for p in peers]
p0, p1, p2, p3, relay, relay2, spoof, p7 = peers

app = App(client_ns, ME, 9000)


def to_client(source, data):
    return datagram(source, ME, 7, 9000, data)


def quiet():
    for p in peers + [server]:
        p.drain()
    app.drain()


def asked(host):
    """Return the next echo request to that host; skip repeated ones to others."""
    while True:
        got = server.next_of(ICMP6)
        if got is None or got.dest == host:
            return got


with Ktap(73) as t:
    def deaf(what, sender, *payloads):
        """None of it reaches the client's socket."""
        quiet()
        for payload in payloads:
            sender.send(payload, CLIENT)
        got = app.heard(0.4)
        t.check(what, got is None, got)

    t.check("the server's answers went to the controller, and are counted (C-14)",
            stats(client_ns)["rx-controller"] >= 1, stats(client_ns))

    # The age of the state
    link = Link(client_ns, "teredo0")

    def age():
        return struct.unpack("=L", link.get()[N["TEREDO_A_DEV_STATE_AGE"]])[0]

    def requalify():
        return link.qualify(ME, CLIENT[0], CLIENT[1], SERVER)

    time.sleep(3)       # the time that it is about
    first = age()
    requalify()
    again = age()
    link.ask("STATE_SET", STATE=bytes([N["TEREDO_STATE_OFFLINE"]]))
    other = age()
    time.sleep(3)       # the time that it is about
    requalify()
    t.check("the age of a state is since it began, not since it was last said (C-64)",
            first >= 3 and again >= first and other < 3 and age() < 3, (first, again, other, age()))

    # A peer sends first, from the mapping in its address (C-40).
    p0.send(bubble(names[0], ME), CLIENT)
    becomes(client_ns, names[0], "trusted")
    app.send(b"one", names[0])
    got = p0.receive()
    t.check("a direct bubble makes its sender trusted: data follows at once (C-40, F-29)",
            got and got.proto == UDP and data_of(got) == b"one", show(got))
    t.check("from the service port, whole and correct (C-47, F-18)",
            got and got.sender == CLIENT and got.source == ME and got.dest == names[0] and
            not got.error and got.origin is None and got.auth is None, show(got))
    t.check("without a word to the server", server.receive(0.2) is None)
    p0.send(to_client(names[0], b"two"), CLIENT)
    got = app.heard()
    t.check("its data is accepted (C-38)", got == (b"two", names[0]), got)

    def idle():
        entry = peer_of(client_ns, names[0])
        return [entry[way] // 1000 for way in ("idle_rx_ms", "idle_tx_ms")]

    time.sleep(4)       # idle time
    p0.send(to_client(names[0], b"word"), CLIENT)
    app.heard()
    heard = idle()
    app.send(b"answer", names[0])
    p0.receive()
    answered = idle()
    t.check("how long ago a peer was heard, and spoken to (C-05)",
            heard[0] < 3 <= heard[1] and answered[1] < 3, (heard, answered))
    time.sleep(4)       # idle time
    app.send(b"again", names[0])
    p0.receive()
    spoken = idle()
    t.check("the one is not the other (C-05)", spoken[1] < 3 <= spoken[0], spoken)
    p1.send(to_client(names[1], b"three"), CLIENT)
    got = app.heard()
    t.check("data from the right mapping needs no bubble (C-40)",
            got == (b"three", names[1]), got)
    # z, U, G and all random bits: any value is part of the address.
    other = teredo(SERVER, p0.address, p0.port, 0x7fff)
    p0.send(to_client(other, b"other"), CLIENT)
    heard = app.heard()
    app.send(b"to it", other)
    got = p0.next_of(UDP)
    places = [peer_of(client_ns, n).get("mapped") for n in (names[0], other)]
    t.check("other flags in the address: another peer, in the same place (F-11)",
            heard == (b"other", other) and got and got.dest == other and
            places == [{"address": p0.address, "port": p0.port}] * 2, (heard, show(got), places))

    # The client sends first (C-51).
    quiet()
    for n in range(3):
        app.send(b"early%d" % n, names[2])
    got = server.next_of(NONE)
    t.check("an indirect bubble to the peer's server, at port 3544 (C-51, F-01, F-30)",
            got and got.sender == CLIENT and (got.source, got.dest) == (ME, names[2]) and
            got.origin is None, show(got))
    got = p2.receive()
    t.check("a direct one to the peer, at once, nothing but a header (C-51, C-52, C-66, F-28)",
            got and got.proto == NONE and (got.source, got.dest) == (ME, names[2]) and
            (got.body, got.trailers) == (b"", b""), show(got))
    t.check("no data before it answers", p2.next_of(UDP, 0.3) is None)
    p2.send(bubble(names[2], ME), CLIENT)
    came = [data_of(p2.next_of(UDP)) for n in range(3)]
    t.check("its bubble releases the queue, in order (C-41, C-54)",
            came == [b"early0", b"early1", b"early2"], came)
    cone = teredo(SERVER, p7.address, p7.port, 0x8000)
    app.send(b"cone", cone)
    got, early = server.next_of(NONE), p7.next_of(UDP, 0.3)
    p7.send(bubble(cone, ME), CLIENT)
    t.check("a peer's cone bit makes no difference (C-50)",
            got and got.dest == cone and not early and data_of(p7.next_of(UDP)) == b"cone",
            (show(got), show(early)))

    # Alternate addresses are for indirect bubbles, where they must be valid.
    alternates = trailer(3, b"\0\0" + ip4("10.0.0.9") + b"\1\2")
    named = teredo(SERVER, p1.address, p1.port, 0x0101)
    p1.send(bubble(named, ME) + alternates, CLIENT)
    app.send(b"alternate", named)
    got = p1.next_of(UDP)
    t.check("alternate addresses in a direct bubble are ignored (F-43)",
            data_of(got) == b"alternate", show(got))

    # Indirect bubbles, through the server (C-36)
    quiet()
    server.send(origin(p3.address, p3.port) + bubble(names[3], ME), CLIENT)
    got = p3.receive()
    t.check("a peer's indirect bubble is answered to its mapping (C-36)",
            got and got.proto == NONE and (got.source, got.dest) == (ME, names[3]), show(got))
    server.send(origin(relay.address, relay.port) + bubble("fe80::1234", ME), CLIENT)
    got = relay.receive()
    t.check("a relay's is answered to its origin (C-36, F-31, F-54)",
            got and got.proto == NONE and (got.source, got.dest) == (ME, "fe80::1234"), show(got))
    quiet()
    server.send(origin(p3.address, p3.port) + bubble(names[3], ME) + alternates[:-2] + b"\0\0",
                CLIENT)
    got = p3.receive(0.4)
    t.check("a bad list of alternate addresses drops it (F-46)", got is None, show(got))
    before = until(lambda: max(0, tool(client_ns)[0]["server_idle_ms"] - 1400))
    before, sent = before and before + 1400, time.time()
    server.send(origin("192.0.2.1", relay2.port) + echo("2001:db8:5::77", ME, b"hello"), CLIENT)
    got = server.next_of(ICMP6)
    after = tool(client_ns)[0]["server_idle_ms"]
    ago = (time.time() - sent) * 1000
    t.check("what comes from the server is noted (C-35)", before > 1400 and after <= ago,
            (before, after, ago))
    t.check("and its origin starts a test (C-35, C-90)", got and got.body[0] == ECHO and
            got.dest == "2001:db8:5::77", show(got))
    quiet()
    for bad in ("10.9.9.9", "127.0.0.1", "224.0.0.253", "255.255.255.255", "0.0.0.0", CLIENT[0]):
        server.send(origin(bad, 4242) + bubble("fe80::1234", ME), CLIENT)
        server.send(origin(bad, 4242) + bubble(teredo(SERVER, bad, CLIENT[1]), ME), CLIENT)
    p3.send(origin(p7.address, p7.port) + bubble("fe80::99", ME), CLIENT)
    t.check("an origin that is not global, or not the server's, is not (F-25, F-49, F-54)",
            p7.receive(0.4) is None)

    # The direct IPv6 connectivity test (C-48, C-89..C-94)
    quiet()
    for n in range(2):
        app.send(b"native%d" % n, NATIVE)
    ping = asked(NATIVE)
    t.check("an echo request to a native host, by way of the server (C-90, F-01, F-34)",
            ping and ping.body[0] == ECHO and (ping.source, ping.dest) == (ME, NATIVE) and
            len(ping.body) >= 16, show(ping))
    ping = ping or Packet(echo(ME, NATIVE, bytes(8)))
    entry = peer_of(client_ns, NATIVE)
    t.check("its entry is there, and not trusted (C-05, C-89)", entry.get("state") == "probing" and
            entry["queued"] == 2 and entry["idle_rx_ms"] is None, entry)
    ident, seq = struct.unpack("!HH", ping.body[4:8])
    nonce = ping.body[8:]

    def reply(data, source=NATIVE):
        return echo(source, ME, data, ECHO_REPLY, ident, seq)

    forged = bytes(b ^ 1 for b in nonce)
    relay2.send(reply(forged), CLIENT)
    relay2.send(reply(b""), CLIENT)
    relay2.send(reply(nonce, "2001:db8:5::2"), CLIENT)
    t.check("a forged reply convinces nobody (C-39, C-94, SEC-07)", relay2.next_of(UDP, 0.4) is None)
    private = Forger(peer_ns)
    with Counted(client_ns) as grew:
        for source in ("10.66.66.66", "198.51.100.47"):
            private.send(reply(nonce), (source, 161), CLIENT)
    t.check("nor does the true one from a private or a broadcast address (F-49, SEC-37)",
            grew["rx-outer-source"] == 2 and peer_of(client_ns, NATIVE).get("state") == "probing",
            grew["rx-outer-source"])
    with Counted(client_ns) as grew:
        # On a slow machine, it has asked again meanwhile, with another nonce.
        while again := server.next_of(ICMP6, 0):
            if again.dest == NATIVE:
                ident, seq = struct.unpack("!HH", again.body[4:8])
                nonce = again.body[8:]
        relay.send(reply(nonce), CLIENT)
        came = [data_of(relay.next_of(UDP)) for n in range(2)]
    t.check("the true one opens the path by its relay (C-39)",
            came == [b"native0", b"native1"] and grew["rx-echo"] == 1, (came, grew.after))
    relay.send(to_client(NATIVE, b"answer"), CLIENT)
    got = app.heard()
    t.check("from which data is accepted (C-38)", got == (b"answer", NATIVE), got)
    relay2.send(reply(nonce), CLIENT)
    app.send(b"where", NATIVE)
    t.check("a replayed nonce does not move the path (SEC-08)",
            relay2.next_of(UDP, 0.4) is None)
    quiet()
    app.send(b"next", "2001:db8:5::4")
    got = asked("2001:db8:5::4")
    t.check("another host by the same relay is tested, too, with another nonce (C-89, C-94)",
            got and got.dest == "2001:db8:5::4" and got.body[8:] != nonce and
            len(got.body[8:]) >= 8 and not relay.next_of(UDP, 0.3), show(got))
    quiet()
    relay2.send(to_client("2001:db8:5::3", b"stranger"), CLIENT)
    heard = app.heard()
    got = asked("2001:db8:5::3")
    t.check("a native stranger is heard, and put to the test (C-44)",
            heard == (b"stranger", "2001:db8:5::3") and got and got.body[0] == ECHO and
            got.dest == "2001:db8:5::3", (heard, show(got)))
    app.send(b"who?", "2001:db8:5::3")
    t.check("but not answered before it has passed (C-91, SEC-07)", not relay2.next_of(UDP, 0.4))

    # What is dropped
    deaf("a peer's packets from another port (C-38, C-40, SEC-15)", spoof,
         to_client(names[0], b"x"), to_client(names[2], b"x"), bubble(names[0], ME))
    app.send(b"still", names[0])
    t.check("which does not move the peer (SEC-09)", spoof.next_of(UDP, 0.3) is None and
            data_of(p0.next_of(UDP)) == b"still")
    deaf("another destination than the client (C-34)", p0,
         datagram(names[0], names[1], 7, 9000, b"x"), datagram(names[0], "fe80::1", 7, 9000, b"x"),
         datagram(names[0], "ff02::1", 7, 9000, b"x"), datagram(names[0], "::1", 7, 9000, b"x"))
    deaf("link-local, multicast and loopback sources (C-45, SEC-03)", p0,
         *[to_client(s, b"x") for s in ("fe80::1", "ff02::1", "::1", "::", ME)])
    deaf("authentication and origin where they do not belong (C-33, F-25)", p0,
         auth(b"noncense") + to_client(names[0], b"x"),
         origin(p0.address, p0.port) + to_client(names[0], b"x"))
    whole = to_client(names[0], b"x" * 20)
    deaf("every truncation (C-33, F-26, F-27)", p0, *[whole[:n] for n in range(len(whole))])
    deaf("a trailer that asks for it (F-40)", p0, whole + trailer(0x41, b"yy"))
    service = Port(client_ns, CLIENT[0], 1161)
    with Counted(client_ns) as grew:
        ourselves = teredo(SERVER, CLIENT[0], 1161)
        app.send(b"x", ourselves)
        got = service.receive(0.5)
    run("teredo-tool", "-n", client_ns, "peer", "del", "teredo0", ourselves)
    t.check("no bubble to a service of the client's host (SEC-37)",
            got is None and grew["tx-failed"] >= 1, (show(got), grew["tx-failed"]))
    deaf("64 kB of trailers (SEC-40)", p0, whole + trailer(0x80, bytes(100)) * 600)

    # Neighbour discovery, which is valid only with a hop limit of 255
    def behind(headers, hops=255, kind=135):
        inner = icmp6(names[0], ME, kind, bytes(4) + ip6(ME), hops=hops)
        rest = b"".join(bytes([60 if n < headers - 1 else ICMP6, 0]) + b"\1\4" + bytes(4)
                        for n in range(headers))
        return ipv6(names[0], ME, 60 if headers else ICMP6, rest + inner[40:], hops)

    for what, payload, dropped in (
            ("behind some (C-45)", behind(3), 1),
            ("behind 5000 (C-45, SEC-40)", behind(5000), 1),
            ("too far behind to tell (C-45, SEC-40)", behind(9, kind=200), 1)):
        with Counted(client_ns) as grew:
            p0.send(payload, CLIENT)
        t.check("neighbour discovery, extension headers in front: " + what,
                grew["rx-inner-source"] == dropped, grew["rx-inner-source"])
    p0.send(whole + trailer(0x81, b"yy") + b"\1", CLIENT)
    got = app.heard()
    t.check("other trailers are skipped, and cut off (F-39, F-40, F-47)",
            got and got[0] == b"x" * 20, got)
    deaf("an inner length that lies", p0, whole[:4] + b"\xff\xff" + whole[6:],
         whole[:4] + b"\0\0" + whole[6:])
    quiet()
    forger = Forger(peer_ns)
    advert = icmp6("fe80::8000:f227:34ff:8efe", VISTA, RA, bytes(12) + b"\3\4\x40\x40" +
                   b"\xff" * 8 + bytes(4) + ip6("2001:0:cb00:7101::"), hops=255)
    server.send(auth(b"noncense") + origin("192.0.2.77", 77) + advert, CLIENT)
    p0.send(origin("192.0.2.77", 77) + advert, CLIENT)
    app.send(b"same", names[0])
    got = p0.next_of(UDP)
    t.check("an advertisement nobody asked for changes nothing (C-26, C-16)",
            got and got.source == ME, show(got))

    # Invalid destinations (C-53, C-56, F-50)
    quiet()
    for bad in ("10.9.9.9", "127.0.0.1", "224.0.0.1", "192.168.1.1", "0.0.0.0", "255.255.255.255",
                "198.51.100.47"):
        app.send(b"x", teredo(SERVER, bad, 5000))
    app.send(b"x", teredo("10.1.1.1", p7.address, p7.port))
    got = server.next_of(NONE, 0.4) or p7.receive(0.1)
    t.check("no bubble for what embeds no global IPv4 address (C-53, F-49..F-51, F-54, SEC-37)", got is None,
            show(got))

    # Limits (C-48, C-55, C-67..C-70)
    quiet()
    back = Port(peer_ns, "192.0.2.1", 42999)
    dead, silent = teredo(SERVER, back.address, back.port), "2001:db8:5::99"
    app.send(b"ping", silent)
    for n in range(20):
        app.send(b"q%d" % n, dead)
    started, indirect, direct, echoes, got, took = time.time(), [], 0, 0, None, 0
    ends = started + 20
    while time.time() < ends:
        packet = server.receive(0.05)
        if packet and packet.dest == dead:
            indirect.append(time.time())
        elif packet and packet.dest == silent:
            echoes += 1
        direct += back.receive(0) is not None
        problem = app.error(0.01)
        if problem and app.about == dead and not got:
            got, took = problem, time.time() - started
            ends = time.time() + 1
    gaps = [b - a for a, b in zip(indirect, indirect[1:])]
    t.check("a peer that does not answer: 4 attempts (C-68, SEC-28)", len(indirect) == 4,
            indirect)
    t.check("of two bubbles each (C-70)", direct == 4, direct)
    t.check("2 s apart (C-67)", min(gaps or [0]) > 1.4, gaps)
    t.check("4 echo requests for a native host (C-48)", echoes == 4, echoes)
    entry = peer_of(client_ns, dead)
    t.check("counted (C-69)", entry.get("bubbles") == 4 and entry["state"] == "unreachable", entry)
    t.check("then address unreachable, within 12 s (C-55)",
            got == (errno.EHOSTUNREACH, 1, 3) and took < 12, (got, took))
    quiet()
    with Counted(client_ns) as grew:
        app.send(b"again", dead)
        got = server.receive(0.5)
    t.check("and no more bubbles for a while (C-68)", got is None and grew["tx-unreachable"] == 1,
            (show(got), grew.after))
    # It answers after all.
    back.drain()
    back.send(bubble(dead, ME), CLIENT)
    becomes(client_ns, dead, "trusted")
    app.send(b"back", dead)
    came = []
    while b"back" not in came and len(came) < 3:
        came.append(data_of(back.next_of(UDP)))
    t.check("unless it speaks (C-71); what was given up is gone (C-55)",
            came[-1:] == [b"back"] and not [c for c in came if c and c[:1] == b"q"] and
            peer_of(client_ns, dead).get("bubbles") == 0, came)

    # The stack would answer neighbour discovery (C-45, SEC-03).
    quiet()
    p0.send(icmp6(names[0], ME, 135, bytes(4) + socket.inet_pton(socket.AF_INET6, ME), hops=255),
            CLIENT)
    got = p0.receive(0.5)
    t.check("neighbour discovery does not reach the stack (C-45)", got is None, show(got))

    # More than the queue has room for (C-54): the newest stay, and the sender gets errors.
    quiet()
    late = Port(peer_ns, "192.0.2.1", 42998)
    name = teredo(SERVER, late.address, late.port)
    for n in range(40):
        app.send(b"%d" % n, name)
    got = app.error()
    t.check("a full queue: the sender is told (C-54, SEC-27)", got and got[1] == 1, got)
    late.send(bubble(name, ME), CLIENT)
    numbers = []
    while 39 not in numbers and (got := late.next_of(UDP)):
        numbers.append(int(data_of(got)))
    t.check("and the newest are sent, in order", len(numbers) == 32 and numbers[-1] == 39 and
            numbers == sorted(numbers), numbers)

    # Answers through the server are rate-limited (C-72).
    quiet()
    began = time.time()
    for n in range(300):
        server.send(origin(p7.address, p7.port) + bubble(names[7], ME), CLIENT)
    answers, took = 0, time.time() - began
    while p7.receive_raw(0.3):
        answers += 1
    t.check("300 indirect bubbles get few answers (C-72, SEC-32)",
            1 <= answers <= 70 + 100 * took, (answers, took))

    # Neither from nor to Teredo addresses, and multicast
    quiet()
    foreign = App(client_ns, "2001:db8:77::1", 9001)
    with Counted(client_ns) as grew:
        foreign.send(b"x", NATIVE)
        got = foreign.error()
    t.check("a native source to a native host: administratively prohibited (C-56)",
            got == (errno.EACCES, 1, 1) and grew["tx-inner-source"] == 1, (got, grew.after))
    enter(client_ns)
    app.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF,
                          socket.if_nametoindex("teredo0"))
    with Counted(client_ns) as grew:
        app.send(b"x", "ff0e::1")
        got = server.receive(0.3)
    t.check("multicast goes nowhere (C-56)", got is None and grew["tx-inner-dest"] >= 1,
            (show(got), grew.after))

    # Too big
    problem = app.send_whole(bytes(1400), names[0])
    t.check("packets above the MTU are refused (C-57)", problem == errno.EMSGSIZE, problem)
    p0.send(to_client(names[0], b"last"), CLIENT)
    got = app.heard()
    while got and got[0] != b"last":
        got = app.heard()
    t.check("and after all that, peers are heard", got == (b"last", names[0]), got)
    app.send(b"word", names[0])
    t.check("and answered", data_of(p0.next_of(UDP)) == b"word")
    relay.send(to_client(NATIVE, b"still there"), CLIENT)
    app.heard()
    app.send(b"and natives", NATIVE)
    t.check("natives, too", data_of(relay.next_of(UDP)) == b"and natives")

    # Only possible with privileges: another version, another protocol
    enter(client_ns)
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM)
    with Counted(client_ns) as grew:
        raw.sendto(bytes(60), ("teredo0", 0x86dd))
        raw.sendto(b"\x45" + bytes(59), ("teredo0", 0x0800))
    t.check("what is no IPv6 packet goes nowhere", grew["tx-malformed"] == 2, grew.after)

    # An attacker who forges strangers does not make us test each of them.
    def syn(source):
        tcp = struct.pack("!HHLLBBHHH", 9, 9, 1, 0, 0x50, 2, 1024, 0, 0)
        csum = checksum(pseudo(source, ME, len(tcp), socket.IPPROTO_TCP) + tcp)
        return ipv6(source, ME, socket.IPPROTO_TCP, tcp[:16] + struct.pack("!H", csum) + tcp[18:])

    quiet()
    strangers = [question for n in range(500) for question in
                 (echo("2001:db8:6::%x" % n, ME, b"ping"), syn("2001:db8:7::%x" % n))]
    began = time.time()
    with Counted(client_ns) as grew:
        for question in strangers:
            relay.send(question, CLIENT)
    took = time.time() - began
    # Those that are tested are tested again after two seconds.
    t.check("of 500 pings and connections by strangers, few are answered (SEC-28)",
            grew["tx-stranger-limit"] >= 800 - 100 * took and
            grew["tx-echo"] <= (100 + 100 * took) * (1 + took // 2), (took, grew.after))

    # Rules about ports, for two ports of one address
    rule = "pref", "50", "ipproto", "17", "dport", str(p1.port), "blackhole"
    for n in range(2):
        peers[n].send(bubble(names[n], ME), CLIENT)
        becomes(client_ns, names[n], "trusted")
    ip(client_ns, "rule", "add", *rule)
    quiet()
    for n in range(2):
        app.send(b"by port", names[n])
    got = [data_of(peers[n].next_of(UDP, 1)) for n in range(2)]
    t.check("a rule about one port leads others past it, and not that one",
            got == [b"by port", None], got)
    ip(client_ns, "rule", "del", *rule)

    # Nor does it suppress errors for programs about forged hosts that the stack answers.
    forger = Forger(server_ns)

    def made_up(n):
        """Send a stranger's data for a closed port, through an unknown relay."""
        forger.send(datagram("2001:db8:%x::1" % (0x100 + n), ME, 9, 9, b"x"),
                    ("20.0.%d.%d" % (n >> 8, n & 0xff), 3545), CLIENT)

    for n in range(1200):
        made_up(n)
        if n % 10 == 9:
            time.sleep(0.1)    # the rate
    errors = set()
    mine = App(client_ns, ME, 9003)
    for n in range(40):
        mine.send(b"to me?", teredo(SERVER, *CLIENT, 0x3c00 + n))
        time.sleep(0.05)    # the rate
        while mine.error(0.01):
            errors.add(mine.about)
    t.check("errors about strangers hide none about what programs send (SEC-29)",
            len(errors) >= 36, len(errors))

    # A relay that has carried the answer to a test is known. A host takes one place, with
    # all its ports.
    def test_by(host, where, behind=()):
        """A stranger arrives through that relay, right after others, and answers the test."""
        quiet()
        for n in behind:
            made_up(n)
        forger.send(to_client(host, b"x"), where, CLIENT)
        got = server.receive(1)
        while got and got.dest != host:
            got = server.receive(1)
        if got:
            forger.send(echo(host, ME, got.body[8:], ECHO_REPLY), where, CLIENT)
        return got

    relays = [("20.20.20.%d" % n, 3545) for n in range(3)]
    time.sleep(10)    # until no test is running
    for n, where in enumerate(relays):
        test_by("2001:db8:%x::2" % (0x1000 + n), where)
    for n in range(1200):
        test_by("2001:db8:%x::3" % (0x2000 + n), ("20.30.30.30", 2000 + n))
        time.sleep(0.011)    # the rate
    known = 0
    for n, where in enumerate(relays):
        known += bool(test_by("2001:db8:%x::4" % (0x1000 + n), where,
                              range(0x600 + 100 * n, 0x600 + 100 * n + 100)))
    t.check("who proves relays by all his ports pushes out no others (SEC-28)", known >= 2,
            (known, stats(client_ns)))

    # Room for a single peer
    run("teredo-tool", "-n", client_ns, "peer", "flush", "teredo0")
    options(client_ns, "peers-max", "1")
    run("teredo-tool", "-n", client_ns, "peer", "add", "teredo0", names[0], "at",
        "%s:%d" % (p0.address, p0.port))
    quiet()
    with Counted(client_ns) as grew:
        app.send(b"x", names[1])
        got = app.error()
    t.check("no room for another peer: the sender is told (C-06, SEC-25)",
            got == (errno.EHOSTUNREACH, 1, 3) and grew["tx-peer-limit"] == 1, (got, grew.after))

    # Without an address, nothing is accepted.
    ip(client_ns, "link", "set", "teredo0", "down")
    ip(client_ns, "link", "set", "teredo0", "up")
    with Counted(client_ns) as grew:
        p0.send(to_client(names[0], b"x"), (CLIENT[0], tool(client_ns)[0]["port"]))
        got = app.heard(0.4)
    t.check("before it is qualified, a client takes nothing (C-09)",
            not got and grew["rx-not-ready"] == 1, (got, grew.after))
