"""The network that a spec asks for, its loss, and the recommender that it is when it has been trained."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from engine.data.histories import Histories
from engine.decoding import DEFAULT_BEAMS
from engine.errors import TriescopeError
from engine.recommending import item_item
from engine.recommending.base import Material, Ranked, Recommender
from engine.recommending.models import kept, pieces
from engine.recommending.models.diffrec import Cleared, DiffModel
from engine.recommending.models.draws import NextItem
from engine.recommending.models.irgan import Contest, IrganModel
from engine.recommending.models.joint import JointModel, NextOrAsked
from engine.recommending.models.one_pass import OnePassModel
from engine.recommending.models.pieces import Pieced
from engine.recommending.models.sequence import SequenceModel, Shape
from engine.recommending.models.spec import SequenceSpec
from engine.recommending.models.tiger import TigerModel
from engine.recommending.models.tiger_draws import NextCodes
from engine.recommending.models.tree import TreeModel
from engine.recommending.models.tree_draws import NextIdentifier
from engine.recommending.models.vae import Rewritten, VaeModel
from engine.recommending.models.writing import Writing

Tell = Callable[[str, int, int], None]
# Models that read a history and score all items, without a trie, and have a table of their own.
BAGS: Mapping[str, type[VaeModel | DiffModel | IrganModel]] = {"mult-vae": VaeModel, "diffrec": DiffModel, "irgan": IrganModel}
Network = SequenceModel | TreeModel | OnePassModel | TigerModel | VaeModel | DiffModel | IrganModel
Loss = NextItem | NextIdentifier | NextOrAsked | NextCodes | Rewritten | Cleared | Contest
# Models that score all items by their codes and learn those of what came.
SIBLINGS: Mapping[str, type[TreeModel | OnePassModel]] = {"tree": TreeModel, "one-pass": OnePassModel}


class SequenceScores:
    """Scores of a sequence model: logits of all items.

    Parameters
    ----------
    model : Network
        Trained; not one that writes.
    name : str
        What it is called.
    """

    logits = True
    """Its scores are logits, to whoever sums them with others."""

    def __init__(self, model: SequenceModel | TreeModel | OnePassModel | VaeModel | DiffModel | IrganModel, name: str):
        self.model, self.name = model.eval(), name

    def scores(self, histories: Histories) -> np.ndarray:
        """Float32 ``(histories, items)``; of an empty history 0 everywhere."""
        found = np.zeros((histories.people, self.model.items), np.float32)
        there = np.flatnonzero(histories.lengths)
        if len(there):
            chosen = histories.pick(there)
            width = min(int(chosen.lengths.max()), self.model.shape.longest)
            with torch.inference_mode():
                rows = torch.as_tensor(chosen.padded(width), device=next(self.model.parameters()).device)
                found[there] = self.model.scores(rows).float().cpu().numpy()
        return found


def recommender_of(model: Network, name: str, beams: int) -> Recommender:
    """The recommender that a network is."""
    return Writing(model, name, beams) if isinstance(model, TigerModel) else Ranked(SequenceScores(model, name))


def model_of(spec: SequenceSpec, material: Material) -> Network:
    """The network that a spec asks for, its weights drawn by its seed.

    Raises
    ------
    TriescopeError
        The spec's fields contradict each other.
    """
    if spec.model != "tiger" and (spec.head or spec.between or spec.size != "cpu"):
        raise TriescopeError("size, head and between need --model tiger")
    if not spec.head and spec.width % spec.heads:
        raise TriescopeError(f"width: {spec.width} is no multiple of {spec.heads} heads")
    torch.manual_seed(spec.seed)
    shape = Shape(spec.width, spec.blocks, spec.heads, spec.dropout, spec.longest)
    if spec.model in SIBLINGS:
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError(
                f"{spec.model} has vectors of its own and no softmax over items: leave items at ids and sampled at 0"
            )
        return SIBLINGS[spec.model](material.trie, material.items, shape, spec.learning_rate)
    if spec.model == "tiger":
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError("tiger reads and writes the codes of the tree: leave items at ids and sampled at 0")
        return TigerModel(material.trie, material.items, shape, spec.people, spec.learning_rate, spec.head, spec.between)
    if spec.model == "joint":
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError("joint is a tree, which has vectors of its own: leave items at ids and sampled at 0")
        return JointModel(material.trie, material.items, shape, material.embeddings.shape[1], spec.learning_rate)
    if spec.distill or spec.people:
        raise TriescopeError("distill needs --model tree, one-pass or tiger, people needs --model tiger")
    if spec.model in BAGS:
        if spec.items != "ids" or spec.sampled:
            raise TriescopeError(f"{spec.model} reads a bag of items and scores all of them: leave items at ids and sampled at 0")
        return BAGS[spec.model](material.items, shape, spec.learning_rate)
    causal, rate = spec.model == "sasrec", spec.learning_rate
    if spec.pieced:
        taken = np.bincount(material.split.train.items, minlength=material.items)
        cut = pieces.WAYS[spec.items](Pieced(pieces.codes_of(material.trie, material.items), taken, spec.rows))
        return SequenceModel(material.items, shape, causal, None, False, rate, torch.from_numpy(cut), spec.rows)
    vectors = None if spec.items == "ids" else torch.tensor(np.array(material.embeddings, np.float32))
    return SequenceModel(material.items, shape, causal, vectors, spec.items != "text", rate)


def loss_of(spec: SequenceSpec, material: Material, histories: Histories, tell: Tell) -> Loss:
    """The loss that a spec asks for, on histories of which some have two items or more."""
    if spec.model == "mult-vae":
        return Rewritten(histories.pick(histories.lengths > 0), spec.batch, spec.seed)
    if spec.model == "diffrec":
        return Cleared(histories.pick(histories.lengths > 0), spec.batch, spec.seed)
    if spec.model == "irgan":
        return Contest(histories.pick(histories.lengths > 1), spec.batch, spec.seed)
    of = NextItem(histories.pick(histories.lengths > 1), spec.batch, spec.seed, spec.sampled, spec.hidden)
    if spec.model not in (*SIBLINGS, "joint", "tiger"):
        return of
    teacher = (material.matrix or item_item.made(material, {}, tell)) if spec.distill else None
    if spec.model == "tiger":
        written = material.trie.leaves_of(np.arange(material.items)) >= 0
        return NextCodes(histories, written, spec.batch, spec.seed, teacher, spec.distill)
    next_one = NextIdentifier(of, teacher, spec.distill)
    return NextOrAsked(next_one, material.queries.train, spec.asked) if spec.model == "joint" else next_one


def opened(material: Material, folder: Path, beams: int = DEFAULT_BEAMS) -> Recommender:
    """A trained model of a folder; ``beams`` are those of one that writes.

    Raises
    ------
    TriescopeError
        There is none, or it was trained for another catalogue.
    """
    return recommender_of(network(material, folder), folder.name, beams)


def opened_joint(material: Material, folder: Path) -> JointModel:
    """A trained model of a folder that answers queries too.

    Raises
    ------
    TriescopeError
        There is none, it was trained for another catalogue, or it answers histories alone.
    """
    model = network(material, folder)
    if not isinstance(model, JointModel):
        raise TriescopeError(
            f"{folder.name} answers histories alone: `train-next --model joint` makes one that answers queries too"
        )
    return model.eval()


def network(material: Material, folder: Path) -> Network:
    """The network of a folder, with its weights.

    Raises
    ------
    TriescopeError
        There is none, or it was trained for another catalogue.
    """
    known = kept.read(folder)
    model = model_of(SequenceSpec.model_validate(dict(known.spec)), material)
    found = {name: torch.tensor(array) for name, array in kept.tensors(folder, known).items()}
    try:
        model.load_state_dict(found)
    except RuntimeError as error:
        raise TriescopeError(f"{folder.name} was trained for another catalogue ({str(error).splitlines()[0][:80]})") from error
    return model
