"""Tools for policy authors: check, test, explain, backtest, scaffold. No message passes here."""
