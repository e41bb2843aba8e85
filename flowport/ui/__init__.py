"""The page: runs of all engines, read from one store, in a browser.

A request is answered from the store alone. `readers` keeps what was read of a run, the modules called `*_view` say what a page shows, as
plain values, and the templates draw it. The page works without scripts; with them it follows runs that are going on.
"""
