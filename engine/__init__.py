"""Triescope's engine: generative retrieval, whole, on one machine.

Data moves one way: corpus -> embeddings -> identifiers -> trie -> scorer and beam search -> trace -> hits.
The engine never imports streamlit; it is used alike from the app, the shell and a notebook.
"""

__version__ = "0.1.0"
