"""cxnlp reads what customers wrote and sets it against the stars they gave."""
