"""An encoder whose layers learn: the same modules as sentence-transformers loads, with weights of their own.

Only the stack of layers is trained and kept. The word embeddings stay those of the encoder that a build names and whose
fingerprint it holds, so what is stored is small, and nothing of a build says which code is loaded.
"""

import copy
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor, nn

from engine.errors import TriescopeError
from engine.text import encoders
from engine.text.encoders import Role

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# Texts that go through the encoder together while nothing is learnt.
BATCH = 32


def token_ids(texts: Sequence[str], encoder: str, role: Role = "query", most: int = 0) -> list[np.ndarray]:
    """Tokens of texts, the encoder's prompt for their role before them: int32 ``(tokens,)`` each, at most ``most`` of them where
    that is above 0, and never more than the encoder reads.

    Raises
    ------
    TriescopeError
        As :func:`engine.text.encoders.load`; or the encoder is no transformer whose tokens can be cut so.
    """
    model = encoders.load(encoder).model
    _stack(model, encoder)
    prompt = model.prompts.get(role) or model.prompts.get(model.default_prompt_name or "") or ""
    limit = min(most or model.max_seq_length, model.max_seq_length)
    found = model.tokenizer([prompt + text for text in texts], truncation=True, max_length=limit)["input_ids"] if texts else []
    return [np.array(ids, np.int32) for ids in found]


class LayeredEncoder(nn.Module):
    """Tokens to unit vectors.

    Parameters
    ----------
    encoder : str
        As in :func:`engine.text.encoders.load`; it is copied, and stays as it is.
    trained : int, optional
        Layers, counted from the last, that learn; all unless given.

    Raises
    ------
    TriescopeError
        The encoder has no stack of layers, or fewer than that.
    """

    def __init__(self, encoder: str, trained: int | None = None):
        super().__init__()
        whole = copy.deepcopy(encoders.load(encoder).model)
        self.layers = _stack(whole, encoder)
        count = len(self.layers) if trained is None else trained
        if not 0 <= count <= len(self.layers):
            raise TriescopeError(f"encoder {encoder!r} has {len(self.layers)} layers: {count} of them cannot learn")
        whole.requires_grad_(False)
        for layer in list(self.layers)[len(self.layers) - count :]:
            layer.requires_grad_(True)
        # In a tuple, so that what is around the layers is neither a parameter here nor saved.
        self._whole: tuple[SentenceTransformer] = (whole,)

    def _apply(self, fn: Callable, recurse: bool = True) -> "LayeredEncoder":
        self._whole[0]._apply(fn)  # the layers are part of it
        return self

    def train(self, mode: bool = True) -> "LayeredEncoder":
        """Also what stands around the layers drops out, or does not."""
        self._whole[0].train(mode)
        return super().train(mode)

    @property
    def device(self) -> torch.device:
        """Where it is."""
        return next(self._whole[0].parameters()).device

    def features(self, tokens: Sequence[np.ndarray]) -> dict[str, Tensor]:
        """Tokens of several texts, padded, as sentence-transformers' modules take them."""
        widest, pad = max(map(len, tokens)), self._whole[0].tokenizer.pad_token_id or 0
        ids = np.full((len(tokens), widest), pad, np.int64)
        mask = np.zeros((len(tokens), widest), np.int64)
        for place, own in enumerate(tokens):
            ids[place, : len(own)], mask[place, : len(own)] = own, 1
        found = {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}
        if "token_type_ids" in self._whole[0].tokenizer.model_input_names:
            found["token_type_ids"] = torch.zeros_like(found["input_ids"])
        return {name: value.to(self.device) for name, value in found.items()}

    def forward(self, features: dict[str, Tensor]) -> dict[str, Tensor]:
        """As the modules themselves: ``sentence_embedding``, float ``(n, d)``, is what losses of sentence-transformers read."""
        return self._whole[0](features)

    def units(self, tokens: Sequence[np.ndarray]) -> Tensor:
        """Float ``(n, d)``, rows of length 1, through which a gradient flows."""
        return nn.functional.normalize(self(self.features(tokens))["sentence_embedding"], dim=1)

    def vectors(self, tokens: Sequence[np.ndarray], tell: Callable[[int, int], None] | None = None) -> np.ndarray:
        """Float32 ``(n, d)``, rows of length 1; nothing drops out and nothing learns. ``tell`` is given (done, in all)."""
        was = self.training
        self.eval()
        order = np.argsort([len(own) for own in tokens], kind="stable")[::-1]
        found = np.zeros((len(tokens), int(self._whole[0].get_embedding_dimension() or 0)), np.float32)
        with torch.inference_mode():
            for start in range(0, len(order), BATCH):
                some = order[start : start + BATCH]
                found[some] = self.units([tokens[place] for place in some]).float().cpu().numpy()
                if tell:
                    tell(min(start + BATCH, len(order)), len(order))
        self.train(was)
        return found

    def take(self, tensors: Mapping[str, np.ndarray]) -> "LayeredEncoder":
        """Put layers that were saved in the place of its own; ``tensors`` by the names of :meth:`state_dict`.

        Raises
        ------
        TriescopeError
            They are of another encoder.
        """
        try:
            self.load_state_dict({name: torch.from_numpy(np.array(tensor)) for name, tensor in tensors.items()})
        except RuntimeError as error:
            raise TriescopeError("these layers are not of the build's encoder") from error
        return self

    def save(self, folder: str) -> None:
        """Write it as a folder of sentence-transformers, weights as safetensors, for use elsewhere or as a build's encoder."""
        self._whole[0].save_pretrained(folder, create_model_card=False, safe_serialization=True)


class Remembered:
    """A layered encoder asked for single queries: one is encoded once, alone, so that its vector never depends on the others."""

    def __init__(self, encoder: LayeredEncoder, most: int = 4096):
        self.encoder = encoder.eval()
        self._of = lru_cache(maxsize=most)(self._encode)

    def __deepcopy__(self, memo: dict[int, Any]) -> "Remembered":
        return self

    def __call__(self, tokens: np.ndarray) -> np.ndarray:
        """Float32 ``(d,)``, length 1."""
        return self._of(np.asarray(tokens, np.int32).tobytes())

    def _encode(self, tokens: bytes) -> np.ndarray:
        return self.encoder.vectors([np.frombuffer(tokens, np.int32)])[0]


def _stack(model: "SentenceTransformer", encoder: str) -> nn.ModuleList:
    """The layers of a transformer: the longest list of modules in its first one."""
    kinds = [type(module).__name__ for module in model]
    stacks = [part for part in model[0].modules() if isinstance(part, nn.ModuleList)]
    if kinds[:2] != ["Transformer", "Pooling"] or not stacks:
        raise TriescopeError(f"encoder {encoder!r} has no layers that could learn: its modules are {', '.join(kinds)}")
    return max(stacks, key=len)
