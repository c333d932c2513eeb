#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""tunnat.py TUN INSIDE OUTSIDE SECONDS: a NAT for UDP between the two ends of a routed
TUN device, of the kind that RFC 4787 allows and conntrack is not.

The host INSIDE appears at OUTSIDE.  Mappings do not depend on the destination.  Only
what goes out keeps them (REQ-6), and only from those addresses and ports to which
something went within the last SECONDS is anything let in, each with a clock of its
own.  A mapping that was forgotten comes back with another port.
"""

import fcntl
import os
import socket
import struct
import sys
import time

from pkt import checksum, udp4

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454ca, 1, 0x1000
tun, inside, outside, seconds = sys.argv[1:]
lifetime = float(seconds)

fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH22x", tun.encode(), IFF_TUN | IFF_NO_PI))
print("ready", flush=True)



def send(payload, source, dest):
    """A raw socket would have the kernel fill the header's checksum in."""
    packet = udp4(payload, source, dest)
    os.write(fd, packet[:10] + struct.pack("!H", checksum(packet[:20])) + packet[12:])


mapped, owner = {}, {}    # inner port: outer port, and back
sent, used = {}, {}       # (outer port, peer): when; outer port: when
next_port = 20000


def mapping(port, now):
    global next_port
    outer = mapped.get(port)
    if outer is None or now - used[outer] > lifetime:
        owner.pop(outer, None)
        outer = mapped[port] = next_port
        owner[outer] = port
        next_port += 1
    used[outer] = now
    return outer


while True:
    packet = os.read(fd, 65536)
    now = time.monotonic()
    head = (packet[0] & 15) * 4
    if packet[0] >> 4 != 4 or packet[9] != 17 or struct.unpack("!H", packet[6:8])[0] & 0x3fff:
        continue
    source, dest = (socket.inet_ntoa(packet[at:at + 4]) for at in (12, 16))
    sport, dport, size = struct.unpack("!HHH", packet[head:head + 6])
    payload = packet[head + 8:head + size]
    if source == inside:
        outer = mapping(sport, now)
        sent[outer, dest, dport] = now
        send(payload, (outside, outer), (dest, dport))
    elif dest == outside:
        alive = now - used.get(dport, -lifetime - 1) <= lifetime
        let_in = now - sent.get((dport, source, sport), -lifetime - 1) <= lifetime
        if alive and let_in and dport in owner:
            send(payload, (source, sport), (inside, owner[dport]))
