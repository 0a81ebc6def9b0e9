"""Labels texts so that everyone can tell who wrote them, and proves it with signed receipts."""
