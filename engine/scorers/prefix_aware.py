"""Weights that depend on the prefix: NCI's adaptor (Wang et al. 2022), small.

A code of a level means something else under another prefix, but an output table has one row for it. NCI's adaptor reads the codes
so far, and nothing of the query, and makes of them a matrix that changes the rows of the level that follows:

    output(code | prefix) = (1 + A(prefix)) output(code),   A(prefix) = left(prefix) right(prefix)^T

The table is never written out for a prefix: the product with a state is that of the plain row with ``(1 + A^T) state``. NCI's
adaptor is a decoder of four layers that gives a whole matrix; ours is two layers over the sum of the codes' own embeddings, a row
for each code of each level, and a matrix of a low rank.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional


class PrefixWeights(nn.Module):
    """The adaptor.

    Parameters
    ----------
    rows : int
        Input rows: the start, and the codes of all levels but the last.
    width : int
        Of a state.
    rank : int
        Of the matrix that a prefix makes.
    """

    def __init__(self, rows: int, width: int, rank: int):
        super().__init__()
        self.rank = rank
        self.read, self.widen = nn.Embedding(rows, width), nn.Linear(width, 2 * width)
        self.left, self.right = nn.Linear(2 * width, width * rank), nn.Linear(2 * width, width * rank)
        nn.init.normal_(self.read.weight, std=width**-0.5)
        # Zero at the start: every prefix has the plain rows.
        for start in (self.right.weight, self.right.bias):
            nn.init.zeros_(start)

    def forward(self, rows: Tensor, before: Tensor | None = None) -> Tensor:
        """Read prefixes.

        Parameters
        ----------
        rows : Tensor
            Int64 ``(n, positions)``, input rows: 0 first, then the codes; or the one that follows what was read.
        before : Tensor, optional
            Float ``(n, width)``: the last of what an earlier call gave.

        Returns
        -------
        Tensor
            Float ``(n, positions, width)``: of the prefix that ends at each position.
        """
        read: Tensor = self.read(rows).cumsum(dim=1)
        return read if before is None else read + before[:, None]

    def factors(self, read: Tensor) -> tuple[Tensor, Tensor]:
        """Left and right of the matrix of each prefix read, float ``(..., width, rank)`` both."""
        hidden = functional.gelu(self.widen(functional.layer_norm(read, read.shape[-1:])))
        return self.left(hidden).unflatten(-1, (-1, self.rank)), self.right(hidden).unflatten(-1, (-1, self.rank))

    def change(self, expected: Tensor, read: Tensor) -> Tensor:
        """States ``(..., width)`` whose products with the plain rows are those of ``expected`` with each prefix's own."""
        left, right = self.factors(read)
        return expected + (right @ (left.transpose(-1, -2) @ expected[..., None]))[..., 0]

    def weights(self, read: Tensor, table: Tensor) -> Tensor:
        """Rows ``(codes, width)`` of a table as they are under one prefix, ``read`` ``(width,)``: what :meth:`change` spares."""
        left, right = self.factors(read)
        return table + torch.einsum("wr,vr,cv->cw", left, right, table)
