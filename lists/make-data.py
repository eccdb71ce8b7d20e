#!/usr/bin/env python3
"""Make lists/data/*.txt from the merged research tables (pools.csv, browser-miners.csv, ...).

usage: make-data.py DIRECTORY_OF_THE_TABLES

Only rows that a permissive source names are taken. The same tables give the same bytes.
"""
import csv
import pathlib
import re
import sys

DATA = pathlib.Path(__file__).resolve().parent / "data"

# Every source taken, by the tag it has in the tables: who, and under which licence.
# Tags not named here (ut1, zerodot1, poolfinder, rainbowminer, sigma ...) lend no row of their own;
# they may stand beside a permissive source on a row.
SOURCES = {
    "mpdi": ("AdamYoung71/mining-pool-domain-intel", "Apache-2.0"),
    "maltrail": ("stamparm/maltrail", "MIT"),
    "panther": ("panther-labs/panther-analysis", "Apache-2.0"),
    "falco": ("falcosecurity/rules", "Apache-2.0"),
    "minerchk": ("Hestat/minerchk", "Apache-2.0"),
    "mempool-pools": ("mempool/mining-pools", "MIT"),
    "bitcoin-data": ("bitcoin-data/mining-pools", "MIT"),
    "nocoin": ("hoshsadiq/adblock-nocoin-list", "MIT"),
    "anudeep": ("anudeepND/blacklist", "MIT"),
    "marfjeh": ("Marfjeh/coinhive-block", "MIT"),
    "antiwebminer": ("greatis/Anti-WebMiner", "Apache-2.0"),
    "keraf-nocoin": ("keraf/NoCoin", "MIT"),
    "minerblock": ("xd4rker/MinerBlock", "MIT"),
}
BROWSER_PERMISSIVE = {"nocoin", "anudeep", "marfjeh", "antiwebminer", "keraf-nocoin", "minerblock"}
# The tables give malware rows and the guard no date of their own: that of the newest snapshot taken.
SNAPSHOT = "2026-08-16"

# Rows of the tables that are not what their list says, each with the reason.
LEFT_OUT = {
    "emercoin.com": "site of a coin, not a pool",
    "emercoin.net": "site of a coin, not a pool",
    "emergate.net": "seed nodes of a coin, not a pool",
    "seed.emercoin.com": "seed nodes of a coin, not a pool",
    "seed.emercoin.net": "seed nodes of a coin, not a pool",
    "seed.emergate.net": "seed nodes of a coin, not a pool",
    "pangolinminer.comgandalph3000.com": "two names run together",
    "my.domain": "a placeholder, not a name",
    "www.bitcoin.com": "news and wallet, not a pool",
    "klingex.io": "an exchange",
    "mintme.com": "a token platform",
}
# Maltrail lists some web sites as mining without a word why. Where it is the only source, and neither
# the name nor the row speaks of mining, cutting people off for it would rest on nothing.
SPEAKS_OF_MINING = re.compile(r"pool|hash|mine|mining|xmr|monero|coin|crypto|stratum|rig")

# A pool's web site of a 2026 source, at the apex of its domain, with a name that says what it is: what is
# listed nowhere below it is taken for its stratum hosts.
IS_A_POOL = re.compile(r"pool|mine|mining|hash|solo|stratum")

# Guarded apexes whose names below belong to customers: the apex is never blocked, nor everything
# below it at once; one customer's exact name may be.
SHARED_HOSTING = set(
    "3322.net 3322.org aliyuncs.com amazonaws.com azure.com azureedge.net azurewebsites.net bcebos.com"
    " blogspot.com cloudfront.net herokuapp.com jimdo.com myqcloud.com netlify.app pages.dev"
    " trafficmanager.net vercel.app weebly.com wordpress.com workers.dev".split()
)

COLUMNS = ("name", "scope", "confidence", "kind", "coins", "ports", "date")


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.strip())
    tables = pathlib.Path(sys.argv[1])
    guard = guard_rows(read(tables, "never-block.csv"))
    malware = malware_rows(read(tables, "malware-pools.csv"), guard)
    pools, sites = pool_rows(read(tables, "pools.csv"), guard)
    browser = browser_rows(read(tables, "browser-miners.csv"), guard, pools + sites)
    pool_sources = ["mpdi", "maltrail", "panther", "falco", "minerchk", "mempool-pools", "bitcoin-data"]
    write("pools", "pool", pools, pool_sources,
          "permissive rows of high and medium confidence; a name under another's suffix rule is kept, as an"
          " exact one, for its coins and ports; a row below shared hosting is exact; what is below the apex of a"
          " pool's web site is taken for its stratum hosts where the source is of 2026 and the name says pool")
    write("pool-sites", "pool-site", sites, pool_sources,
          "names the sources know as a pool's web site and not as a stratum host, and www. before them; exact")
    write("browser-miners", "browser", browser, sorted(BROWSER_PERMISSIVE),
          "rows of high confidence that at least one permissive source names; names under a listed one folded into it")
    write("malware", "malware", malware, ["maltrail"],
          "names that miner malware talks to; without the 4,895 names of family prometei, nearly all of them"
          " computed by an algorithm and never registered: they would be three quarters of this file and age"
          " in days; names under a listed one folded into it")
    write("addresses", "pool", address_rows(read(tables, "ips.csv")), ["mpdi"],
          "address and port pairs of a literal 2026 source; rows known only from GPL sources are left out")
    write("never-block", "guard", guard, [],
          "minewall's own; scope suffix: nothing at or below the name is blocked; scope exact: the name is shared"
          " hosting, only whole names below it may be listed; kind is the reason")


def read(tables, file):
    with open(tables / file, newline="", encoding="utf-8") as text:
        return list(csv.DictReader(text))


def guard_rows(table):
    trees = {row["domain"] for row in table if not shared(row)}
    return [
        (row["domain"], "exact" if shared(row) else "suffix", "high", row["reason"], "", "", SNAPSHOT)
        for row in table
        if not any(above in trees for above in above_of(row["domain"]))
    ]


def shared(row):
    return row["reason"] == "dyndns" or row["domain"] in SHARED_HOSTING


def pool_rows(table, guard):
    """The pools, and apart from them the names that are only their web sites."""
    chosen = [row for row in table if row["licence"] == "permissive" and wanted(row, guard)]
    rules = [row for row in chosen if row["confidence"] in ("high", "medium")]
    apexes = [row for row in chosen if row["confidence"] == "site" and is_pool_apex(row)]
    suffixes = topmost({row["domain"] for row in rules + apexes}, guard)
    pools, sites = [], {}
    for row in apexes:
        if row["domain"] in suffixes:
            pools.append(entry(dict(row, confidence="medium"), True, "pool"))
    for row in chosen:
        name = row["domain"]
        kinds = row["kind"].split("+")
        site = is_site(row, kinds)
        if row in rules and (name in suffixes or not site):
            kind = "endpoint" if "endpoint" in kinds or row["ports"] else "pool"
            pools.append(entry(row, name in suffixes, kind))
        if "site" in kinds:
            for web in {name if site else "", "www." + name if name == row["apex"] else ""} - {""}:
                sites[web] = site_entry(row, web)
    listed = {row[0] for row in pools if row[3] == "endpoint"}
    return pools, [row for web, row in sites.items() if web not in listed]


def wanted(row, guard):
    name = row["domain"]
    if name in LEFT_OUT or guarded(name, guard):
        return False
    tags = {tag.split("-")[0] if tag.startswith("mpdi") else tag for tag in row["sources"].split()}
    if not tags & set(SOURCES):
        return False  # known to rules under the Detection Rule License (sigma) alone
    silent = not row["ports"] and not row["coins"] and not SPEAKS_OF_MINING.search(name)
    return not (row["sources"] == "maltrail" and silent)


def is_site(row, kinds):
    """Whether the sources know this very name as a web page and not as a host miners connect to."""
    if "site" not in kinds or "endpoint" in kinds or row["ports"]:
        return False
    return row["domain"] == row["apex"] or row["domain"].startswith("www.") or "pool" not in kinds


def is_pool_apex(row):
    named = row["domain"] == row["apex"] and IS_A_POOL.search(row["domain"])
    return named and "mpdi-site" in row["sources"].split()


def site_entry(row, web):
    confidence = "medium" if row["confidence"] == "site" else row["confidence"]
    return (web, "exact", confidence, "site", row["coins"].replace(" ", ","), "", row["source_snapshot"])


def entry(row, suffix, kind):
    return (row["domain"], "suffix" if suffix else "exact", row["confidence"], kind,
            row["coins"].replace(" ", ","), row["ports"].replace(" ", ","), row["source_snapshot"])


def browser_rows(table, guard, pools):
    suffixes = {row[0] for row in pools if row[1] == "suffix"}
    exact = {row[0] for row in pools}
    chosen = {
        row["domain"]: row for row in table
        if row["confidence"] == "high" and BROWSER_PERMISSIVE & set(row["sources"].split())
        and row["domain"] not in LEFT_OUT and row["domain"] not in exact
        and not guarded(row["domain"], guard)
        and not any(above in suffixes for above in above_of(row["domain"]))
    }
    return [(name, scope, "high", "script", "", "", chosen[name]["source_snapshot"])
            for name, scope in folded(chosen, guard)]


def malware_rows(table, guard):
    chosen = {
        row["domain"]: row for row in table
        if "maltrail" in row["sources"].split() and row["family"] != "prometei"
        and row["domain"] not in LEFT_OUT and not guarded(row["domain"], guard)
        and not row["domain"].endswith((".onion", ".i2p"))  # never asked of the DNS
    }
    whole = {name for name, row in chosen.items() if row["match"] == "exact"}
    rows = []
    for name, scope in folded(chosen, guard, whole):
        families = [f for f in chosen[name]["family"].split() if not f.endswith(".csv")]
        rows.append((name, scope, "medium", ",".join(families), "",
                     chosen[name]["ports"].replace(" ", ","), SNAPSHOT))
    return rows


def folded(chosen, guard, whole=frozenset()):
    """The names not covered by a suffix among them, with their scope."""
    suffixes = topmost(set(chosen) - whole, guard)
    for name in chosen:
        if name in suffixes:
            yield name, "suffix"
        elif not any(above in suffixes for above in above_of(name)):
            yield name, "exact"


def address_rows(table):
    rows = []
    for row in table:
        if row["action"] == "block-ip+port" and "mpdi-candidate" in row["sources"].split():
            rows.append((row["ip"], "exact", row["confidence"], "endpoint", "",
                         row["ports"].replace(" ", ","), row["source_snapshot"]))
    return rows


def above_of(name):
    labels = name.split(".")
    return [".".join(labels[i:]) for i in range(1, len(labels))]


def topmost(names, guard):
    """The names that no other one of them covers and that do not stand below shared hosting."""
    below_shared = {row[0] for row in guard if row[1] == "exact"}
    free = {name for name in names if not any(above in below_shared for above in above_of(name))}
    return {name for name in free if not any(above in free for above in above_of(name))}


def guarded(name, guard):
    scopes = {row[0]: row[1] for row in guard}
    return name in scopes or any(scopes.get(above) == "suffix" for above in above_of(name))


def write(list_name, category, rows, sources, how):
    rows = sorted(set(rows))
    named = "; ".join("{} ({})".format(*SOURCES[tag]) for tag in sources) or "minewall"
    licence = ", ".join(sorted({SOURCES[tag][1] for tag in sources})) or "MIT OR Apache-2.0"
    head = [
        ("list", list_name),
        ("category", category),
        ("source", named),
        ("licence", licence),
        ("date", max(row[6] for row in rows)),
        ("entries", str(len(rows))),
        ("made", "lists/make-data.py: " + how),
        ("columns", " ".join(COLUMNS) + "; separated by tabs, - for nothing"),
    ]
    lines = ["# {}: {}".format(*pair) for pair in head]
    lines += ["\t".join(field or "-" for field in row) for row in rows]
    (DATA / (list_name + ".txt")).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    print("{:16}{:6} entries".format(list_name, len(rows)))


main()
