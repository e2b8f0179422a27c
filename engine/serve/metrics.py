"""Figures of a running server, as Prometheus reads them."""

from collections.abc import Callable, Iterable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

# What requests are counted under; any other path is one of ``other``, for anybody can think of paths.
PATHS = frozenset(
    ("/search", "/decode", "/why", "/trie", "/builds", "/recommend", "/documents", "/health", "/metrics", "/openapi.json")
)
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
TOGETHER = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """Counters of one server; each server has its own.

    Parameters
    ----------
    builds : callable
        Name and number of documents of each build, asked when somebody reads the figures.
    switches : callable
        How often a newer build took over.
    """

    def __init__(self, builds: Callable[[], Iterable[tuple[str, int]]], switches: Callable[[], int]):
        self.registry = CollectorRegistry()
        self.requests = Counter("triescope_requests", "Requests answered.", ["path", "status"], registry=self.registry)
        self.seconds = Histogram(
            "triescope_request_seconds", "Time to answer.", ["path"], buckets=SECONDS, registry=self.registry
        )
        self.together = Histogram(
            "triescope_searches_together", "Searches answered in one call.", buckets=TOGETHER, registry=self.registry
        )
        self.in_flight = Gauge("triescope_requests_in_flight", "Requests being answered.", registry=self.registry)
        self.registry.register(_Builds(builds, switches))

    def request(self, path: str, status: int, seconds: float) -> None:
        """Count a request."""
        path = path if path in PATHS else "other"
        self.requests.labels(path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)

    def text(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self.registry)


class _Builds:
    """What the builds are when it is asked."""

    def __init__(self, builds: Callable[[], Iterable[tuple[str, int]]], switches: Callable[[], int]):
        self.builds, self.switches = builds, switches

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Documents of each build; how often one took over."""
        documents = GaugeMetricFamily("triescope_documents", "Documents of a build.", labels=["build"])
        for name, count in self.builds():
            documents.add_metric([name], count)
        yield documents
        yield GaugeMetricFamily("triescope_switches", "Times that a newer build took over.", value=self.switches())
