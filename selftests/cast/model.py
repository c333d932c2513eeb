#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""model.py ROLE:SEED:DUT:NET ...: compare the module with a model of it.

The namespace DUT has a link of that role, whose schedule is made from that seed.
Everything it sends leaves for NET, where this program plays the world: servers, clients,
relays, native hosts. Schedules of packets, answers, silence and administrators' commands
are random, with thousands of peers at once. What is sent, when, what is counted, which
events come and what a dump shows is compared with protocol.py, which implements the
requirements.

This requires a clock that stands still while anything runs: a packet has been processed
when the call that sends it returns, and times are exact."""

import functools
import heapq
import json
import os
import random
import select
import socket
import struct
import sys
import time
import traceback

import listen
import protocol
from netlab import ip, options, run
from pkt import Ktap, enter, ip4, ip6, stats, teredo, tool
from protocol import Client, Divergence, HostRelay, Peer, Relay

IPV4, IPV6, ALL = 0x0800, 0x86dd, 3
SOL_PACKET, IGNORE_OUTGOING = 263, 23
SO_SNDBUFFORCE, SO_RCVBUFFORCE = 32, 33
DUT, PORT = "192.0.2.1", 3545
DUT6 = "2001:db8:ffff::1"
ACK = 4

listen.name_of = functools.lru_cache(None)(listen.name_of)


def total(data):
    """Return the sum of 16-bit words."""
    return sum(struct.unpack("!%dH" % (len(data) // 2), data))


def folded(value):
    while value >> 16:
        value = (value & 0xffff) + (value >> 16)
    return ~value & 0xffff


def outer(source, dest, payload):
    """Return a whole datagram of UDP over IPv4."""
    head = struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(payload), 0, 0, 64, 17, 0) + \
        ip4(source[0]) + ip4(dest[0])
    return head[:10] + struct.pack("!H", folded(total(head))) + head[12:] + \
        struct.pack("!HHHH", source[1], dest[1], 8 + len(payload), 0) + payload


def inner(source, dest, token):
    """Return UDP over IPv6 that carries the token."""
    data = struct.pack("!HHHHQ", 9, 9, 16, 0, token)
    csum = folded(total(source + dest + data) + 16 + 17) or 0xffff
    return struct.pack("!LHBB", 6 << 28, 16, 17, 64) + source + dest + data[:6] + \
        struct.pack("!H", csum) + data[8:]


def bubble(source, dest):
    return struct.pack("!LHBB", 6 << 28, 0, 59, 0) + source + dest


def token_of(packet):
    """Return the token of inner(), or None."""
    if len(packet) == 56 and packet[6] == 17:
        return struct.unpack_from("!Q", packet, 48)[0]
    return None


class Ear(listen.Listener):
    """Events in order, dumps, and administrators' commands"""

    def take(self, kind, flags, seq, body):
        if kind == listen.NLMSG_ERROR and seq == self.seq:
            self.answer, = struct.unpack_from("=i", body)
            return
        if self.dumping and seq == self.dumping:
            if self.fresh:
                self.table, self.fresh = {}, False
            if kind == listen.NLMSG_DONE:
                self.dumping = False
        if kind != self.family:
            return
        found = listen.attributes(body[4:])
        take = lambda n: found.get(listen.N["TEREDO_A_PEER_" + n])
        number = lambda n: take(n) and int.from_bytes(take(n), sys.byteorder)
        state = listen.name_of("TEREDO_PEER_STATE_", take("STATE")[0])
        if seq:
            self.table[take("ADDRESS")] = {
                "state": state, "permanent": take("PERMANENT") is not None,
                "mapped": (socket.inet_ntoa(take("MAPPED_ADDRESS")),
                           int.from_bytes(take("MAPPED_PORT"), "big"))
                if take("MAPPED_ADDRESS") else None,
                "queued": number("QUEUED"), "bubbles": number("BUBBLES"),
                "rx": number("IDLE_RX"), "tx": number("IDLE_TX")}
            return
        gone = body[0] == listen.N["TEREDO_CMD_PEER_DEL_NTF"]
        self.log.append((take("ADDRESS"), "gone" if gone else state, listen.name_of(
            "TEREDO_PEER_CAUSE_", take("CAUSE")[0])))

    def read_all(self):
        """Read what is there, without select()."""
        self.socket.setblocking(False)
        try:
            while self.read(None):
                pass
        except BlockingIOError:
            pass
        self.socket.setblocking(True)

    def command(self, name, *attributes, of="PEER"):
        """Return the errno of its answer."""
        self.answer, of = None, "TEREDO_A_%s_" % of
        self.request(self.family, ACK, listen.N["TEREDO_CMD_" + name],
                     b"".join(listen.attribute(listen.N[of + n], value)
                              for n, value in (("IFNAME", b"teredo0\0"), *attributes)))
        while self.answer is None:
            self.read(10)
        return -self.answer


class World:
    """The world around a link, and the model of it"""

    # Times are multiples of STEP since the beginning; at most MANY actors act at one time.
    STEP, MANY = 0.2, 200

    def __init__(self, model, dut, net, rng):
        self.model, self.dut, self.rng = model, dut, rng
        enter(net)
        self.wire = self.tap("wire")
        enter(dut)
        self.mac = bytes.fromhex(json.loads(ip(dut, "-j", "link", "show", "eth0"))[0][
            "address"].replace(":", ""))
        self.ear = Ear(dut, 64 << 20)
        self.peers, self.tokens = {}, 0
        self.heap, self.turn = [], 0
        self.read_clock()
        self.begun = self.now()
        self.touched = set()
        self.acts = self.frames = self.events = 0
        self.checked = self.begun
        self.counts = self.read_counts()
        self.base = dict(self.counts)

    def tap(self, device):
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL))
        tap.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
        tap.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 256 << 20)
        tap.bind((device, ALL))
        return tap

    def now(self):
        """Time stands still until we sleep, so it is cached: asking the kernel costs more."""
        return self.clock

    def read_clock(self):
        self.clock = time.clock_gettime(time.CLOCK_MONOTONIC)

    # -- actions --

    def add(self, kind, server, mapping, flags=0):
        address = ip6(teredo(server, *mapping, flags))
        return self.register(Peer(address, kind, server, mapping))

    def register(self, peer):
        self.peers[peer.address] = peer
        number = len(self.peers)
        peer.host = ip6("2001:db8:%x::1" % number)      # the host that talks with it
        return peer

    def token(self):
        self.tokens += 1
        return self.tokens

    def give(self, peer, token):
        """Send a packet from the host that talks with the peer."""
        self.wire.sendto(inner(peer.host, peer.address, token), ("wire", IPV6, 0, 0, self.mac))

    def packet(self, peer, count=1):
        self.touched.add(peer)
        for _ in range(count):
            token = self.token()
            self.model.packet(self.now(), peer, token)
            self.give(peer, token)

    def enter_datagram(self, source, payload):
        self.wire.sendto(outer(source, (DUT, PORT), payload), ("wire", IPV4, 0, 0, self.mac))

    def bubble(self, peer, source=None, nonce=None):
        """Send a bubble with the nonce, or else to a global address."""
        self.touched.add(peer)
        source = source or peer.embedded
        self.model.datagram(self.now(), peer, source, "bubble", nonce)
        self.enter_datagram(source, bubble(peer.address, self.whither(peer, nonce)))

    def whither(self, peer, nonce):
        """Return the destination of a bubble of the peer."""
        return b"\xfe\x80" + bytes(6) + nonce if nonce else peer.host

    def data(self, peer, source=None):
        self.touched.add(peer)
        source = source or peer.mapped or peer.embedded
        token = self.token()
        self.model.datagram(self.now(), peer, source, "data", None, token)
        self.enter_datagram(source, inner(peer.address, peer.host, token))

    def put(self, peer, mapping, permanent):
        self.touched.add(peer)
        self.model.put(self.now(), peer, mapping, permanent)
        error = self.ear.command("PEER_NEW", ("ADDRESS", peer.address),
                                 ("MAPPED_ADDRESS", ip4(mapping[0])),
                                 ("MAPPED_PORT", struct.pack("!H", mapping[1])),
                                 *([("PERMANENT", b"")] if permanent else []))
        if error:
            raise Divergence("peer add: %s" % os.strerror(error), peer)

    def remove(self, peer):
        self.touched.add(peer)
        known = self.model.remove(self.now(), peer)
        error = self.ear.command("PEER_DEL", ("ADDRESS", peer.address))
        if bool(error) == known:
            raise Divergence("peer del: %s" % os.strerror(error), peer)

    def flush(self):
        self.settle()
        self.touched.update(self.model.peers.values())
        self.model.flush(self.now())
        if self.ear.command("PEER_FLUSH"):
            raise Divergence("peer flush: refused")

    def nobody_due(self):
        """Make sure that nothing is due soon, as time may pass while a command runs."""
        self.settle()
        for peer in list(self.model.peers.values()):
            if peer.waiting and peer.deadline < self.now() + 0.5:
                self.remove(peer)
        self.settle()

    def bounce(self):
        """Set the link down, and up."""
        self.nobody_due()
        self.touched.update(self.model.peers.values())
        self.model.down(self.now())
        ip(self.dut, "link", "set", "teredo0", "down")
        ip(self.dut, "link", "set", "teredo0", "up")
        self.restore()

    def restore(self):
        """Add what a link loses when it goes down."""
        ip(self.dut, "-6", "route", "add", "2001::/32", "dev", "teredo0")

    def set_queue(self, packets):
        self.settle()
        self.model.queue = packets
        options(self.dut, "queue", str(packets))

    def set_peers_max(self, count):
        self.settle()
        self.model.peers_max = count
        options(self.dut, "peers-max", str(count))

    # -- observations --

    def quiesce(self):
        """Let the kernel finish all work that is due."""
        time.sleep(0.0002)      # for work that waits for time to pass
        self.read_clock()

    def look(self):
        """Handle everything that has happened until now."""
        self.quiesce()
        now = self.now()
        self.ear.read_all()
        if self.ear.lost:
            raise Divergence("events were lost")
        log, self.ear.log = self.ear.log, []
        self.events += len(log)
        for address, what, cause in log:
            peer = self.peers.get(address)
            if not peer:
                raise Divergence("an event about a stranger: %s" %
                                 socket.inet_ntop(socket.AF_INET6, address))
            peer.note(now, "told: %s, because of %s" % (what, cause))
            self.model.told(now, peer, what, cause)
        told = []
        for sock, sort in self.sources():
            while True:
                try:
                    data, (_, proto, _, *_) = sock.recvfrom(2048, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    break
                except OSError:     # once, when the link goes down
                    continue
                sort(now, proto, data, told)
        self.model.error(now, told)
        self.model.overdue(now)

    def sources(self):
        return [(self.wire, self.sort)]

    def sort(self, now, proto, data, told):
        """Handle a frame that was sent."""
        if proto == IPV4 and data[9] == 17:
            sport, dport = struct.unpack_from("!HH", data, 20)
            self.left(now, (socket.inet_ntoa(data[12:16]), sport),
                      (socket.inet_ntoa(data[16:20]), dport), data[28:])
        elif proto == IPV6:
            self.native(now, data, told)

    def native(self, now, packet, told):
        """Handle an IPv6 packet from the link, or an error about one."""
        if packet[6] == 58 and packet[40] == 129:
            self.came(now, packet[8:24], "native", ("native", 0),
                      int.from_bytes(packet[48:], "big"))
        elif packet[6] == 58 and packet[40] in (1, 3):
            token = token_of(packet[48:])
            if packet[40:42] != b"\1\3":
                raise Divergence("an ICMPv6 error %d %d about packet %s" % (
                    packet[40], packet[41], token))
            told.append(token)
        elif packet[6] == 17:
            self.frames += 1
            self.came(now, packet[8:24], "native", ("native", 0), token_of(packet))

    def left(self, now, source, to, payload):
        self.frames += 1
        if source != (DUT, PORT):
            raise Divergence("a datagram from %s:%d" % source)
        if payload[6] == 59 and len(payload) == 40:
            self.came(now, payload[24:40], "bubble", to, self.nonce_of(payload[8:24]))
        elif payload[6] == 17:
            self.came(now, payload[24:40], "data", to, token_of(payload))
        else:
            raise Divergence("a datagram of protocol %d to %s:%d" % (payload[6], *to))

    def nonce_of(self, source):
        """Return the nonce in the source address of our bubble."""
        if source[:8] != b"\xfe\x80" + bytes(6):
            raise Divergence("a bubble from " + source.hex())
        return source[8:]

    def came(self, now, address, kind, to, what):
        peer = self.peers.get(address)
        if not peer:
            raise Divergence("%s for a stranger: %s" % (
                kind, socket.inet_ntop(socket.AF_INET6, address)))
        peer.note(now, "%s to %s:%d%s" % (kind, *to, "" if what is None else " (%s)" % (
            what.hex() if isinstance(what, bytes) else what)))
        self.model.came(now, peer, kind, to, what)

    # -- time --

    def at(self, delay, actor, peer=None):
        """Schedule the next step of the generator."""
        self.turn += 1
        steps = max(1, round((self.now() + delay - self.begun) / self.STEP))
        heapq.heappush(self.heap, (steps, self.turn, actor, peer))

    def sleep_until(self, when):
        waiting = [sock for sock, _ in self.sources()] + [self.ear.socket]
        while (left := when - self.now()) > 0.0001:
            if select.select(waiting, [], [], left)[0]:
                self.look()
            else:
                self.read_clock()
        self.look()

    def run(self):
        """Run until no generator is left."""
        while self.heap:
            self.sleep_until(self.begun + self.heap[0][0] * self.STEP)
            now = self.now()
            limit, acted = (now - self.begun) / self.STEP, 0
            # With evictions, the victim must be known before the next peer acts.
            many = self.MANY if self.model.peers_max == protocol.PEERS else 1
            while self.heap and self.heap[0][0] <= limit and acted < many:
                _, _, actor, peer = heapq.heappop(self.heap)
                if peer and self.model.is_near(now, peer):
                    self.at(self.STEP, actor, peer)
                    continue
                acted += 1
                delay = next(actor, None)
                if delay is not None:
                    self.at(delay, actor, peer)
            self.acts += acted
            self.settle()
            if now > self.checked + 5:
                self.checked = now
                self.model.forgotten(now)

    def settle(self):
        self.look()
        for peer in self.touched:
            self.model.done(peer)
        self.touched.clear()
        if self.model.evictions:
            raise Divergence("%d peers too many" % self.model.evictions)

    # -- counters and the list of peers --

    def read_counts(self):
        return {k: v for k, v in stats(self.dut).items() if isinstance(v, int) and
                k.split("-")[0] in ("rx", "tx", "peers")}

    def check_counts(self):
        """Return what is wrong with the counters."""
        now = self.read_counts()
        return ["%s: %d, not %d" % (k, now[k] - self.base[k], self.model.counts[k])
                for k in sorted(now) if now[k] - self.base[k] != self.model.counts[k]]

    def check_dump(self):
        """Return what is wrong with the list of peers."""
        self.ear.dump()
        now, wrong = self.now(), []
        for address in self.ear.table.keys() - self.model.peers.keys():
            wrong.append((self.peers.get(address), "is in the list"))
        for address, peer in self.model.peers.items():
            entry = self.ear.table.get(address)
            if not entry:
                wrong.append((peer, "is not in the list"))
                continue
            for name, want in (("state", peer.state), ("mapped", peer.mapped),
                               ("queued", len(peer.queue)), ("bubbles", peer.unanswered),
                               ("permanent", peer.permanent)):
                if entry[name] != want:
                    wrong.append((peer, "%s is %s, not %s" % (name, entry[name], want)))
            for name, want in (("rx", peer.rx), ("tx", peer.tx)):
                idle = entry[name]
                if (idle is None) != (want is None) or \
                        idle is not None and abs(now - want - idle / 1000) > 0.05:
                    wrong.append((peer, "%s was %s ms ago, not %s" % (
                        name, idle, want and round(1000 * (now - want)))))
        return wrong


class HostWorld(World):
    """The link serves its own host"""

    def __init__(self, model, dut, net, rng):
        enter(dut)
        self.inside = self.tap("teredo0")
        self.loop = self.tap("lo")
        self.raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self.raw.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 256 << 20)
        self.sink = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.sink.bind(("::", 9))
        super().__init__(model, dut, net, rng)

    def register(self, peer):
        super().register(peer)
        peer.host = self.own()
        return peer

    def own(self):
        return ip6(DUT6)

    def give(self, peer, token):
        self.raw.sendto(inner(peer.host, peer.address, token),
                        (socket.inet_ntop(socket.AF_INET6, peer.address), 0))

    def sources(self):
        return super().sources() + [(self.inside, self.sort), (self.loop, self.sort)]


class ClientWorld(HostWorld):
    """A client, whose state is set here, without a controller"""

    SERVERS = "203.0.113.1", "203.0.113.101"

    def __init__(self, *words):
        super().__init__(*words)
        self.number, self.address = 0, None
        self.qualify()

    def qualify(self):
        """Qualify with the next server."""
        self.settle()
        server = self.SERVERS[self.number % 2]
        self.number += 1
        old, self.address = self.address, teredo(server, DUT, PORT)
        for peer in self.peers.values():
            peer.host = self.own()
        self.touched.update(self.model.peers.values())
        self.model.qualify(self.now(), self.address, (DUT, PORT), server)
        error = self.ear.command(
            "STATE_SET", ("STATE", bytes([listen.N["TEREDO_STATE_QUALIFIED"]])),
            ("ADDRESS", ip6(self.address)), ("MAPPED_ADDRESS", ip4(DUT)),
            ("MAPPED_PORT", struct.pack("!H", PORT)), ("SERVER", ip4(server)),
            ("SERVER2", ip4("203.0.113.2")), of="DEV")
        if error:
            raise Divergence("not qualified: " + os.strerror(error))
        # By then, senders have got errors about packets that were dropped.
        if old:
            ip(self.dut, "addr", "del", old, "dev", "teredo0")
        ip(self.dut, "addr", "add", self.address, "dev", "teredo0")

    def own(self):
        return ip6(self.address) if self.address else None

    def restore(self):
        ip(self.dut, "addr", "add", self.address, "dev", "teredo0")
        ip(self.dut, "-6", "route", "add", "default", "dev", "teredo0")

    def whither(self, peer, nonce):
        return peer.host

    def add_native(self, number, relay):
        peer = Peer(ip6("2001:db8:%x::2" % number), "native", None, relay)
        return self.register(peer)

    def reply(self, peer, source, nonce):
        """Answer an echo request."""
        self.touched.add(peer)
        self.model.datagram(self.now(), peer, source, "reply", nonce,
                            int.from_bytes(nonce, "big"))
        body = struct.pack("!BBHHH", 129, 0, 0, 0, 0) + nonce
        csum = folded(total(peer.address + peer.host + body) + 16 + 58)
        self.enter_datagram(source, struct.pack("!LHBB", 6 << 28, 16, 58, 64) + peer.address +
                            peer.host + body[:2] + struct.pack("!H", csum) + body[4:])

    def indirect(self, peer, origin):
        """Send a bubble through our server."""
        self.touched.add(peer)
        server = (self.model.server or self.SERVERS[0], 3544)
        self.model.indirect(self.now(), peer, origin)
        head = b"\0\0" + bytes(b ^ 0xff for b in struct.pack("!H", origin[1]) +
                               ip4(origin[0]))
        self.enter_datagram(server, head + bubble(peer.address, peer.host))

    def left(self, now, source, to, payload):
        if payload[6] == 58 and payload[40] == 128:
            self.frames += 1
            self.came(now, payload[24:40], "echo", to, payload[48:])
        else:
            super().left(now, source, to, payload)

    def nonce_of(self, source):
        if source != ip6(self.address):
            raise Divergence("a bubble from " + source.hex())

    def check_dump(self):
        wrong = super().check_dump()
        link, = tool(self.dut) if self.model.address else [{}]
        if not link:
            return wrong
        for name, want in (("server_idle_ms", self.model.server_heard),
                           ("server_sent_ms", self.model.server_sent)):
            idle = link.get(name)
            if (idle is None) != (want is None) or \
                    idle is not None and abs(self.now() - want - idle / 1000) > 0.05:
                wrong.append((None, "%s is %s, not %s" % (
                    name, idle, want and round(1000 * (self.now() - want)))))
        return wrong


class Schedule:
    """A random schedule.  Each persona is a generator: it acts, and yields the number of
    seconds after which it acts again."""

    def __init__(self, world, count, seconds):
        self.w, self.rng, self.seconds = world, world.rng, seconds
        self.problems = []
        for n in range(count):
            peer = self.newcomer(n)
            persona = self.rng.choices(*zip(*self.PERSONAS))[0]
            peer.note(world.now(), "will be: " + persona)
            world.at(self.rng.uniform(0, seconds * 0.6), getattr(self, persona)(peer), peer)
        for actor in self.administrators():
            world.at(self.rng.uniform(0, 10), actor)

    def newcomer(self, n):
        return self.w.add("teredo", "203.0.113.%d" % (1 + n % 16),
                          ("198.18.%d.%d" % (n // 1000, n // 4 % 250 + 1),
                           1024 + n * 7919 % 60000),
                          self.rng.choice((0, 0x0101, 0x8000, 0x3cff)))

    def elsewhere(self, peer):
        """Return a mapping other than that in its address, always the same one."""
        return "198.19.%d.%d" % (peer.embedded[1] % 250, peer.embedded[1] // 250), \
            peer.embedded[1] ^ 1

    def wrong(self):
        return self.rng.randbytes(8)

    def gap(self, *edges):
        """Return a time shortly before or after one of these."""
        edge = self.rng.choice(edges)
        return edge + self.rng.choice((-0.1, 0.1, 0.15, 0.4, 0.8)) * self.rng.random()

    # -- personas --

    PERSONAS = [("converse", 4), ("silent", 3), ("one_way", 3), ("late", 3), ("symmetric", 3),
                ("burst", 2), ("stranger", 1), ("by_hand", 1), ("wanderer", 6)]

    def answer(self, p, source=None):
        """Answer our last attempt."""
        self.w.bubble(p, source, p.nonce or self.wrong())

    def say(self, p, source, nonce):
        """Answer with that nonce."""
        self.w.bubble(p, source, nonce)

    def meet(self, p, source=None):
        self.w.packet(p, self.rng.randint(1, 3))
        yield self.rng.choice((0.06, 0.3, 1.2, 2.5, 4.4, 6.3))
        self.answer(p, source)
        yield self.rng.uniform(0.1, 1)

    def converse(self, p):
        yield from self.meet(p)
        for _ in range(self.rng.randint(2, 8)):
            self.rng.choice((self.w.packet, self.w.data))(p)
            yield self.rng.choice((0.1, 0.2, 0.4, 1, 5, 12, 19, 21, 24.5, 28))

    def silent(self, p):
        self.w.packet(p)
        yield self.rng.choice((1, 3, 5, 7))
        self.w.packet(p)
        yield 9
        self.w.packet(p)        # not probed
        yield self.gap(100, 200, 288)
        self.w.packet(p)
        yield self.rng.choice((5, 100, 200, 300))
        self.w.packet(p)
        yield 300
        self.w.packet(p)        # probed again
        yield 2.5
        if self.rng.random() < 0.5:
            self.answer(p, self.rng.choice((None, self.elsewhere(p))))
            yield 1
            self.w.packet(p)

    def one_way(self, p):
        yield from self.meet(p)
        every = self.rng.choice((1.3, 2.7, 4.1, 6.5, 9.2))
        for _ in range(int(45 / every)):
            self.w.packet(p)
            yield every
            if self.rng.random() < 0.03:
                self.answer(p)
                yield 0.2

    def late(self, p):
        source = self.rng.choice((None, self.elsewhere(p)))
        self.w.packet(p)
        yield self.gap(8.5, 15, 26, 35.9, 36.5, 60)
        if p.nonce and self.rng.random() < 0.3:
            self.say(p, source, self.wrong())
            yield 0.1
        nonce = p.nonce or self.wrong()
        self.say(p, source, nonce)
        yield 0.3
        self.w.packet(p)
        yield self.gap(30, 40)
        self.say(p, source, nonce)
        yield 1
        self.w.packet(p)

    def symmetric(self, p):
        there = self.elsewhere(p)
        yield from self.meet(p, there)
        seen = list(p.nonces)
        for _ in range(self.rng.randint(2, 6)):
            self.rng.choice((
                lambda: self.w.data(p, there), lambda: self.w.packet(p),
                lambda: self.w.bubble(p, p.embedded, self.rng.choice(seen)),
                lambda: self.w.bubble(p, ("198.19.255.1", 99), self.rng.choice(seen)),
                lambda: self.w.bubble(p, there), lambda: self.w.data(p, p.embedded)))()
            yield self.rng.choice((0.1, 0.5, 3, 21, 31, 34))

    def burst(self, p):
        self.w.packet(p, self.w.model.queue + self.rng.randint(-1, 3))
        yield self.rng.choice((0.5, 3, 9))
        self.answer(p)
        yield self.rng.choice((0.5, 35))
        self.w.packet(p, 5)

    def stranger(self, p):
        for _ in range(3):
            self.rng.choice((lambda: self.w.data(p), lambda: self.w.bubble(p),
                             lambda: self.say(p, None, self.wrong()),
                             lambda: self.w.data(p, self.elsewhere(p))))()
            yield self.rng.uniform(0.1, 40)

    def by_hand(self, p):
        if self.rng.random() < 0.5:
            self.w.packet(p, self.rng.randint(1, 3))
            yield self.rng.choice((0.5, 3, 9))
        self.w.put(p, self.rng.choice((p.embedded, self.elsewhere(p))), self.rng.random() < 0.7)
        for _ in range(self.rng.randint(2, 6)):
            yield self.rng.choice((0.3, 5, 21, 32, 310))
            self.rng.choice((
                lambda: self.w.packet(p), lambda: self.w.data(p), lambda: self.w.bubble(p),
                lambda: self.answer(p, self.elsewhere(p)), lambda: self.w.remove(p)))()

    def wanderer(self, p):
        ends = self.w.now() + self.seconds * 0.7
        for _ in range(self.rng.randint(3, 12)):
            if self.w.now() > ends:
                return
            there = self.rng.choice((p.embedded, self.elsewhere(p), p.mapped))
            self.rng.choice((
                lambda: self.w.packet(p, self.rng.randint(1, 3)), lambda: self.w.packet(p),
                lambda: self.answer(p, there), lambda: self.say(p, there, self.wrong()),
                lambda: self.w.data(p, there), lambda: self.w.bubble(p, there),
                lambda: self.w.remove(p) if self.rng.random() < 0.2 else self.w.packet(p)))()
            yield self.rng.choice((0.1, 0.3, 1, 1.9, 2.2, 4.2, 6.1, 8.3, 12, 20.5, 24.3, 29.8,
                                   30.2, 45, 120, 299, 312))

    # -- administrators --

    def administrators(self):
        return [self.clerk(), self.operator()]

    def clerk(self):
        """Compare counters and the list."""
        while self.w.heap:
            yield self.rng.uniform(70, 110)
            self.look()

    def look(self):
        w = self.w
        w.settle()      # handle the results of others' actions at this time
        print("# after %4d s: %5d peers, %6d acts, %6d datagrams, %6d events" % (
            w.now() - w.begun, len(w.model.peers), w.acts, w.frames, w.events), flush=True)
        wrong = w.check_counts()
        if wrong:
            raise Miscount("\n".join(wrong))
        wrong = w.check_dump()
        if wrong:
            peer, what = wrong[0]
            raise Misshown("%d entries are wrong; the first: %s" % (len(wrong), what), peer)

    def operator(self):
        yield self.seconds * 0.25
        self.w.set_queue(self.rng.choice((1, 3, 8)))
        yield self.seconds * 0.1
        self.w.set_queue(0)
        yield self.seconds * 0.03
        self.w.set_queue(self.rng.choice((5, 32, 64)))
        yield self.seconds * 0.07
        self.w.bounce()
        yield self.seconds * 0.1
        self.w.flush()


class RelaySchedule(Schedule):
    """With floods at the end: a heavy user gets what is left, and others no less."""

    def administrators(self):
        return [self.clerk(), self.operator(), self.flood()]

    def flood(self):
        yield self.seconds * 1.1
        # A host that walks through all addresses
        walk = [self.strange(n) for n in range(1300)]
        self.from_site(walk, 0xfff0)
        yield 1
        # ... and on
        time.sleep(0.0025)      # half the time for a token
        self.w.settle()
        self.from_site(walk[protocol.SITE[1]:], 0xfff0)
        yield 12
        self.w.flush()
        yield 5
        # All through one server, which is asked for others, too
        many = [self.strange(2000 + n, "203.0.113.77") for n in range(800)]
        for peer in many:
            peer.lossy = 1
        self.from_site(many, 0xfff1)
        self.w.settle()
        asked = sum(p.unanswered for p in many)
        if not protocol.ASKED[1] / 4 - 5 <= asked <= protocol.ASKED[1] / 4 + 5:
            raise Divergence("%d attempts of one site by one server" % asked)
        others = [self.strange(3000 + n, "203.0.113.77") for n in range(100)]
        for n, peer in enumerate(others):
            self.from_site([peer], 0xe000 + n)
        yield 15
        self.look()
        self.w.flush()
        yield 1
        # A list filled with peers that do not answer
        self.w.set_peers_max(100)
        few = [self.strange(4000 + n) for n in range(60)]
        for n, peer in enumerate(few):
            self.from_site([peer], 0xd000 + n)
            self.w.settle()
            if n % 7 == 0:
                yield 0.5
                self.answer(peer)
                yield 0.5
        yield 1
        self.look()
        for peer in few:
            self.w.packet(peer)
            self.w.settle()
        yield 20
        self.w.set_peers_max(protocol.PEERS)
        self.w.flush()

    def strange(self, n, server=None):
        return self.w.add("teredo", server or "203.0.113.%d" % (1 + n % 16),
                          ("198.18.%d.%d" % (100 + n // 1000, n // 4 % 250 + 1),
                           1024 + n * 7919 % 60000))

    def from_site(self, peers, site):
        for n, peer in enumerate(peers):
            peer.host = ip6("2001:db8:%x::%x" % (site, n + 1))
            self.w.packet(peer)
            if n % 200 == 199:
                self.w.look()


class ClientSchedule(Schedule):
    """Teredo clients, native hosts behind relays, and hosts that reach us through our
    server"""

    NATIVE = [("converse", 4), ("silent", 3), ("one_way", 4), ("late", 3), ("burst", 1),
              ("stranger", 3), ("by_hand", 1), ("wanderer", 5), ("wandering_relay", 3)]
    TEREDO = [("converse", 4), ("silent", 3), ("one_way", 3), ("late", 2), ("burst", 1),
              ("stranger", 3), ("by_hand", 1), ("wanderer", 4), ("indirect", 4)]

    def newcomer(self, n):
        if self.rng.random() < 0.45:
            self.PERSONAS = self.NATIVE
            relay = "198.18.%d.%d" % (n // 1000, n // 4 % 250 + 1)
            return self.w.add_native(n + 1, (relay, 3545))
        self.PERSONAS = self.TEREDO
        return super().newcomer(n)

    def answer(self, p, source=None):
        if p.kind == "native":
            self.w.reply(p, source or p.embedded, p.nonce or self.wrong())
        else:
            self.w.bubble(p, source)

    def say(self, p, source, nonce):
        """Answer, with that nonce if there is one."""
        if p.kind == "native":
            self.w.reply(p, source or p.embedded, nonce)
        else:
            self.w.bubble(p, source)

    def indirect(self, p):
        for _ in range(self.rng.randint(1, 4)):
            self.rng.choice((lambda: self.w.indirect(p, p.embedded),
                             lambda: self.w.indirect(p, self.elsewhere(p)),
                             lambda: self.w.bubble(p), lambda: self.w.packet(p)))()
            yield self.rng.choice((0.1, 1, 3, 9, 25, 35))

    def wandering_relay(self, p):
        """A native host that comes through one relay, and then through another"""
        there = [p.embedded, self.elsewhere(p), ("198.19.255.2", 3545)]
        yield from self.meet(p)
        for _ in range(self.rng.randint(4, 9)):
            self.rng.choice((
                lambda: self.w.packet(p), lambda: self.w.packet(p),
                lambda: self.w.data(p, self.rng.choice(there)),
                lambda: self.answer(p, self.rng.choice(there)),
                lambda: self.w.reply(p, self.rng.choice(there), self.wrong())))()
            yield self.rng.choice((0.1, 0.3, 2.2, 20.5, 21, 24.2, 31))

    def operator(self):
        yield self.seconds * 0.2
        self.w.set_queue(self.rng.choice((0, 1, 3)))
        yield self.seconds * 0.1
        self.w.set_queue(self.rng.choice((8, 32)))
        yield self.seconds * 0.1
        self.w.qualify()        # with the other server
        yield self.seconds * 0.1
        self.w.bounce()
        yield 4
        self.w.qualify()
        yield self.seconds * 0.1
        self.w.flush()


class Miscount(Divergence):
    """Wrong counters"""


class Misshown(Divergence):
    """A wrong list of peers"""


# For each role: the model, its world, its schedule, the number of peers and the seconds in
# which they come, and the rules that are checked.
ROLES = {
    "relay": (Relay, World, RelaySchedule, 700, 300,
              "C-05, C-06, C-46, C-67..C-71, R-05, R-07..R-09, R-12..R-15, R-18, SEC-25, "
              "SEC-26, SEC-28, SEC-29"),
    "host-relay": (HostRelay, HostWorld, Schedule, 150, 200, "R-10, R-22, R-23, R-30"),
    "client": (Client, ClientWorld, ClientSchedule, 500, 300,
               "C-05, C-35, C-36, C-38..C-41, C-44, C-46..C-48, C-51, C-54, C-55, C-61, "
               "C-67..C-71, C-89..C-91, C-94, SEC-08"),
}


def explain(problem, seed):
    peer = getattr(problem, "peer", None)
    text = ["TEREDO_SEED=%d: the first divergence:" % seed, str(problem)]
    if not isinstance(problem, Divergence):
        text += traceback.format_exception(problem)
    if peer:
        text += ["", "The peer %s (its server %s, its mapping %s:%d), of late:" % (
            socket.inet_ntop(socket.AF_INET6, peer.address), peer.server, *peer.embedded)]
        text += peer.history
    return "\n".join(text)


def play(role, dut, net, seed):
    """Run one schedule; return (what is wrong, a few figures)."""
    make, around, plan, count, seconds, _ = ROLES[role]
    rng = random.Random("%s %d" % (role, seed))
    world = around(make(), dut, net, rng)
    problem = None
    try:
        schedule = plan(world, count, seconds)
        world.run()
        world.sleep_until(world.now() + 12)
        world.settle()
        schedule.look()
    except Divergence as divergence:
        problem = divergence
    except Exception as fault:
        problem = fault
    print("# %s, seed %d: %d peers, %d s, %d acts, %d datagrams, %d events" % (
        role, seed, len(world.peers), world.now() - world.begun, world.acts, world.frames,
        world.events), flush=True)
    return problem


def main():
    places = sys.argv[1:]
    with Ktap(len(places)) as t:
        for place in places:
            role, seed, dut, net = place.split(":")
            problem = play(role, dut, net, int(seed))
            t.check("a %s, seed %s: as the model says (%s)" % (role, seed, ROLES[role][-1]),
                    not problem, problem and explain(problem, int(seed)))
            ip(dut, "link", "del", "teredo0")


main()
