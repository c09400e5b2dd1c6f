"""Who is paid: merchants, and the lines that bus companies run."""
