"""Make the token vectors of a build, for late interaction, and weigh its hybrids anew with them."""

from pathlib import Path

from engine.builds import encoded, weighing
from engine.builds.encoded import Done, Tell, Way
from engine.builds.opened import Build
from engine.builds.opening import check_encoder
from engine.text import hub, late_encoder, token_vectors


def make(folder: Path, model: str = "", tell: Tell | None = None) -> token_vectors.About:
    """Token vectors of all documents, in the place of those before; of those that only lack weights, the weights.

    Parameters
    ----------
    folder : Path
        The build.
    model : str
        An encoder of tokens, by folder or name; the build's own unless given.
    tell : callable, optional
        ``(stage, done, total)``.

    Raises
    ------
    TriescopeError
        The encoder gives no token vectors, or is another one than the build's documents went through, or as
        :func:`engine.builds.encoded.make` has it.
    """

    def encoder_of(build: Build) -> late_encoder.LateEncoder:
        if not model:
            check_encoder(build.manifest)
        return late_encoder.load(model or build.model)

    def about(encoder: late_encoder.LateEncoder, done: Done) -> token_vectors.About:
        return token_vectors.About(
            model=hub.resolved(model) if model else "",
            encoder=encoder.key,
            trained=encoder.trained,
            dimensions=encoder.dimensions,
            documents=done.documents,
            tokens=done.entries,
            seconds=done.seconds,
            created=done.created,
        )

    way = Way(
        token_vectors.FOLDER,
        stage="tokens",
        doing="makes its token vectors",
        writing=lambda work, spec, encoder: token_vectors.Writing(work, spec, encoder.dimensions),
        about=about,
    )
    known = _unweighed(folder, model) or encoded.make(folder, way, encoder_of, tell)
    if tell:
        tell("tuning", 0, 0)
    weighing.weigh(folder)
    return known


def _unweighed(folder: Path, model: str) -> token_vectors.About | None:
    """What is known of token vectors that were made by this encoder, where somebody killed the run before the weights were chosen
    or an earlier version did not choose any."""
    if not token_vectors.is_there(folder) or token_vectors.weights_of(folder).is_file():
        return None
    known, build = token_vectors.read(folder), Build(folder, live=False)
    same = known.model == (hub.resolved(model) if model else "") and known.documents == len(build.embeddings)
    return known if same and known.encoder == late_encoder.load(model or build.model).key else None


def remove(folder: Path) -> None:
    """Delete them."""
    encoded.out_of_sight(folder / token_vectors.FOLDER)
