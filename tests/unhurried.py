"""`python -m tests.unhurried serve`: a gateway whose streams wait for the end of a sentence.

The shipped one releases words after 0.7 s. What a slow machine sends late must not change where the
text of a test is cut.
"""

from __future__ import annotations

from gateway.__main__ import main
from gateway.pipeline.stream.hold_back import HoldBackLimits
from tests.patience import PATIENCE_S
from tests.present import present

if __name__ == "__main__":
    present(HoldBackLimits.__init__.__kwdefaults__)["patience_s"] = PATIENCE_S
    main()
