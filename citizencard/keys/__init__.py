"""The city's keys: questions in the field's words, an encrypted file behind them, and nothing that hands a key out."""
