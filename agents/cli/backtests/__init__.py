"""`tocsin rules backtest`: what changed rules would have fired on."""
