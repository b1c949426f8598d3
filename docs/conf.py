"""How Sphinx builds the documentation: Markdown (MyST) in, one page per file, warnings are errors."""

project = "cutaway"
author = "The cutaway authors"
copyright = author

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3  # links to headings work as they do on a repository's page
exclude_patterns = ["_build"]

html_theme = "furo"
html_title = "cutaway"
