#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A name server for tests: dns.py FILE answers each query for an IPv4 address
with the addresses that are in FILE, one on each line, at that time.  Without
the file it is silent, as a dead server is."""
import socket
import struct
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", 53))
while True:
    query, client = s.recvfrom(512)
    try:
        with open(sys.argv[1]) as f:
            addresses = f.read().split()
    except OSError:
        continue
    # One question: labels up to a zero, type, class.
    end = query.index(0, 12) + 5
    if query[end - 4:end - 2] != b"\0\1":
        addresses = []
    answer = query[:2] + struct.pack("!HHHHH", 0x8180, 1, len(addresses), 0, 0)
    answer += query[12:end]
    for address in addresses:
        answer += struct.pack("!HHHIH", 0xc00c, 1, 1, 1, 4) + socket.inet_aton(address)
    s.sendto(answer, client)
