#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""stack.py load KIND ACTION PATH: pin a BPF program that only returns ACTION at PATH; KIND
is xdp or tc.

stack.py mixed FROM TO A B [MAPPED-A] [MAPPED-B]: datagrams from A to B, some with
trailers, leave FROM as if they came from A's NAT, and arrive in TO unchanged. MAPPED are
ADDRESS:PORT.

stack.py segments FROM TO A B [MAPPED-A] [RELAY]: the same with segments of a stream to a
native host, through a relay, all of which may be merged."""

import ctypes
import os
import select
import socket
import struct
import sys

from pkt import *

BPF = 321    # of x86-64
PROG_LOAD, OBJ_PIN = 5, 6
KINDS = {"tc": (3, {"pass": 0, "drop": 2}), "xdp": (6, {"pass": 2, "drop": 1})}


def bpf(command, fmt, *values):
    attr = struct.pack(fmt, *values).ljust(128, b"\0")
    result = ctypes.CDLL(None, use_errno=True).syscall(BPF, command, attr, len(attr))
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf %d" % command)
    return result


def load(kind, action, path):
    number, actions = KINDS[kind]
    # r0 = action; exit
    code = ctypes.create_string_buffer(struct.pack("=BBhiBBhi", 0xb7, 0, 0,
                                                   actions[action], 0x95, 0, 0, 0))
    licence = ctypes.create_string_buffer(b"GPL")
    name = ctypes.create_string_buffer(os.fsencode(path))
    prog = bpf(PROG_LOAD, "=IIQQ", number, 2, ctypes.addressof(code),
               ctypes.addressof(licence))
    bpf(OBJ_PIN, "=QI", ctypes.addressof(name), prog)


def mapped(text):
    address, port = text.split(":")
    return address, int(port)


def mixed(source, dest, a, b, mapped_a, mapped_b):
    """Those without trailers may be merged, for a socket that accepts that."""
    enter(dest)
    app = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    app.setsockopt(socket.IPPROTO_UDP, 104, 1)    # UDP_GRO
    app.bind((b, 4712))
    wire = Forger(source)
    sent = []
    for n in range(150):
        data = os.urandom(500)
        # two of three without, so that there is something to merge
        tail = trailer(4, os.urandom(4)) if n % 3 == 2 else b""
        wire.send(datagram(a, b, 4713, 4712, data) + tail, mapped(mapped_a),
                  mapped(mapped_b))
        sent.append(data)
    got = []
    while select.select([app], [], [], 2)[0]:
        got.append(app.recv(65536))
    print("%d datagrams, received as %d" % (len(sent), len(got)))
    if b"".join(sent) != b"".join(got):
        sys.exit("what arrived is not what was sent: %d of %d octets" %
                 (len(b"".join(got)), len(b"".join(sent))))
    if not 50 < len(got) < len(sent):
        sys.exit("merged all, or nothing")


def segments(source, dest, a, b, mapped_a, relay):
    enter(dest)
    app = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_TCP)
    app.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    wire = Forger(source)
    sent = os.urandom(100 * 1000)
    for at in range(0, len(sent), 1000):
        head = struct.pack("!HHIIBBHHH", 4713, 4714, at, 1, 5 << 4, 0x10, 1000, 0, 0)
        data = sent[at:at + 1000]
        csum = checksum(pseudo(a, b, len(head + data), socket.IPPROTO_TCP) + head + data)
        head = head[:16] + struct.pack("!HH", csum, 0)
        wire.send(ipv6(a, b, socket.IPPROTO_TCP, head + data), mapped(mapped_a),
                  mapped(relay))
    got = []
    while select.select([app], [], [], 2)[0]:
        got.append(app.recv(65536)[20:])
    print("100 segments, received as %d" % len(got))
    if b"".join(got) != sent:
        sys.exit("what arrived is not what was sent: %d of %d octets" %
                 (len(b"".join(got)), len(sent)))
    if len(got) > 50:
        sys.exit("hardly any was merged")


if __name__ == "__main__":
    {"load": load, "mixed": mixed, "segments": segments}[sys.argv[1]](*sys.argv[2:])
