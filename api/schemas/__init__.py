"""What travels: shapes of requests and answers. A request ends as a frozen value; shape is held here, meaning in the domain."""
