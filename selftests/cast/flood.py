#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""flood.py NAMESPACE ADDRESS PORT: send answers of a server, but without a valid nonce, to
ADDRESS, from as many sources as possible, as fast as possible, until killed."""

import random
import struct
import sys

from pkt import *

namespace, address, port = sys.argv[1:]
rng = random.Random(20)
forger = Forger(namespace)

PIO = b"\3\4\x40\x40" + b"\xff" * 8 + bytes(4) + ip6("2001:0:cb00:7101::")
advert = icmp6("fe80::8000:f227:34ff:8efe", VISTA, RA, b"\0" * 12 + PIO, hops=255)
forged = []
for n in range(4096):
    source = "%d.%d.%d.%d" % (rng.randrange(1, 10), rng.randrange(256), rng.randrange(256),
                              rng.randrange(1, 255))
    payload = auth(struct.pack("!Q", rng.getrandbits(64))) + origin("192.0.2.9", 99) + advert
    forged.append(udp4(payload, (source, 3544), (address, int(port))))
while True:
    for datagram in forged:
        forger.socket.sendto(datagram, (address, 0))
