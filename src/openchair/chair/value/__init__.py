"""What customers are worth, told: spender and sender value, growth, the primary customer, the audit."""
