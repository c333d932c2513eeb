#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""octets.py FROM TO ADDRESS [PORT]: what FROM sends to TO at ADDRESS arrives unchanged,
octet for octet: a stream in each direction, datagrams with and without fragmentation,
and segments that are cut on the path. FROM and TO are namespaces."""

import errno
import os
import socket
import sys
import threading

from pkt import enter

PORT = 4711    # unless another is given
UDP_SEGMENT, UDP_GRO, SO_RCVBUFFORCE = 103, 104, 33
# around the limits for MTUs of 1280 and 1472, and for one datagram
SIZES = 1, 2, 7, 1231, 1232, 1233, 1423, 1424, 1425, 3001, 9000, 30000
# (octets of a segment, of all together); the last has the maximum length
SEGMENTS = (1, 64), (1199, 20 * 1199 + 5), (1232, 2 * 1232), (1200, 65487)


def here(namespace, kind):
    enter(namespace)
    made = socket.socket(socket.AF_INET6, kind)
    made.settimeout(20)
    return made


def stream(data, source, dest):
    """Sent in writes of all sizes"""
    def send():
        at, size = 0, 1
        while at < len(data):
            source.sendall(data[at:at + size])
            at, size = at + size, size * 3 % 400009
        source.shutdown(socket.SHUT_WR)

    thread = threading.Thread(target=send)
    thread.start()
    got = bytearray()
    while part := dest.recv(1 << 18):
        got += part
    thread.join()
    return bytes(got)


def compare(what, sent, got):
    if sent == got:
        return True
    differs = [n for n, (a, b) in enumerate(zip(sent, got)) if a != b]
    print("%s: %d octets sent, %d received, %d differ, the first at %s" %
          (what, len(sent), len(got), len(differs), differs[:1]))
    return False


def tcp(source, dest, address, port):
    listener = here(dest, socket.SOCK_STREAM)
    listener.bind(("::", port))
    listener.listen()
    ours = here(source, socket.SOCK_STREAM)
    ours.connect((address, port))
    theirs = listener.accept()[0]
    theirs.settimeout(20)
    data = os.urandom(300001)
    return compare("TCP there", data, stream(data, ours, theirs)) & \
        compare("TCP back", data[::-1], stream(data[::-1], theirs, ours))


def receive(sock, count):
    """Receive @count octets, in any number of datagrams."""
    got = b""
    try:
        while len(got) < count:
            got += sock.recv(1 << 16)
    except TimeoutError:
        pass
    return got


def udp(source, dest, address, port):
    theirs = here(dest, socket.SOCK_DGRAM)
    theirs.bind(("::", port))
    # A small datagram can take a page.
    theirs.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 20)
    ours = here(source, socket.SOCK_DGRAM)
    # The first that does not fit may be lost, so that the sender learns the path's MTU.
    theirs.settimeout(1)
    for _ in range(20):
        ours.sendto(bytes(3000), (address, port))
        if receive(theirs, 1):
            break
    # Late datagrams must not be mistaken for the next ones.
    while receive(theirs, 1):
        pass
    theirs.settimeout(20)
    good = True
    for size in SIZES:
        data = os.urandom(size)
        ours.sendto(data, (address, port))
        good &= compare("UDP of %d" % size, data, receive(theirs, 1))
    for gro in 0, 1:
        theirs.setsockopt(socket.IPPROTO_UDP, UDP_GRO, gro)
        for size, count in SEGMENTS:
            data = os.urandom(count)
            ours.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
            try:
                ours.sendto(data, (address, port))
            except OSError as error:
                # without checksum offload, sockets have no segmentation either
                if error.errno == errno.EIO:
                    continue
                raise
            good &= compare("UDP of %d in segments of %d" % (count, size), data,
                            receive(theirs, count))
    return good


def main():
    source, dest, address, *port = sys.argv[1:]
    port = int(*port or (PORT,))
    good = tcp(source, dest, address, port)
    sys.exit(not (udp(source, dest, address, port) and good))


if __name__ == "__main__":
    main()
