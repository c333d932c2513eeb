# SPDX-License-Identifier: GPL-2.0
"""Teredo datagrams by hand, sockets in any network namespace, and KTAP.

Deliberately not built on the module's own packet codec: what both agree on
has been written twice.
"""

import ctypes
import ipaddress
import json
import os
import random
import select
import socket
import struct
import subprocess
import sys
import time

ICMP6, UDP, NONE = 58, 17, 59
RS, RA, ECHO, ECHO_REPLY = 133, 134, 128, 129
ALL_ROUTERS = "ff02::2"
# Sources of Router Solicitations seen in the world (F-15).
VISTA = "fe80::ffff:ffff:ffff"
XP = "fe80::5445:5245:444f"
XP_CONE = "fe80::8000:5445:5245:444f"

# How long something is waited for that has to come, in seconds: on a busy machine, too.
# What is not to come is waited for less long, and says how long.
PATIENCE = 20

libc = ctypes.CDLL(None, use_errno=True)


def enter(namespace):
    """Go to a network namespace; sockets stay where they were made."""
    with open("/run/netns/" + namespace) as ns:
        if libc.setns(ns.fileno(), 0x40000000):
            raise OSError(ctypes.get_errno(), namespace)


def ip4(address):
    return socket.inet_aton(address)


def ip6(address):
    return socket.inet_pton(socket.AF_INET6, address)


def checksum(data):
    if len(data) % 2:
        data += b"\0"
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def pseudo(source, dest, length, proto):
    """The IPv6 pseudo header."""
    return ip6(source) + ip6(dest) + struct.pack("!LL", length, proto)


def ipv6(source, dest, proto=NONE, payload=b"", hops=64, length=None):
    return struct.pack("!LHBB", 6 << 28,
                       len(payload) if length is None else length, proto,
                       hops) + ip6(source) + ip6(dest) + payload


def ipv4(source, dest, proto, payload, tos=0, frag=0, ttl=64):
    return struct.pack("!BBHHHBBH", 0x45, tos, 20 + len(payload), 0, frag, ttl, proto,
                       0) + ip4(source) + ip4(dest) + payload


def udp4(payload, source, dest, csum=True, **how):
    """A UDP datagram in IPv4; the ends are (address, port)"""
    udp = struct.pack("!HHHH", source[1], dest[1], 8 + len(payload), 0)
    if csum:
        value = checksum(ip4(source[0]) + ip4(dest[0]) +
                         struct.pack("!HH", UDP, 8 + len(payload)) + udp + payload) or 0xffff
        udp = udp[:6] + struct.pack("!H", value)
    return ipv4(source[0], dest[0], UDP, udp + payload, **how)


def icmp6(source, dest, kind, body, code=0, hops=64, csum=None):
    packet = struct.pack("!BBH", kind, code, 0) + body
    if csum is None:
        csum = checksum(pseudo(source, dest, len(packet), ICMP6) + packet)
    packet = struct.pack("!BBH", kind, code, csum) + body
    return ipv6(source, dest, ICMP6, packet, hops)


def solicitation(source=VISTA, options=b"", hops=255, **how):
    return icmp6(source, ALL_ROUTERS, RS, b"\0\0\0\0" + options, hops=hops, **how)


def echo(source, dest, data=b"", kind=ECHO, ident=1, seq=1, **how):
    return icmp6(source, dest, kind, struct.pack("!HH", ident, seq) + data, **how)


def datagram(source, dest, sport, dport, data):
    """UDP in IPv6"""
    head = struct.pack("!HHHH", sport, dport, 8 + len(data), 0)
    csum = checksum(pseudo(source, dest, len(head + data), UDP) + head + data)
    return ipv6(source, dest, UDP, head[:6] + struct.pack("!H", csum) + data)


def bubble(source, dest, hops=0):
    return ipv6(source, dest, hops=hops)


def origin(address, port):
    return b"\0\0" + struct.pack("!H", port ^ 0xffff) + bytes(
        b ^ 0xff for b in ip4(address))


def auth(nonce, ident=b"", value=b"", confirm=0):
    return struct.pack("!BBBB", 0, 1, len(ident), len(value)) + ident + value \
        + nonce + bytes([confirm])


def trailer(kind, value):
    return bytes([kind, len(value)]) + value


def teredo(server, address, port, flags=0):
    """A Teredo address (F-04)"""
    return socket.inet_ntop(socket.AF_INET6, ip6("2001::")[:4] + ip4(server) +
                            struct.pack("!HH", flags, port ^ 0xffff) +
                            bytes(b ^ 0xff for b in ip4(address)))


def flips(whole):
    """Each value of as many octets that differs in one bit"""
    for bit in range(8 * len(whole)):
        wrong = bytearray(whole)
        wrong[bit // 8] ^= 1 << bit % 8
        yield bytes(wrong)


def tool(namespace, *words):
    """What teredo-tool shows, as JSON"""
    command = ["teredo-tool", "-n", namespace, "-j", "show"] + list(words)
    return json.loads(subprocess.run(command, stdout=subprocess.PIPE,
                                     stderr=subprocess.DEVNULL).stdout or "[]")


def peer_of(namespace, address):
    """The entry of a peer, {} if there is none"""
    return next(iter(tool(namespace, "peers", "teredo0", address)), {})


def until(condition, seconds=PATIENCE):
    """What it returns, once that is true, or has not become so for long"""
    deadline = time.time() + seconds
    while not (got := condition()) and time.time() < deadline:
        time.sleep(0.05)    # asked again so often
    return got


def settled(read, quiet=0.3):
    """What it returns, once that has been the same for a while: the last packet has been
    counted"""
    seen, since = read(), time.time()
    while time.time() - since < quiet:
        time.sleep(0.05)    # asked again so often
        if (now := read()) != seen:
            seen, since = now, time.time()
    return seen


def becomes(namespace, address, state, seconds=PATIENCE):
    """The peer gets to that state"""
    return until(lambda: peer_of(namespace, address).get("state") == state, seconds)


def stats(namespace):
    return tool(namespace, "stats")[0]


def data_of(got):
    return got and got.data()


def show(got):
    return got and vars(got)


class Packet:
    """A received datagram, taken apart; .error says what is wrong with it."""

    def __init__(self, payload, sender=None):
        self.sender = sender
        self.origin = self.auth = self.nonce = self.confirm = None
        self.error = None
        if payload[:2] == b"\0\1":
            idlen, aulen = payload[2:4]
            self.auth = payload[4:4 + idlen + aulen]
            end = 13 + idlen + aulen
            self.nonce = payload[end - 9:end - 1]
            self.confirm = payload[end - 1]
            payload = payload[end:]
        if payload[:2] == b"\0\0":
            port, = struct.unpack("!H", payload[2:4])
            self.origin = (socket.inet_ntoa(bytes(b ^ 0xff for b in payload[4:8])),
                           port ^ 0xffff)
            payload = payload[8:]
        if len(payload) < 40 or payload[0] >> 4 != 6:
            self.error = "no IPv6 packet: " + payload.hex()
            return
        length, self.proto, self.hops = struct.unpack("!HBB", payload[4:8])
        self.source = socket.inet_ntop(socket.AF_INET6, payload[8:24])
        self.dest = socket.inet_ntop(socket.AF_INET6, payload[24:40])
        self.body = payload[40:40 + length]
        self.trailers = payload[40 + length:]
        if len(self.body) < length:
            self.error = "truncated"
        elif self.proto in (ICMP6, UDP) and checksum(
                pseudo(self.source, self.dest, length, self.proto) + self.body):
            self.error = "wrong inner checksum"

    def data(self):
        """What is in the UDP datagram"""
        return self.body[8:]

    def options(self):
        """Neighbour discovery options of a Router Advertisement: (type, body)"""
        found, rest = [], self.body[16:]
        while rest:
            size = rest[1] * 8
            if not size or size > len(rest):
                self.error = "bad option"
                break
            found.append((rest[0], rest[2:size]))
            rest = rest[size:]
        return found


class Port:
    """A UDP socket in a namespace."""

    def __init__(self, namespace, address="0.0.0.0", port=0):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.socket.bind((address, port))
        self.address, self.port = self.socket.getsockname()

    def send(self, payload, to):
        self.socket.sendto(payload, to)

    def receive(self, seconds=PATIENCE):
        """The next datagram as a Packet, or None"""
        raw = self.receive_raw(seconds)
        return raw and Packet(*raw)

    def next_of(self, proto, seconds=PATIENCE):
        """The next datagram that carries this, past others"""
        deadline = time.time() + seconds
        while True:
            got = self.receive(max(0, deadline - time.time()))
            if got is None or (not got.error and got.proto == proto):
                return got

    def receive_raw(self, seconds=PATIENCE):
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        return self.socket.recvfrom(65536)

    def drain(self):
        while self.receive_raw(0):
            pass


class App:
    """A UDP socket over IPv6, as programs have it."""

    # Options that Python does not know
    MTU_DISCOVER, RECVERR = 23, 25

    def __init__(self, namespace, address, port):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        self.socket.setsockopt(socket.IPPROTO_IPV6, self.RECVERR, 1)
        self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVHOPLIMIT, 1)
        self.socket.bind((address, port))
        self.hops = self.about = None

    def send(self, data, to, port=7):
        try:
            self.socket.sendto(data, (to, port))
        except OSError:    # an error that came for an earlier one
            self.socket.sendto(data, (to, port))

    def send_whole(self, data, to, port=7):
        """With fragmentation forbidden; the errno if that fails, else 0"""
        self.socket.setsockopt(socket.IPPROTO_IPV6, self.MTU_DISCOVER, 2)
        try:
            self.socket.sendto(data, (to, port))
        except OSError as problem:
            return problem.errno
        return 0

    def heard(self, seconds=PATIENCE):
        """The next datagram: (data, source); its hop limit is in .hops"""
        deadline = time.time() + seconds
        while select.select([self.socket], [], [], max(0, deadline - time.time()))[0]:
            try:
                data, anc, _, peer = self.socket.recvmsg(2048, 256,
                                                         socket.MSG_DONTWAIT)
            except OSError:    # an error is no datagram; error() has it
                time.sleep(0.01)    # asked again so often
                if time.time() < deadline:
                    continue
                return None
            for _, kind, value in anc:
                if kind == socket.IPV6_HOPLIMIT:
                    self.hops, = struct.unpack("i", value)
            return data, peer[0]
        return None

    def error(self, seconds=PATIENCE):
        """The next error: (errno, ICMPv6 type, code), or None; what was sent to
        .about came back"""
        deadline = time.time() + seconds
        while time.time() < deadline:
            try:
                _, anc, _, peer = self.socket.recvmsg(2048, 512, socket.MSG_ERRQUEUE |
                                                      socket.MSG_DONTWAIT)
            except BlockingIOError:
                time.sleep(0.05)    # asked again so often
                continue
            for _, kind, value in anc:
                if kind == self.RECVERR:
                    self.about = peer and peer[0]
                    return struct.unpack("IxBBx", value[:8])
        return None

    def drain(self):
        while self.heard(0):
            pass
        while self.error(0.01):
            pass


class Forger:
    """Sends UDP from any source address, for what a Port cannot say."""

    def __init__(self, namespace):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                                    socket.IPPROTO_RAW)

    def send(self, payload, source, dest, csum=True, **how):
        self.socket.sendto(udp4(payload, source, dest, csum, **how), (dest[0], 0))

    def send_icmp4(self, quote, source, dest, kind=3, code=3, mtu=0):
        """An ICMPv4 error that quotes as much of an IPv4 packet as is usual"""
        body = struct.pack("!HH", 0, mtu) + quote[:548]
        csum = checksum(struct.pack("!BBH", kind, code, 0) + body)
        self.socket.sendto(ipv4(source, dest, 1, struct.pack("!BBH", kind, code, csum) + body),
                           (dest, 0))


class Sites:
    """Native hosts in many sites, by packets with a header of their own"""

    def __init__(self, namespace):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_RAW)

    def send(self, site, dest):
        packet = datagram("2001:db8:%x::1" % (0x100 + site), dest, 7, 7, b"anybody?")
        self.socket.sendto(packet, (dest, 0))


class Icmp6Errors:
    """The ICMPv6 errors that a namespace receives."""

    def __init__(self, namespace):
        enter(namespace)
        self.socket = socket.socket(socket.AF_INET6, socket.SOCK_RAW, ICMP6)

    def next(self, seconds=PATIENCE):
        """(type, code, MTU or other word, source, the packet that it quotes), or None"""
        deadline = time.time() + seconds
        while select.select([self.socket], [], [], max(0, deadline - time.time()))[0]:
            data, source = self.socket.recvfrom(65536)
            if data[0] < 128:
                return data[0], data[1], struct.unpack("!L", data[4:8])[0], source[0], data[8:]
        return None

    def drain(self):
        while self.next(0):
            pass


class Ktap:
    """Results; to be used as `with Ktap(plan) as t: t.check(...)`"""

    def __init__(self, plan):
        self.plan, self.done, self.failed = plan, 0, 0
        print("TAP version 13\n1..%d" % plan, flush=True)

    def check(self, what, passed, detail=""):
        self.done += 1
        print("%sok %d - %s" % ("" if passed else "not ", self.done, what))
        if not passed:
            self.failed += 1
            for line in str(detail).splitlines():
                print("#   " + line)
        sys.stdout.flush()
        return passed

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind and kind is not SystemExit:
            import traceback
            for line in traceback.format_exception(kind, value, trace):
                print("#   " + line.rstrip().replace("\n", "\n#   "))
        while self.done < self.plan:
            self.check("never came to this one", False)
        sys.stdout.flush()
        os._exit(1 if self.failed or self.done > self.plan else 0)
