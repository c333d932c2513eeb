#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Figures of bench-guest.sh: compare them with their targets, and write a table,
bench.json and a plot.

usage: bench-report.py --commit ID --kernel KVER --command TEXT --to REPO FOLDER...
"""

import argparse
import bisect
import collections
import json
import os
import time

NAMES = {
    "none": "no tunnel", "sit": "sit over fou", "wireguard": "WireGuard",
    "miredo": "Miredo", "teredo": "teredo",
}
PATHS = {
    "ab": "client A to B", "ba": "client B to A",
    "hb": "host to client B", "bh": "client B to host",
}


def read(folders):
    figures = []
    for folder in folders:
        path = os.path.join(folder, "figures")
        if os.path.exists(path):
            with open(path, encoding="ascii") as lines:
                figures += [json.loads(line) for line in lines]
    return figures


def profile(folders, figures):
    """Instructions per packet of each function: {(who, size, part): {name: n}}"""
    found = {}
    for folder in folders:
        path = os.path.join(folder, "profile")
        if not os.path.exists(path) or not os.path.getsize(path):
            continue
        symbols = []
        with open(os.path.join(folder, "kallsyms"), encoding="ascii") as lines:
            for line in lines:
                word = line.split()
                if word[1] in "tTwW":
                    symbols.append((int(word[0], 16), " ".join(word[2:])))
        symbols.sort()
        addresses = [symbol[0] for symbol in symbols]
        counts = collections.defaultdict(collections.Counter)
        with open(path, encoding="ascii") as lines:
            for line in lines:
                number, address, insns = line.split()
                address = int(address, 16)
                name = "userspace"
                if address:
                    name = symbols[bisect.bisect_right(addresses, address) - 1][1]
                counts[int(number)][name] += int(insns)
        for fig in figures:
            if fig["section"] == "insns" and fig.get("mark") in counts:
                found[fig["who"], fig["size"], fig["part"]] = {
                    name: insns / fig["sent"]
                    for name, insns in counts[fig["mark"]].items()}
    return found


class Report:
    """Lines of the table, and whether they reach what they should"""

    def __init__(self, figures):
        self.figures = figures
        self.rows = []
        self.missed = 0

    def get(self, section, **keys):
        """The first figure with these keys, or None"""
        return next(iter(self.all(section, **keys)), None)

    def all(self, section, **keys):
        """All figures with these keys"""
        return [fig for fig in self.figures
                if fig["section"] == section and "failed" not in fig and
                all(fig.get(key) == value for key, value in keys.items())]

    def value(self, section, name, **keys):
        fig = self.get(section, **keys)
        return fig.get(name) if fig else None

    def title(self, text):
        self.rows.append({"title": text})

    def row(self, what, value, unit, target=None, holds=None):
        """holds: None where there is nothing to compare"""
        if value is None:
            if target is None:
                return
            value, holds = "not measured", False
        self.missed += holds is False
        self.rows.append({"what": what, "value": value, "unit": unit,
                          "target": target, "ok": holds})

    def print(self):
        for row in self.rows:
            if "title" in row:
                print(f"\n{row['title']}")
                continue
            value = row["value"]
            if isinstance(value, (int, float)):
                value = f"{value:,}"
            text = f"  {row['what']:44} {value:>13} {row['unit']:14}"
            if row["target"]:
                text += f" {row['target']:>22}  " + \
                    ("ok" if row["ok"] else "MISSED")
            print(text.rstrip())


def at_least(value, limit):
    return None if value is None or limit is None else value >= limit


def throughput(rep):
    for path, where in PATHS.items():
        if not rep.get("tcp", path=path):
            continue
        none = rep.value("tcp", "mbit", who="none", path=path)
        miredo = rep.value("tcp", "mbit", who="miredo", path=path)
        rep.title(f"TCP, {where}")
        for who, name in NAMES.items():
            mbit = rep.value("tcp", "mbit", who=who, path=path)
            if who != "teredo":
                rep.row(name, mbit, "Mbit/s")
                continue
            rep.row(name, mbit, "Mbit/s",
                    none and f">= {0.97 * none:,.0f} (0.97 of none)",
                    at_least(mbit, none and 0.97 * none))
            equal = rep.value("tcp", "mbit", who="none1208", path=path)
            rep.row("no tunnel, with segments of the same length", equal, "Mbit/s")
            share = mbit and equal and round(mbit / equal, 3)
            rep.row("teredo, of no tunnel with the same", share, "",
                    share and ">= 0.97", at_least(share, 0.97))
            if miredo:
                times = round((mbit or 0) / miredo, 1)
                rep.row("teredo, times Miredo", times, "", ">= 20", times >= 20)
        for size in 64, 1200:
            if not rep.get("udp", path=path, size=size):
                continue
            sit = rep.get("udp", who="sit", path=path, size=size) or {}
            wg = rep.value("udp", "pps", who="wireguard", path=path, size=size)
            rep.title(f"UDP of {size} octets, {where}, at the receiver")
            for who, name in NAMES.items():
                fig = rep.get("udp", who=who, path=path, size=size) or {}
                pps = fig.get("pps")
                if who == "teredo":
                    rep.row(name, pps, "packets/s",
                            sit and f">= {sit['pps']:,} (sit)",
                            at_least(pps, sit.get("pps")))
                    rep.row("teredo, lost", fig.get("lost"), "%",
                            sit and f"<= {sit['lost']} (sit)",
                            at_least(sit.get("lost"), fig.get("lost")))
                    rep.row("teredo, times WireGuard", pps and wg and
                            round(pps / wg, 2), "", wg and "> 1",
                            bool(wg and pps and pps > wg))
                else:
                    rep.row(name, pps, "packets/s")
                    rep.row(f"{name}, lost", fig.get("lost"), "%")


def added(rep, who, size):
    """What the tunnel adds to a packet: (transmit, receive)"""
    part = {(w, p): rep.value("insns", "insns", who=w, size=size, part=p)
            for w in ("none", who) for p in ("total", "tx")}
    if None in part.values():
        return None, None
    transmit = part[who, "tx"] - part["none", "tx"]
    return transmit, part[who, "total"] - part["none", "total"] - transmit


# The profiles: from client A to B, its sender's part and the rest; from host to client
PROFILED = ((64, "transmit"), (64, "receive"), (1200, "transmit"), (1200, "receive"),
            (64, "whole"))


def instructions(rep, prof):
    for size in 64, 1200:
        if not rep.get("insns", who="teredo", size=size):
            continue
        rep.title(f"Instructions that the tunnel adds to a packet of {size} octets, "
                  "client A to B")
        sit = added(rep, "sit", size)
        for who, name in NAMES.items():
            if who == "none":
                continue
            # Most of Miredo's packets are lost on the way.
            for part, insns, limit in zip(("transmit", "receive"),
                                          added(rep, who, size), sit):
                if who == "miredo" and part == "receive":
                    continue
                ours = who == "teredo" and limit is not None
                rep.row(f"{name}, {part}", insns, "instructions",
                        ours and f"<= {limit:,} (sit)" or None,
                        at_least(limit, insns) if ours else None)
    whole = {who: rep.value("insns", "insns", who=who, size=64, part="whole") for who in NAMES}
    if whole["teredo"]:
        rep.title("Instructions for a packet of 64 octets from the native host to client B, "
                  "of all that forward it, too")
    for who, name in NAMES.items():
        if who == "teredo" and whole[who] and whole["sit"]:
            rep.row(name, whole[who], "instructions", f"<= {whole['sit']:,} (sit)",
                    whole[who] <= whole["sit"])
        else:
            rep.row(name, whole[who], "instructions")
    for size, part in PROFILED:
        where = breakdown(prof, size, part)
        if where:
            rep.title(f"Where they go: {part}, {size} octets, more than with no "
                      "tunnel (and with sit); the differences")
            for name, ours, sit in where[:10] + where[-6:]:
                if abs(ours - sit) > 9:
                    rep.row(name, ours, f"(sit {sit:,})")


def breakdown(prof, size, part):
    """Rows (function, ours, sit), more than with no tunnel; those first that cost us most"""
    def cost(who):
        if part == "whole":
            return prof.get((who, size, part))
        total = prof.get((who, size, "total"))
        tx = prof.get((who, size, "tx"))
        if not total or not tx:
            return None
        if part == "transmit":
            return tx
        return {name: total.get(name, 0) - tx.get(name, 0)
                for name in set(total) | set(tx)}

    none, sit, ours = cost("none"), cost("sit"), cost("teredo")
    if not none or not sit or not ours:
        return []
    rows = [(name, round(ours.get(name, 0) - none.get(name, 0)),
             round(sit.get(name, 0) - none.get(name, 0)))
            for name in set(ours) | set(none)]
    return sorted(rows, key=lambda row: row[2] - row[1])


def peers(rep):
    some = [fig for fig in rep.figures if fig["section"] == "peers"]
    if some:
        rep.title("Instructions per packet of 64 octets, socket and all, "
                  "peers at random")
    # Without a gateway the IPv6 stack makes an entry for every neighbour, and
    # forgets them again: what that costs is not the tunnel's.
    texts = {"via": "transmit, route via a gateway", "-": "receive",
             "dev": "transmit, route without a gateway"}
    for route, text in texts.items():
        one = rep.value("peers", "insns", route=route, peers=1)
        for fig in some:
            if fig["route"] == route:
                limit = None if route == "dev" else one and 1.15 * one
                rep.row(f"{text}, {fig['peers']:,}", fig["insns"], "instructions",
                        limit and f"<= {limit:,.0f} (1.15 of one)",
                        at_least(limit, fig["insns"]))
    fig = rep.get("memory")
    if fig:
        rep.title(f"{fig['peers']:,} peers")
        rep.row("slab of a peer", fig["slab"], "octets", "<= 128",
                0 < fig["slab"] <= 128)
        limit = 160 * fig["peers"] / 1e6
        # Of few, it is lost in what the kernel keeps at hand.
        if fig["peers"] >= 100000:
            rep.row("memory in all", round(fig["kb"] * 1024 / 1e6, 1), "MB",
                    f"<= {limit:g}", fig["kb"] * 1024 / 1e6 <= limit)
    softirq = []
    fig = rep.get("fill")
    if fig:
        rep.row("filling them", fig["ms"], "ms")
        softirq.append(("filling", fig))
    fig = rep.get("dump", by="netlink")
    if fig:
        rep.row("dumping them, netlink alone", fig["ms"], "ms")
        softirq.append(("dumping", fig))
    fig = rep.get("dump", by="teredo-tool")
    if fig:
        rep.row("dumping them, teredo-tool -j show peers", fig["ms"], "ms")
    fig = rep.get("flush")
    if fig:
        rep.row("flushing them", fig["ms"], "ms")
        softirq.append(("flushing", fig))
    fig = rep.get("expiry")
    if fig:
        rep.row("expiring them", fig["ms"], "ms")
    fig = rep.get("expire")
    if fig:
        rep.row("expiring, packets lost meanwhile", fig["lost"],
                f"of {fig['sent']:,}", "0", fig["lost"] == 0)
        rep.row("expiring, left", fig["left"], "peers", "<= 2",
                int(fig["left"]) <= 2)
        softirq.append(("expiring", fig))
    for what, fig in softirq:
        rep.row(f"{what}, longest softirq", fig["softirq_us"], "us", "<= 1000",
                fig["softirq_us"] <= 1000)


def server(rep):
    miredo, ours = (rep.get("server", who=who) for who in ("miredo", "teredo"))
    if not miredo or not ours:
        return
    rep.title("Router Solicitations answered")
    for name, fig in ("miredo-server", miredo), ("teredo", ours):
        rep.row(f"{name}, with whom asks", fig["rate"], "a second")
        rep.row(f"{name}, the server's part", fig["alone"], "a second")
        rep.row(f"{name}, instructions", fig["insns"], "each")
    echo = rep.value("server", "insns", who="echo")
    rep.row("the stack itself, of an ICMP echo request, instructions", echo, "each")
    few, many = (rep.value("server", "insns", who="signed", secrets=n) for n in (1, 10000))
    rep.row("teredo, signed, of the only secret, instructions", few, "each")
    rep.row("teredo, signed, of 10,000 secrets, instructions", many, "each", "<= 1.1 times",
            few and many and many <= 1.1 * few)
    rep.row("teredo, times miredo-server", round(ours["alone"] / miredo["alone"], 1), "")
    for fig in rep.all("offered", who="miredo"):
        ours = rep.get("offered", who="teredo", rate=fig["rate"])
        rep.row(f"{fig['rate']} asked a second: miredo-server", fig["answered"], "a second")
        rep.row(f"{fig['rate']} asked a second: teredo", ours and ours["answered"],
                "a second")
    # What is left of the two when more is asked than either can answer
    most = max(rep.all("offered", who="teredo"), key=lambda fig: fig["rate"], default=None)
    theirs = most and rep.get("offered", who="miredo", rate=most["rate"])
    if theirs:
        times = round(most["answered"] / max(theirs["answered"], 1), 1)
        rep.row(f"{most['rate']} asked a second: times miredo-server", times, "", ">= 10",
                times >= 10)


def qualification(rep):
    if rep.get("qualify"):
        rep.title("Time to qualify, from the first datagram (and from the start of "
                  "the program)")
    for fig in rep.figures:
        if fig["section"] != "qualify":
            continue
        ours = fig["who"] == "teredo"
        limit = fig["rtt"] + 10
        rep.row(f"{NAMES[fig['who']]}, round trip {fig['rtt']} ms",
                fig["first_ms"], f"({fig['whole_ms']}) ms",
                f"<= {limit}" if ours else None,
                0 <= fig["first_ms"] <= limit if ours else None)
    for fig in rep.figures:
        if fig["section"] != "lossy":
            continue
        share = round(100 * fig["within_3s"] / fig["runs"])
        ours = fig["who"] == "teredo"
        rep.row(f"{NAMES[fig['who']]}, 10 % loss each way, within 3 s", share,
                f"% of {fig['runs']}", ">= 95" if ours else None,
                share >= 95 if ours else None)
    if rep.get("first"):
        rep.title("First contact: 20 datagrams, 5 ms apart")
    for fig in rep.figures:
        if fig["section"] != "first":
            continue
        ours = fig["who"] == "teredo"
        bad = fig["sent"] - fig["received"] + fig["disorder"]
        rep.row(f"{NAMES[fig['who']]}, {PATHS[fig['path']]}, {fig['rtt']} ms", bad,
                "lost, late", "0" if ours else None, bad == 0 if ours else None)


def others(rep):
    for what in "loss", "reorder":
        none = rep.value("netem", "mbit", who="none", what=what)
        ours = rep.value("netem", "mbit", who="teredo", what=what)
        if none is None and ours is None:
            continue
        rep.title(f"TCP with netem, round trip 10 ms, {what}" +
                  (", 100 Mbit/s offered" if what == "reorder" else ""))
        rep.row("no tunnel", none, "Mbit/s")
        rep.row("teredo", ours, "Mbit/s",
                none and f">= {0.97 * none:,.2f} (0.97 of none)",
                at_least(ours, none and 0.97 * none))
    if rep.get("uplink"):
        rep.title("TCP, where A's own uplink is a tunnel")
    for sit in rep.all("uplink", who="sit"):
        ours = rep.get("uplink", who="teredo", kind=sit["kind"], path=sit["path"])
        where = f"{sit['kind']}, {PATHS[sit['path']]}"
        rep.row(f"sit over fou, {where}", sit["mbit"],
                f"Mbit/s, {sit['again']} segments again")
        if ours:
            rep.row(f"teredo, {where}", ours["mbit"],
                    f"Mbit/s, {ours['again']} segments again",
                    *((f">= {0.97 * sit['mbit']:.0f} (0.97 of sit)",
                       ours["mbit"] >= 0.97 * sit["mbit"]) if sit["again"] < 10 else ()))
    fig = rep.get("cpus")
    if fig:
        rep.title("Two CPUs, forwarding from pktgen into the tunnel; threads of the "
                  "host, which should have nothing else to do")
        rep.row("one", fig["one"], "packets/s")
        rep.row("two", fig["two"], "packets/s")
        times = round(fig["two"] / fig["one"], 2) if fig["one"] else 0
        rep.row("two, times one", times, "", ">= 1.8", times >= 1.8)


COLOURS = {"none": "#999999", "sit": "#4477aa", "wireguard": "#aa3377",
           "miredo": "#ccbb44", "teredo": "#228833"}


def bars(out, left, top, title, groups):
    """groups: [(label, {who: value})]; a panel of 400 by 240"""
    highest = max([v for _, vals in groups for v in vals.values() if v] + [1])
    out.append(f'<text x="{left}" y="{top}" class="t">{title}</text>')
    width = 400 / max(len(groups), 1)
    for i, (label, vals) in enumerate(groups):
        x = left + i * width
        out.append(f'<text x="{x + width * .4:.0f}" y="{top + 222}" '
                   f'class="m">{label}</text>')
        for j, who in enumerate(NAMES):
            value = vals.get(who) or 0
            height = 180 * value / highest
            bar = width * .8 / len(NAMES)
            out.append(f'<rect x="{x + j * bar:.1f}" y="{top + 206 - height:.1f}" '
                       f'width="{bar - 1:.1f}" height="{height:.1f}" '
                       f'fill="{COLOURS[who]}"><title>{NAMES[who]}: {value:,}'
                       "</title></rect>")
    out.append(f'<text x="{left + 400}" y="{top + 14}" class="e">'
               f"highest: {highest:,}</text>")
    out.append(f'<line x1="{left}" y1="{top + 206}" x2="{left + 400}" '
               f'y2="{top + 206}" class="a"/>')


def plot(rep, head):
    out = ['<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 920 600" '
           'font-family="sans-serif" font-size="11">',
           "<!-- SPDX-License-Identifier: GPL-2.0 -->",
           "<style>.t{font-size:14px;font-weight:bold}.m{text-anchor:middle}"
           ".e{text-anchor:end}.a{stroke:#000}</style>",
           '<rect width="920" height="600" fill="#fff"/>']
    paths = [path for path in PATHS if rep.get("tcp", path=path)]
    bars(out, 30, 60, "TCP, Mbit/s",
         [(PATHS[path], {who: rep.value("tcp", "mbit", who=who, path=path)
                         for who in NAMES}) for path in paths])
    for left, top, size in (490, 60, 64), (30, 330, 1200):
        bars(out, left, top, f"UDP of {size} octets, packets/s at the receiver",
             [(PATHS[path],
               {who: rep.value("udp", "pps", who=who, path=path, size=size)
                for who in NAMES}) for path in paths])
    bars(out, 490, 330, "Instructions that the tunnel adds to a packet",
         [(f"{part}, {size}", {who: max(added(rep, who, size)[i] or 0, 0)
                               for who in ("sit", "wireguard", "teredo")})
          for size in (64, 1200) for i, part in enumerate(("tx", "rx"))])
    for i, (who, name) in enumerate(NAMES.items()):
        x = 30 + i * 120
        out.append(f'<rect x="{x}" y="20" width="12" height="12" '
                   f'fill="{COLOURS[who]}"/><text x="{x + 18}" y="30">{name}</text>')
    out.append(f'<text x="890" y="30" class="e">{head["commit"]}, '
               f'Linux {head["kernel"]}</text>')
    out.append(f'<text x="30" y="590">{head["command"]}, {head["date"]}: one CPU, '
               "500 million instructions a second</text></svg>")
    return "\n".join(out) + "\n"


def main():
    parser = argparse.ArgumentParser()
    for name in "commit", "kernel", "command", "to":
        parser.add_argument("--" + name, required=True)
    parser.add_argument("folders", nargs="+")
    args = parser.parse_args()

    figures = read(args.folders)
    prof = profile(args.folders, figures)
    rep = Report(figures)
    throughput(rep)
    instructions(rep, prof)
    peers(rep)
    server(rep)
    qualification(rep)
    others(rep)
    rep.print()

    head = {"commit": args.commit, "kernel": args.kernel,
            "command": args.command,
            "date": time.strftime("%Y-%m-%d", time.gmtime())}
    where = {f"{part}-{size}": [{"function": name, "teredo": ours, "sit": sit}
                                for name, ours, sit in breakdown(prof, size, part)
                                if ours or sit]
             for size, part in PROFILED}
    text = json.dumps({**head, "missed": rep.missed,
                       "table": [row for row in rep.rows if "what" in row],
                       "figures": figures, "where": where}, indent=1) + "\n"
    folder = os.path.join(args.to, "Documentation", "benchmarks")
    os.makedirs(folder, exist_ok=True)
    for path in (os.path.join(args.to, "bench.json"),
                 os.path.join(folder, "bench.json")):
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
    with open(os.path.join(folder, "bench.svg"), "w", encoding="ascii") as file:
        file.write(plot(rep, head))
    print(f"\n{args.command}, commit {args.commit}, Linux {args.kernel}: "
          f"{rep.missed} figures miss their target")


if __name__ == "__main__":
    main()
