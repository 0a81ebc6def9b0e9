"""Documents made of audit entries: exports, statements of reasons, the transparency report."""
