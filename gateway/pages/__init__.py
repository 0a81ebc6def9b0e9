"""The shared parts of all HTML pages: template environment, base page, stylesheet, plots."""
