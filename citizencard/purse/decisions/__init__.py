"""What people have decided about taps."""
