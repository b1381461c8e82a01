"""Pages about an analysis of one's own animals: files to be opened in any browser, without a server.

`figures.py` draws one test, `pages.py` writes a page for each and an index.
"""
