"""What publishers hand out, made into a folder that is read like BEIR's: documents, queries, judgements, and who took what.

WANDS (products, queries, labels), MovieLens (films and ratings), Amazon's reviews of 2014 (items with their texts, and reviews of
people and items with five at least). Each function takes the files that were fetched and a new folder, writes ``corpus.jsonl``
(and ``queries.jsonl``, ``qrels/test.tsv``, ``interactions.csv``), and returns what was left aside, a sentence each.
"""

import ast
import csv
import json
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from engine.data.lines import lines
from engine.data.records import records
from engine.stored import zipped

INTERACTIONS, NOTES = "interactions.csv", "notes.json"
GRADES = {"Exact": 2, "Partial": 1, "Irrelevant": 0}
# Bytes of a member of an archive that are unpacked at most.
LARGEST = 1 << 30


def wands(files: Sequence[Path], out: Path) -> list[str]:
    """Products, queries and labels of WANDS, tables with tabs between."""
    products, queries, labels = files
    _write(
        out / "corpus.jsonl",
        (
            {
                "_id": row["product_id"],
                "title": row.get("product_name") or "",
                "text": row.get("product_description") or "",
                "class": row.get("product_class") or "",
                "category": [part.strip() for part in (row.get("category hierarchy") or "").split("/") if part.strip()],
                "features": row.get("product_features") or "",
            }
            for _, row in records(products)
        ),
    )
    _write(out / "queries.jsonl", ({"_id": row["query_id"], "text": row["query"]} for _, row in records(queries)))
    (out / "qrels").mkdir()
    unknown = 0
    with (out / "qrels" / "test.tsv").open("w", encoding="utf-8") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        for _, row in records(labels):
            grade = GRADES.get(str(row["label"]))
            unknown += grade is None
            if grade is not None:
                file.write(f"{row['query_id']}\t{row['product_id']}\t{grade}\n")
    return [f"{unknown:,} labels are none of {', '.join(GRADES)}, and were left out"] if unknown else []


def movielens(files: Sequence[Path], out: Path) -> list[str]:
    """Films and ratings of MovieLens 1M; colons stand between the cells, and the year in the title."""
    (archive,) = files
    with zipped.readable(f"{archive.name}: the archive"), zipfile.ZipFile(archive) as opened:
        for name in ("movies.dat", "ratings.dat"):
            zipped.copy(opened, opened.getinfo(f"ml-1m/{name}"), out / name, LARGEST)
    films = (row.split("::") for row in (out / "movies.dat").read_text("latin-1").splitlines() if row)
    _write(out / "corpus.jsonl", (_film(*row) for row in films))
    ratings = (row.split("::") for row in (out / "ratings.dat").read_text("latin-1").splitlines() if row)
    _interactions(out, ((user, item, stars, at) for user, item, stars, at in ratings))
    for name in ("movies.dat", "ratings.dat"):
        (out / name).unlink()
    return []


def _film(number: str, title: str, genres: str) -> dict[str, Any]:
    year = re.search(r"\((\d{4})\)$", title.strip())
    return {
        "_id": number,
        "title": title.strip(),
        "text": genres.replace("|", ", "),
        "genres": genres.split("|"),
        "year": int(year[1]) if year else None,
    }


def amazon(files: Sequence[Path], out: Path) -> list[str]:
    """Items and reviews of a category of 2014; the items are written as Python spells dictionaries, and only those that somebody
    reviewed are kept."""
    items, reviews = files
    taken: set[str] = set()

    def rows() -> Iterable[tuple[Any, ...]]:
        for _, row in records(reviews):
            taken.add(str(row["asin"]))
            yield row["reviewerID"], row["asin"], row["overall"], row["unixReviewTime"]

    _interactions(out, rows())
    found: dict[str, dict[str, Any]] = {}
    wrong = 0
    for line in lines(items, newline="\n"):
        try:
            row = ast.literal_eval(line.strip() or "{}")
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            wrong += 1
            continue
        if isinstance(row, dict) and (known := str(row.get("asin", ""))) in taken:
            found[known] = row
    _write(out / "corpus.jsonl", (_item(known, row) for known, row in found.items()))
    notes = [f"{wrong:,} lines of the items are no dictionary, and were left out"] if wrong else []
    lacking = len(taken - found.keys())
    return notes + ([f"{lacking:,} reviewed items have no entry among the items"] if lacking else [])


def _item(known: str, row: Mapping[str, Any]) -> dict[str, Any]:
    paths = row.get("categories") or [[]]
    return {
        "_id": known,
        "title": str(row.get("title") or ""),
        "text": str(row.get("description") or ""),
        "brand": str(row.get("brand") or ""),
        "category": [str(part) for part in paths[0]] if isinstance(paths[0], list) else [],
        "price": row.get("price") if isinstance(row.get("price"), int | float) else None,
    }


def _interactions(out: Path, rows: Iterable[tuple[Any, ...]]) -> None:
    with (out / INTERACTIONS).open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(("user_id", "item_id", "rating", "timestamp"))
        table.writerows(rows)


def _write(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
