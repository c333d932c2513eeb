#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""neighbour.py SERVER LAN CLIENT ADDRESS PORT: what a client does on its IPv4 link (RFC
4380 section 5.2.8).

The first three are namespaces; ADDRESS is the client's Teredo address, PORT its service
port on 10.1.0.2.  Its neighbours, honest and others, are sockets on 10.1.0.3; all are
behind 198.51.100.1."""

import json
import socket
import struct
import subprocess
import sys
import time

from listen import Link, Listener
from netlab import Counted, gone_even, run
from pkt import *

server_ns, lan_ns, client_ns, ME, port = sys.argv[1:]
mapped = struct.unpack("!H", ip6(ME)[10:12])[0] ^ 0xffff
SERVER, MAPPED, LAN, GROUP, ALL_NODES = ("203.0.113.1", "198.51.100.1", "10.1.0.3", "224.0.0.253",
                                         "ff02::1")
CLIENT = ("10.1.0.2", int(port))

# With time travel, waiting for a minute takes no time.
TRAVELS = "time-travel" in open("/proc/cmdline").read()

server = Port(server_ns, SERVER, 3544)
ports = [Port(lan_ns, LAN, 42000 + n) for n in range(8)]
names = [teredo(SERVER, MAPPED, p.port, 0x0202) for p in ports]
p0, p1, p2, p3, liar, late, p6, p7 = ports
app = App(client_ns, ME, 9000)


class Ear:
    """Receives what the client sends to the group: whole IPv4 packets."""

    def __init__(self):
        enter(lan_ns)
        self.socket = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
        self.socket.bind(("eth0", 0x0800))

    def heard(self, seconds=PATIENCE):
        deadline = time.time() + seconds
        while select.select([self.socket], [], [], max(0, deadline - time.time()))[0]:
            packet = self.socket.recv(2048)
            if packet[12:20] == ip4(CLIENT[0]) + ip4(GROUP):
                return packet
        return None

    def drain(self):
        while self.heard(0):
            pass


class Mouth(Forger):
    """Sends anything to the group."""

    def __init__(self):
        super().__init__(lan_ns)
        self.socket.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, ip4(LAN))

    def announce(self, name, port, source=LAN, to=(GROUP, 3544), hops=1, dest=ALL_NODES, front=b"",
                 ttl=1):
        self.send(front + ipv6(name, dest, hops=hops), (source, port), to, ttl=ttl)


ear, mouth = Ear(), Mouth()
listener, link = Listener(client_ns), Link(client_ns, "teredo0")


def tool(*words):
    return subprocess.run(("teredo-tool", "-n", client_ns) + words, check=True,
                          stdout=subprocess.PIPE).stdout


def peers():
    return {p["address"]: p for p in json.loads(tool("-j", "show", "peers"))}


def stats():
    return json.loads(tool("-j", "show", "stats", "teredo0"))[0]


def joined():
    """Return true if the client has joined the group."""
    enter(client_ns)
    with open("/proc/thread-self/net/igmp") as members:
        return "FD0000E0" in members.read()


def restart():
    tool("set", "teredo0", "discovery", "off")
    ear.drain()    # announcements due meanwhile
    tool("set", "teredo0", "discovery", "on")


def quiet():
    for p in ports + [server, ear]:
        p.drain()
    app.drain()


def silence():
    """Wait until nothing is announced, nor about to be."""
    while ear.heard(7):
        pass


def by_server(name, p):
    """The server forwards a bubble to the client's mapping."""
    server.drain()
    link.ask("CONTROL_SEND", ADDRESS=ip4(SERVER), PORT=struct.pack("!H", 3544), PAYLOAD=b"?")
    server.send(origin(MAPPED, p.port) + bubble(name, ME), server.receive_raw()[1])


def to_client(source, data):
    return datagram(source, ME, 7, 9000, data)


def is_bubble(got, name):
    return got and not got.error and got.proto == NONE and got.sender == CLIENT and \
        (got.source, got.dest) == (ME, name)


def as_it_has_to_be(packet):
    """Check a discovery bubble, octet by octet (C-84)."""
    if not packet or len(packet) != 68:
        return False
    ident, frag, ttl, proto, _ = struct.unpack("!HHBBH", packet[4:12])
    sport, dport, length, csum = struct.unpack("!HHHH", packet[20:28])
    false_head = packet[12:20] + struct.pack("!HH", UDP, 48)
    return packet[:4] == b"\x45\0\0\x44" and not frag & 0x3fff and (ttl, proto) == (1, UDP) and \
        checksum(packet[:20]) == 0 and (sport, dport, length) == (CLIENT[1], 3544, 48) and \
        csum and checksum(false_head + packet[20:]) == 0 and \
        packet[28:] == bytes.fromhex("6000000000003b01") + ip6(ME) + ip6(ALL_NODES)


with Ktap(53 + TRAVELS) as t:
    # Our own announcement
    quiet()
    with Counted(client_ns) as grew:
        restart()
        got = ear.heard()
    t.check("a client announces itself, soon", got and grew["tx-discovery"] == 1,
            grew["tx-discovery"])
    t.check("octet by octet (C-84, F-03)", as_it_has_to_be(got), got and got.hex())
    t.check("and is then silent for long (C-83)", ear.heard(3) is None)

    # A neighbour
    with Counted(client_ns) as grew:
        mouth.announce(names[0], p0.port)
        got = p0.receive()
    counted = [grew[name] for name in ("rx-discovery", "tx-bubble")]
    t.check("a neighbour's is answered by a unicast bubble (C-88, C-42, F-28)",
            is_bubble(got, names[0]) and counted == [1, 1], (show(got), counted))
    entry = peers().get(names[0])
    t.check("and is a local peer, not trusted (C-87, C-05)",
            entry and entry["kind"] == "local" and entry["state"] != "trusted" and
            entry["bubbles"] == 0 and entry["idle_rx_ms"] < 10000, entry)
    t.check("who has not heard us yet is told of us", as_it_has_to_be(ear.heard()))
    got = listener.settle().of(names[0])
    t.check("listeners are told of it (D-18)", got == [
        ("probing", "datagram"), ("probing", "discovery")], got)
    silence()
    mouth.announce(names[0], p0.port)
    t.check("who has heard us, and to whom we have nothing to say, is not (SEC-11)",
            is_bubble(p0.receive(), names[0]) and ear.heard(8) is None)
    time.sleep(1.5)    # at most one announcement a second
    quiet()
    app.send(b"one", names[0])
    app.send(b"two", names[0])
    got = p0.receive()
    t.check("to reach it: a unicast bubble (C-49)", is_bubble(got, names[0]), show(got))
    t.check("a discovery bubble (C-49, C-84)", as_it_has_to_be(ear.heard()))
    t.check("and nothing else yet (C-49)",
            p0.next_of(UDP, 0.3) is None and server.receive(0.1) is None)
    p0.send(bubble(names[0], ME), CLIENT)
    came = [data_of(p0.next_of(UDP)) for n in range(2)]
    t.check("its bubble, from a private address, lets the data go (C-43, F-53)",
            came == [b"one", b"two"], came)
    entry = peers().get(names[0])
    t.check("by the local path (D-18)", entry and entry["state"] == "trusted" and
            (entry["kind"], entry["path"]) == ("local", "local") and
            entry["mapped"] == {"address": LAN, "port": p0.port}, entry)
    got = listener.settle().of(names[0])
    t.check("listeners are told of that, too (D-18)", got == [("trusted", "datagram")], got)
    silence()
    mouth.announce(names[0], p0.port)
    t.check("whom we talk with may have begun anew, and is told of us",
            as_it_has_to_be(ear.heard()))
    p0.drain()
    p0.send(to_client(names[0], b"three"), CLIENT)
    got = app.heard()
    t.check("its data is accepted (C-43)", got == (b"three", names[0]), got)
    liar.send(to_client(names[0], b"x"), CLIENT)
    p1.send(to_client(names[1], b"x"), CLIENT)
    t.check("not from another port, nor that of unknown neighbours (C-43)", app.heard(0.4) is None)

    # A neighbour announced from elsewhere
    quiet()
    mouth.announce(names[0], liar.port)
    app.send(b"four", names[0])
    got = liar.receive(0.4), data_of(p0.next_of(UDP))
    entry = peers()[names[0]]
    t.check("one bubble does not take over a local path in use (C-87, SEC-11)",
            got == (None, b"four") and entry["path"] == "local", (got, entry))
    t.check("which it still is", entry["idle_rx_ms"] < 30000, entry)
    mouth.announce(names[1], p1.port)
    mouth.announce(names[1], p2.port)
    got = p2.receive()
    t.check("one that is not in use moves (C-87)", is_bubble(got, names[1]), show(got))
    p2.drain()
    p1.drain()
    app.send(b"five", names[1])
    got = p2.receive()
    t.check("its probes go there", is_bubble(got, names[1]) and p1.receive(0.2) is None, show(got))
    p2.send(to_client(names[1], b"six"), CLIENT)
    got = app.heard()
    t.check("data opens the path as well as a bubble (C-43)",
            got == (b"six", names[1]) and data_of(p2.next_of(UDP)) == b"five", got)

    # A neighbour that does not answer: its mapping is tried, too.
    quiet()
    mouth.announce(names[6], p6.port)
    app.send(b"seven", names[6])
    got = server.next_of(NONE)
    t.check("a silent neighbour is also looked for by its server (D-18, C-51)",
            got and got.dest == names[6] and got.source == ME, show(got))
    p6.send(bubble(names[6], ME), CLIENT)
    t.check("until it answers", data_of(p6.next_of(UDP)) == b"seven")
    # Wait until no attempt is under way, which would cause an announcement, too.
    silence()
    by_server(names[6], p6)
    t.check("one that looks for us by its server is told of us", as_it_has_to_be(ear.heard()))
    silence()
    by_server(names[7], p7)
    t.check("not so who is no neighbour (SEC-11)", ear.heard(8) is None)

    # Another mark, without a route to the server; and none again
    run("ip", "-n", client_ns, "rule", "add", "fwmark", "9", "unreachable")
    tool("set", "teredo0", "mark", "9")
    left = until(lambda: not joined() and not [p for p in peers().values() if p["kind"] == "local"], 5)
    ear.drain()
    tool("set", "teredo0", "mark", "0")
    t.check("another way to the server: another link, at once (C-82)", left and
            as_it_has_to_be(ear.heard(5)), left)
    run("ip", "-n", client_ns, "rule", "del", "fwmark", "9", "unreachable")

    # Another address, while the group is joined; and back to the first
    changes = []
    for changed, at in ((teredo(SERVER, MAPPED, 4001, 0x1111), 4001), (ME, int(mapped))) * 2:
        mouth.announce(names[2], p3.port)
        p3.next_of(NONE)
        silence()
        # An attempt announces the old address just before.
        app.send(b"x", names[2])
        ear.heard()
        tool("peer", "del", "teredo0", names[2])
        problem = link.qualify(changed, MAPPED, at, SERVER)
        got = ear.heard()
        changes.append((problem, got and got[36:52] == ip6(changed)))
    t.check("another address while qualified: neighbours are told at once",
            changes == [(0, True)] * 4, changes)
    t.check("and once", ear.heard(8) is None)
    # Peers at another mapped address are not neighbours.
    mouth.announce(names[0], p0.port)
    p0.receive()

    # Invalid bubbles
    def ignored(what, **how):
        quiet()
        before = peers().keys()
        name = how.pop("name", names[4])
        for key, values in how.items() or [("hops", [1])]:
            for value in values:
                mouth.announce(name, liar.port, **{key: value})
        # The next one of an honest neighbour is answered, so all have been seen.
        mouth.announce(names[0], p0.port)
        answered = is_bubble(p0.receive(), names[0])
        got = liar.receive(0.2)
        after = peers().keys()
        time.sleep(0.6)    # each source is rate-limited
        t.check(what, answered and not got and before == after,
                (answered, show(got), after - before))

    time.sleep(1)    # each source is rate-limited
    ignored("sources outside of the subnet are (C-85)",
            source=["192.0.2.9", "10.9.0.3", "10.1.1.3", "10.1.0.255", "10.1.0.0", "127.0.0.1"])
    ignored("so is what was sent to one host (C-85)", to=[CLIENT, ("10.1.0.2", 3544)])
    ignored("the service port hears no multicast (SEC-18)", to=[(GROUP, CLIENT[1])])
    for what, bad in (("native", "2001:db8::9"), ("link-local", "fe80::9"),
                      ("without a mapped port", teredo(SERVER, MAPPED, 0)),
                      ("of a private server", teredo("10.1.1.1", MAPPED, 42004))):
        ignored("no Teredo client, but %s (C-85)" % what, name=bad)
    ignored("clients behind other NATs are ignored (C-86)", name=teredo(SERVER, "192.0.2.77", 42004))
    ignored("so is our own address (SEC-50)", name=ME)
    ignored("other hop limits than 1 (C-84, C-85)", hops=[0, 2, 64, 255], ttl=[2, 64, 255])
    ignored("other inner destinations (C-34, C-42)", dest=[ME, "ff02::2", "::", "ff05::1"])
    ignored("and other things in front (F-25)",
            front=[auth(b"noncense"), origin(MAPPED, 42004), b"\0", b"\xff" * 4])

    # Floods
    quiet()
    for n in range(100):
        mouth.announce(names[0], p0.port)
    answers = 0
    while p0.receive_raw(0.3):
        answers += 1
    t.check("a neighbour that shouts gets few answers (SEC-11)", 1 <= answers <= 25, answers)
    quiet()
    sent = stats()["tx-bubble"]
    for n in range(2000):
        mouth.announce(teredo(SERVER, MAPPED, 1024 + n, 0x4321), 1024 + n)
    # Others are served, before any limit recovers.
    honest = [teredo(SERVER, MAPPED, 900 + n, 0x4321) for n in range(8)]
    for n, name in enumerate(honest):
        mouth.announce(name, 900 + n, source="10.1.0.9")
    answers = settled(lambda: stats()["tx-bubble"]) - sent
    t.check("so does one with many names (SEC-11)", answers < 200, answers)
    t.check("which uses up nothing of another one's (SEC-11)", set(honest) <= peers().keys(),
            set(honest) - peers().keys())
    tool("set", "teredo0", "peers-max", "400")
    shouts = heard = 0
    for n in range(4000):
        mouth.announce(teredo(SERVER, MAPPED, 1024 + n, 0x8421), 1024 + n,
                       source="10.1.0.%d" % (10 + n % 240))
        if n % 400 == 0:
            app.send(b"%d" % n, names[0])
            p0.send(to_client(names[0], b"%d" % n), CLIENT)
            heard += app.heard() == (b"%d" % n, names[0])
            heard += data_of(p0.next_of(UDP)) == b"%d" % n
        shouts += ear.heard(0) is not None
    settled(lambda: len(peers()))
    known = peers()
    t.check("made up neighbours fill no list (SEC-11, SEC-25)", 10 < len(known) <= 100, len(known))
    t.check("honest ones go on talking (SEC-11)", heard == 20, heard)
    time.sleep(0.6)    # each source is rate-limited
    p0.drain()
    mouth.announce(names[0], p0.port)
    t.check("and are answered (SEC-11, C-88)", is_bubble(p0.receive(), names[0]))
    t.check("all of which makes us announce ourselves rarely (SEC-11)", shouts <= 10, shouts)

    # More than there is room for
    tool("set", "teredo0", "peers-max", "100000")
    time.sleep(4)    # each source is rate-limited
    quiet()
    crowd = [teredo(SERVER, MAPPED, 1024 + n, 0x1221) for n in range(2400)]
    for n, name in enumerate(crowd):
        mouth.announce(name, 1024 + n, source="10.1.0.%d" % (10 + n % 240))
    settled(lambda: len(peers()))
    mouth.announce(names[5], late.port)
    until(lambda: names[5] in peers())
    known = {address for address, p in peers().items() if p["kind"] == "local"}
    t.check("there is room for 1024, and who was heard the longest ago goes (SEC-11, SEC-25)",
            1000 < len(known) <= 1024 and {names[0], names[5]} <= known and crowd[0] not in known,
            (len(known), names[0] in known, names[5] in known, crowd[0] in known))

    # Nothing was sent for the 30 s that a path stays open.
    time.sleep(31)    # the time that it is about
    quiet()
    mouth.announce(names[0], liar.port)
    got = liar.receive()
    entry = peers().get(names[0])
    t.check("a path that is no longer open may move, and is not trusted there (C-87)",
            is_bubble(got, names[0]) and entry and entry["state"] == "probing", entry)

    # Its mapping is heard meanwhile: when the link has been silent for 30 s, packets go
    # there, for 30 s since the mapping was heard.
    if TRAVELS:
        quiet()
        both = Port(lan_ns, LAN, 42050)
        name = teredo(SERVER, MAPPED, both.port, 0x0202)
        mouth.announce(name, both.port)
        both.receive()
        app.send(b"by the link", name)
        both.send(bubble(name, ME), CLIENT)
        got, began = data_of(both.next_of(UDP)), time.time()
        seen = [got == b"by the link"]
        for when, path, state in ((20, "local", "trusted"), (31, "direct", "trusted"),
                                  (49, "direct", "trusted"), (51.5, "direct", "probing")):
            time.sleep(max(0, began + when - time.time()))      # the time that it is about
            if when == 20:
                mouth.send(bubble(name, ME), (MAPPED, both.port), CLIENT)
                time.sleep(0.1)     # for its arrival
            else:
                app.send(b"where", name)
            entry = peers().get(name, {})
            seen.append((entry.get("path"), entry.get("state")) == (path, state) or entry)
        t.check("trust after a fall-back ends 30 s after the mapping was heard (D-18)",
                seen == [True] * 5, seen)

    # The end
    quiet()
    tool("peer", "flush", "teredo0")
    listener = Listener(client_ns)      # has not missed any event
    mouth.announce(names[0], p0.port)
    p0.receive()
    tool("set", "teredo0", "discovery", "off")
    mouth.announce(names[7], p7.port)
    app.send(b"x", names[0])
    t.check("off is off: neither heard nor remembered (C-81, SEC-11)",
            p7.receive(0.4) is None and p0.receive(0.1) is None and
            not [p for p in peers().values() if p["kind"] == "local"])
    got = listener.settle().of(names[0])
    t.check("listeners are told why (D-18)", ("gone", "left") in got, got[-3:])
    t.check("the link goes, and its accounts are even", gone_even(client_ns))
