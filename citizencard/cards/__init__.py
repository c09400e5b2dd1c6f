"""Cards from the application to the closing: classes, numbers, stock, states, hotlist, and the jobs that speak to a chip."""
