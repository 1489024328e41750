"""What was decided: for customers, by the plan and its proof, and by persons about the shop."""
