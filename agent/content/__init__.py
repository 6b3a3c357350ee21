"""What files hold, and how their content reaches a model."""
