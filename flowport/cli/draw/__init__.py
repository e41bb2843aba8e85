"""Draws a plan: as text, as SVG and as a page of HTML."""
