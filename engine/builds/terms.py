"""Make the weights of terms of a build's documents, for learned sparse search."""

from pathlib import Path

from engine.builds import encoded
from engine.builds.encoded import Done, Tell, Way
from engine.text import hub, sparse_encoder, term_weights


def make(folder: Path, model: str, tell: Tell | None = None) -> term_weights.About:
    """Terms of all documents by an encoder, named by folder or name, in the place of those before.

    Raises
    ------
    TriescopeError
        The encoder gives none, or as :func:`engine.builds.encoded.make` has it.
    """

    def about(encoder: sparse_encoder.TermEncoder, done: Done) -> term_weights.About:
        return term_weights.About(model=hub.resolved(model), encoder=encoder.key, terms=encoder.terms, **done._asdict())

    way = Way(
        term_weights.FOLDER,
        stage="terms",
        doing="weighs its terms",
        writing=lambda work, spec, encoder: term_weights.Writing(work, spec),
        about=about,
    )
    return encoded.make(folder, way, lambda build: sparse_encoder.load(model), tell)


def remove(folder: Path) -> None:
    """Delete them."""
    encoded.out_of_sight(folder / term_weights.FOLDER)
