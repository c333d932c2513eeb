#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""attack.py CASE ARGUMENT...: what attackers do, one case at a time, for attack.sh.

Floods use any source address, at the highest possible rate; attack.sh checks their
effects. Cases that check something themselves exit with 1 and a text."""

import ctypes
import os
import random
import re
import select
import socket
import struct
import sys
import threading
import time

from pkt import *

SERVER = "203.0.113.1"
HERE = os.path.dirname(os.path.realpath(__file__))
rng = random.Random()


def fail(text):
    print(text)
    sys.exit(1)


def somewhere():
    """Return an unused IPv4 address that passes all checks."""
    return "%d.%d.%d.%d" % (rng.choice((20, 40, 60, 80)), rng.randrange(256),
                            rng.randrange(256), rng.randrange(1, 255))


def checksummed(packet, source, dest, ports):
    """Return the packet in a whole IPv4 datagram."""
    udp = struct.pack("!HHHH", ports[0], ports[1], 8 + len(packet), 0)
    csum = checksum(ip4(source) + ip4(dest) + struct.pack("!HH", UDP, 8 + len(packet)) +
                    udp + packet) or 0xffff
    return struct.pack("!BBHHHBBH", 0x45, 0, 28 + len(packet), 0, 0, 64, UDP, 0) + \
        ip4(source) + ip4(dest) + udp[:6] + struct.pack("!H", csum) + packet


def flood(namespace, make, dest, count, seconds=60):
    """Send @count results of make(): (payload, source address, source port). All are made
    first and then sent in large bursts, since making takes longer."""
    enter(namespace)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    end, sent, burst = time.time() + seconds, 0, min(count, 3000)
    while sent < count and time.time() < end:
        ready = []
        for _ in range(burst):
            payload, source, port = make()
            ready.append(checksummed(payload, source, dest[0], (port, dest[1])))
        start = time.time()
        for datagram_ in ready:
            raw.sendto(datagram_, (dest[0], 0))
        if not sent:
            print("begins", flush=True)
        sent += burst
        took = time.time() - start
    print("%d datagrams, the last %d in %d ms" % (sent, burst, took * 1000))
    return sent


# -- floods with forged sources --

def made_up_teredo(what):
    def make():
        source, port = somewhere(), rng.randrange(1024, 65536)
        return what(teredo(SERVER, source, port, rng.randrange(1 << 14) & 0x3cff)), source, port
    return make


def teredo_echoes(namespace, address, port, victim, count):
    """Forged clients send echo requests, and the victim answers each."""
    flood(namespace, made_up_teredo(lambda me: echo(me, victim, b"12345678")),
          (address, int(port)), int(count))


def echoes_for_clients(namespace, victim, count):
    """A relay's native host gets echo requests from the native Internet, and sends its
    replies to clients that do not exist."""
    make = made_up_teredo(lambda me: echo(me, victim, b"12345678"))
    enter(namespace)
    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    for _ in range(int(count)):
        raw.sendto(make()[0], (victim, 0))


def teredo_bubbles(namespace, address, port, victim, count):
    flood(namespace, made_up_teredo(lambda me: bubble(me, victim)),
          (address, int(port)), int(count))


def native_strangers(namespace, address, port, victim, count, relay=None):
    """Forged native hosts, through one relay or forged ones"""
    def make():
        native = "2001:db8:%x:%x::1" % (rng.randrange(0x100, 65536), rng.randrange(65536))
        return datagram(native, victim, 9, 9, b"hello"), relay or somewhere(), 3545
    flood(namespace, make, (address, int(port)), int(count))


def solicitations(namespace, count):
    """To the server, from forged clients"""
    def make():
        return auth(os.urandom(8)) + solicitation(), somewhere(), rng.randrange(1024, 65536)
    flood(namespace, make, (SERVER, 3544), int(count))


def advertisement(prefix, dest=VISTA):
    """Return the advertisement of a server with that prefix."""
    return icmp6("fe80::8000:f227:34ff:8efe", dest, RA, bytes(4) + struct.pack("!H", 65535) +
                 bytes(6) + b"\3\4\x40\x40" + b"\xff" * 8 + bytes(4) + ip6(prefix), hops=255)


def adverts(namespace, address, port, count):
    """In the server's name, to a client that is about to qualify, without a nonce or with
    guesses; they contain a mapping of the attacker's."""
    tail = origin("192.0.2.77", 77) + advertisement("2001:0:cb00:7101::")

    def make():
        nonce = b"" if rng.randrange(2) else auth(os.urandom(8))
        return nonce + tail, SERVER, 3544
    flood(namespace, make, (address, int(port)), int(count))


def answers_behind_others(namespace, count):
    """A server that sends so many forged answers before each real one, without end"""
    ports = {port.socket: port for port in (Port(namespace, "198.51.100.14", 3544),
                                            Port(namespace, "198.51.100.30", 3544))}
    print("ready", flush=True)
    while True:
        for ready in select.select(ports, [], [])[0]:
            port = ports[ready]
            asked = port.receive()
            tail = origin(*asked.sender) + advertisement("2001:0:c633:640e::", asked.source)
            for _ in range(int(count)):
                port.send(auth(os.urandom(8)) + tail, asked.sender)
            port.send(auth(asked.nonce) + tail, asked.sender)


def bubbles_by_server(namespace, address, port, victim, count):
    """As if forwarded by the server, from a relay at 198.51.100.46, which gets the answers:
    the sixty allowed at once, and a hundred a second."""
    def make():
        return origin("198.51.100.46", 999) + bubble("fe80::%x" % rng.randrange(1, 65536),
                                                     victim), SERVER, 3544
    enter(namespace)
    target, start = Port(namespace, "198.51.100.46", 999), time.time()
    sent = flood(namespace, make, (address, int(port)), int(count))
    answers, took = 0, time.time() - start
    while target.receive_raw(0.5):
        answers += 1
    print("%d answers to %d in %.1f s" % (answers, sent, took))
    if not 40 <= answers <= 70 + 100 * (took + 1):
        fail("as a reflector, it is too good or too bad")


def nonces(namespace, address, port, victim, native, count):
    """Guesses at the nonce of an outstanding echo request"""
    def make():
        return echo(native, victim, os.urandom(8), ECHO_REPLY), "20.1.1.1", 3545
    flood(namespace, make, (address, int(port)), int(count))


def relay_nonces(namespace, client, count):
    """After a bubble of the relay: guesses at its source address, from elsewhere"""
    def make():
        guess = socket.inet_ntop(socket.AF_INET6, ip6("fe80::")[:8] + os.urandom(8))
        return bubble(client, guess), "20.1.1.1", 4242
    flood(namespace, make, ("192.0.2.1", 3545), int(count))


def from_elsewhere(namespace, source, victim, address, port, count):
    """Data of a trusted peer or host, through other relays"""
    def make():
        return datagram(source, victim, 7, 9000, b"forged"), somewhere(), 3545
    flood(namespace, make, (address, int(port)), int(count))


def to_relay(namespace, kind, source, dest, count):
    """Data to a relay, with an inner source that does not match the outer one, or that
    matches but was never probed"""
    def make():
        outer, port = somewhere(), rng.randrange(1024, 65536)
        inner = source if kind == "known" else teredo(SERVER, outer, port)
        return datagram(inner, dest, 7, 9000, b"forged"), outer, port
    flood(namespace, make, ("192.0.2.1", 3545), int(count))


# -- a given rate, until killed, during legitimate traffic --

def steady(send, rate):
    """Call send() that many times a second."""
    print("ready", flush=True)
    due = time.time()
    while True:
        for _ in range(max(1, int(rate) // 100)):
            send()
        due = max(due + 0.01, time.time() - 0.1)
        time.sleep(max(0.001, due - time.time()))    # the rate


def steady4(namespace, rate, payload, source, dest, patch):
    """Send UDP over IPv4, without an outer checksum; patch() varies each datagram."""
    enter(namespace)
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    whole = bytearray(udp4(payload, source, dest, csum=False))

    def send():
        patch(whole)
        raw.sendto(whole, (dest[0], 0))
    steady(send, rate)


def random_source(whole):
    whole[12] = rng.choice((20, 40, 60, 80))
    whole[13:16] = rng.randbytes(2) + b"\1"


def sites(namespace, rate, count):
    """Native hosts in so many sites; each packet is for another forged client of one
    server, through the relay."""
    enter(namespace)
    raw = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)
    client = teredo(SERVER, "20.0.0.1", 5000)
    whole = bytearray(datagram("2001:db8:100::1", client, 7, 7, b"attack"))

    def send():
        whole[12:14] = struct.pack("!H", 0x100 + rng.randrange(int(count)))
        random = rng.randbytes(5)
        whole[34:36], whole[37:40] = random[:2], random[2:]
        raw.sendto(whole, (client, 0))
    steady(send, rate)


def natives(namespace, rate, address, port, victim, relay=None):
    """Forged native hosts, each in another site, through forged relays or one, begin a
    connection to a closed port."""
    tcp = struct.pack("!HHLLBBHHH", 9, 9, 1, 0, 0x50, 2, 1024, 0, 0)
    # The two words that change have a constant sum.
    native = "2001:db8:5555:aaaa::1"
    csum = checksum(pseudo(native, victim, len(tcp), socket.IPPROTO_TCP) + tcp)
    packet = ipv6(native, victim, socket.IPPROTO_TCP, tcp[:16] + struct.pack("!H", csum) + tcp[18:])

    def patch(whole):
        site = rng.randrange(0x100, 0xff00)
        whole[40:44] = struct.pack("!HH", site, site ^ 0xffff)
        if not relay:
            random_source(whole)
    steady4(namespace, rate, packet, (relay or "20.0.0.1", 3545), (address, int(port)), patch)


def solicitations_of(namespace, rate, source, ports):
    """Solicitations in the name of one address, from so many of its ports"""
    def patch(whole):
        whole[20:22] = struct.pack("!H", 1024 + rng.randrange(int(ports)))
        whole[32:40] = rng.randbytes(8)
    steady4(namespace, rate, auth(bytes(8)) + solicitation(), (source, 1), (SERVER, 3544), patch)


def bubbles_of(namespace, rate, address, port, victim, relay):
    """As if forwarded by the server, from forged ports of one address"""
    def patch(whole):
        whole[30:32] = rng.randbytes(2)
        whole[28 + 8 + 16:28 + 8 + 24] = rng.randbytes(8)
    steady4(namespace, rate, origin(relay, 1) + bubble("fe80::1", victim), (SERVER, 3544),
            (address, int(port)), patch)


def talkers(namespace, rate, address, port, victim, source, count):
    """So many clients at one address, which keep talking"""
    def patch(whole):
        number = 2000 + rng.randrange(int(count))
        whole[20:22] = struct.pack("!H", number)
        whole[28 + 18:28 + 20] = struct.pack("!H", number ^ 0xffff)
    steady4(namespace, rate, bubble(teredo(SERVER, source, 2000), victim), (source, 2000),
            (address, int(port)), patch)


def solicit(namespace, count):
    """Honest solicitations, each from another port; fail if too few are answered."""
    answered = 0
    for _ in range(int(count)):
        port, nonce = Port(namespace), os.urandom(8)
        port.send(auth(nonce) + solicitation(), (SERVER, 3544))
        got = port.receive(1.8)
        answered += bool(got and got.nonce == nonce)
        time.sleep(0.1)     # one by one, not as a flood
    print("%d of %s were answered" % (answered, count))
    if answered < int(count) * 9 // 10:
        fail("too few")


# -- one native host, many clients --

def walk(namespace, source, count):
    """Send to @count forged clients; their servers are one that this test plays."""
    app = App(namespace, source, 9000)
    hosts = [teredo("198.51.100.14", somewhere(), rng.randrange(1024, 65536))
             for _ in range(int(count))]
    for host in hosts:
        while True:
            try:
                app.socket.sendto(b"x", (host, 7))
                break
            except OSError:    # an ICMP error about an earlier one
                pass
        if host == hosts[0]:
            print("begins", flush=True)
    print("%d destinations" % len(hosts))


def bubble_sources(namespace, seconds):
    """Play the server of those clients until all is quiet: no two bubbles have the same
    source."""
    server = Port(namespace, "198.51.100.14", 3544)
    print("ready", flush=True)
    seen, total = {}, 0
    got = server.receive(float(seconds))
    while got:
        if not got.error and got.proto == NONE:
            total += 1
            key = ip6(got.source)[8:]
            if seen.setdefault(key, got.dest) != got.dest:
                fail("a nonce was used twice")
        got = server.receive(3)
    print("%d bubbles" % total)
    if total < 50:
        fail("too few")
    for bit in range(64):
        ones = sum(int.from_bytes(key, "big") >> bit & 1 for key in seen)
        if abs(ones - len(seen) / 2) > 4 * len(seen) ** 0.5:
            fail("bit %d is set in %d of %d nonces" % (bit, ones, len(seen)))


def fill_queue(namespace, source, dest, count):
    """Packets of 59 kB, to be segmented later, to a client that does not answer"""
    app = App(namespace, source, 9001)
    app.socket.setsockopt(17, 103, 1184)    # UDP_SEGMENT
    sent = 0
    for _ in range(int(count)):
        try:
            app.socket.sendto(bytes(1184 * 50), (dest, 7))
            sent += 1
        except OSError:    # an ICMP error about an earlier one
            pass
    print("%d packets" % sent)


def echo_service(namespace, relay_ns, host_ns, host):
    """A UDP echo service at 198.51.100.14 plays a Teredo client (RFC 4380 7.4.3): what the
    relay sends there comes back with the inner source of the native host."""
    service = Port(namespace, "198.51.100.14", 1007)
    client = teredo(SERVER, "198.51.100.14", 1007)
    seen = []

    def serve():
        while True:
            got = service.receive_raw(30)
            if not got:
                return
            seen.append(got[0])
            service.socket.sendto(got[0], got[1])
    threading.Thread(target=serve, daemon=True).start()

    app = App(host_ns, host, 9002)
    app.send(b"first", client)
    # the bubble, through the server, and its echo
    until(lambda: seen)
    bubbles = settled(lambda: len(seen), 1)
    # An accomplice answers for the service, so that the relay trusts it.
    Forger(namespace).send(bubble(client, "fe80::1"), ("198.51.100.14", 1007),
                           ("192.0.2.1", 3545))
    for n in range(50):
        app.send(b"data%d" % n, client)
        time.sleep(0.01)    # not more than fits in queues
    data = settled(lambda: len(seen), 1) - bubbles
    print("%d bubbles, %d packets at the service" % (bubbles, data))
    if bubbles > 4:
        fail("bubbles go round")
    if not 40 <= data <= 51:
        fail("that was to be 51")
    got = app.heard(0.1)
    if got:
        fail("the host heard %s" % (got,))


# -- users with an account --

def header(name):
    """Return an enum of the uapi header: {name: value}."""
    with open(os.path.join(HERE, "..", "..", "include", "uapi", "linux", "teredo.h")) as file:
        body = re.search(r"enum %s \{(.*?)\}" % name, file.read(), re.S).group(1)
    values, value = {}, 0
    for word in re.findall(r"([A-Z_0-9]+)(?: = (\d+))?,", body):
        value = int(word[1]) if word[1] else value
        values[word[0]] = value
        value += 1
    return values


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


class Netlink:
    """The necessary minimum of generic netlink"""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        self.socket.settimeout(5)

    def ask(self, family, command, attributes, flags=5):
        """Return the errno, or 0, and the payload of the answer."""
        message = struct.pack("=BBH", command, 1, 0) + attributes
        self.socket.send(struct.pack("=LHHLL", 16 + len(message), family, flags, 1, 0) + message)
        answer = b""
        while True:
            got = self.socket.recv(65536)
            while got:
                length, kind = struct.unpack("=LH", got[:6])
                if kind == 3:    # the end of a dump
                    return 0, answer
                if kind == 2:
                    return -struct.unpack("=i", got[16:20])[0], answer
                answer, got = got[16:length], got[(length + 3) & ~3:]

    def family(self):
        error, answer = self.ask(16, 3, attribute(2, b"teredo\0"))
        if error:
            fail("no family: %s" % os.strerror(error))
        rest = answer[4:]
        while rest:
            length, kind = struct.unpack("=HH", rest[:4])
            if kind == 1:
                return struct.unpack("=H", rest[4:6])[0]
            rest = rest[(length + 3) & ~3:]
        fail("no family")


def requests(ifindex):
    """Yield every command, with the attributes that make it valid."""
    commands = header("teredo_cmd")
    dev, peer, dgram = (header("teredo_%s_attr" % n) for n in ("dev", "peer", "datagram"))
    config, secret = header("teredo_config_attr"), header("teredo_secret_attr")
    index = attribute(1, struct.pack("=L", ifindex))
    mapped = attribute(peer["TEREDO_A_PEER_ADDRESS"], ip6("2001:db8::9")) + attribute(
        peer["TEREDO_A_PEER_MAPPED_ADDRESS"], ip4("192.0.2.9")) + attribute(
        peer["TEREDO_A_PEER_MAPPED_PORT"], b"\1\1")
    more = {
        "SECRET_NEW": attribute(secret["TEREDO_A_SECRET_ID"], b"who\0") +
        attribute(secret["TEREDO_A_SECRET_KEY"], b"whatever"),
        "SECRET_DEL": attribute(secret["TEREDO_A_SECRET_ID"], b"who\0"),
        "DEV_SET": attribute(dev["TEREDO_A_DEV_CONFIG"] | 0x8000, attribute(
            config["TEREDO_A_CONFIG_REFRESH"], struct.pack("=L", 44))),
        "PEER_NEW": mapped,
        "PEER_GET": attribute(peer["TEREDO_A_PEER_ADDRESS"], ip6("2001:db8::8")),
        "PEER_DEL": attribute(peer["TEREDO_A_PEER_ADDRESS"], ip6("2001:db8::8")),
        "STATE_SET": attribute(dev["TEREDO_A_DEV_STATE"], b"\1"),
        "CONTROL_SEND": attribute(dgram["TEREDO_A_DATAGRAM_ADDRESS"], ip4("192.0.2.9")) +
        attribute(dgram["TEREDO_A_DATAGRAM_PORT"], b"\1\1") +
        attribute(dgram["TEREDO_A_DATAGRAM_PAYLOAD"], b"x"),
    }
    for name, value in commands.items():
        name = name[len("TEREDO_CMD_"):]
        if name.startswith("_") or not value or name.endswith("_NTF") or \
                name in ("CONTROL_RECV", "CONTROL_ERROR") or "MAX" in name:
            continue
        yield name, value, index + more.get(name, b"")


READERS = {"DEV_GET", "PEER_GET"}


def privileges(ifname, how):
    """Every command that changes something answers EPERM to
    nobody	a process without capabilities
    userns	root of a user namespace of its own
    deputy	root, which is made to write to another user's socket
    moved	root of a namespace to which the link was moved; the IPv4 sockets
    	are elsewhere"""
    ifindex = socket.if_nametoindex(ifname)
    asks = list(requests(ifindex))    # reads files before privileges are dropped
    if how in ("nobody", "deputy"):
        os.setegid(65534)
        os.seteuid(65534)
    elif how == "userns":
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        if ctypes.CDLL(None).unshare(0x10000000):    # CLONE_NEWUSER
            fail("no namespace of his own")
    netlink = Netlink()
    if how == "deputy":
        os.seteuid(0)
        os.setegid(0)
    family = netlink.family()
    wrong, asked = [], []
    for name, command, attributes in asks:
        # the only dump
        flags = 0x305 if name == "SECRET_GET" else 5
        error, _ = netlink.ask(family, command, attributes, flags)
        asked.append("%s: %s" % (name, os.strerror(error)))
        allowed = name in READERS
        if how == "moved":    # these concern only the link
            allowed |= name in ("PEER_DEL", "PEER_FLUSH", "SECRET_GET")
        if (error == 1) == allowed:
            wrong.append(asked[-1])
    print("\n".join(asked))
    if wrong or len(asked) < 8:
        fail("wrong: %s" % wrong)


def qualify(prefix, first, last):
    """Set the state of the clients PREFIXn of this namespace, as their controllers would,
    each behind another port of one NAT."""
    netlink, dev = Netlink(), header("teredo_dev_attr")
    family, command = netlink.family(), header("teredo_cmd")["TEREDO_CMD_STATE_SET"]
    qualified = header("teredo_state")["TEREDO_STATE_QUALIFIED"]
    for n in range(int(first), int(last) + 1):
        values = (
            ("IFINDEX", struct.pack("=L", socket.if_nametoindex("%s%d" % (prefix, n)))),
            ("STATE", bytes([qualified])),
            ("ADDRESS", ip6(teredo("203.0.113.1", "198.51.100.1", 4000 + n))),
            ("MAPPED_ADDRESS", ip4("198.51.100.1")),
            ("MAPPED_PORT", struct.pack("!H", 4000 + n)),
            ("SERVER", ip4("203.0.113.1")),
        )
        error, _ = netlink.ask(family, command, b"".join(
            attribute(dev["TEREDO_A_DEV_" + name], value) for name, value in values))
        if error:
            fail("%s%d: %s" % (prefix, n, os.strerror(error)))


def port_is_taken(address, port):
    """A user without privileges tries to bind the service port, with various socket
    options."""
    os.setegid(65534)
    os.seteuid(65534)
    for bound in (address, "0.0.0.0", "127.0.0.1"):
        for options in ((), (socket.SO_REUSEADDR,), (socket.SO_REUSEPORT,),
                        (socket.SO_REUSEADDR, socket.SO_REUSEPORT)):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            for option in options:
                udp.setsockopt(socket.SOL_SOCKET, option, 1)
            try:
                udp.bind((bound, int(port)))
            except OSError:
                continue
            fail("bound to %s with %s" % (bound, options))


# -- legitimate users --

def tcp_serve(address):
    listener = socket.create_server((address, 8000), family=socket.AF_INET6)
    print("ready", flush=True)
    while True:
        got = listener.accept()[0]
        got.sendall(got.recv(100))
        got.close()


def tcp_ask(address):
    """A complete connection, with data in both directions"""
    got = socket.create_connection((address, 8000), 20)
    got.sendall(b"well?")
    answer = got.recv(100)
    got.close()
    if answer != b"well?":
        fail("%r" % answer)


CASES = (teredo_echoes, teredo_bubbles, native_strangers, solicitations, adverts,
         answers_behind_others, bubbles_by_server, nonces, relay_nonces, from_elsewhere,
         to_relay, sites, natives, solicitations_of, bubbles_of, talkers, solicit, walk,
         bubble_sources, fill_queue, echoes_for_clients, echo_service, privileges, qualify,
         port_is_taken, tcp_serve, tcp_ask)
{case.__name__: case for case in CASES}[sys.argv[1]](*sys.argv[2:])
