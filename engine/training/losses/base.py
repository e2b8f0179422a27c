"""What a loss is: a function of one step, with its weight, its settings and what it needs, as one record.

Knows nothing of torch, as the files of the losses do not before a loss is computed: shell, forms and docs list them at once.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from engine.errors import TriescopeError
from engine.options import Option

if TYPE_CHECKING:
    from torch import Tensor

    from engine.training.models.base import Candidates

Need = Literal["negatives", "targets", "margins", "vectors"]
# What each need is in words, and the field of :class:`Inputs` that answers it.
NEEDS: dict[Need, tuple[str, str]] = {
    "negatives": ("negatives", "negative_levels"),
    "targets": ("a teacher's targets", "soft"),
    "margins": ("a teacher's scores of documents and negatives", "teacher_margin"),
    "vectors": ("the vectors of queries and documents", "represented"),
}
# Those that a teacher answers.
TAUGHT: frozenset[Need] = frozenset({"targets", "margins"})


class Inputs(NamedTuple):
    """What the losses of one step may need; what no switched-on loss needs can be None.

    Attributes
    ----------
    levels, negative_levels : list of Candidates
        The paths of each pair's relevant document and of its negative, one a pair. Pairs without a negative have no rows there.
    pairs : int
        Pairs of the step.
    soft : list of Tensor
        A teacher's target for each of ``levels``, parallel to its entries (:func:`engine.training.losses.marginal.marginalise`).
    teacher_margin : Tensor
        Float ``(pairs,)``, nats: the teacher's score of the document less that of the negative; NaN where it has none.
    represented : tuple of Tensor
        Float ``(pairs, d)`` twice: :meth:`engine.training.models.base.Model.represent`.
    leaf : Tensor
        Int64 ``(pairs,)``: the leaf of each pair's document.
    progress : float
        How far training is, 0 to 1.
    query : Tensor, optional
        Int64 ``(pairs,)``: pairs with equal numbers ask the same, so their documents are no negatives of each other.
    taught : list of Candidates, optional
        What ``soft`` is parallel to in place of ``levels``: the paths as a head of the teacher's own scores them.
    """

    levels: "list[Candidates]"
    negative_levels: "list[Candidates] | None"
    pairs: int
    soft: "list[Tensor] | None"
    teacher_margin: "Tensor | None"
    represented: "tuple[Tensor, Tensor] | None"
    leaf: "Tensor"
    progress: float
    query: "Tensor | None" = None
    taught: "list[Candidates] | None" = None


class Loss(NamedTuple):
    """One loss.

    Attributes
    ----------
    name : str
        What it is called; also the name of its weight.
    default : float
        Its weight unless another is given; 0 leaves it out.
    help : str
        What its weight weighs, and where it comes from.
    value : callable
        ``(inputs, settings) -> Tensor``: nats, a mean over the pairs it can judge. ``settings`` has every option by name; what
        ``needs`` names is never None in ``inputs``.
    needs : set of Need
        What has to be made for it before a step (:data:`NEEDS`).
    settings : tuple of Option
        Its own numbers, beside the weight.
    label : str
        What a form calls its weight; its name unless given.
    """

    name: str
    default: float
    help: str
    value: "Callable[[Inputs, Mapping[str, Any]], Tensor]"
    needs: frozenset[Need] = frozenset()
    settings: tuple[Option, ...] = ()
    label: str = ""

    @property
    def options(self) -> tuple[Option, ...]:
        """Its weight as an option, then its settings."""
        weight = Option(name=self.name, type=float, default=self.default, low=0.0, high=100.0, help=self.help, label=self.label)
        return (weight, *self.settings)

    def check(self, inputs: Inputs) -> None:
        """Refuse a step in which something it needs is missing.

        Raises
        ------
        TriescopeError
            It says what.
        """
        for need, (words, field) in NEEDS.items():
            if need in self.needs and getattr(inputs, field) is None:
                raise TriescopeError(
                    f"the loss {self.name} has a weight, but there is nothing to compute it from: it needs {words}"
                )
