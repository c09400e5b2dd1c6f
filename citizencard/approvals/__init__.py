"""Four eyes: what one person proposed and another one approved takes effect once, exactly as it was written."""
