"""A file of HTML without a script: it needs no network, asks nobody for anything, and lets in no style but its own."""

import base64
import hashlib

from engine.pictures.labels import escaped


def still(title: str, style: str, body: str) -> str:
    """A whole file as text.

    Parameters
    ----------
    title : str
        Any text.
    style : str
        Rules, let in by their hash.
    body : str
        HTML that says nothing by people's texts but what was escaped.
    """
    allowed = f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    policy = f"default-src 'none'; style-src {allowed}; img-src data:; base-uri 'none'; form-action 'none'"
    return "\n".join(
        [
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">',
            f'<link rel="icon" href="data:,"><title>{escaped(title)}</title>',
            f"<style>{style}</style></head><body><main>",
            body,
            '<p class="quiet">Made with Triescope. This file asks nobody for anything.</p>',
            "</main></body></html>\n",
        ]
    )
