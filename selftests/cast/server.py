#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""server.py SERVER RELAY OTHER HOST: what a server answers, forwards and drops.

The arguments are namespaces of the laboratory.  Datagrams are sent from RELAY
(192.0.2.1, and 10.9.9.9 as an invalid address) and OTHER (198.51.100.1), both without
NAT; HOST is a native IPv6 host."""

import select
import socket
import struct
import subprocess
import sys

from netlab import Counted, run
from pkt import *

server_ns, relay_ns, other_ns, host_ns = sys.argv[1:]
PRIMARY, SECONDARY = "203.0.113.1", "203.0.113.2"
TO = (PRIMARY, 3544)
TO2 = (SECONDARY, 3544)
HOST = "2001:db8:2::1"
# F-16: cone bit, complements of port 3544 and of the primary address
LINK_LOCAL = socket.inet_ntop(socket.AF_INET6, ip6("fe80::")[:8] + struct.pack(
    "!HH", 0x8000, 3544 ^ 0xffff) + bytes(b ^ 0xff for b in ip4(PRIMARY)))

a = Port(relay_ns, "192.0.2.1", 40001)
a2 = Port(relay_ns, "192.0.2.1", 40002)
b = Port(other_ns, "198.51.100.1", 40003)
private = Port(relay_ns, "10.9.9.9", 40004)
A = teredo(PRIMARY, a.address, a.port)
B = teredo(PRIMARY, b.address, b.port, 0x1234 & 0x3cff)
FOREIGN = teredo("198.51.100.200", b.address, b.port)

enter(host_ns)
native = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
native.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)

counter = 0


def nonce():
    global counter
    counter += 1
    return struct.pack("!Q", 0x1122334400000000 + counter)


def ask(port, request, to=TO):
    """Return the answer. No rate limit is so low that it affects these."""
    port.drain()
    port.send(request, to)
    return port.receive()


def advertisement(answer, request_source=VISTA, sender=TO, mapped=None, mtu=1280):
    """Return what is wrong with a Router Advertisement, '' if nothing."""
    if not answer:
        return "no answer"
    if answer.error:
        return answer.error
    mapped = mapped or (a.address, a.port)
    wrong = []

    def must(what, got, expected):
        if got != expected:
            wrong.append("%s: %s, expected %s" % (what, got, expected))

    must("from", answer.sender, sender)
    must("origin", answer.origin, mapped)
    must("source", answer.source, LINK_LOCAL)
    must("destination", answer.dest, request_source)
    must("hop limit", answer.hops, 255)
    must("type and code", tuple(answer.body[:2]), (RA, 0))
    options = answer.options()
    prefixes = [o for kind, o in options if kind == 3]
    must("prefixes", len(prefixes), 1)
    if prefixes:
        length, flags, valid, preferred = struct.unpack("!BBLL", prefixes[0][:10])
        must("prefix", (socket.inet_ntop(socket.AF_INET6, prefixes[0][14:30]), length),
             (socket.inet_ntop(socket.AF_INET6, ip6("2001::")[:4] + ip4(PRIMARY) +
                               bytes(8)), 64))
        must("prefix flags", flags & 0xc0, 0x40)
        must("lifetimes", valid >= preferred > 0, True)
    must("MTU", [struct.unpack("!xxL", o)[0] for kind, o in options if kind == 5],
         [mtu])
    must("trailers", answer.trailers, b"")
    return "\n".join(wrong + ([answer.error] if answer.error else []))


def silent(port, payloads, to=TO, watch=()):
    """Send what must be dropped; return what came of it, '' if nothing.

    Does not wait: the answer to a solicitation sent afterwards comes last."""
    for p in (port, a) + tuple(watch):
        p.drain()
    for payload in payloads:
        port.send(payload, to)
    came, mark = [], nonce()
    a.send(auth(mark) + solicitation(), TO)
    answer = a.receive()
    while answer and answer.nonce != mark:
        came.append(answer)
        answer = a.receive()
    if not answer:
        return "the server answers no more"
    for p in (port,) + tuple(watch):
        answer = p.receive(0.05) if p is not a else None
        if answer:
            came.append(answer)
    return "\n".join("answer from %s: %s" % (c.sender, c.error or
                     (c.source, c.dest, c.proto, c.body.hex())) for c in came)


def natively(payload, port=a, seconds=PATIENCE):
    """Return what the native host gets of a datagram: (source, hop limit, message)."""
    port.send(payload, TO)
    while select.select([native], [], [], seconds)[0]:
        message, anc, _, peer = native.recvmsg(2048, 256)
        if message[0] in (ECHO, ECHO_REPLY) and peer[0].startswith("2001:0"):
            hops = [struct.unpack("i", data)[0] for _, kind, data in anc
                    if kind == socket.IPV6_HOPLIMIT]
            return peer[0], hops[0], message
    return None


def forwarded(answer, inner, mapped):
    """Return what is wrong with a re-encapsulated packet, '' if nothing."""
    if not answer:
        return "nothing arrived"
    want = Packet(inner)
    got = (answer.sender, answer.origin, answer.source, answer.dest, answer.proto,
           answer.hops, answer.body, answer.trailers, answer.nonce)
    want = (TO, mapped, want.source, want.dest, want.proto, want.hops, want.body,
            want.trailers, None)
    return "" if got == want else "got %s\nexpected %s" % (got, want)


def said(what, problem):
    t.check(what, not problem, problem)


with Ktap(41) as t:
    # Router Solicitations (S-11, S-17..S-25)
    with Counted(server_ns) as grew:
        answer = ask(a, solicitation())
    t.check("question and answer are counted (S-31)", grew["rx-solicitation"] == 1 and
            grew["tx-advertisement"] == 1, grew.after)
    said("solicitation to the primary address (S-01, S-11, S-17, S-18, S-24, S-25, F-01, F-16, F-33)", advertisement(answer))
    t.check("no authentication for who sent none (S-22)", answer and answer.auth is None)
    said("solicitation to the secondary address (S-01, S-18, S-19)",
         advertisement(ask(a, solicitation(), TO2), sender=TO2))
    said("cone bit: the answer comes from the secondary address (S-19)",
         advertisement(ask(a, solicitation(XP_CONE)), XP_CONE, sender=TO2))
    said("cone bit to the secondary address: it comes from the primary (S-19)",
         advertisement(ask(a, solicitation(XP_CONE), TO2), XP_CONE))
    said("Windows XP's source (F-15)",
         advertisement(ask(a, solicitation(XP)), XP))
    # 10.1.1.1, port 4096: a link-local address may contain a private one.
    inner = "fe80::efff:f5fe:fefe"
    said("a source with a private address (F-12, F-13)",
         advertisement(ask(a, solicitation(inner)), inner))
    said("an option of the solicitation (S-17)",
         advertisement(ask(a, solicitation(options=b"\1\1\2\0\0\0\0\1"))))
    run("ip", "-n", server_ns, "link", "set", "teredo0", "mtu", "1400")
    said("the link's MTU is what clients are told (S-18)",
         advertisement(ask(a, solicitation()), mtu=1400))
    run("ip", "-n", server_ns, "link", "set", "teredo0", "mtu", "1280")
    mark = nonce()
    answer = ask(a, auth(mark) + solicitation())
    said("solicitation with a nonce (F-23, S-22)", advertisement(answer))
    t.check("the nonce comes back, confirmation 0, no identifier (F-22, S-22)",
            answer and (answer.nonce, answer.auth, answer.confirm) == (mark, b"", 0))
    mark = nonce()
    answer = ask(a, auth(mark, b"client", bytes(20)) + solicitation())
    t.check("a client identifier comes back as none (S-23)",
            answer and (answer.nonce, answer.auth) == (mark, b""))

    said("bad solicitations (S-07, S-10)", silent(a, [
        solicitation(csum=0x1234), solicitation(hops=254), solicitation(code=1),
        solicitation("2001:db8::1"), solicitation(options=b"\1\0\0\0\0\0\0\0"),
        solicitation()[:-1], solicitation(options=(b"\1\1" + bytes(6)) * 40),
        icmp6(VISTA, "ff02::1", RS, b"\0\0\0\0", hops=255),
        icmp6(VISTA, ALL_ROUTERS, RA, bytes(12), hops=255)]))
    said("a private IPv4 source (F-49, S-06, S-20, SEC-34)", silent(private, [
        solicitation(), bubble(teredo(PRIMARY, private.address, private.port), B)],
        watch=[b]))

    # Bubbles (S-08, S-09, S-14..S-16)
    trailers = trailer(1, b"abcd") + trailer(0x80, b"unknown")
    inner = bubble(A, B, hops=21) + trailers
    b.drain()
    a.send(inner, TO)
    said("a client's bubble reaches a client, with its origin and trailers (F-29, F-47, S-08, S-14..S-16, SEC-34)",
         forwarded(b.receive(), inner, (a.address, a.port)))
    inner = bubble("2001:db8:3::1", B)
    a.send(inner, TO)
    said("a relay's bubble (S-09)", forwarded(b.receive(), inner, (a.address, a.port)))
    inner = bubble("fe80::1234", B)
    a.send(inner, TO)
    said("a bubble from a link-local source, as Miredo's (F-31)",
         forwarded(b.receive(), inner, (a.address, a.port)))
    inner = bubble(A, B)
    a.send(inner, TO2)
    said("a bubble to the secondary address leaves from the primary (S-14)",
         forwarded(b.receive(), inner, (a.address, a.port)))
    # Another server's client does not need our origin indication.
    inner = bubble(A, FOREIGN)
    a.send(inner, TO)
    said("a client's bubble to another server's client, without origin (S-15)",
         forwarded(b.receive(), inner, None))
    said("bubbles with a source that is not the sender's (S-10)", silent(a2, [
        bubble(A, B), bubble(B, A), bubble(teredo(PRIMARY, "192.0.2.9", a2.port), B)],
        watch=[b]))
    said("a relay's bubble to another server's client (S-09)", silent(a, [
        bubble("2001:db8:3::1", FOREIGN)], watch=[b]))
    said("bubbles to addresses nobody may send to (F-49..F-51, S-14, SEC-34, SEC-37)", silent(a, [
        bubble(A, teredo(PRIMARY, bad, 3544)) for bad in (
            "0.0.0.1", "127.0.0.1", "10.9.9.9", "172.16.1.1", "192.168.1.1",
            "169.254.1.1", "192.88.99.1", "224.0.0.253", "255.255.255.255",
            "203.0.113.15")] + [bubble(A, teredo(PRIMARY, "192.0.2.1", 0))],
        watch=[private]))
    said("a bubble to the server itself (S-28)", silent(a, [
        bubble(A, teredo(PRIMARY, PRIMARY, 3544)),
        bubble(A, teredo(PRIMARY, SECONDARY, 3544))]))
    own = Forger(server_ns)
    with Counted(server_ns) as grew:
        for source in (PRIMARY, SECONDARY):
            own.send(solicitation(), (source, 3544), TO)
    t.check("the server's own words (S-28, SEC-50)", grew["rx-loop"] == 2 and
            grew["tx-advertisement"] == 0, grew.after)

    # A packet socket shares the datagrams, so the answers must not be made in place.
    enter(server_ns)
    snoop = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    said("an answer while a program records (S-18)", advertisement(ask(a, solicitation())))
    snoop.close()
    run("ip", "-n", server_ns, "-6", "route", "add", "2001:db8:99::/48", "dev", "teredo0")
    with Counted(server_ns) as grew:
        subprocess.run(["nsenter", "--net=/run/netns/" + server_ns, "ping", "-q", "-c", "1",
                        "-W", "1", "2001:db8:99::1"], stdout=subprocess.DEVNULL)
    t.check("a server sends nothing that is routed to its link", grew["tx-inner-dest"] == 1,
            grew.after)

    # Native forwarding (S-13, S-26, S-27, S-30)
    got = natively(echo(A, HOST, b"nonce678", hops=17) + trailers)
    want = Packet(echo(A, HOST, b"nonce678"))
    # One hop for the server, one for the router behind it
    t.check("an echo request reaches a native host, a hop less, no trailers (S-13, S-30)",
            got == (A, 15, want.body), got)
    said("an echo request at the end of its hops (S-30)", "" if natively(
        echo(A, HOST, b"last hop", hops=1), seconds=0.4) is None else "it arrived")
    got = natively(echo(A, HOST, b"reply", ECHO_REPLY))
    t.check("and so does an echo reply (S-27)", got and got[2][0] == ECHO_REPLY, got)
    while select.select([native], [], [], 0)[0]:
        native.recv(2048)
    said("other ICMPv6, data, and oversize (S-03, S-05, S-26, S-27)", silent(a, [
        icmp6(A, HOST, 1, bytes(44)), icmp6(A, HOST, 135, bytes(20), hops=255),
        datagram(A, HOST, 1, 2, b"data"), datagram(A, B, 1, 2, b"data"),
        ipv6(A, HOST, 6, bytes(20)), echo(A, HOST, bytes(200)),
        echo(A, HOST, code=1), ipv6(A, HOST, ICMP6, b""),
        ipv6(A, HOST, ICMP6, b"\x80\0\0")], watch=[b]))
    said("bubbles to native hosts, echoes with a foreign source (S-08, SEC-16, SEC-36)",
         silent(a2, [bubble(A, HOST), echo(A, HOST), echo("2001:db8:9::1", HOST),
                     echo("fe80::1", HOST)]))
    said("destinations without global scope (S-12)", silent(a, [
        echo(A, d) for d in ("fe80::1", "ff02::1", "ff0e::1", "::1", "::",
                             "fec0::1", "::ffff:10.1.2.3")]))
    seen = []
    while select.select([native], [], [], 0.1)[0]:
        message, _, _, peer = native.recvmsg(2048, 256)
        if peer[0].startswith("2001:0:"):
            seen.append((peer[0], message.hex()))
    t.check("none of these left for the native network", not seen, seen)

    # Malformed datagrams (S-04, F-19..F-27)
    rs = solicitation()
    good = auth(nonce()) + rs
    said("every truncation (F-26, F-27, S-04)", silent(a, [
        whole[:n] for whole in (rs, good, bubble(A, B), echo(A, HOST, b"12345678"))
        for n in range(len(whole))], watch=[b]))
    said("wrong encapsulations (F-19, F-24, F-25, S-04)", silent(a, [
        good[:13] + good, origin("192.0.2.1", 1) + rs, b"\0\2" + rs,
        origin("192.0.2.1", 40001) + bubble(A, B), good[:13] + bubble(A, B),
        b"\0\1\xff\xff" + rs, b"\0\1\0\xff" + good[4:], b"\x45" + rs[1:],
        rs[:4] + b"\xff\xff" + rs[6:], b"", b"\0", b"\0\1", b"\xff" * 1400], watch=[b]))
    said("a datagram of 65 kB", silent(a, [solicitation(options=bytes(60000)),
                                           bubble(A, B)[:4] + b"\xff\xff" +
                                           bytes(65000)], watch=[b]))
    said("and after all that, solicitations are answered", advertisement(
        ask(a, solicitation())))
    t.check("nothing is remembered of anybody (S-02)",
            tool(server_ns)[0]["peers"] == 0 and not tool(server_ns, "peers"))

    # Each verdict has a counter; limits are tested on both sides.
    def options(octets):
        """Return options of so many octets for a solicitation."""
        rest = octets // 8
        return b"".join(bytes([1, n]) + bytes(8 * n - 2)
                        for n in [16] * (rest // 16) + [rest % 16] if n)

    def trailed(octets):
        """Return a client's bubble with so many octets of trailers."""
        return bubble(A, B) + (trailer(0x80, bytes(62)) * 9)[:octets]

    verdicts = [
        ("rx-native", echo(A, HOST, bytes(80))), ("rx-too-big", echo(A, HOST, bytes(81))),
        ("rx-forwarded", echo(A, B, bytes(80))), ("rx-too-big", echo(A, B, bytes(81))),
        ("rx-native", echo(A, HOST, b"")),
        ("rx-not-served", ipv6(A, HOST, ICMP6, echo(A, HOST)[40:47])),
        ("rx-forwarded", trailed(216)), ("rx-too-big", trailed(217)),
        ("rx-solicitation", solicitation(options=options(248))),
        ("rx-solicitation-bad", solicitation(options=options(256))),
        ("rx-not-served", echo(A, HOST, kind=127)), ("rx-not-served", echo(A, HOST, kind=130)),
        ("rx-not-served", echo(A, HOST, kind=ECHO_REPLY, code=1)),
        ("rx-misplaced", auth(nonce()) + bubble(A, B)),
        ("rx-misplaced", auth(nonce()) + origin("192.0.2.1", 1) + solicitation()),
        ("rx-misplaced", auth(nonce()) + echo(A, HOST)),
        ("rx-solicitation-bad", solicitation("2001:db8::1")),
        ("rx-inner-source", bubble("2001:db8:3::1", FOREIGN)),
        ("rx-inner-source", echo("fe80::1", B)),
        ("rx-inner-source", bubble("ff02::1", B)), ("rx-inner-source", bubble("::1", B)),
        ("rx-inner-source", bubble("::", B)), ("rx-forwarded", bubble("fe80::1", B)),
        ("rx-inner-source", bubble(teredo("10.1.1.1", a.address, a.port), B)),
        ("rx-inner-source", bubble(teredo(PRIMARY, a.address, 0), B)),
        ("rx-mapping", bubble(teredo(PRIMARY, "192.0.2.2", a.port), B)),
        ("rx-mapping", bubble(teredo(PRIMARY, a.address, a.port ^ 0x100), B)),
        ("rx-loop", bubble(A, teredo(PRIMARY, SECONDARY, 3544))),
        ("rx-loop", bubble(A, teredo(PRIMARY, SECONDARY, 9))),
        ("tx-not-global", bubble(A, teredo(PRIMARY, "192.0.2.1", 0))),
        ("tx-not-global", bubble(A, teredo("10.1.1.1", b.address, b.port))),
        ("rx-solicitation", solicitation()), ("rx-forwarded", bubble(A, B)),
        ("rx-native", echo(A, HOST)), ("rx-bubble", bubble(A, HOST)),
        ("rx-truncated", solicitation()[:30]), ("rx-malformed", b"\x45" + bytes(50)),
        ("rx-misplaced", origin("192.0.2.1", 1) + bubble(A, B)),
        ("rx-solicitation-bad", solicitation(hops=1)),
        ("rx-not-served", datagram(A, HOST, 1, 2, b"data")),
        ("rx-too-big", echo(A, HOST, bytes(200))), ("rx-inner-source", echo("fe80::1", HOST)),
        ("rx-mapping", bubble(B, A)), ("rx-inner-dest", echo(A, "ff0e::1")),
        ("tx-not-global", bubble(A, teredo(PRIMARY, "10.9.9.9", 1))),
        ("rx-loop", bubble(A, teredo(PRIMARY, PRIMARY, 3544))),
    ]
    wrong = []
    for counter_name, payload in verdicts:
        before = stats(server_ns)
        a.send(payload, TO)
        after = stats(server_ns)
        changed = {k: v - before[k] for k, v in after.items()
                   if k != "ifname" and v != before[k] and k[:3] != "tx-" or k == counter_name}
        if changed != {counter_name: 1}:
            wrong.append("%s: %s" % (counter_name, changed))
    before = stats(server_ns)
    private.send(solicitation(), TO)
    after = stats(server_ns)
    if after["rx-outer-source"] != before["rx-outer-source"] + 1:
        wrong.append("rx-outer-source")
    t.check("each verdict is counted (S-31)", not wrong, "\n".join(wrong))

    # One address has used up its answers, through many ports; the next one has used none.
    # An emulated CPU is so slow that the limit is not reached.
    forger, request = Forger(relay_ns), solicitation()
    others = [Port(other_ns, "198.51.100.1", 41000 + n) for n in range(8)]
    before = stats(server_ns)["rx-limited"]
    for n in range(5000):
        forger.send(request, (a.address, 10000 + n), TO, csum=False)
    for port in others:
        port.send(request, TO)
    answers = [port.receive(5) for port in others]
    limited = stats(server_ns)["rx-limited"] - before
    t.check("one address uses up nothing of another one's (SEC-35)",
            all(answers) and (limited or "time-travel" not in open("/proc/cmdline").read()),
            (len(list(filter(None, answers))), limited))
