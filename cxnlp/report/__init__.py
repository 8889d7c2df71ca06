"""Numbers → words and widths → one HTML page."""
