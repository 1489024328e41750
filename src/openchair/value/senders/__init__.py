"""What customers bring by telling others: whom they brought, whom they will bring, how far word of them spreads."""
