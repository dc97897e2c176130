"""What every request passes and what belongs to no case: sign-in, problems, health, the API's documentation."""
