"""Labels a text so that everyone can tell who wrote it, and proves it with a signed receipt."""
