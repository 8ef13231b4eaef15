"""Text made safe for a page."""

from __future__ import annotations

import html
import re
from typing import Any

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def escape(text: Any) -> str:
    """The text as HTML and XML: markup is shown, not obeyed, and what XML can't hold is replaced.

    >>> escape('<b>"a" & b</b>')
    '&lt;b&gt;&quot;a&quot; &amp; b&lt;/b&gt;'
    """
    return html.escape(_CONTROL.sub("\ufffd", str(text)), quote=True)
