"""Settlement (清算): what merchants earned in a business day, and the proof that client money is covered."""
