"""What a job is doing, in words: the stages that engine and shell tell of by one name each."""

# Stages of a build, a training, a study and a map; kinds of pairs and names of schemes stand for themselves.
WORDS = {
    "start": "Starting",
    "corpus": "Writing the documents",
    "embeddings": "Embedding the documents",
    "vocabulary": "Reading the vocabulary",
    "indexes": "Indexing the vectors another way",
    "tokens": "Encoding the documents' tokens",
    "terms": "Weighing the documents' terms",
    "identifiers": "Fitting the identifiers",
    "trie": "Building the trie",
    "scorer": "Averaging the documents below each node",
    "sparse": "Indexing the words (BM25)",
    "dense": "Indexing the vectors (HNSW)",
    "names": "Naming the branches",
    "widths": "Scoring everything for made-up queries",
    "tuning": "Choosing the hybrid's weights",
    "queries": "Embedding the queries",
    "teacher": "Asking the teacher",
    "negatives": "Looking for negatives",
    "preferences": "Moving the scorer by what was judged",
    "training": "Training",
    "judging": "Judging what was learned",
    "loading UMAP": "Loading UMAP",
    "layout": "Laying the documents out",
    "neighbours": "Judging what the map keeps",
    "evaluating": "Evaluating",
    "health": "Looking at the identifiers",
    "reachability": "Looking for what comes back",
    "overlap": "Putting documents into several leaves",
    "claim": "Making a claim anew",
    "scale": "Making the catalogue larger",
    "sizes": "Making the catalogue smaller",
    "interactions": "Joining the interactions",
    "co-occurrence": "Counting what occurs together",
    "ease": "Fitting EASE",
    "new items": "Choosing places for new items",
    "text": "Comparing the items' texts",
    "share of text": "Choosing the share of the text",
    "packing": "Packing its files",
    "unpacking": "Unpacking its files",
    "done": "Putting it together",
}


def told(stage: str) -> str:
    """A stage in words; what has none is said as it is.

    >>> told("names"), told("title queries"), told("rq-kmeans")
    ('Naming the branches', 'Making title queries', 'Working on rq-kmeans')
    """
    if stage in WORDS:
        return WORDS[stage]
    return f"Making {stage}" if stage.endswith(" queries") else f"Working on {stage}"
