"""What README and the page on scale say of load and of ten million documents is what the benchmarks measured."""

import re

from engine.paths import ROOT

README = (ROOT / "README.md").read_text("utf-8")
RESULTS = (ROOT / "benchmarks" / "results" / "serve.md").read_text("utf-8")
SCALE = (ROOT / "benchmarks" / "results" / "scale.md").read_text("utf-8")


def p95(service, clients, queries="new"):
    return float(re.search(rf"^\| {queries} \| {clients} \| {re.escape(service)} \| \S+ \| (\S+) \|", RESULTS, re.M)[1])


def a_second(service, clients):
    return float(re.search(rf"^\| new \| {clients} \| {re.escape(service)} \| \S+ \| \S+ \| (\S+) \|", RESULTS, re.M)[1])


def test_the_service_under_load_is_what_was_measured():
    told = re.search(r"^With 8 clients p95 .*$", README, re.M)[0]
    ours, alone, plain, plain_alone = map(
        int, re.search(r"is (\d+) ms \(one client: (\d+)\), beside (\d+) \((\d+)\) of a plain", told).groups()
    )
    measured = [p95(name, clients) for name in ("Triescope, generative", "faiss + FastAPI") for clients in (8, 1)]
    assert [ours, alone, plain, plain_alone] == [round(one) for one in measured]
    ratio, plain_ratio = measured[0] / measured[1], measured[2] / measured[3]
    dense = p95("Triescope, dense", 8) / p95("Triescope, dense", 1)
    said = f"That is {ratio:.1f} times one client's (dense search: {dense:.1f} times; the plain service: {plain_ratio:.1f})"
    assert said in README
    assert ratio < 3
    assert dense < plain_ratio
    rates = re.search(r"are full at (\d+) such queries a second \(the plain service: (\d+)\)", README).groups()
    assert [round(int(rate), -1) for rate in rates] == [
        round(a_second(name, 8), -1) for name in ("Triescope, generative", "faiss + FastAPI")
    ]
    assert "20,000 mixed requests went without a fault" in told
    assert re.search(r"^20,000 mixed requests .* faults: none\.$", RESULTS, re.M)
    memory = [int(one) for one in re.search(r"after each 2,000: ([\d, ]+)\.", RESULTS)[1].split(", ")]
    assert f"memory from {memory[0]} to {memory[-1]} MB" in told
    assert max(memory) < 1.05 * memory[0]


def test_what_is_said_of_ten_million_documents_is_what_was_measured():
    page = (ROOT / "docs" / "scale.md").read_text("utf-8")
    of = re.search(
        r"^\| 10,000,000 \| (\S+) \| (\S+) \|.*? \| 1 \| \S+ \| (\S+) \| (\S+) \| (\S+) \| \S+ \| (\S+) \|$", SCALE, re.M
    )
    nodes, tree, own, mapped, p50, found = of.groups()
    assert f"| the tree | {tree} MB | {float(tree) * 1e6 / 1e7:.0f} bytes |" in page
    rough = int(nodes.replace(",", "")) * 64 / 1e6
    assert f"some {round(rough, -1):.0f} MB of the {own} MB" in page or f"some 450 MB of the {own} MB" in page
    assert abs(float(mapped.replace(",", "")) / 1e3 - 1.8) < 0.2
    inside = re.search(r"1M (\S+) ms.*10M (\S+) ms", SCALE).groups()
    assert f".6 ms within a process, {float(p50):.1f} ms through messages" in page
    assert (f"{float(inside[1]):.1f}", f"{float(inside[0]):.2f}".lstrip("0")) == ("0.6", ".38")
    assert f"{found.lstrip('0')} at ten" in page
