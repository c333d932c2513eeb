# SPDX-License-Identifier: GPL-2.0
"""Who listens to what happens to peers: generic netlink by hand, from what the uapi
header says.  No code of the tool's.
"""

import errno
import os
import re
import select
import socket
import struct
import time

from pkt import enter

HEADER = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                      "../../include/uapi/linux/teredo.h")
NLMSG_ERROR, NLMSG_DONE = 2, 3
F_REQUEST, F_ACK, F_DUMP, F_DUMP_INTR = 1, 4, 0x300, 0x10
SOL_NETLINK, ADD_MEMBERSHIP = 270, 1
SO_RCVBUFFORCE = 33


def numbers():
    """The enumerations of the header: {name: number}"""
    found = {}
    with open(HEADER) as header:
        text = re.sub(r"/\*.*?\*/", "", header.read(), flags=re.S)
    for body in re.findall(r"enum[^{;]*\{(.*?)\}", text, re.S):
        value = 0
        for item in filter(None, (i.strip() for i in body.split(","))):
            name, _, given = (part.strip() for part in item.partition("="))
            if given:
                value = found[given] if given in found else eval(given, {}, found)
            found[name] = value
            value += 1
    return found


N = numbers()


def name_of(prefix, value):
    """teredo_peer_state 1 is "trusted" """
    return next(n[len(prefix):].lower() for n, v in N.items()
                if v == value and n.startswith(prefix) and not n.startswith("__"))


def attributes(data):
    found, at = {}, 0
    while at + 4 <= len(data):
        size, kind = struct.unpack_from("=HH", data, at)
        if size < 4:
            break
        found[kind & 0x3fff] = data[at + 4:at + size]
        at += size + 3 & ~3
    return found


def attribute(kind, data):
    head = struct.pack("=HH", 4 + len(data), kind) + data
    return head + bytes(-len(head) % 4)


def messages(data):
    """(type, flags, sequence number, body) of each"""
    at = 0
    while at + 16 <= len(data):
        size, kind, flags, seq, _ = struct.unpack_from("=LHHLL", data, at)
        yield kind, flags, seq, data[at + 16:at + size]
        at += size + 3 & ~3


class Netlink:
    """A socket of the family in a namespace"""

    def __init__(self, namespace, room=None):
        enter(namespace)
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 16)
        if room:
            self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, room)
        self.socket.bind((0, 0))
        self.seq = 0
        self.find_family()

    def request(self, family, flags, command, payload):
        self.seq += 1
        body = struct.pack("=BBH", command, 1, 0) + payload
        self.socket.send(struct.pack("=LHHLL", 16 + len(body), family, F_REQUEST | flags,
                                     self.seq, 0) + body)

    def find_family(self):
        # CTRL_CMD_GETFAMILY by CTRL_ATTR_FAMILY_NAME
        self.request(16, 0, 3, attribute(2, b"teredo\0"))
        found = attributes(self.socket.recv(1 << 16)[20:])
        self.family, = struct.unpack("=H", found[1])
        self.groups = [attributes(group) for group in attributes(found[7]).values()]

    def join(self, name):
        for group in self.groups:
            if group[1] == name + b"\0":
                self.socket.setsockopt(SOL_NETLINK, ADD_MEMBERSHIP,
                                       *struct.unpack("=L", group[2]))


class Link(Netlink):
    """A link whose controller this may become; what it is told meanwhile is in .told:
    (command, attributes)"""

    def __init__(self, namespace, name, room=1 << 22):
        super().__init__(namespace, room)
        self.ifindex, self.told = socket.if_nametoindex(name), []

    def read(self, seconds):
        """One datagram of messages, of which one may be the answer to a request: its
        errno, else None"""
        if not select.select([self.socket], [], [], seconds)[0]:
            return None
        answer = None
        for kind, _, seq, body in messages(self.socket.recv(1 << 16)):
            if kind == self.family:
                self.told.append((body[0], attributes(body[4:])))
            elif kind == NLMSG_ERROR and seq == self.seq:
                answer = -struct.unpack_from("=i", body)[0]
        return answer

    def ask(self, command, **values):
        """The errno, or 0; of a set of attributes, all begin with the index"""
        name = {"CONTROL": "DATAGRAM", "PEER": "PEER"}.get(command.split("_")[0], "DEV")
        self.request(self.family, F_ACK, N["TEREDO_CMD_" + command],
                     attribute(1, struct.pack("=L", self.ifindex)) +
                     b"".join(attribute(N["TEREDO_A_%s_%s" % (name, key)], value)
                              for key, value in values.items()))
        while (got := self.read(10)) is None:
            pass
        return got

    def hears(self, do):
        """The attributes of the last that listeners are told of the link after this, or {};
        None if it is gone"""
        while self.read(0) is not None or select.select([self.socket], [], [], 0)[0]:
            pass
        self.told.clear()
        do()
        while select.select([self.socket], [], [], 0.5)[0]:
            self.read(0)
        command, found = (self.told or [(0, {})])[-1]
        return None if command == N["TEREDO_CMD_DEV_DEL_NTF"] else found

    def get(self):
        """The attributes of the link"""
        self.told.clear()
        self.ask("DEV_GET")
        return self.told.pop()[1]

    def dump(self, change):
        """Addresses of peers as a dump shows them in many parts, and if it says that it was
        interrupted; what change() is to do is done after each part"""
        self.request(self.family, F_DUMP, N["TEREDO_CMD_PEER_GET"],
                     attribute(1, struct.pack("=L", self.ifindex)))
        seen, interrupted = [], False
        while True:
            part = []
            for kind, flags, seq, body in messages(self.socket.recv(1 << 16)):
                interrupted |= bool(flags & F_DUMP_INTR)
                if kind == NLMSG_DONE:
                    return seen, interrupted
                if kind == self.family:
                    part.append(attributes(body[4:])[N["TEREDO_A_PEER_ADDRESS"]])
            seen += part
            change(part)

    def qualify(self, address, mapped, port, server):
        """What a controller says of it"""
        return self.ask("STATE_SET", STATE=bytes([N["TEREDO_STATE_QUALIFIED"]]),
                        ADDRESS=socket.inet_pton(socket.AF_INET6, address),
                        MAPPED_ADDRESS=socket.inet_aton(mapped),
                        MAPPED_PORT=struct.pack("!H", port), SERVER=socket.inet_aton(server))


class Listener(Netlink):
    """The table of peers of a namespace as a program knows it that began with a dump
    and follows the events; .log is what came, .lost how often something was missing"""

    def __init__(self, namespace, room=None):
        super().__init__(namespace, room)
        self.table, self.log, self.lost = {}, [], 0
        self.dumping = self.fresh = self.stale = False
        self.join(b"peers")
        self.dump()

    def dump(self):
        """Once more from the beginning; events go on to be read in between"""
        self.request(self.family, F_DUMP, N["TEREDO_CMD_PEER_GET"], b"")
        self.dumping, self.fresh, self.stale = self.seq, True, False
        while self.dumping:
            self.read(10)

    def take(self, kind, flags, seq, body):
        ours = self.dumping and seq == self.dumping
        if ours and self.fresh:
            # Whatever came before is in there.
            self.table, self.fresh = {}, False
        if ours and flags & F_DUMP_INTR:
            self.stale = True
        if kind == NLMSG_DONE:
            self.dumping = False
        if kind != self.family:
            return
        found = attributes(body[4:])
        take = lambda n: found.get(N["TEREDO_A_PEER_" + n])
        key = take("IFINDEX"), socket.inet_ntop(socket.AF_INET6, take("ADDRESS"))
        value = tuple(take(n) for n in ("STATE", "KIND", "PATH", "MAPPED_ADDRESS",
                                        "MAPPED_PORT", "PERMANENT"))
        if body[0] == N["TEREDO_CMD_PEER_DEL_NTF"]:
            self.table.pop(key, None)
        else:
            self.table[key] = value
        if not seq:
            gone = body[0] == N["TEREDO_CMD_PEER_DEL_NTF"]
            self.log.append((key[1], "gone" if gone else
                             name_of("TEREDO_PEER_STATE_", take("STATE")[0]),
                             name_of("TEREDO_PEER_CAUSE_", take("CAUSE")[0])))

    def read(self, seconds):
        """One datagram, of one or more messages; False if none came.  Without a number of
        seconds, it is the socket that waits or not."""
        if seconds is not None and not select.select([self.socket], [], [], seconds)[0]:
            return False
        try:
            data = self.socket.recv(1 << 16)
        except OSError as problem:
            if problem.errno != errno.ENOBUFS:
                raise
            self.lost += 1
            self.stale = True
            return True
        for message in messages(data):
            self.take(*message)
        return True

    def renew(self):
        """Something was missed: read what is left, as more is dropped without a word
        until the queue was empty once, and then dump"""
        while self.stale:
            while self.read(0):
                pass
            self.dump()

    def follow(self, seconds):
        """What happens within that time; true at its end, whatever was missed"""
        until = time.time() + seconds
        while time.time() < until:
            self.read(max(0, until - time.time()))
            self.renew()
        return self

    def settle(self):
        """Until nothing comes any more"""
        while self.read(0.5):
            self.renew()
        return self

    def of(self, address):
        """What happened to it, in order; forgotten by this"""
        mine = [(what, cause) for who, what, cause in self.log if who == address]
        self.log = [entry for entry in self.log if entry[0] != address]
        return mine
