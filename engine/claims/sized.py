"""Small transformers of growing width that write identifiers from nothing but a query's vector.

One causal block over the query and the codes before; a softmax over all codes of a level, so that nothing is masked and nothing
helps: the loss is that of the whole identifier, in nats.
"""

import numpy as np

from engine.claims.learned_late import Pairs

WIDTHS = (4, 8, 16, 32, 64, 128)
STEPS, BATCH, RATE, DROPOUT = 600, 256, 3e-3, 0.1
# Steps between looks at the queries that choose.
LOOK = 100


def taught(width: int, codes: np.ndarray, train: Pairs, choosing: Pairs, judging: Pairs, seed: int) -> tuple[int, np.ndarray]:
    """Train one, and judge it where the queries that choose liked it best.

    Parameters
    ----------
    width : int
        Of the states.
    codes : np.ndarray
        Int ``(documents, levels)``, -1 padded.
    train, choosing, judging : Pairs
        Query vectors and the rows that they are answered by.
    seed : int
        Of the first weights and of every draw.

    Returns
    -------
    parameters, loss : int, np.ndarray
        How many weights, embeddings and outputs among them; and of each judging pair the loss in nats, float64.
    """
    import torch

    torch.manual_seed(seed)
    model = _model(width, codes, train.vectors.shape[1])
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    table = torch.from_numpy(codes.astype(np.int64))

    def losses(pairs: Pairs) -> torch.Tensor:
        return model(torch.from_numpy(pairs.vectors), table[torch.from_numpy(pairs.row)])

    best, judged = float("inf"), np.zeros(0)
    for step in range(1, STEPS + 1):
        chosen = np.random.default_rng([seed, step]).integers(0, len(train.row), BATCH)
        model.train()
        loss = losses(Pairs(train.vectors[chosen], train.row[chosen])).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        if step % LOOK == 0:
            model.eval()
            with torch.inference_mode():
                now = float(losses(choosing).mean())
                if now < best:
                    best, judged = now, losses(judging).double().numpy()
    return sum(weights.numel() for weights in model.parameters()), judged


def _model(width: int, codes: np.ndarray, vector: int):
    """The loss of identifiers: ``(vectors, codes) -> float (pairs,)``, as a module."""
    import torch
    from torch import nn

    sizes = [int(column.max()) + 1 for column in codes.T]

    class Writer(nn.Module):
        """Loss of an identifier."""

        def __init__(self) -> None:
            super().__init__()
            self.query = nn.Linear(vector, width)
            self.read = nn.ModuleList(nn.Embedding(size + 1, width) for size in sizes[:-1])
            self.place = nn.Parameter(torch.zeros(len(sizes), width))
            self.block = nn.TransformerEncoderLayer(
                width, max(1, width // 16), 4 * width, DROPOUT, "gelu", batch_first=True, norm_first=True
            )
            self.norm = nn.LayerNorm(width)
            self.write = nn.ModuleList(nn.Linear(width, size) for size in sizes)

        def forward(self, vectors: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
            before = [table(wanted[:, level] + 1) for level, table in enumerate(self.read)]
            states = torch.stack([self.query(vectors * vector**0.5), *before], dim=1) + self.place
            mask = nn.Transformer.generate_square_subsequent_mask(len(sizes))
            states = self.norm(self.block(states, mask, is_causal=True))
            cost = torch.zeros(len(vectors))
            for level, head in enumerate(self.write):
                there = wanted[:, level] >= 0
                logs = head(states[:, level]).log_softmax(1)
                cost = cost - logs.gather(1, wanted[:, level : level + 1].clamp(min=0))[:, 0] * there
            return cost

    return Writer()
