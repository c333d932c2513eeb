#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""identifiers.py RELAY ADDRESS: the IPv4 identifiers of fragments that the relay sends to
six peers, for two programs at ADDRESS, each on a CPU of its own if there are two."""

import os
import socket
import struct
import sys

from pkt import Ktap, enter

relay_ns, source = sys.argv[1:]
EACH = 4000
PEERS = ["2001:0:cb00:7101:0:efff:39cc:9b%d0" % n for n in range(1, 7)]


def sender(cpu, dest):
    """Start a process that sends that many packets on that CPU."""
    pid = os.fork()
    if pid:
        return pid
    try:
        os.sched_setaffinity(0, {cpu})
        out = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        out.bind((source, 0))
        for _ in range(EACH):
            out.sendto(bytes(940), (dest, 7))
    finally:
        os._exit(0)


enter(relay_ns)
with Ktap(len(PEERS)) as t:
    tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(3))
    tap.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)    # SO_RCVBUFFORCE
    tap.bind(("eth0", 3))
    cpus = (sorted(os.sched_getaffinity(0)) * 2)[:2]
    for number, dest in enumerate(PEERS):
        for pid in [sender(cpu, dest) for cpu in cpus]:
            os.waitpid(pid, 0)
        seen, twice = set(), 0
        while True:
            try:
                packet = tap.recv(64, socket.MSG_DONTWAIT)
            except BlockingIOError:
                break
            ident, frag = struct.unpack("!HH", packet[4:8])
            # the first fragments of UDP to the peer
            if packet[9] != 17 or frag != 0x2000 or \
                    packet[22:24] != struct.pack("!H", 41001 + number):
                continue
            twice += ident in seen
            seen.add(ident)
        t.check("CPUs %d and %d to one peer: none of %d identifiers comes twice (RFC 6864 4.3)" %
                (*cpus, len(seen)), not twice and len(seen) > EACH, (twice, len(seen)))
