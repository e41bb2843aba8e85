"""Draws the graph of a flow: where its steps stand on paper, and the drawing as SVG."""
