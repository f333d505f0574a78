"""What changes in running contracts: who is told of new terms and prices, refuses them, or moves to them."""
