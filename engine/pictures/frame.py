"""A file that plays inside a page of somebody else: a notebook, a blog."""

import html

from engine.pictures.labels import escaped

# Pixels of what stands above the picture; a picture is drawn a little larger where there is room.
ABOVE, LARGER = 190, 1.08


def framed(page: str, title: str, height: int) -> str:
    """An element that holds the whole file, high enough for a picture of ``height`` pixels. Its script runs apart from the page
    around it, which it can neither read nor change.

    >>> framed("<p>'a'</p>", "A <b>", 500)
    '<iframe srcdoc="&lt;p&gt;&#x27;a&#x27;&lt;/p&gt;" title="A &lt;b&gt;" sandbox="allow-scripts" width="100%" height="730" \
style="border: 0"></iframe>'
    """
    return (
        f'<iframe srcdoc="{html.escape(page)}" title="{escaped(title)}" sandbox="allow-scripts" width="100%" '
        f'height="{round(LARGER * height) + ABOVE}" style="border: 0"></iframe>'
    )
