#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""robust.py NAMESPACE COUNT ADDRESS PORT TEREDO FROM FROM_PORT: send mutated datagrams to
ADDRESS and PORT, as if they came from FROM and FROM_PORT.

TEREDO is the IPv6 address of the victim.  The seed is fixed, so that failures are
reproducible."""

import random
import sys
import time

from pkt import *

namespace, count, address, port, victim, source, source_port = sys.argv[1:]
to, sender = (address, int(port)), (source, int(source_port))
rng = random.Random(20)
forger = Forger(namespace)

SERVER = "203.0.113.1"
PEER = teredo(SERVER, source, int(source_port))
STRANGER = teredo(SERVER, "192.0.2.200", 9)
NATIVE = "2001:db8:2::1"
NONCE = b"noncense"
PIO = b"\3\4\x40\x40" + b"\xff" * 8 + bytes(4) + ip6("2001:0:cb00:7101::")
MTU = b"\5\1\0\0" + struct.pack("!L", 1280)


def extended(kind, body, inner=UDP):
    """Return a packet with an extension header."""
    head = bytes([inner, len(body) // 8]) + body
    return ipv6(PEER, victim, kind, head + bytes(16))


advert = icmp6("fe80::8000:f227:34ff:8efe", VISTA, RA, b"\0" * 12 + PIO + MTU, hops=255)
trailers = trailer(1, b"abcd") + trailer(4, bytes(4)) + trailer(5, b"\1\2") + \
    trailer(3, b"\0\0" + ip4("10.0.0.1") + b"\1\2")
corpus = [
    solicitation(), auth(NONCE) + solicitation(XP_CONE),
    auth(NONCE, b"somebody", b"h" * 20) + solicitation(options=b"\1\1" + bytes(6)),
    origin("192.0.2.9", 99) + advert, auth(NONCE) + origin("192.0.2.9", 99) + advert,
    bubble(PEER, victim), bubble(PEER, victim) + trailers,
    origin("192.0.2.9", 99) + bubble(STRANGER, victim) + trailers,
    origin("10.0.0.9", 99) + bubble(STRANGER, victim),
    bubble("fe80::1", victim), bubble(STRANGER, victim), bubble(PEER, STRANGER),
    echo(PEER, victim, b"12345678"), echo(NATIVE, victim, b"12345678"),
    echo(NATIVE, victim, b"12345678", ECHO_REPLY), echo(victim, NATIVE, b"12345678"),
    origin("192.0.2.9", 99) + echo(NATIVE, victim, b"12345678"),
    datagram(PEER, victim, 9, 9, b"data" * 20), datagram(NATIVE, victim, 9, 9, b"d"),
    datagram(PEER, NATIVE, 9, 9, b"data" * 300),
    icmp6(PEER, victim, 1, bytes(4) + datagram(victim, PEER, 9, 9, b"x")),
    icmp6(PEER, victim, 2, struct.pack("!L", 60) + datagram(victim, PEER, 9, 9, b"x")),
    icmp6("fe80::1", "ff02::1", 136, bytes(20), hops=255),
    icmp6(PEER, victim, 137, bytes(36), hops=255),
    extended(0, bytes(6)), extended(43, b"\0\1" + bytes(4) + ip6(NATIVE)),
    extended(44, b"\0\1\0\0\0\1"), extended(60, b"\1\4" + bytes(4)), extended(51, bytes(22)),
    ipv6(PEER, victim, 6, b"\0\x50\0\x50" + bytes(16)),
]


def mutate(data):
    data = bytearray(data)
    for _ in range(rng.randrange(4)):
        kind = rng.randrange(7)
        if kind == 0 and data:
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
        elif kind == 1 and data:
            data[rng.randrange(len(data))] = rng.choice((0, 1, 0x7f, 0x80, 0xff,
                                                         rng.randrange(256)))
        elif kind == 2:
            del data[rng.randrange(len(data) + 1):]
        elif kind == 3:
            data += rng.randbytes(rng.choice((1, 2, 3, 8, 64, 1200)))
        elif kind == 4:
            other = rng.choice(corpus)
            data = data[:rng.randrange(len(data) + 1)] + other[rng.randrange(len(other)):]
        elif kind == 5 and len(data) >= 6:
            data[4:6] = rng.choice((b"\0\0", b"\xff\xff", b"\0\1", b"\xff\xd8"))
        elif kind == 6:
            data = bytearray(rng.choice(corpus)[:rng.choice((8, 13, 21))]) + data
    return bytes(data[:1472])


for data in corpus:
    forger.send(data, sender, to)
for n in range(int(count)):
    forger.send(mutate(rng.choice(corpus)), sender, to, csum=n % 8 != 0)
    if n % 16 == 0:
        time.sleep(0.001)    # let others run, even on one CPU
