"""Pages on their way out: a tree copied to a folder or object store, a page as a mail, a page as PDF.

What leaves is what the runner wrote for an audience, and nothing else; what may be in it was decided before the page
ran.
"""

from labelqa_lib.sharing.mail import message
from labelqa_lib.sharing.pdf import BROWSERS, Printer, browser
from labelqa_lib.sharing.publishing import Published, publish

__all__ = ["BROWSERS", "Printer", "Published", "browser", "message", "publish"]
