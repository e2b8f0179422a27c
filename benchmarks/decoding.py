"""Decoding beside what one would otherwise pick, in one run: ``python -m benchmarks.decoding``.

The tables go to ``benchmarks/results/decoding.md``. A quarter of an hour on two cores, most of it spent building HNSW.
"""

from pathlib import Path

from benchmarks import additions, constraint_cost, filtered, trie_size, whole_decode
from engine import evaluation

OUT = Path(__file__).parent / "results" / "decoding.md"


def main() -> None:
    """Run all parts, write the tables."""
    told = f"seed 0; all contenders of a table in one run. {evaluation.device()}."
    head = f"# Decoding\n\n`python -m benchmarks.decoding`, {told}\n"
    parts = [part.table() for part in (constraint_cost, trie_size, whole_decode, filtered, additions)]
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("\n".join([head, *parts]), "utf-8")
    print(OUT.read_text("utf-8"))


if __name__ == "__main__":
    main()
