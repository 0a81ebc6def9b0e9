"""What all HTML pages share: the template environment, the base page, the stylesheet, plots."""
