"""A brief proves itself: from the figures that it carries it is made again, and must come out the same.

Needs neither the register nor a network. What it cannot know is whether the brief is in force, or withdrawn.
"""

from __future__ import annotations

from dataclasses import dataclass

import pikepdf

from reporting import attached, copies, publishing
from reporting.brief.imprint import Imprint
from reporting.rendering import RenderingError
from reporting.signing import SignatureReport, SigningError, read_signature


@dataclass(frozen=True, slots=True)
class Proof:
    """`same`: made again, the file has the same bytes, a seal apart. `is_copy`: it is a reader's."""

    imprint: Imprint
    same: bool
    is_copy: bool
    signature: SignatureReport | None

    @property
    def good(self) -> bool:
        """The same bytes, and the seal that it speaks of: unbroken, over the whole file, of whom it names."""
        if self.signature is None:
            return self.same and not self.imprint.signer
        return self.same and self.signature.good and self.signature.signer == self.imprint.signer


def prove(pdf: bytes) -> Proof:
    """Seconds: the brief is rendered. Raises `attached.NotABrief`."""
    carried = attached.read(pdf)
    imprint = carried.imprint
    try:
        signature = read_signature(pdf)
        original = publishing.remake(carried.snapshot, imprint).data
        again = copies.stamped_again(original, pdf)
    except SigningError as failure:
        raise attached.NotABrief(str(failure)) from failure
    except (RenderingError, ArithmeticError, LookupError, TypeError, ValueError, pikepdf.PdfError):
        # Figures that no brief can be made of: whoever wrote them was not this program.
        return Proof(imprint, same=False, is_copy=False, signature=None)
    expected = original if again is None else again
    # A seal is added at the end; without one nothing may be.
    same = pdf.startswith(expected) if signature else pdf == expected
    return Proof(imprint, same, again is not None, signature)
